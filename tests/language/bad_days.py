"""Bad days of a model behind HTTP: what the server does, and what becomes of a run that wants rows of it."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import syda
from syda.errors import SydaError
from syda.language import LanguageModel
from syda.llm.exchange import Request
from syda.schemas import ModelConfig, ProxyConfig
from tests.language.models import Base, writer
from tests.llm.server import Answer, Received, Server, error, reply, serving

ROWS = 15
TABLES = 2
PROTOCOLS = ("compatible", "anthropic")
Behaviour = Callable[[Received, int], Any]
"""What the server answers to a request and its number, from 1."""


class SkippingClock:
    """Time that passes at once when somebody waits for it."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def now(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        self.skipped += seconds
        await asyncio.sleep(0)


def understood(received: Received) -> Request:
    """Return the request that a body was made of, as far as a model can tell."""
    body = received.body
    if received.path.endswith("/messages"):
        said = "".join(part["text"] for part in body["messages"][0]["content"])
        answer = body.get("output_config", {}).get("format", {}).get("schema")
    else:
        said = body["messages"][-1]["content"]
        answer = body.get("response_format", {}).get("json_schema", {}).get("schema")
    for tool in body.get("tools", []):
        answer = tool.get("input_schema") or tool["function"]["parameters"]
    system = json.dumps(body.get("system") or body["messages"][0])
    if answer is None:
        answer = json.loads(next(line for line in _texts(system) if line.startswith('{"type"')))
    context, _, task = said.partition("\n\nTASK\n")
    table = json.loads(context.partition("CONTEXT\n")[2])["table"]
    return Request(
        purpose="rows", table=table, instructions="", context=context, task=task, answer=answer, max_tokens=1
    )


def _texts(system: str) -> Iterator[str]:
    """Yield the lines of all texts of a system prompt."""
    found = json.loads(system)
    parts = found if isinstance(found, list) else [{"text": found["content"]}]
    for part in parts:
        yield from part["text"].splitlines()


def good(received: Received) -> dict[str, Any]:
    rows: dict[str, Any] = writer(understood(received))
    return rows


def said(received: Received, what: Any, **more: Any) -> Answer:
    text = what if isinstance(what, str | None) else json.dumps(what)
    return Answer(reply(received.path, text, **more))


def first(change: Callable[[Received], Any]) -> Behaviour:
    """Have the first request go wrong, and the others right."""
    return lambda received, number: change(received) if number == 1 else said(received, good(received))


def always(change: Callable[[Received], Any]) -> Behaviour:
    return lambda received, _: change(received)


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Behaviour:
    """Have the model write something else than the rows in its first reply."""
    return first(lambda received: said(received, change(good(received)["rows"])))


def every(**cells: Any) -> Behaviour:
    """Have the first reply's rows hold the cells where they have such columns."""
    return changed(lambda rows: {"rows": [row | {k: v for k, v in cells.items() if k in row} for row in rows]})


def _with_numbers_without_end(rows: list[dict[str, Any]]) -> str:
    """Return the rows with a number that Python refuses to read in the first, and one that no float holds."""
    for row, digits in zip(rows, (5000, 400), strict=False):
        row["row"] = f"{digits} digits"
    written = json.dumps({"rows": rows})
    return written.replace('"5000 digits"', "9" * 5000).replace('"400 digits"', "9" * 400)


def _without_temperature(received: Received) -> Any:
    if "temperature" in received.body:
        return error(400, "Unsupported parameter: temperature", param="temperature")
    return said(received, good(received))


def _short_of_breath(received: Received) -> Any:
    """Answer as a model whose replies have 1,000 tokens at most."""
    sent = next(value for name, value in received.body.items() if name.startswith("max_"))
    if sent > 1000:
        return error(400, f"max_tokens: {sent} > 1000, which is the maximum allowed number of output tokens")
    return said(received, good(received))


def _slow(received: Received) -> Any:
    time.sleep(0.4)
    return said(received, good(received))


@dataclass(frozen=True)
class Day:
    """A bad day: how the server behaves, and how the run ends: with all rows, or with an error of this name.

    `calls` is how many requests arrive, where that is certain.
    """

    name: str
    behave: Behaviour | None
    ends: str = "rows"
    calls: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


