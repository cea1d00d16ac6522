"""Plan mode and row mode of one model side by side: `python -m tests.benchmarks.quality [--llm MODEL] [--rows N]`.

The clinic of `tests.language.models` and the CRM of `syda.demo` are filled twice, once by a plan that the model writes
and once by its rows, and measured alike:

- the share of distinct values in each column of text;
- broken rules: what `Dataset.verify` finds, the rules that the model itself set (near, after, total, ...) included, and
  what SQLite refuses, which checks the constraints by itself;
- agreement with the parent: of the children whose text names something that tells one parent from another (a clinic's
  city or name), the share that names what their own parent has; and how many of all children name anything;
- calls, and tokens in and out as the provider counts them.

The default model is scripted and answers over HTTP on loopback, so that the command always runs; its figures say what
syda does with good answers, nothing of a real model. `--llm` takes whatever `llm=` takes: local, openai:MODEL, a base
URL. Replies are not kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, event

import syda
from syda import demo
from syda.dataset import Dataset
from syda.errors import SydaError
from syda.language import LanguageModel, Mode
from syda.schema.model import Kind
from syda.schemas import ModelConfig, ProxyConfig
from tests.benchmarks.model_server import CHARACTERS_OF_TOKEN, Running, running
from tests.language.models import Base

MODES: tuple[Mode, ...] = ("plan", "rows")
_SHORTEST = 3
"""Characters from which on a parent's text is looked for in its children's."""


@dataclass(frozen=True)
class Case:
    """What is filled; `text` of `child` is looked through for what the parent behind `link` has in `told`."""

    name: str
    base: Any
    child: str
    parent: str
    link: str
    text: str
    told: tuple[str, ...]


CASES = {
    "clinic": Case("clinic", Base, "visits", "clinics", "clinic_id", "complaint", ("name", "city")),
    "crm": Case("crm", demo.Base, "products", "", "", "description", ()),
}


@dataclass(frozen=True)
class Found:
    """What one mode brought. `distinct` is by column; `naming` are children that name any parent's text."""

    rows: dict[str, int]
    seconds: float
    distinct: dict[str, float]
    authors: dict[str, str]
    checked: int
    broken: list[str]
    children: int
    naming: int
    agreeing: int
    calls: int
    tokens: tuple[int, int]
    examples: list[str]
    notes: list[str]


