"""Checks rows in memory against the rules of their schema, before they go anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.errors import IntegrityError
from syda.generation.agreement import match_rows
from syda.generation.engine import Engine
from syda.generation.store import TableRows
from syda.planning.checks import Domain, check_domains, conditions_of
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.schema.model import NUMBERS, Column, ForeignKey, Kind, Table, Unique
from syda.sources.strings import lengths
from syda.sources.values import Values, decimal_places, objects, to_python

_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """`count` rows of `table` break a `rule`; `row` is the first of them, `detail` says what stands there."""

    table: str
    rule: str
    detail: str
    count: int
    row: int

    def __str__(self) -> str:
        return self.shown()

    def shown(self, *, redact: bool = False) -> str:
        """Return the breach in words, without the values when they are to be kept out."""
        detail = "" if redact else f" {self.detail}"
        return f"{self.table}: {self.rule}:{detail} ({self.count} rows, first row {self.row})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`checked` rules were tried on the rows; `breaches` did not hold."""

    checked: int
    breaches: tuple[Breach, ...]

    @property
    def ok(self) -> bool:
        return not self.breaches

    def raise_for_breaches(self, *, redact: bool = False) -> None:
        """Raise `IntegrityError` that lists the breaches, when there are any; with `redact` it names no value."""
        if self.breaches:
            listed = "\n".join(f"  {breach.shown(redact=redact)}" for breach in self.breaches[:10])
            raise IntegrityError(f"the rows made break {len(self.breaches)} rules:\n{listed}")


