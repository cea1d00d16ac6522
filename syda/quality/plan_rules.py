"""The rules of a plan: whether each column stands to the others as its source says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from syda.errors import MODELS_ADVICE
from syda.generation.agreement import match_rows
from syda.generation.context import Cell
from syda.generation.maker import Maker
from syda.generation.store import TableRows
from syda.planning.checks import conditions_of
from syda.planning.existing import Existing
from syda.planning.model import ColumnPlan, Plan
from syda.quality.row_rules import Breach, breach_of
from syda.schema.model import Column, LogicalType, Table
from syda.sources.base import Context, Settings, Source
from syda.sources.stream import Bits, Integers
from syda.sources.totals import Gathered, Tally, Total
from syda.sources.values import Values


class _UnknownError(Exception):
    """Something that a rule reads is not there: the database fills it, or it is loaded already."""


def ruled(
    table: Table, planned: Mapping[str, ColumnPlan], columns: Collection[str]
) -> Iterator[tuple[str, ColumnPlan]]:
    """Yield those of the columns whose sources are rules that can be broken.

    A model's give way to CHECKs of several columns.
    """
    rules = {name: each for name, each in planned.items() if each.is_rule and _can_break(each.source)}
    settled: set[str] = set()
    if any(each.author == "model" for each in rules.values()):
        settled = {name for condition in conditions_of(table) for name in condition.mentioned}
    for name, each in rules.items():
        if name in columns and (each.author != "model" or name not in settled):
            yield name, each


def _can_break(source: Source) -> bool:
    return type(source).broken is not Source.broken


def breaches_of(context: Context, planned: ColumnPlan, columns: Mapping[str, Values]) -> Iterator[Breach]:
    """Yield the breach of a column's rule, when there is one."""
    table, column, made = context.table, context.column, columns[context.column.name]
    source: Source = planned.source
    try:
        broken = source.broken(context, made)
    except _UnknownError:
        return
    if broken is None:
        return
    if made.null is not None and (planned.null_fraction > 0 or table.inheritance):
        broken = broken & ~made.null  # left out on purpose, or no column of the row's class
    if broken.any():
        shown = [name for name in dict.fromkeys((column.name, *source.needs())) if name in columns]
        advice = MODELS_ADVICE if planned.author == "model" else ""
        rule = f"{column.name}: {source.describe()}{advice}"
        yield breach_of(
            table, rule, [table.column(n) for n in shown], [columns[n] for n in shown], np.flatnonzero(broken)
        )


@dataclass(frozen=True, slots=True)
class Sent(Cell):
    """A block of rows on its way: its own columns as they are, those of parents as they are made.

    `tally` is of their children, when these are known.
    """

    columns: Mapping[str, Values] | None = None
    tally: Tally | None = None

    def sibling(self, name: str) -> Values:
        if self.columns is None or name not in self.columns:
            raise _UnknownError(name)
        return self.columns[name]

    def gathered(self, total: Total) -> Gathered:
        if self.tally is None:
            raise _UnknownError(total.children)
        first = self.maker.first(self.table.key)
        return self.tally.part(self.start - first, self.stop - first)


class SentTotal:
    """A total of a parent's children while these are sent, to be compared with what the parents got before."""

    def __init__(self, maker: Maker, parent: str, name: str, total: Total) -> None:
        self._maker, self._total = maker, total
        self._parent, self._name = maker.table(parent), name
        child = maker.table(total.children)
        self._child, self._link = child.key, child.foreign_key(total.foreign_key).name
        self._tally = Tally(total.how, maker.rows(parent), [child.column(factor).type for factor in total.factors])

    @property
    def parent(self) -> str:
        return self._parent.key

    def add(self, block: Mapping[str, Values], start: int, stop: int) -> None:
        """Add the children ``start..stop``."""
        parents = self._maker.parents(self._child, self._link, start, stop) - self._maker.first(self._parent.key)
        self._tally.add(parents, [block[factor] for factor in self._total.factors])

    def breaches(self) -> Iterator[Breach]:
        """Yield the breach of the rule, when the parents have another total."""
        key, planned = self._parent.key, self._maker.table_plan(self._parent.key).columns[self._name]
        first, stop = self._maker.first(key), self._maker.total(key)
        held = {self._name: self._maker.values(key, self._name, first, stop)}
        column = self._parent.column(self._name)
        context = Sent(self._maker, self._parent, column, first, stop, columns=held, tally=self._tally)
        yield from breaches_of(context, planned, held)


