"""Checks rows in memory against the rules of their schema, before they go anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.generation.agreement import match_rows
from syda.generation.store import TableRows
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.quality.plan_rules import Written, breaches_of, ruled
from syda.quality.row_rules import Breach, Report, RowRules, breach_of
from syda.schema.model import ForeignKey, Table, Unique
from syda.sources.values import Values


def verify_rows(plan: Plan, rows: Mapping[str, TableRows], existing: Existing | None = None) -> Report:
    """Check NOT NULL, length, range, enum, primary key, unique and foreign key of every table's new rows.

    CHECKs are evaluated as far as DuckDB can; unique sets with expressions or predicates are left to the database.
    Rules of the plan that say how columns depend on each other are checked too.
    """
    verifier = _Verifier(plan, rows, existing or {})
    breaches = [breach for key in rows for breach in verifier.table(plan.schema.tables[key])]
    return Report(checked=verifier.checked, breaches=tuple(breaches))


class _Verifier:
    def __init__(self, plan: Plan, rows: Mapping[str, TableRows], existing: Existing) -> None:
        self._plan, self._rows, self._existing = plan, rows, existing
        self.checked = 0

    def table(self, table: Table) -> Iterator[Breach]:
        columns = self._rows[table.key].columns
        rules = RowRules(table, self._rows[table.key].judged)
        yield from rules.breaches(columns)
        self.checked += rules.checked
        for unique in table.unique_sets:
            if not unique.expressions and not unique.predicate and all(name in columns for name in unique.columns):
                yield from self._unique(table, unique, columns)
        for link in table.foreign_keys:
            if all(name in columns for name in link.columns):
                yield from self._link(table, link, columns)
        for name, planned in ruled(table, self._plan.tables[table.key].columns, columns):
            self.checked += 1
            column = table.column(name)
            written = Written(self._plan, self._rows, self._existing, table, column, planned.distinct)
            yield from breaches_of(written, planned, columns)

    def _unique(self, table: Table, unique: Unique, columns: Mapping[str, Values]) -> Iterator[Breach]:
        self.checked += 1
        members = [columns[name] for name in unique.columns]
        there = self._existing.get(table.key)
        before = [there.columns.get(name) for name in unique.columns] if there else []
        known = [values for values in before if values is not None]
        repeated = _repeats(members, known if len(known) == len(members) else [], unique.nulls_not_distinct)
        if len(repeated):
            rule = "primary key" if unique.columns == table.primary_key and unique.name is None else "unique"
            yield breach_of(table, rule, [table.column(name) for name in unique.columns], members, repeated)

    def _link(self, table: Table, link: ForeignKey, columns: Mapping[str, Values]) -> Iterator[Breach]:
        parents = [self._all(link.parent, name) for name in link.parent_columns]
        if any(values is None for values in parents):
            return
        self.checked += 1
        children = [columns[name] for name in link.columns]
        lost = np.flatnonzero(~_found([values for values in parents if values is not None], children))
        if len(lost):
            yield breach_of(table, "foreign key", [table.column(name) for name in link.columns], children, lost)

    def _all(self, table: str, name: str) -> Values | None:
        """Return the column of existing and new rows; None when it is the database that fills it."""
        there = self._existing.get(table)
        parts = [there.columns[name]] if there and name in there.columns else []
        made = self._rows.get(table)
        if made is not None:
            if name not in made.columns:
                return None
            parts.append(made.columns[name])
        return Values.concatenate(parts) if parts else None


def _repeats(members: Sequence[Values], before: Sequence[Values], nulls_not_distinct: bool) -> NDArray[np.int64]:
    """Return the rows that repeat an earlier or existing one."""
    if len(members) == 1 and not before and members[0].null is None and members[0].data.dtype != object:
        if (members[0].data[1:] > members[0].data[:-1]).all():
            return np.zeros(0, dtype=np.int64)
        _, first = np.unique(members[0].data, return_index=True)
        return np.setdiff1d(np.arange(len(members[0])), first, assume_unique=True)
    columns = [_keys(values) for values in members]
    if not before and any(len(set(items)) == len(items) for items in columns):
        return np.zeros(0, dtype=np.int64)
    keys = list(zip(*columns, strict=True))
    seen = set(zip(*map(_keys, before), strict=True)) if before else set()
    repeated = []
    for row, key in enumerate(keys):
        if None in key and not nulls_not_distinct:
            continue
        if key in seen:
            repeated.append(row)
        seen.add(key)
    return np.asarray(repeated, dtype=np.int64)


def _keys(values: Values) -> list[Any]:
    items: list[Any] = values.data.tolist()
    if values.data.dtype == object:
        items = [item if item.__hash__ else repr(item) for item in items]
    if values.null is not None:
        for row in np.flatnonzero(values.null).tolist():
            items[row] = None
    return items


def _among(children: NDArray[np.int64], parents: NDArray[np.int64]) -> NDArray[np.bool_]:
    first, last = (parents[0], parents[-1]) if len(parents) else (0, -1)
    if last - first + 1 == len(parents) and (parents[1:] > parents[:-1]).all():  # a run of numbers without gaps
        return (children >= first) & (children <= last)
    return np.isin(children, parents)


def _found(parents: Sequence[Values], children: Sequence[Values]) -> NDArray[np.bool_]:
    null = np.zeros(len(children[0]), dtype=bool)
    for values in children:
        null |= False if values.null is None else values.null
    whole = all(values.data.dtype == np.int64 for values in (*parents, *children))
    if len(parents) == 1 and whole:
        return null | _among(children[0].data, parents[0].data)
    return null | (match_rows(parents, children).count > 0)
