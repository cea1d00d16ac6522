"""What a language model's data cost in time, calls and tokens: `python -m tests.benchmarks.models [--latency SECONDS]`.

A good model answers on loopback, each reply after 200 ms, so many at once as come (`tests.benchmarks.model_server`).

1. 200 records with two columns of text, written row by row.
2. The CRM of `syda.demo` in the default mode, 1,000 rows a table, and 1,000,000 rows in all.
3. Peers on the 200 records: run where an interpreter that has them is named, otherwise as the notes have measured them.

Everything is measured in this one run, in turn, seven times: the quickest counts, because others use the machine too;
the median stands behind it. The ideal is what plain calls of OpenAI's own client take for the same requests, as many at
once as syda had under way at most. Beside it stands bare arithmetic: rounds of so many calls, each as long as the
latency. A run is cold when its key was not answered before: one request goes first, alone, so that a wrong key costs
one call; after a second without a refusal the others follow, which counts where replies take longer, as those of real
models do (--latency 5). It is warm when the key was answered in this process. Of the CRM the plan is timed, which is
all that is asked for; its rows are made afterwards without a model, and timed by themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda import demo
from syda.dataset import Dataset
from syda.errors import SydaError
from syda.language import LanguageModel
from syda.schemas import ModelConfig, ProxyConfig
from tests.benchmarks.model_server import CHARACTERS_OF_TOKEN, Running, Served, running
from tests.benchmarks.run import counts

REPEATS = 7
RECORDS = 200
GOAL_TIME, GOAL_FEWER, GOAL_CALLS = 1.1, 10, 10
PEERS = Path(__file__).with_name("model_peers.py")
NOTED = (
    "Data Designer 0.9.x, default (4 at once): 400 calls in 21.8 to 24.7 s; 16 at once: 8.7 s; 64 at once: 3.9 s",
    "syda 0.3.0 of PyPI, CRM of 1,000 rows in all: 16 calls, 5,645 prompt tokens; a table of 1,000 rows: 10 calls",
    "mostlyai-mock 0.3.1, CRM of 1,000 rows in all: 420 calls, 472,995 prompt tokens; a table of 1,000 rows: 50 calls",
)
"""Figures of the project's notes on peers, measured elsewhere and at another time on such a server."""


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    """A customer's request for help."""

    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True)
class Measured:
    seconds: float
    served: Served
    median: float | None = None

    @property
    def tokens(self) -> int:
        return self.served.characters // CHARACTERS_OF_TOKEN


def language_model(server: Running, name: str, folder: str, mode: Any, key: str = "good-key") -> LanguageModel:
    proxy = ProxyConfig(base_url=server.url)
    config = ModelConfig(provider="compatible", model_name=name, proxy=proxy)
    return LanguageModel(model=config, mode=mode, folder=folder, keys={"compatible": key})


def with_syda(server: Running, work: Callable[[LanguageModel], object], *, mode: str, name: str) -> Measured:
    """Time work that asks a model; the replies are kept on the disk, as by default, in a folder of the run's own."""
    with tempfile.TemporaryDirectory() as folder:
        model = language_model(server, name, folder, mode)
        server.told()
        started = time.perf_counter()
        work(model)
        return Measured(time.perf_counter() - started, server.told())