def totals_of(maker: Maker, children: str) -> Iterator[SentTotal]:
    """Yield the totals of the rows of a table that new rows of others have."""
    for key, planned in maker.plan.tables.items():
        for name, column in planned.columns.items():
            total = column.source
            if isinstance(total, Total) and total.children == children and column.is_rule and maker.rows(key):
                yield SentTotal(maker, key, name, total)


@dataclass(frozen=True, slots=True)
class Written:
    """All rows of a table as they are, beside those of all other tables; implements `syda.sources.base.Context`."""

    plan: Plan
    rows: Mapping[str, TableRows]
    existing: Existing
    table: Table
    column: Column
    distinct: bool

    @property
    def settings(self) -> Settings:
        return self.plan.settings

    @property
    def start(self) -> int:
        there = self.existing.get(self.table.key)
        return there.rows if there else 0

    @property
    def stop(self) -> int:
        return self.start + self.rows[self.table.key].rows

    @property
    def offset(self) -> int:
        return 0

    def bits(self, salt: str = "", scope: str | None = None) -> Bits:
        return np.zeros(self.stop - self.start, dtype=np.uint64)  # what is checked is true of any

    def sibling(self, name: str) -> Values:
        return self._new(self.table.key, name)

    def parent(self, foreign_key: str, column: str) -> tuple[Values, LogicalType]:
        link = self.table.foreign_key(foreign_key)
        wanted = self.plan.schema.tables[link.parent].column(column)
        children = [self._new(self.table.key, name) for name in link.columns]
        parents = [self._all(link.parent, name) for name in link.parent_columns]
        rows = _parents_of(parents, children)
        return self._all(link.parent, wanted.name).take(rows), wanted.type

    def written(self) -> Values:
        return self._new(self.table.key, self.column.name)

    def ordinal(self, foreign_key: str) -> Integers:
        raise _UnknownError(foreign_key)

    def identity(self) -> Integers:
        raise _UnknownError(self.table.key)

    def gathered(self, total: Total) -> Gathered:
        child = self.plan.schema.tables[total.children]
        link, factors = child.foreign_key(total.foreign_key), [child.column(name) for name in total.factors]
        children = [self._new(child.key, name) for name in link.columns]
        parents = [self._new(self.table.key, name) for name in link.parent_columns]
        found = Tally(total.how, self.stop - self.start, [factor.type for factor in factors])
        found.add(_parents_of(parents, children), [self._new(child.key, factor.name) for factor in factors])
        return found.part(0, self.stop - self.start)

    def _new(self, table: str, name: str) -> Values:
        made = self.rows.get(table)
        if made is None or name not in made.columns:
            raise _UnknownError(f"{table}.{name}")
        return made.columns[name]

    def _all(self, table: str, name: str) -> Values:
        """Return a column of existing and new rows."""
        there = self.existing.get(table)
        before = there.column(name) if there else None
        if there and there.rows and before is None:
            raise _UnknownError(f"{table}.{name}")
        parts = [before] if before is not None else []
        if table in self.rows:
            parts.append(self._new(table, name))
        if not parts:
            raise _UnknownError(f"{table}.{name}")
        return Values.concatenate(parts)


def _parents_of(parents: Sequence[Values], children: Sequence[Values]) -> Integers:
    """Return the row of each child's parent, -1 where there is none."""
    keys, held = parents[0], children[0]
    counted = len(parents) == 1 and keys.null is None and keys.data.dtype == held.data.dtype == np.int64
    if not counted or not len(keys) or not (keys.data[1:] > keys.data[:-1]).all():
        return match_rows(parents, children).pick(np.zeros(len(held), dtype=np.int64))
    place = np.minimum(np.searchsorted(keys.data, held.data), len(keys) - 1)
    found = np.where(keys.data[place] == held.data, place, -1)
    return found if held.null is None else np.where(held.null, -1, found)
