"""What a language model is asked for a plan: how columns are made, and rows; and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from syda.errors import ModelError
from syda.language import LanguageModel, Mode, billed
from syda.planning.inference import Guess
from syda.planning.model import Plan
from syda.schema.model import Table
from syda.sources.written import Written as WrittenSource
from syda.usage import TableUsage, Usage

if TYPE_CHECKING:
    from syda.generation.maker import Written
    from syda.generation.store import Progress
    from syda.llm.asking import Asker
    from syda.llm.exchange import Client
    from syda.planning.existing import Existing, ExistingTable

Rebuild: TypeAlias = Callable[[Mapping[tuple[str, str], Guess]], Plan]
FEW_ROWS = 40
"""Rows up to which a table's rows are written one by one rather than planned."""
_UNASKED = "made by inference: so small a model is asked how columns are made only with mode='plan'"
_SAMPLE = 25
"""Rows of each table that a plan is tried out on."""


async def modelled(
    plan: Plan, model: LanguageModel, prompts: Mapping[str, str], rebuild: Rebuild, existing: Existing
) -> Plan:
    """Return the plan with what the model decides of it, and its columns that the model will write marked so.

    `rebuild` returns the plan with given guesses; they are tried out beside the rows that are there.
    Raises a `ModelError` when the model cannot be asked.
    """
    from syda.authoring.author import author_columns

    asker, tried = model.asker(), _Tried(rebuild, {key: _remembered(there) for key, there in existing.items()})
    to_write, planned = rows_to_write(plan, model.mode), _planned_tables(plan, model.mode)
    asked = planned if _is_asked_for_plans(asker.client, model.mode) else []
    with billed(lambda: usage_of(asker)):
        try:
            authored = await author_columns(plan, asked, asker, tried, prompts)
        finally:
            await asker.close()
        made = tried.plan({**to_write, **authored.guesses})
    notes = {**authored.notes, **{key: (_UNASKED,) for key in planned if not asked}}
    tables = {key: replace(table, notes=(*table.notes, *notes.get(key, ()))) for key, table in made.tables.items()}
    return replace(made, tables=tables, usage=usage_of(asker))


def _is_asked_for_plans(client: Client, mode: Mode) -> bool:
    """Tell whether a client is asked how columns are made: a small model only where the user says so."""
    return mode == "plan" or bool(getattr(client, "plans", True))


def _planned_tables(plan: Plan, mode: Mode) -> list[str]:
    """Return the tables of which a model decides how columns are made: those whose rows it does not write."""
    from syda.authoring.author import authored_columns

    if mode == "rows":
        return []
    others = {key for key in plan.tables if writes_rows(plan, key) or (mode == "auto" and _has_few_rows(plan, key))}
    return [key for key in plan.tables if key not in others and _has_rows(plan, key) and authored_columns(plan, key)]


def _has_few_rows(plan: Plan, key: str) -> bool:
    return plan.tables[key].rows <= FEW_ROWS and not plan.tables[key].rows_from


def _has_rows(plan: Plan, key: str) -> bool:
    return bool(plan.tables[key].rows or plan.tables[key].rows_from)


def rows_to_write(plan: Plan, mode: Mode) -> dict[tuple[str, str], Guess]:
    """Return the columns that the model is to write row by row."""
    from syda.writing.columns import writable, written_source

    found = {}
    for key, planned in plan.tables.items():
        if mode == "rows" or (mode == "auto" and planned.rows and _has_few_rows(plan, key)):
            for name in writable(plan, key):
                column = planned.columns[name]
                source = written_source(column)
                found[key, name] = Guess(source, "what only a model knows", column.null_fraction, author="model")
    return found


@dataclass(slots=True)
class _Tried:
    """Tries plans out, and keeps the last one: mostly it is what all comes to."""

    rebuild: Rebuild
    existing: Existing
    guesses: Mapping[tuple[str, str], Guess] | None = None
    made: Plan | None = None

    def __call__(self, guesses: Mapping[tuple[str, str], Guess]) -> None:
        _try_out(self.plan(guesses), guesses, self.existing)

    def plan(self, guesses: Mapping[tuple[str, str], Guess]) -> Plan:
        if self.made is None or guesses != self.guesses:
            self.made = None
            self.guesses, self.made = dict(guesses), self.rebuild(guesses)
        return self.made


def _remembered(there: ExistingTable) -> ExistingTable:
    """Return existing rows of which no column is read twice."""
    return there if there.read is None else replace(there, read=cache(there.read))


