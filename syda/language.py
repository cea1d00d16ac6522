"""A language model as the user names it: which one, for what, and at what cost."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from syda.errors import ModelError, PlanError, SydaError, near
from syda.planning.requests import key_name
from syda.redact import redact_url
from syda.schema.model import Schema
from syda.usage import TableUsage, Usage

if TYPE_CHECKING:
    from syda.llm.asking import Asker
    from syda.llm.exchange import Client
    from syda.llm.pace import Clock
    from syda.schemas import ModelConfig

_Found = TypeVar("_Found")
Mode: TypeAlias = Literal["auto", "plan", "rows"]
Cache: TypeAlias = Literal["record", "replay", "off"]
FOLDER = ".syda/replies"
EVERY_TABLE = "*"
"""The key of the words that are for every table, beside those of some."""


_NUMBERS: tuple[tuple[str, type, float], ...] = (
    ("max_cost", float, 0),
    ("max_tokens", int, 0),
    ("max_calls", int, 0),
    ("examples", int, 0),
    ("timeout", float, 0.001),
    ("deadline", float, 0.001),
)
"""Settings that are numbers: their type, and the least that they may be."""


def _require_number(name: str, given: Any, type_: type, least: float) -> None:
    if given is None and name not in ("timeout", "deadline"):
        return
    right = isinstance(given, int if type_ is int else int | float) and not isinstance(given, bool)
    if not right or not given >= least:
        kind = "a whole number" if type_ is int else "a number"
        raise PlanError(f"{name}: expected {kind}, {'0 or more' if least == 0 else 'more than 0'}, got {given!r}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LanguageModel:
    """Which model to ask, for what, and at what cost.

    `model` is ``"openai:MODEL"``, ``"anthropic:MODEL"``, ``"local"``, a preset such as ``"ollama:MODEL"``, a base URL
    (``URL#MODEL``), a `ModelConfig`, or a client of your own. `mode` is ``"plan"`` (the model decides once how columns
    are made, whatever the rows), ``"rows"`` (it writes them), or ``"auto"``: rows for tables of up to 40, the plan for
    others (inference where the model is ``"local"``, too small for plans). Replies are kept in `folder`: with `cache`
    ``"record"`` an equal request is never paid for twice, also when a run died; ``"replay"`` takes recorded ones only
    and makes no connection; ``"off"`` keeps and reads nothing. The default is ``"record"``, and ``"off"`` for a
    `ScriptedClient`, whose script may change.
    `max_cost` (dollars), `max_tokens` (in and out) and `max_calls` stop a run before it exceeds them. `prices` gives
    ``{model: (input, output)}`` or ``(input, output, cached)`` in dollars per million tokens. `keys` gives keys by
    provider that are not in the environment. A model that writes rows is first shown so many `examples` made by
    inference: none by default, and 8 a local one; small models need them. `batch` asks in the batches of OpenAI or
    Anthropic: at half the price, within a day. Their ids are kept in `folder`, so that a run that was stopped takes up
    what it sent. Without `batch`, a reply may take `timeout` seconds, a request is tried six times where the server
    fails, and a run ends when no request is answered for `deadline` seconds, pauses that the server asks for included.
    `clock` is the time of tests.
    """

    model: str | ModelConfig | Client
    mode: Mode = "auto"
    cache: Cache | None = None
    folder: str | Path = FOLDER
    max_cost: float | None = None
    max_tokens: int | None = None
    max_calls: int | None = None
    prices: Mapping[str, tuple[float, ...]] | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    batch: bool = False
    timeout: float = 180.0
    deadline: float = 180.0
    examples: int | None = None
    clock: Clock | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.cache is None:
            from syda.llm.scripted import ScriptedClient

            kept: Cache = "off" if isinstance(self.model, ScriptedClient) else "record"
            object.__setattr__(self, "cache", kept)
        for name, given, known in (("mode", self.mode, get_args(Mode)), ("cache", self.cache, get_args(Cache))):
            if given not in known:
                raise PlanError(f"{name}: expected one of {', '.join(known)}, got {given!r}{near(str(given), known)}")
        for name, types, least in _NUMBERS:
            _require_number(name, getattr(self, name), types, least)
        if not isinstance(self.batch, bool):
            raise PlanError(f"batch: expected True or False, got {self.batch!r}")
        if not isinstance(self.keys, Mapping):
            raise PlanError(f"keys: expected a dict of keys by provider, got {type(self.keys).__name__}")
        if self.keys:
            from syda.llm.connect import check_keys

            check_keys(self.keys)

    def __repr__(self) -> str:
        shown = redact_url(self.model) if isinstance(self.model, str) else self.model
        return f"LanguageModel(model={shown!r}, mode={self.mode!r}, cache={self.cache!r})"

    def client(self, *, sending: bool) -> Client:
        """Return the client of the model, which asks in batches where that is wanted.

        Where nothing will be sent, no key is needed. Raises a `ModelError` for a model that is none, or has no batches
        where these are wanted, `MissingKeyError` where its key is not there.
        """
        from syda.llm.batches import BatchClient
        from syda.llm.connect import NO_KEYS, connect

        client = connect(self.model, self.keys if sending else NO_KEYS)
        if not self.batch:
            return client
        return BatchClient(client, folder=None if self.cache == "off" else Path(self.folder), clock=self.clock)

    def examples_of(self, client: Client) -> int:
        """Return how many rows the model is shown."""
        return self.examples if self.examples is not None else getattr(client, "examples", 0)

    def asker(self, spent: Usage | None = None) -> Asker:
        """Return what asks the model, for one event loop; the budget counts what the run has `spent` already.

        Raises a `ModelError` where the model cannot be reached.
        """
        from syda.llm.asking import Asker
        from syda.llm.exchange import Usage as TokenUsage
        from syda.llm.journal import Journal
        from syda.llm.ledger import Budget, Line
        from syda.llm.pace import Patience

        client = self.client(sending=self.cache != "replay")
        journal = None if self.cache == "off" else Journal(Path(self.folder), replay=self.cache == "replay")
        budget = Budget(cost=self.max_cost, tokens=self.max_tokens, calls=self.max_calls)
        patience = Patience(reply=self.timeout, progress=self.deadline)
        total = TableUsage() if spent is None else spent.total
        return Asker(
            client,
            journal=journal,
            budget=budget,
            prices=self.prices,
            patience=patience,
            clock=self.clock,
            examples=self.examples_of(client),
            spent=Line(calls=total.calls, usage=TokenUsage(total.input, total.output, total.cached)),
        )


class Stop:
    """Ends what a model is being asked, and whatever comes after it, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._is_set = False
        self.usage: Usage | None = None
        """What the model was asked before the end."""

    def set(self) -> None:
        with self._lock:
            self._is_set = True
            if self._under_way is not None:
                loop, task = self._under_way
                loop.call_soon_threadsafe(task.cancel)

    def require_unset(self) -> None:
        """Raise `asyncio.CancelledError` where this was stopped."""
        if self._is_set:
            raise asyncio.CancelledError

    async def heeded(self, work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        """Return what the work comes to unless it is stopped."""
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            self.require_unset()
            self._under_way = asyncio.get_running_loop(), task
        try:
            return await work()
        finally:
            with self._lock:
                self._under_way = None


@contextmanager
def billed(usage: Callable[[], Usage | None]) -> Iterator[None]:
    """Have an error tell what the model was asked before it."""
    try:
        yield
    except SydaError as error:
        spent = usage()
        if spent is not None:
            error.usage = spent + error.usage
        raise
    except asyncio.CancelledError:
        if (stop := STOP.get()) is not None and (spent := usage()) is not None:
            stop.usage = spent + stop.usage
        raise


STOP: ContextVar[Stop | None] = ContextVar("syda_stop", default=None)
"""By what the work in this thread can be stopped from another one."""


def wait(work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
    """Return what a coroutine comes to; the event loop of an asynchronous load runs on meanwhile."""
    concurrency = sys.modules.get("sqlalchemy.util.concurrency")
    if concurrency is not None and "greenlet" in sys.modules and concurrency.in_greenlet():
        found: _Found = concurrency.await_only(work())
        return found
    from syda.llm.asking import run

    stop = STOP.get()
    return run(work if stop is None else partial(stop.heeded, work))


def language_model(given: Any) -> LanguageModel | None:
    """Return what was given as `llm`: a model's name, settings, client, or a `LanguageModel`."""
    if given is None or isinstance(given, LanguageModel):
        return given
    from syda.schemas import ModelConfig

    if isinstance(given, str | ModelConfig) or callable(getattr(given, "ask", None)):
        return LanguageModel(model=given)
    raise ModelError(
        f"llm: expected a model such as 'openai:MODEL', a ModelConfig, a syda.LanguageModel or a client, "
        f"got {type(given).__name__} {given!r}"
    )


def prompts_by_table(schema: Schema, prompts: Any) -> dict[str, str]:
    """Return the user's words by table; a text by itself, and one under ``"*"``, is for every table.

    Raises `UnknownNameError` for a table that is none, `PlanError` for what is no text.
    """
    if prompts is None:
        return {}
    if isinstance(prompts, str):
        return dict.fromkeys(schema.tables, prompts)
    if not isinstance(prompts, Mapping):
        raise PlanError(f"prompts: expected a text, or a dict of texts by table, got {type(prompts).__name__}")
    own: dict[str, str] = {}
    for key, text in prompts.items():
        if not isinstance(text, str):
            raise PlanError(f"prompts[{key_name(key)!r}]: expected a text, got {type(text).__name__} {text!r}")
        if key != EVERY_TABLE:
            own[schema.table(key_name(key)).key] = text
    if EVERY_TABLE not in prompts:
        return own
    return {key: "\n".join(filter(None, (prompts[EVERY_TABLE], own.get(key)))) for key in schema.tables}
