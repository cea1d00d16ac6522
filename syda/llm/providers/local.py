"""A small model in this process: no key, no network, no server.

A model of 135 million parameters writes one row well after a few others, and ten rows at once badly: of ten customers
asked for at once, two to eight had names of their own; of ten asked for one by one after examples, all. So an answer
that is a list of objects is asked for row by row, each with a seed of its own, and put together to what was asked for.
Rows that the request holds as examples (`syda.llm.examples`) are what a row is written after. They come in another
order each time: a part of them that stays is read faster (a quarter less time for all), and is copied more often.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from syda.errors import RefusedRequestError
from syda.llm.examples import EXAMPLES, GIVEN, line, taken_apart
from syda.llm.exchange import Finish, Reply, Request, Usage
from syda.llm.providers.gguf import (
    Engine,
    Prompt,
    Runtime,
    StoppedError,
    Written,
    engine_of,
    fingerprint,
    model_path,
    released,
)
from syda.llm.providers.grammar import grammar_of
from syda.schemas import ModelConfig

_TEMPERATURE = 0.9
_SHOTS = 4
"""Examples before a row: more make it longer to read, and no better."""
_SECONDS = 150.0
"""From then on no further row is begun: `syda.llm.pace` waits 180 seconds, and what is written shall not be lost."""


class LocalClient:
    """A GGUF model on this machine's CPU. `runtime` takes the place of llama.cpp in tests."""

    at_once = 1
    """One request at a time: on a CPU, several share its speed."""
    examples = 8
    """A row is written after some of them."""
    free = True
    plans = False
    """Its answers on how columns are made take minutes, and most of them do not work."""

    def __init__(self, config: ModelConfig, *, runtime: Runtime | None = None, seconds: float = _SECONDS) -> None:
        self.config = config
        self.endpoint = "local"
        defaults = {"temperature": _TEMPERATURE, "seed": 0}
        self.settings: Mapping[str, Any] = defaults | config.settings()
        self._sampling = {name: value for name, value in self.settings.items() if name != "max_tokens"}
        self._seconds = seconds
        if runtime is None:
            self._path = model_path(config.model_name)
            self.settings = {**self.settings, "file": fingerprint(self._path)}
        else:
            self._path = Path(config.model_name or "given")
        self.model = self._path.name
        self._own = Engine(self._path, runtime) if runtime is not None else None
        self._engine: Engine | None = None

    async def ask(self, request: Request) -> Reply:
        engine = self._engine = self._engine or self._own or engine_of(self._path)
        stop = threading.Event()
        future = engine.submit(partial(self._answer, engine, request, stop.is_set))
        try:
            return await asyncio.wrap_future(future)
        finally:
            stop.set()  # of a request that is cancelled, the model's thread writes no further token

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None and engine is not self._own:
            await asyncio.to_thread(released, engine)

    def _answer(self, engine: Engine, request: Request, stopped: Callable[[], bool]) -> Reply:
        rows = rows_of(request)
        most = min(request.max_tokens, self.config.max_tokens or request.max_tokens)
        if rows is None:
            options = self._sampling | {"seed": _seed(self._sampling["seed"], request, 0)}
            grammar = grammar_of(request.answer)
            written = engine.write(_whole(request), grammar=grammar, most=most, stopped=stopped, **options)
            self._require_form(written)
            return Reply(text=written.text, finish=_finish(whole=written.whole), usage=written.usage)
        return self._row_by_row(engine, request, rows, most, stopped)

    def _row_by_row(
        self, engine: Engine, request: Request, rows: Rows, most: int, stopped: Callable[[], bool]
    ) -> Reply:
        """Write rows until all are there, or the tokens or the time are used up: what is cut then is left open."""
        texts: list[str] = []
        usage, end = Usage(), time.monotonic() + self._seconds
        grammar, whole = grammar_of(rows.form), True
        for number in range(rows.count):
            if stopped():
                raise StoppedError
            if usage.output >= most or time.monotonic() > end:
                whole = False
                break
            options = self._sampling | {"seed": _seed(self._sampling["seed"], request, number)}
            prompt, left = rows.prompt(number, options["seed"]), most - usage.output
            written = engine.write(prompt, grammar=grammar, most=left, stopped=stopped, following=number > 0, **options)
            self._require_form(written)
            usage += written.usage
            texts.append(rows.completed(number, written.text))
            whole = written.whole
            if not whole:
                break
        text = f"{{{json.dumps(rows.key)}:[" + ",".join(texts) + ("]}" if whole else "")
        return Reply(text=text, finish=_finish(whole=whole), usage=usage)

    def _require_form(self, written: Written) -> None:
        """Refuse what was written without a grammar: llama.cpp goes on without one that it cannot keep."""
        try:
            kept = isinstance(json.loads(written.text), dict) if written.whole else written.text[:1] in ("{", "")
        except ValueError:
            kept = False
        if not kept:
            raise RefusedRequestError(f"the form of the answer cannot be kept by {self.model}: {written.text[:80]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A request for rows, taken apart: `form` is that of one row, without what is `given` of it."""

    key: str
    count: int
    form: Mapping[str, Any]
    instructions: str
    about: str
    shots: list[dict[str, Any]]
    given: list[dict[str, Any]]
    repeated: tuple[str, ...]
    """What the answer holds of a row although it is given, as its number: a small model would write any."""

    def prompt(self, number: int, seed: int) -> Prompt:
        """Return what one row is asked for by: a list to be continued where there are examples, else a question."""
        known = self.given[number] if number < len(self.given) else {}
        if not self.shots:
            about = f"{self.about}\n\n{GIVEN}\n{line(known)}" if known else self.about
            last = f"Write row {number + 1}, and no other, as one JSON object."
            return _messages(self.instructions, f"{about}\n\n{last}")
        shuffled = random.Random(seed).sample(self.shots, min(len(self.shots), _SHOTS))
        entries = [self._entry(shot, known) + line({name: shot[name] for name in self._names}) for shot in shuffled]
        return "\n".join([self.about, "", *entries, self._entry(known, known)])

    def completed(self, number: int, text: str) -> str:
        """Return what was written of a row, which may be cut, with what the answer holds of it and is given."""
        known = {name: self.given[number][name] for name in self.repeated}
        return f"{line(known)[:-1]},{text[1:]}" if known and text else text

    def _entry(self, row: Mapping[str, Any], known: Mapping[str, Any]) -> str:
        """Return what stands before a row: what is known of it."""
        before = {name: row[name] for name in known if name in row and name not in self._names}
        return line(before) + "\n" if before else ""

    @property
    def _names(self) -> list[str]:
        return list(self.form["properties"])


def rows_of(request: Request) -> Rows | None:
    """Return a request taken apart, where its answer is one list of objects of a known length; None for any other."""
    properties = request.answer.get("properties") or {}
    if len(properties) != 1:
        return None
    ((key, listed),) = properties.items()
    form = _row_form(listed, request.answer)
    task, given = taken_apart(request.task, GIVEN)
    count = _count(listed, given) if form else 0
    if not form or not count:
        return None
    repeated = _repeated(form, given, count)
    form = {**form, "properties": {name: each for name, each in form["properties"].items() if name not in repeated}}
    context, examples = taken_apart(request.context, EXAMPLES)
    shots = [each for each in examples if form["properties"].keys() <= each.keys()]
    about = f"{context if shots else request.context}\n\n{task}".strip()
    return Rows(
        key=key,
        count=count,
        form=form,
        instructions=request.instructions,
        about=about,
        shots=shots,
        given=given,
        repeated=repeated,
    )


def _repeated(form: Mapping[str, Any], given: list[dict[str, Any]], count: int) -> tuple[str, ...]:
    if len(given) != count:
        return ()
    names = tuple(name for name in form["properties"] if all(name in each for each in given))
    return names if len(names) < len(form["properties"]) else ()


def _count(listed: Mapping[str, Any], given: list[dict[str, Any]]) -> int:
    """Return how many rows are asked for; 0 where that is for the model to say."""
    least, most = listed.get("minItems", 0), listed.get("maxItems")
    if least == most or (most is None and least > 1):
        return int(least)
    return len(given)


def _row_form(listed: object, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the form of a list's objects as a schema by itself; None where it is no list of objects."""
    form = listed.get("items") if isinstance(listed, Mapping) else None
    shared = {name: answer[name] for name in ("$defs", "definitions") if name in answer}
    if isinstance(form, Mapping) and isinstance(form.get("$ref"), str):
        _, _, place = form["$ref"].partition("#/")
        kind, _, name = place.partition("/")
        form = shared.get(kind, {}).get(name)
    return {**form, **shared} if isinstance(form, Mapping) and form.get("properties") else None


def _whole(request: Request) -> Prompt:
    return _messages(request.instructions, f"{request.context}\n\n{request.task}".strip())


def _messages(system: str, user: str) -> list[dict[str, str]]:
    said = [{"role": "system", "content": system}] if system.strip() else []
    return [*said, {"role": "user", "content": user}]


def _seed(seed: int, request: Request, row: int) -> int:
    """Return a row's own seed: the same for the same question, another for another task."""
    content = [seed, request.purpose, request.table, request.context, request.task, row]
    digest = hashlib.sha256(json.dumps(content).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _finish(*, whole: bool) -> Finish:
    return Finish.COMPLETE if whole else Finish.LENGTH