def _try_out(plan: Plan, guesses: Mapping[tuple[str, str], Guess], existing: Existing) -> None:
    """Make some rows of the tables that are guessed about; raises a `SydaError` where that does not work."""
    from syda.generation.lifetime import needed_for
    from syda.generation.store import make_rows
    from syda.quality.integrity import verify_rows

    needed = needed_for(plan, {key for key, _ in guesses})
    few = {
        key: replace(table, rows=min(table.rows, _SAMPLE) if key in needed else 0, rows_from=None, exact=False)
        for key, table in plan.tables.items()
    }
    sample = replace(plan, tables=few)
    verify_rows(sample, make_rows(sample, existing=existing), existing).raise_for_breaches()


def expected_usage(
    plan: Plan, model: LanguageModel, prompts: Mapping[str, str], existing: Existing | None = None
) -> Usage:
    """Return what asking for the plan and its rows would cost, before anything is sent: an estimate.

    Answers that do not work are asked for once more, rows that cannot be taken again, so that it may be more.
    """
    from syda.authoring.author import expected_answers
    from syda.llm.asking import first_at_once, most_tokens
    from syda.llm.prices import price_for, unknown_price
    from syda.writing.writer import expected_replies

    client = model.client(sending=False)
    price = price_for(client, model.prices)
    if price is None and model.max_cost is not None and model.cache != "replay":
        raise unknown_price(client.model)
    asked = _planned_tables(plan, model.mode) if _is_asked_for_plans(client, model.mode) else []
    shown = model.examples_of(client)
    counted = [
        *expected_answers(plan, asked, prompts),
        *expected_replies(plan, prompts, first_at_once(client), shown, existing, most_tokens(client)),
    ]
    usage = Usage(model=client.model, expected=True, batched=model.batch)
    for table, calls, tokens in counted:
        cost = None if price is None else price.of(tokens)
        line = TableUsage(calls=calls, input=tokens.input, output=tokens.output, cost=cost)
        usage += Usage(model=client.model, tables={table: line}, expected=True)
    return usage


async def written_rows(
    plan: Plan,
    model: LanguageModel | None,
    prompts: Mapping[str, str],
    existing: Existing | None = None,
    progress: Progress | None = None,
) -> tuple[Written, Usage | None]:
    """Return what the model writes of the plan's rows, and what that cost; nothing where it is to write none.

    Raises a `ModelError`, also where rows are to be written and there is no model.
    """
    wanted = [key for key, table in plan.tables.items() if writes_rows(plan, key) and _has_rows(plan, key)]
    if not wanted:
        return {}, None
    if model is None:
        raise ModelError(
            f"rows of {', '.join(wanted)} are to be written by a language model: say which by llm=, "
            f"such as llm='openai:MODEL'"
        )
    from syda.writing.writer import write_rows

    asker = model.asker(plan.usage)
    with billed(lambda: usage_of(asker)):
        try:
            return await write_rows(plan, asker, existing=existing, prompts=prompts, progress=progress), usage_of(asker)
        finally:
            await asker.close()


def held_rows(plan: Plan, existing: Existing) -> Existing:
    """Return existing rows with all columns read that a model may be told of: nothing is read while it is asked."""
    asked = [plan.schema.tables[key] for key in plan.tables if writes_rows(plan, key)]
    needed = {link.parent for table in asked for link in table.foreign_keys} | {table.key for table in asked}
    return {key: _held(plan.schema.tables[key], there) if key in needed else there for key, there in existing.items()}


def _held(table: Table, there: ExistingTable) -> ExistingTable:
    columns = {column.name: there.column(column.name) for column in table.columns} if there.rows else {}
    known = {name: values for name, values in columns.items() if values is not None}
    return replace(there, columns={**there.columns, **known})


def writes_any(plan: Plan) -> bool:
    """Tell whether a model writes columns of any table."""
    return any(writes_rows(plan, key) for key in plan.tables)


def writes_rows(plan: Plan, table: str) -> bool:
    """Tell whether a model writes columns of the table."""
    return any(isinstance(column.source, WrittenSource) for column in plan.tables[table].columns.values())


def usage_of(asker: Asker) -> Usage:
    """Return what asking cost so far."""
    from syda.llm.exchange import in_batches

    lines = {
        table: TableUsage(
            calls=line.calls,
            retries=line.retries,
            replayed=line.replayed,
            input=line.usage.input,
            output=line.usage.output,
            cached=line.usage.cached,
            cost=asker.ledger.cost(line.usage),
            guessed=line.usage.guessed,
        )
        for table, line in asker.ledger.lines.items()
    }
    return Usage(model=asker.client.model, tables=lines, batched=in_batches(asker.client))