_HTML = Answer("<html><body>Bad gateway</body></html>", 200, {"Content-Type": "text/html"})
_ELSEWHERE = Answer("", 307, {"Location": "http://127.0.0.1:9/v1"})
_LIMITED = error(429, "Rate limit reached", code="rate_limit_exceeded", headers={"Retry-After": "7"})
_NO_QUOTA = error(429, "You exceeded your current quota", code="insufficient_quota")
DAYS = [
    Day("all is well", always(lambda received: said(received, good(received))), calls=TABLES),
    Day("wrong key", always(lambda _: error(401, "invalid api key")), "RefusedRequestError", 1),
    Day("unknown model", always(lambda _: error(404, "no such model")), "RefusedRequestError", 1),
    Day("unreachable endpoint", None, "UnreachableError", 0),
    Day("400 naming a parameter", always(_without_temperature), calls=TABLES + 1, config={"temperature": 0.7}),
    Day("sent elsewhere", always(lambda _: _ELSEWHERE), "RefusedRequestError", 1),
    Day("short replies only", always(_short_of_breath), calls=TABLES + 1),
    Day("quota", always(lambda _: _NO_QUOTA), "QuotaError", 1),
    Day("429, then good", first(lambda _: _LIMITED), calls=TABLES + 1),
    Day("429 without end", always(lambda _: _LIMITED), "UnreachableError"),
    Day("500, then good", first(lambda _: error(500, "internal")), calls=TABLES + 1),
    Day("500 without end", always(lambda _: error(500, "internal")), "UnreachableError", 6),
    Day("no reply in time", always(_slow), "UnreachableError", options={"timeout": 0.1}),
    Day("slow, but in time", always(_slow), calls=TABLES, options={"timeout": 5.0}),
    Day(
        "slow stream",
        always(lambda received: Answer(reply(received.path, json.dumps(good(received))), pause=0.4)),
        "UnreachableError",
        options={"timeout": 0.2},
    ),
    Day("connection reset", first(lambda received: Answer(reply(received.path, "{}"), cut=True)), calls=TABLES + 1),
    Day("wrong content type", first(lambda _: _HTML), calls=TABLES + 1),
    Day("10 MB reply", changed(lambda rows: {"rows": [{**rows[0], "name": "x" * 10_000_000}]}), calls=TABLES + 1),
    Day("deep nesting", first(lambda received: said(received, "[" * 100_000)), calls=TABLES + 1),
    Day("numbers without end", changed(_with_numbers_without_end), calls=TABLES + 1),
    Day("a list of words", first(lambda received: said(received, '{"rows":[' + '"a",' * 20_000)), calls=TABLES + 1),
    Day("NaN", first(lambda received: said(received, '{"rows": [NaN, {"row": NaN}]}')), calls=TABLES + 1),
    Day("a key twice", changed(lambda rows: json.dumps({"rows": rows}).replace('"city"', '"name"'))),
    Day("lone surrogates", every(name="\ud800", city="\udfff"), calls=TABLES + 1),
    Day("wrong shape", changed(lambda rows: {"table": len(rows)}), calls=TABLES + 1),
    Day("wrong key", changed(lambda rows: {"table": rows}), calls=TABLES),
    Day("lines", changed(lambda rows: "\n".join(map(json.dumps, rows))), calls=TABLES),
    Day("prose around it", changed(lambda rows: f"Here:\n```json\n{json.dumps({'rows': rows})}\n```"), calls=TABLES),
    Day("nothing but prose", first(lambda received: said(received, "I would rather not.")), calls=TABLES + 1),
    Day("empty", first(lambda received: said(received, None)), calls=TABLES + 1),
    Day("too few rows", changed(lambda rows: {"rows": rows[:-5]}), calls=TABLES + 1),
    Day("too many rows", changed(lambda rows: {"rows": [*rows, {**rows[0], "row": len(rows) + 1}]}), calls=TABLES),
    Day("too long", every(name="n" * 61), calls=TABLES + 1),
    Day("all alike", every(name="Practice"), calls=TABLES + 1),
    Day("refused", first(lambda received: said(received, "no", finish="refusal")), calls=TABLES + 1),
    Day("filtered", first(lambda received: said(received, "no", finish="filter")), calls=TABLES + 1),
    Day(
        "cut at the limit",
        first(lambda received: said(received, json.dumps(good(received))[:-300], finish="length")),
    ),
    Day("nothing usable, ever", always(lambda received: said(received, "No.")), "UnusableReplyError"),
    Day("a budget", always(lambda received: said(received, good(received))), "BudgetError", 1, {"max_calls": 1}),
]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `rows` by table, `error`, requests that arrived, replies that were kept."""

    rows: Mapping[str, int]
    error: SydaError | None
    calls: int
    kept: int
    valid: bool

    @property
    def ends(self) -> str:
        return "rows" if self.error is None else type(self.error).__name__


def run(day: Day, protocol: str, server: Server | None = None) -> Outcome:
    """Ask for rows on a bad day, of a server of its own."""
    with tempfile.TemporaryDirectory() as folder, _server(server) as running:
        running.received.clear()
        running.behave = lambda received: day.behave(received, len(running.received)) if day.behave else Answer("", 500)
        url = running.url if day.behave else f"http://127.0.0.1:{_free_port()}"
        config = ModelConfig(
            provider=protocol, model_name=f"model-{uuid.uuid4().hex[:8]}", proxy=ProxyConfig(base_url=url), **day.config
        )
        model = LanguageModel(
            model=config, mode="rows", folder=folder, keys={protocol: "sk"}, clock=SkippingClock(), **day.options
        )
        rows, failed, valid = {}, None, True
        try:
            dataset = syda.generate(Base, rows=ROWS, llm=model)
            rows, valid = dataset.rows, dataset.verify().ok
        except SydaError as raised:
            failed = raised
        kept = sum(len(path.read_text().splitlines()) for path in Path(folder).glob("*.jsonl"))
        return Outcome(rows, failed, len(running.received), kept, valid)


@contextmanager
def _server(given: Server | None) -> Iterator[Server]:
    if given is not None:
        yield given
        return
    with serving() as made:
        yield made


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Print what becomes of each bad day, over both protocols."""
    print(f"{'bad day':28} {'protocol':12} {'rows':>9} {'calls':>6} {'kept':>5}  result")
    with serving() as server:
        for day in DAYS:
            for protocol in PROTOCOLS:
                found = run(day, protocol, server)
                whole = f"{sum(found.rows.values())}/{TABLES * ROWS}"
                result = f"{found.ends}{'' if found.valid else ', NOT VALID'}"
                print(f"{day.name:28} {protocol:12} {whole:>9} {found.calls:6} {found.kept:5}  {result}")


if __name__ == "__main__":
    main()