def verify_rows(plan: Plan, rows: Mapping[str, TableRows], existing: Existing | None = None) -> Report:
    """Check NOT NULL, length, range, enum, primary key, unique and foreign key of every table's new rows.

    CHECKs are evaluated as far as DuckDB can; unique sets with expressions or predicates are left to the database.
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
        domains = check_domains(table)
        for name, values in columns.items():
            yield from self._column(table, table.column(name), values, domains.get(name))
        for unique in table.unique_sets:
            if not unique.expressions and not unique.predicate and all(name in columns for name in unique.columns):
                yield from self._unique(table, unique, columns)
        yield from self._conditions(table, columns)
        for link in table.foreign_keys:
            if all(name in columns for name in link.columns):
                yield from self._link(table, link, columns)

    def _column(self, table: Table, column: Column, values: Values, domain: Domain | None) -> Iterator[Breach]:
        self.checked += 1
        long = _too_long(column, values)
        if long is not None and long.any():
            long &= ~_demanded(domain, values)
        rules = (
            ("NOT NULL", values.null if not column.nullable else None),
            ("length", long),
            ("range", _out_of_range(column, values)),
            ("enum", _not_listed(column, values)),
            ("check", _outside(domain, column, values)),
        )
        for rule, broken in rules:
            if broken is not None and broken.any():
                yield _breach(table, rule, (column,), (values,), np.flatnonzero(broken))

    def _unique(self, table: Table, unique: Unique, columns: Mapping[str, Values]) -> Iterator[Breach]:
        self.checked += 1
        members = [columns[name] for name in unique.columns]
        there = self._existing.get(table.key)
        before = [there.columns.get(name) for name in unique.columns] if there else []
        known = [values for values in before if values is not None]
        repeated = _repeats(members, known if len(known) == len(members) else [], unique.nulls_not_distinct)
        if len(repeated):
            rule = "primary key" if unique.columns == table.primary_key and unique.name is None else "unique"
            yield _breach(table, rule, [table.column(name) for name in unique.columns], members, repeated)

    def _conditions(self, table: Table, columns: Mapping[str, Values]) -> Iterator[Breach]:
        judged = self._rows[table.key].judged
        conditions = [each for each in conditions_of(table) if all(name in columns for name in each.columns)]
        conditions = [each for each in conditions if each.text not in judged]
        named = {name: columns[name] for each in conditions for name in each.columns}
        if not named:
            return
        for condition, found in zip(
            conditions, Engine(table, [each.node for each in conditions]).conditions(named), strict=True
        ):
            self.checked += found is not None
            if found is not None and not found.all():
                shown = [table.column(name) for name in condition.columns]
                rows = np.flatnonzero(~found)
                yield _breach(table, f"check ({condition.text})", shown, [named[each.name] for each in shown], rows)

    def _link(self, table: Table, link: ForeignKey, columns: Mapping[str, Values]) -> Iterator[Breach]:
        parents = [self._all(link.parent, name) for name in link.parent_columns]
        if any(values is None for values in parents):
            return
        self.checked += 1
        children = [columns[name] for name in link.columns]
        lost = np.flatnonzero(~_found([values for values in parents if values is not None], children))
        if len(lost):
            yield _breach(table, "foreign key", [table.column(name) for name in link.columns], children, lost)

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


def _breach(
    table: Table, rule: str, columns: Sequence[Column], values: Sequence[Values], rows: NDArray[np.int64]
) -> Breach:
    first = rows[:1]
    shown = ", ".join(
        f"{column.name}={to_python(own.take(first), column.type)[0]!r}"[:80]
        for column, own in zip(columns, values, strict=True)
    )
    return Breach(table=table.key, rule=rule, detail=shown, count=len(rows), row=int(rows[0]))


def _present(values: Values, broken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return broken if values.null is None else broken & ~values.null


def _too_long(column: Column, values: Values) -> NDArray[np.bool_] | None:
    length = column.type.length
    if column.type.kind not in (Kind.TEXT, Kind.ENUM, Kind.BINARY) or length is None:
        return None
    if values.null is None:
        return lengths(values.data) > length
    long = np.zeros(len(values), dtype=bool)
    present = np.flatnonzero(~values.null)
    long[present] = lengths(values.data[present]) > length
    return long


def _outside(domain: Domain | None, column: Column, values: Values) -> NDArray[np.bool_] | None:
    """Tell which values the checks on the column alone do not allow."""
    if domain is None or column.type.kind not in (*NUMBERS, Kind.TEXT, Kind.BOOLEAN):
        return None
    data = values.data
    if column.type.kind is Kind.DECIMAL:
        data = data / 10.0 ** decimal_places(column.type)
    broken = np.zeros(len(values), dtype=bool)
    if domain.values is not None:
        broken |= ~np.isin(data, objects(domain.values) if data.dtype == object else domain.values)
    if domain.excluded:
        broken |= np.isin(data, objects(domain.excluded) if data.dtype == object else domain.excluded)
    if column.type.kind in NUMBERS and domain.low is not None:
        broken |= data < domain.low - _SLACK
    if column.type.kind in NUMBERS and domain.high is not None:
        broken |= data > domain.high + _SLACK
    return _present(values, broken)


def _demanded(domain: Domain | None, values: Values) -> NDArray[np.bool_]:
    """Tell which values a CHECK lists: a database that does not enforce lengths may demand longer ones."""
    listed = set(domain.allowed() or ()) if domain else set()
    return np.fromiter((item in listed for item in values.data.tolist()), dtype=bool, count=len(values))


def _out_of_range(column: Column, values: Values) -> NDArray[np.bool_] | None:
    type_ = column.type
    if type_.kind is Kind.INTEGER and type_.bits and type_.bits < 64:
        top = 1 << (type_.bits if type_.unsigned else type_.bits - 1)
        return _present(values, (values.data >= top) | (values.data < (0 if type_.unsigned else -top)))
    if type_.kind is Kind.DECIMAL and type_.precision and type_.scale is not None and type_.precision < 19:
        return _present(values, np.abs(values.data) >= 10 ** (type_.precision - min(type_.scale, 0)))
    return None


def _not_listed(column: Column, values: Values) -> NDArray[np.bool_] | None:
    if column.type.kind is not Kind.ENUM or not column.type.values:
        return None
    known = set(column.type.values)
    if values.null is None and known.issuperset(values.data.tolist()):
        return None
    listed = np.fromiter((item in known for item in values.data.tolist()), dtype=bool, count=len(values))
    return _present(values, ~listed)


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