def with_the_sdk(server: Running, bodies: list[dict[str, Any]], at_once: int) -> Measured:
    """Time plain calls of the same requests."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    async def work() -> None:
        room = asyncio.Semaphore(at_once)
        http = DefaultAsyncHttpxClient(verify=_certificates())
        async with AsyncOpenAI(base_url=server.url, api_key="good-key", max_retries=0, http_client=http) as client:

            async def ask(body: dict[str, Any]) -> str | None:
                async with room:
                    return (await client.chat.completions.create(**body)).choices[0].message.content

            replies = await asyncio.gather(*map(ask, bodies))
        assert all(json.loads(text or "") for text in replies)

    server.told()
    started = time.perf_counter()
    asyncio.run(work())
    return Measured(time.perf_counter() - started, server.told())


@cache
def _certificates() -> ssl.SSLContext:
    """Return what plain calls trust, read once: syda reads it once a process, so neither pays for it when timed."""
    import httpx2

    return httpx2.create_ssl_context()


def one_a_record(number: int) -> list[dict[str, Any]]:
    """Return a plain request for each record, as a script would write it."""
    text = {"type": "string"}
    form = {
        "type": "object",
        "properties": {"subject": text, "body": text},
        "required": ["subject", "body"],
        "additionalProperties": False,
    }
    asked = "Write a customer's request for help: its subject and its body. It is number {}."
    return [
        {
            "model": "plain",
            "messages": [{"role": "user", "content": asked.format(each)}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": form},
            },
        }
        for each in range(number)
    ]


def quickest(runs: list[Measured]) -> Measured:
    """Return the quickest run, with the median of all."""
    return replace(min(runs, key=lambda each: each.seconds), median=median(each.seconds for each in runs))


class Bench:
    """Measures and prints, and remembers which goals were missed."""

    def __init__(self, server: Running, latency: float, repeats: int) -> None:
        self.server, self.latency, self.repeats = server, latency, repeats
        self.missed: list[str] = []

    def line(self, what: str, found: Measured) -> None:
        served = found.served
        usual = "" if found.median is None else f"({found.median * 1000:.0f})"
        took = f"{found.seconds * 1000:8.0f} {usual:>6} ms"
        print(f"  {what:52} {took} {served.calls:5} calls {found.tokens:8,} prompt tokens {served.most:3} at once")

    def goal(self, what: str, value: float, goal: float, *, least: bool = False, form: str = ".2f") -> None:
        reached = value >= goal if least else value <= goal
        words = "at least" if least else "at most"
        print(f"  {'reached' if reached else 'MISSED ':8} {what}: {value:{form}}, goal {words} {goal:g}")
        if not reached:
            self.missed.append(what)

    def compare(
        self, title: str, work: Callable[[LanguageModel], object], mode: str, *, overhead: float = 0
    ) -> Measured:
        """Time work cold, warm and as plain calls, in turn; `overhead` are seconds that it takes without a model."""
        cold, warm, plain, full, rounds = [], [], [], [], []
        for _ in range(self.repeats):
            name = f"model-{uuid.uuid4().hex[:8]}"
            cold.append(with_syda(self.server, work, mode=mode, name=name))
            warm.append(with_syda(self.server, work, mode=mode, name=name))
            bodies, most = cold[-1].served.bodies, cold[-1].served.most
            plain.append(with_the_sdk(self.server, bodies, most))
            full.append(with_the_sdk(self.server, bodies, warm[-1].served.most))
            rounds.append(-(-len(bodies) // most))
        print(f"\n{title}")
        syda_cold, syda_warm, ideal, ideal_warm = map(quickest, (cold, warm, plain, full))
        self.line("syda, cold: the first call proves the key", syda_cold)
        self.line("syda, warm: the key was answered before", syda_warm)
        self.line("ideal: plain SDK calls, as many at once as cold", ideal)
        self.line("ideal: plain SDK calls, as many at once as warm", ideal_warm)
        calls, most = syda_cold.served.calls, syda_cold.served.most
        alone = 1 + -(-(calls - 1) // max(most, 1))
        print(f"  bare arithmetic: {rounds[0]} x {self.latency * 1000:.0f} ms; with the first call alone {alone}")
        if overhead:
            print(f"  without a model the same takes {overhead * 1000:.0f} ms")
        self.goal(f"{title}: cold, over the ideal", syda_cold.seconds / ideal.seconds, GOAL_TIME)
        self.goal(f"{title}: warm, over the ideal", syda_warm.seconds / ideal_warm.seconds, GOAL_TIME)
        held = syda_cold.seconds / ideal_warm.seconds
        print(f"  no goal: cold takes {held:.2f} times as long as plain calls of which none is held back for the first")
        return syda_cold


def records(bench: Bench) -> None:
    def work(model: LanguageModel) -> Dataset:
        dataset = syda.generate(Base, rows=RECORDS, llm=model)
        assert dataset.rows == {"tickets": RECORDS}
        return dataset

    found = bench.compare(f"{RECORDS} records with 2 columns of text", work, "rows")
    each = quickest(
        [with_the_sdk(bench.server, one_a_record(RECORDS), found.served.most) for _ in range(min(3, bench.repeats))]
    )
    bench.line("plain SDK calls, one a record", each)
    bench.goal("times fewer calls than one a record", RECORDS / found.served.calls, GOAL_FEWER, least=True, form=".1f")
    print(f"  syda takes {each.seconds / found.seconds:.1f} times less time than one call a record")


def crm(bench: Bench) -> None:
    every = dict.fromkeys(("Customer", "Contact", "Product", "Order", "OrderItem"), 1_000)
    bodies = []
    for title, rows, mode in (
        ("CRM, 1,000 rows a table, default mode", every, "auto"),
        ("CRM, 1,000,000 rows in all, plan mode", counts(1_000_000), "plan"),
    ):

        def work(model: LanguageModel, rows: dict[str, int] = rows) -> object:
            return syda.plan(demo.Base, rows=rows, seed=7, llm=model)

        overhead = median(_seconds(lambda rows=rows: syda.plan(demo.Base, rows=rows, seed=7)) for _ in range(3))
        found = bench.compare(f"{title}: the plan", work, mode, overhead=overhead)
        bench.goal(f"{title}: calls", found.served.calls, GOAL_CALLS, form="g")
        bodies.append(sorted(json.dumps(body["messages"]) for body in found.served.bodies))
        with tempfile.TemporaryDirectory() as folder:
            plan = syda.plan(demo.Base, rows=rows, seed=7, llm=language_model(bench.server, "m", folder, mode))
            bench.server.told()
            started = time.perf_counter()
            dataset = syda.generate(plan)
            seconds = time.perf_counter() - started
            print(
                f"  {sum(dataset.rows.values()):,} rows of that plan, made and verified: {seconds:.2f} s, "
                f"{bench.server.told().calls} calls"
            )
    same = bodies[0] == bodies[1]
    print(f"  {'reached' if same else 'MISSED ':8} the same requests for 1,000 rows a table and 1,000,000 rows")
    if not same:
        bench.missed.append("the same requests for any number of rows")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def wrong_key(bench: Bench) -> None:
    """Show what a wrong key costs."""
    bench.server.told()
    with tempfile.TemporaryDirectory() as folder:
        try:
            syda.generate(Base, rows=RECORDS, llm=language_model(bench.server, "wrong", folder, "rows", "wrong-key"))
        except SydaError as error:
            print(f"\nA wrong key: {type(error).__name__}")
    bench.goal("calls with a wrong key", bench.server.told().calls, 1, form="g")


def peers(bench: Bench, interpreters: dict[str, str]) -> None:
    print("\nPeers on the 200 records, measured in this run")
    for name, python in interpreters.items():
        bench.server.told()
        command = [python, str(PEERS), name, bench.server.url, str(RECORDS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            print(f"  {name}: failed: {done.stderr.strip().splitlines()[-1:]}")
            continue
        for text in filter(None, done.stdout.splitlines()):
            told = json.loads(text)
            bench.line(f"{name} {told['version']}, {told['how']}", Measured(told["seconds"], Served(**told["served"])))
    if not interpreters:
        print("  none: name interpreters that have them, as --peer data-designer=/path/to/python")
    print("Peers as the project's notes have them, NOT measured in this run")
    for text in NOTED:
        print(f"  {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds that a reply takes")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    options = parser.parse_args()
    with running(options.latency) as server:
        bench = Bench(server, options.latency, options.repeats)
        _warm_up(server)
        server.wait(options.latency)
        records(bench)
        crm(bench)
        wrong_key(bench)
        peers(bench, dict(each.split("=", 1) for each in options.peer))
    print(f"\n{len(bench.missed)} goals missed{': ' if bench.missed else ''}{'; '.join(bench.missed)}")


def _warm_up(server: Running) -> None:
    """Have everything imported; say what that takes of a first run."""
    server.wait(0.0)
    one = [with_the_sdk(server, one_a_record(1), 1).seconds for _ in range(2)]

    def work(model: LanguageModel) -> None:
        syda.generate(Base, rows=RECORDS, llm=model)
        syda.plan(demo.Base, rows=50, llm=model)

    first, again = (with_syda(server, work, mode=mode, name=mode).seconds for mode in ("rows", "rows"))
    print(f"Imports at a first use, outside of all that follows: the SDK {one[0] - one[1]:.2f} s, ", end="")
    print(f"syda {first - again:.2f} s")


if __name__ == "__main__":
    main()
