"""Reads how far two columns of a row have to be from one another: ``t - s BETWEEN 5 AND 10``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from syda.planning.checks.plain import literal
from syda.planning.checks.reading import Node, column_of, conjuncts
from syda.schema.model import NUMBERS, Kind, Table

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
_MONTH = Fraction("30.4375") * DAY
_MOMENTS = (Kind.DATE, Kind.DATETIME)
_PART = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)|([+-]?)(\d+):(\d+)(?::(\d+(?:\.\d+)?))?", re.IGNORECASE)
_MONTHS = {"mon": 1, "year": 12, "yr": 12, "decade": 120}
_UNITS = {
    "microsecond": 1,
    "millisecond": 1_000,
    "sec": SECOND,
    "min": MINUTE,
    "hour": HOUR,
    "hr": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "epoch": SECOND,
}
_CLOCKS = {"julianday": DAY, "unixepoch": SECOND, "to_days": DAY, "unix_timestamp": SECOND}
_FORMATS: Mapping[str, Fraction | int] = {"%s": SECOND, "%J": DAY, "%Y": 12 * _MONTH}


@dataclass(frozen=True, slots=True)
class Bound:
    """A least or greatest difference: months as the calendar has them, and a number, of microseconds for moments."""

    months: int
    exact: Fraction
    open: bool = False
    """Whether the bound itself is too near, or too far."""

    @property
    def size(self) -> Fraction:
        return self.months * _MONTH + self.exact

    @property
    def negated(self) -> Bound:
        return Bound(-self.months, -self.exact, self.open)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more `column` has to be than `other`."""

    column: str
    other: str
    low: Bound | None = None
    high: Bound | None = None

    @property
    def turned(self) -> Difference:
        """The same, seen from the other column."""
        low, high = (None if each is None else each.negated for each in (self.high, self.low))
        return Difference(self.other, self.column, low, high)

    @property
    def is_far(self) -> bool:
        """Whether it says more than which of the two is greater."""
        return any(each is not None and each.size for each in (self.low, self.high))

    def narrowed(self, more: Difference) -> Difference:
        lows = [each for each in (self.low, more.low) if each is not None]
        highs = [each for each in (self.high, more.high) if each is not None]
        return replace(
            self,
            low=max(lows, key=lambda each: (each.size, each.open), default=None),
            high=min(highs, key=lambda each: (each.size, not each.open), default=None),
        )


def differences_of(nodes: Sequence[Node], table: Table) -> list[tuple[Difference, ...]]:
    """Return for each two columns how far from one another conditions want them: one way, or several to choose from."""
    from sqlglot import exp

    always = _narrowest([part for node in nodes for part in conjuncts(node)], table)
    ways: dict[tuple[str, str], dict[Difference, None]] = {}
    for node in nodes:
        for either in node.find_all(exp.Or):
            for side in (either.this, either.expression):
                parts = _narrowest(conjuncts(side), table)
                for pair, found in parts.items():
                    ways.setdefault(pair, {})[always[pair].narrowed(found) if pair in always else found] = None
    found_ways = [tuple(ways.get(pair, (always.get(pair),))) for pair in {**always, **ways}]
    kept = [tuple(each for each in some if each is not None and each.is_far) for some in found_ways]
    return [some for some in kept if some]


def _narrowest(parts: Sequence[Node], table: Table) -> dict[tuple[str, str], Difference]:
    """Return what parts that must all hold say of each two columns."""
    found: dict[tuple[str, str], Difference] = {}
    for part in parts:
        for each in _compared(part, table):
            pair = (each.column, each.other)
            found[pair] = found[pair].narrowed(each) if pair in found else each
    return found


def _compared(node: Node, table: Table) -> Iterator[Difference]:
    """Yield what a comparison says; the columns of a pair stand in the order of their names."""
    from sqlglot import exp

    node = node.unnest()
    opposite: dict[type, type] = {exp.LT: exp.GTE, exp.LTE: exp.GT, exp.GT: exp.LTE, exp.GTE: exp.LT}
    if isinstance(node, exp.Not):
        inner = node.this.unnest()
        turned = opposite.get(type(inner))
        if turned is not None:
            yield from _compared(turned(this=inner.this.copy(), expression=inner.expression.copy()), table)
    elif isinstance(node, exp.Between):
        yield from _compared(exp.GTE(this=node.this.copy(), expression=node.args["low"].copy()), table)
        yield from _compared(exp.LTE(this=node.this.copy(), expression=node.args["high"].copy()), table)
    elif type(node) in (*opposite, exp.EQ):
        left, right = _read(node.this, table), _read(node.expression, table)
        apart = None if left is None or right is None else left.plus(right, -1)
        found = None if apart is None else _bounded(apart, type(node), table)
        if found is not None:
            yield found if found.column < found.other else found.turned