def measure(case: Case, llm: Any, mode: Mode, rows: dict[str, int], seed: int, server: Running | None) -> Found:
    model = LanguageModel(model=llm, mode=mode, cache="off")
    if server:
        server.told()
    started = time.perf_counter()
    dataset = syda.generate(case.base, rows=rows, seed=seed, llm=model)
    seconds = time.perf_counter() - started
    usage = dataset.usage.total if dataset.usage else None
    calls, tokens = (usage.calls, (usage.input, usage.output)) if usage else (0, (0, 0))
    if server:
        served = server.told()
        tokens = (served.characters // CHARACTERS_OF_TOKEN, served.written // CHARACTERS_OF_TOKEN)
        assert calls == served.calls, (calls, served.calls)
    report = dataset.verify()
    naming, agreeing = agreement(case, dataset)
    columns = {
        f"{table.key}.{column.name}": dataset.plan.tables[table.key].columns[column.name].author
        for table in dataset.plan.schema
        for column in table.columns
        if column.type.kind is Kind.TEXT
    }
    return Found(
        rows=dict(dataset.rows),
        seconds=seconds,
        distinct={name: distinct(dataset, *name.split(".")) for name in columns},
        authors=columns,
        checked=report.checked,
        broken=[*map(str, report.breaches), *refused(dataset)],
        children=dataset.rows[case.child],
        naming=naming,
        agreeing=agreeing,
        calls=calls,
        tokens=tokens,
        examples=dataset.frames()[case.child][case.text].head(3).tolist(),
        notes=[f"{key}: {note}" for key, table in dataset.plan.tables.items() for note in table.notes],
    )


def distinct(dataset: Dataset, table: str, column: str) -> float:
    values = dataset.frames()[table][column].dropna()
    return values.nunique() / len(values) if len(values) else 0.0


def agreement(case: Case, dataset: Dataset) -> tuple[int, int]:
    """Return how many children name a text of some parent, and how many of these one of their own parent's."""
    if not case.told:
        return 0, 0
    parents = dataset.frames()[case.parent].set_index("id")
    texts = [name for name in case.told if parents[name].nunique() > 1]
    known = {value for name in texts for value in parents[name] if len(value) >= _SHORTEST}
    naming = agreeing = 0
    for child in dataset.frames()[case.child].itertuples():
        said = getattr(child, case.text).casefold()
        named = {value for value in known if value.casefold() in said}
        own = {parents.loc[getattr(child, case.link), name] for name in texts}
        naming += bool(named)
        agreeing += bool(named & own)
    return naming, agreeing


def refused(dataset: Dataset) -> list[str]:
    """Return why SQLite refuses the rows, if it does."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    try:
        dataset.to_sql(engine, create=True)
    except SydaError as error:
        return [f"SQLite: {error}"]
    finally:
        engine.dispose()
    return []


@contextmanager
def model_of(written: str | None, latency: float) -> Iterator[tuple[Any, Running | None]]:
    """Yield what to ask: the scripted model on loopback unless another is named."""
    if written is not None:
        yield written, None
        return
    with running(latency) as server:
        yield ModelConfig(provider="compatible", model_name="scripted", proxy=ProxyConfig(base_url=server.url)), server


def show(case: Case, found: dict[Mode, Found]) -> None:
    plan, rows = (found.get(mode) for mode in MODES)
    both = [each for each in (plan, rows) if each]

    def line(what: str, *values: str) -> None:
        print(f"{what:44}" + "".join(f"{value:>26}" for value in values))

    line(case.name, *(f"{mode} mode" for mode in found))
    line("rows", *(f"{sum(each.rows.values())} in {len(each.rows)} tables" for each in both))
    line("seconds", *(f"{each.seconds:.2f}" for each in both))
    line("calls", *(f"{each.calls}" for each in both))
    line("tokens in", *(f"{each.tokens[0]:,}" for each in both))
    line("tokens out", *(f"{each.tokens[1]:,}" for each in both))
    for name in both[0].distinct:
        line(f"distinct {name}", *(f"{each.distinct[name]:.0%} ({each.authors[name]})" for each in both))
    if case.told:
        line(f"{case.child}.{case.text} names a parent's text", *(f"{each.naming} of {each.children}" for each in both))
        line("  of these: its own parent's", *(_share(each.agreeing, each.naming) for each in both))
    line("rules checked", *(f"{each.checked}" for each in both))
    line("rules broken (goal: 0)", *(f"{len(each.broken)}" for each in both))
    for mode, each in found.items():
        print(f"{mode} mode, {case.child}.{case.text} of the first rows:")
        for text in (*each.examples, *each.broken[:5], *(f"note: {note}" for note in each.notes[:5])):
            print(f"  {text[:160]}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none names any"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", help="the model; without it a scripted one on loopback")
    parser.add_argument("--case", choices=CASES, help="without it both")
    parser.add_argument("--parents", type=int, default=20, help="rows of tables that refer to no other")
    parser.add_argument("--rows", type=int, default=200, help="rows of the other tables")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed = False
    with model_of(options.llm, 0.0) as (llm, server):
        for case in [CASES[options.case]] if options.case else CASES.values():
            tables = case.base.metadata.sorted_tables
            wanted = {each.name: options.rows if each.foreign_keys else options.parents for each in tables}
            found = {}
            for mode in MODES:
                try:
                    if server:  # so that the time of imports is not the first mode's
                        measure(case, llm, mode, dict.fromkeys(wanted, 3), options.seed, server)
                    found[mode] = measure(case, llm, mode, wanted, options.seed, server)
                except SydaError as error:
                    print(f"{mode} mode failed: {type(error).__name__}: {error}")
            if found:
                show(case, found)
            print()
            failed = failed or len(found) < len(MODES) or any(each.broken for each in found.values())
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
