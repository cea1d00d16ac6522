"""The rules that each row keeps or breaks by itself, so that rows can be checked a block at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from syda.errors import IntegrityError
from syda.generation.domains import listed_and_bounded
from syda.generation.engine import Engine
from syda.planning.checks import Condition, Domain, check_domains, conditions_of
from syda.schema.model import NUMBERS, Column, Kind, Table
from syda.sources.strings import lengths
from syda.sources.values import Values, to_python

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
            number = "a rule" if len(self.breaches) == 1 else f"{len(self.breaches)} rules"
            raise IntegrityError(f"the rows made break {number}:\n{listed}")


class RowRules:
    """The rules of a table that each row keeps or breaks by itself; `checked` counts those that were tried.

    CHECKs that the target database has `judged` are not judged again.
    """

    def __init__(self, table: Table, judged: Collection[str] = ()) -> None:
        self._table = table
        self._domains = check_domains(table)
        self._conditions = [each for each in conditions_of(table) if each.text not in judged]
        self._engines: dict[tuple[int, ...], Engine] = {}
        self.checked = 0

    def verify(self, columns: Mapping[str, Values], start: int) -> Report:
        """Check a block of rows, of which `start` is the number of the first."""
        before = self.checked
        breaches = tuple(replace(each, row=each.row + start) for each in self.breaches(columns))
        return Report(checked=self.checked - before, breaches=breaches)

    def breaches(
        self, columns: Mapping[str, Values], beside: Mapping[str, Values] = MappingProxyType({})
    ) -> Iterator[Breach]:
        """Yield what the columns break, by themselves or together with those `beside` them."""
        told = set()
        for name, values in columns.items():
            for breach in self._column(self._table.column(name), values, self._domains.get(name)):
                told.add(breach.rule)
                yield breach
        yield from (breach for breach in self._broken_conditions(columns, beside) if breach.rule not in told)

    def _column(self, column: Column, values: Values, domain: Domain | None) -> Iterator[Breach]:
        self.checked += 1
        long = _too_long(column, values)
        if long is not None and long.any():
            long &= ~_demanded(domain, values)
        rules = (
            ("NOT NULL", values.null if not column.nullable else None),
            ("length", long),
            ("range", _out_of_range(column, values)),
            ("enum", _not_listed(column, values)),
            (f"check ({domain.text})" if domain else "check", _outside(domain, column, values)),
        )
        for rule, broken in rules:
            if broken is not None and broken.any():
                yield breach_of(self._table, rule, (column,), (values,), np.flatnonzero(broken))

    def _broken_conditions(self, columns: Mapping[str, Values], beside: Mapping[str, Values]) -> Iterator[Breach]:
        known = {**beside, **columns}
        conditions = [
            each
            for each in self._conditions
            if all(name in known for name in each.columns) and not columns.keys().isdisjoint(each.columns)
        ]
        named = {name: known[name] for each in conditions for name in each.columns}
        if not named:
            return
        for condition, found in zip(conditions, self._engine(conditions).conditions(named), strict=True):
            self.checked += found is not None
            if found is not None and not found.all():
                shown = [self._table.column(name) for name in condition.columns]
                rows, text = np.flatnonzero(~found), f"check ({condition.text})"
                yield breach_of(self._table, text, shown, [named[each.name] for each in shown], rows)

    def _engine(self, conditions: Sequence[Condition]) -> Engine:
        """Return what evaluates the conditions: for each block the same, since its columns are."""
        key = tuple(map(id, conditions))
        if key not in self._engines:
            self._engines[key] = Engine(self._table, [each.node for each in conditions])
        return self._engines[key]


def breach_of(
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
    return _present(values, ~listed_and_bounded(domain, column, values, _SLACK))


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