def _bounded(apart: _Sum, operator: type, table: Table) -> Difference | None:
    """Return what it says of two columns that a sum of them is less, or greater, than zero."""
    from sqlglot import exp

    names = sorted(apart.columns, key=lambda name: -apart.columns[name])
    if [apart.columns[name] for name in names] != [1, -1]:
        return None
    kinds = [table.column(name).type.kind for name in names]
    if all(kind in NUMBERS for kind in kinds):
        # equations between numbers are solved elsewhere
        if operator is exp.EQ or apart.unit is not None or apart.months or apart.micros:
            return None
        bound = Bound(0, -apart.number)
    elif all(kind in _MOMENTS for kind in kinds) or set(kinds) == {Kind.TIME}:
        unit = DAY if apart.unit is None and set(kinds) == {Kind.DATE} else apart.unit
        if (apart.number and unit is None) or (apart.months and Kind.TIME in kinds):
            return None
        bound = Bound(-apart.months, -apart.micros - apart.number * (unit or 0))
    else:
        return None
    bound = replace(bound, open=operator in (exp.LT, exp.GT))
    is_low, is_high = operator in (exp.GT, exp.GTE, exp.EQ), operator in (exp.LT, exp.LTE, exp.EQ)
    return Difference(names[0], names[1], bound if is_low else None, bound if is_high else None)


# -- expressions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum of columns, a length of time and a number; `unit` says how many microseconds one of the number is."""

    columns: Mapping[str, int] = field(default_factory=dict)
    months: int = 0
    micros: Fraction = Fraction(0)
    number: Fraction = Fraction(0)
    unit: Fraction | None = None

    def plus(self, more: _Sum, sign: int = 1) -> _Sum | None:
        if None not in (self.unit, more.unit) and self.unit != more.unit:
            return None
        names = {**self.columns, **more.columns}
        columns = {name: self.columns.get(name, 0) + sign * more.columns.get(name, 0) for name in names}
        return _Sum(
            {name: times for name, times in columns.items() if times},
            self.months + sign * more.months,
            self.micros + sign * more.micros,
            self.number + sign * more.number,
            more.unit if self.unit is None else self.unit,
        )

    def times(self, factor: int) -> _Sum:
        columns = {name: factor * times for name, times in self.columns.items()}
        return _Sum(columns, self.months * factor, self.micros * factor, self.number * factor, self.unit)

    def counted(self, unit: Fraction | int | None) -> _Sum | None:
        """Return the sum as a number of units of time."""
        return None if unit is None or self.number else replace(self, unit=Fraction(unit))


def _read(node: Node | None, table: Table) -> _Sum | None:
    """Return an expression as a sum; None of one that is none."""
    from sqlglot import exp

    if node is None:
        return None
    if isinstance(node, exp.Interval | exp.MakeInterval) or (
        isinstance(node, exp.Cast) and node.is_type("interval") and isinstance(node.this, exp.Literal)
    ):
        return _length(node)
    if isinstance(node, exp.Paren | exp.Cast | exp.TsOrDsToDate | exp.TsOrDsToTimestamp | exp.Date):
        return _read(node.this, table)
    if isinstance(node, exp.Column):
        column = column_of(node, table)
        return None if column is None else _Sum({column.name: 1})
    value = literal(node)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _Sum(number=Fraction(str(value)))
    if isinstance(node, exp.Neg):
        inner = _read(node.this, table)
        return None if inner is None else inner.times(-1)
    if isinstance(node, exp.Add | exp.Sub):
        return _joined(node.this, node.expression, table, 1 if isinstance(node, exp.Add) else -1)
    if isinstance(node, exp.Mul | exp.Div):
        return _multiplied(node, table)
    return _called(node, table)


