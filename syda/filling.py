"""The work of `syda.seed` on one database: read what is there, plan, make the rows, and have them loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from syda.arguments import Wishes
from syda.dataset import Dataset
from syda.language import billed
from syda.modelling import held_rows
from syda.planning.model import Plan
from syda.planning.requests import RowRequest, read_rows
from syda.schema import Reading, Schema, read_schema
from syda.streaming import make_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from syda.load.options import LoadOptions
    from syda.load.report import LoadReport
    from syda.load.target import Target
    from syda.planning.existing import ExistingTable
    from syda.sources.values import Values


@dataclass(frozen=True, slots=True)
class Filling:
    """What `seed` was asked for."""

    models: Any
    wishes: Wishes
    options: LoadOptions

    @property
    def given(self) -> Plan | None:
        return self.models if isinstance(self.models, Plan) else None

    def check(self, target: Any) -> None:
        """Raise a `SydaError` for what cannot be, before the target is reached."""
        self.options.check(target)
        if self.given:
            self.wishes.refuse_beside_plan()

    def fill(self, target: Target) -> LoadReport:
        from syda.load.guard import require_unprotected
        from syda.load.target import untouched

        with untouched(target) as connection:
            joins = connection.in_transaction()
            require_unprotected(connection, self.options.allow_hosts)
            dataset, notes = self._make(connection, joins=joins)
        with billed(lambda: dataset.usage):
            report = dataset.load(target, self.options)
        return replace(report, notes=(*report.notes, *notes), usage=dataset.usage)

    def _make(self, connection: Any, *, joins: bool) -> tuple[Dataset, list[str]]:
        """Return the rows that fit to those that are there, and notes on tables that are left alone.

        With `joins`, the transaction is the caller's and stays open.
        """
        from syda.load.ddl import build_tables
        from syda.load.existing import read_existing
        from syda.load.judge import DatabaseJudge
        from syda.load.modes import count_rows, left_alone, rows_that_stay

        def rest() -> None:
            if self.wishes.llm is not None and not joins:
                connection.rollback()  # a model is not asked while a transaction is open

        reading = _reading(self.models, self.given, connection)
        targets = reading.origin or build_tables(reading.schema)
        counts = count_rows(connection, reading.schema, targets)
        kept = left_alone(reading.schema, counts)
        if kept:
            reading = read_schema(reading, tables=[table.key for table in reading.schema if table.key not in kept])
        plan = self.given and _restricted(self.given, reading.schema)
        filled = filled_tables(reading.schema, plan or read_rows(reading.schema, self.wishes.rows))
        stays = rows_that_stay(reading.schema, counts, filled, self.options.mode)
        there = read_existing(connection, reading.schema, targets, stays)
        existing = {key: _rested(rows, rest) for key, rows in there.items()}
        rest()
        plan = plan or self.wishes.plan(reading, existing, dry_run=self.options.dry_run)
        if self.options.dry_run:
            plan = self.wishes.foresee(plan, existing)
        held = held_rows(plan, existing)
        rest()
        written, usage = ({}, plan.usage) if self.options.dry_run else self.wishes.write(plan, held)
        judge = DatabaseJudge(connection, targets)
        with billed(lambda: usage):
            dataset = make_stream(plan, existing, targets, judge, redact=self.options.redact_values, written=written)
        return replace(dataset, usage=usage), [
            f"{key}: left alone, a migration tool keeps its notes there" for key in sorted(kept)
        ]


def _rested(there: ExistingTable, rest: Callable[[], None]) -> ExistingTable:
    """Return existing rows that leave no transaction open when a column of theirs is read."""
    known = there.read
    if known is None:
        return there

    def read(name: str) -> Values:
        try:
            return known(name)
        finally:
            rest()

    return replace(there, read=read)


def _restricted(plan: Plan, schema: Schema) -> Plan:
    """Return the plan for those of its tables that are in `schema`."""
    if plan.schema.tables.keys() == schema.tables.keys():
        return plan
    return replace(
        plan, schema=schema, tables={key: table for key, table in plan.tables.items() if key in schema.tables}
    )


def filled_tables(schema: Schema, asked: RowRequest | Plan) -> frozenset[str]:
    """Return the tables that rows are asked for; a row of a subclass table has one in its base table too."""
    if isinstance(asked, Plan):
        return _with_bases(schema, {key for key, table in asked.tables.items() if table.rows or table.rows_from})
    counted = {key for key, _ in asked.children}
    filled = {table.key for table in schema if asked.named.get(table.key, asked.default) or table.key in counted}
    return _with_bases(schema, filled - schema.external)


def _with_bases(schema: Schema, filled: set[str]) -> frozenset[str]:
    found = set(filled)
    for key in filled:
        while (base := schema.tables[key].base_table) and base not in found:
            found.add(base)
            key = base
    return frozenset(found)


def _reading(models: Any, given: Plan | None, connection: Any) -> Reading:
    if given is not None:
        return Reading(schema=given.schema, origin=None)
    reading = read_schema(connection if models is None else models)
    return replace(reading, schema=replace(reading.schema, dialect=connection.dialect.name))