def _joined(one: Node | None, other: Node | None, table: Table, sign: int) -> _Sum | None:
    left, right = _read(one, table), _read(other, table)
    return None if left is None or right is None else left.plus(right, sign)


def _multiplied(node: Node, table: Table) -> _Sum | None:
    """Read ``3 * interval '1 day'``, and seconds divided until they are hours."""
    from sqlglot import exp

    left, right = _read(node.this, table), _read(node.expression, table)
    if left is None or right is None:
        return None
    if isinstance(node, exp.Mul) and left == _Sum(number=left.number):
        left, right = right, left
    if right != _Sum(number=right.number) or not right.number:
        return None
    if left.unit is not None:
        return left.counted(left.unit * right.number if isinstance(node, exp.Div) else left.unit / right.number)
    whole = isinstance(node, exp.Mul) and right.number.denominator == 1
    return left.times(int(right.number)) if whole and not left.columns else None


def _called(node: Node, table: Table) -> _Sum | None:
    """Read the functions by which databases tell how far moments are apart, or move them."""
    from sqlglot import exp

    if isinstance(node, exp.DateDiff | exp.TimestampDiff):
        found = _joined(node.this, node.expression, table, -1)
        return None if found is None else found.counted(_duration(str(node.args.get("unit") or "day")))
    if isinstance(node, exp.DateAdd | exp.DateSub):
        unit, amount = node.args.get("unit"), node.expression
        moved = exp.Interval(this=amount.copy(), unit=unit.copy()) if unit is not None else amount
        return _joined(node.this, moved, table, 1 if isinstance(node, exp.DateAdd) else -1)
    if isinstance(node, exp.Extract):
        inner = _read(node.expression, table)
        return None if inner is None else inner.counted(_duration(str(literal(node.this) or node.this)))
    if isinstance(node, exp.TimeToStr):
        inner = _read(node.this, table)
        return None if inner is None else inner.counted(_FORMATS.get(str(literal(node.args["format"]))))
    if not isinstance(node, exp.Anonymous) or not node.expressions:
        return None
    name, given = str(node.this).lower(), node.expressions
    if name == "age" and len(given) == len(("later", "earlier")):
        return _joined(given[0], given[1], table, -1)
    found = _read(given[0], table)
    for modifier in given[1:]:
        length = _length(modifier)
        found = None if found is None or length is None else found.plus(length)
    if found is None or name in ("date", "datetime"):
        return found
    return found.counted(_CLOCKS.get(name))


def _length(node: Node) -> _Sum | None:
    """Read a length of time."""
    from sqlglot import exp

    if isinstance(node, exp.MakeInterval):
        parts = [
            (literal(each.expression), str(each.this)) for each in node.args.values() if isinstance(each, exp.Kwarg)
        ]
        return _spelled(" ".join(f"{number} {unit}" for number, unit in parts))
    amount = literal(node.this) if isinstance(node, exp.Interval) and node.this is not None else literal(node)
    unit = (node.args.get("unit") or "") if isinstance(node, exp.Interval) else ""
    return None if amount is None else _spelled(f"{amount} {unit}")


def _spelled(text: str) -> _Sum | None:
    months, micros = Fraction(0), Fraction(0)
    parts = list(_PART.finditer(text))
    for part in parts:
        if part[2] is None:
            clock = int(part[4]) * HOUR + int(part[5]) * MINUTE + Fraction(part[6] or 0) * SECOND
            micros += -clock if part[3] == "-" else clock
            continue
        many, few = _unit(part[2], _MONTHS), _micros(part[2])
        if many is None and few is None:
            return None
        months += Fraction(part[1]) * (many or 0)
        micros += Fraction(part[1]) * (few or 0) * (many is None)
    return _Sum(months=int(months), micros=micros + (months - int(months)) * _MONTH) if parts else None


def _micros(unit: str) -> int | None:
    return _unit(unit, _UNITS)


def _duration(unit: str) -> Fraction | int | None:
    """Return how long a unit is, about how long where the calendar decides."""
    months = _unit(unit, _MONTHS)
    return _micros(unit) if months is None else months * _MONTH


def _unit(name: str, units: Mapping[str, int]) -> int | None:
    """Return a unit by its name, which may be shortened or a plural: ``mins``, ``Minutes``, ``minute``."""
    name = name.lower()
    return next((size for known, size in units.items() if name.startswith(known)), None)
