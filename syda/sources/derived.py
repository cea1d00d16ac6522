"""Sources that follow from other columns of the row, so that rows add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Kind, LogicalType
from syda.sources.base import Context, Mask, Source, read
from syda.sources.moment import Duration, to_moments
from syda.sources.scalar import Number
from syda.sources.stream import Floats, to_uniform
from syda.sources.values import Values, decimal_places

Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days", "weeks", "months", "years"]
_FLOAT_PLACES = 2
_SAFE = float(2**53)
SLACK = 1e-6
_SECONDS = {
    "milliseconds": 1e-3, "seconds": 1.0, "minutes": 60.0, "hours": 3_600.0, "days": 86_400.0, "weeks": 604_800.0,
    "months": 86_400 * 30.4375, "years": 86_400 * 365.25,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Source):
    """Base of the sources that compute a column from its siblings, or from columns of parents.

    Where a column that it needs is NULL the value is NULL too, or comes from `otherwise` in a column that takes
    none. Results are rounded to the column's places and kept in the range of its type, and in [`low`, `high`].
    """

    otherwise: Number | Duration = field(default_factory=Number)
    low: float | None = None
    high: float | None = None

    def _stored(self, context: Context, scaled: Floats, unknown: Mask | None) -> Values:
        """Return numbers that are already multiplied by the column's places as its values."""
        type_ = context.column.type
        places = places_of(type_)
        lowest, highest = self._kept_within(type_)
        clipped = np.clip(np.nan_to_num(scaled), lowest, highest)
        if type_.kind is Kind.FLOAT:
            values = Values(clipped / 10.0**places)
        else:
            shift = 10 ** (decimal_places(type_) - places) if type_.kind is Kind.DECIMAL else 1
            values = Values(clipped.astype(np.int64) * shift)
        return self._completed(context, values, unknown)

    def _kept_within(self, type_: LogicalType) -> tuple[float, float]:
        """Return the smallest and the largest number it may be, in units of the type's last place."""
        unit = 10.0 ** places_of(type_)
        lowest, highest = _limits(type_)
        if self.low is not None:
            lowest = max(lowest, float(np.ceil(self.low * unit - SLACK)))
        if self.high is not None:
            highest = min(highest, float(np.floor(self.high * unit + SLACK)))
        return lowest, highest

    def _completed(self, context: Context, values: Values, unknown: Mask | None) -> Values:
        if unknown is None or not unknown.any():
            return values
        if context.column.nullable:
            return values.masked(unknown)
        return Values(np.where(unknown, self.otherwise.make(context).data, values.data))


def places_of(type_: LogicalType) -> int:
    if type_.kind is Kind.INTEGER:
        return 0
    return decimal_places(type_) if type_.kind is Kind.DECIMAL and type_.scale is not None else _FLOAT_PLACES


def _limits(type_: LogicalType) -> tuple[float, float]:
    """Return the smallest and the largest number that the type takes, in units of its last place."""
    if type_.kind is Kind.INTEGER:
        bits = type_.bits or 32
        top = float(2 ** (bits if type_.unsigned else bits - 1) - 1)
    else:
        top = 10.0**type_.precision - 1 if type_.precision and type_.kind is Kind.DECIMAL else _SAFE
    top = min(top, _SAFE)
    return (0.0 if type_.unsigned else -top), top


def limits_of(type_: LogicalType) -> tuple[float, float]:
    """Return the smallest and the largest number that the type takes."""
    lowest, highest = _limits(type_)
    return lowest / 10.0 ** places_of(type_), highest / 10.0 ** places_of(type_)


def _numbers(context: Context, name: str) -> tuple[Floats, Mask | None]:
    """Return a column of the row or of a parent as floating-point numbers, and where it is NULL."""
    values, type_ = read(context, name)
    return as_floats(values, type_), values.null


def as_floats(values: Values, type_: LogicalType) -> Floats:
    """Return numbers of any kind as floating-point numbers."""
    data = np.asarray(values.data, dtype=np.float64)
    return data / 10.0 ** decimal_places(type_) if type_.kind is Kind.DECIMAL else data


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Derived):
    """The product of the `factors`, less the share in `percent_off` or `rate_off` and the amount in `less`."""

    source: Literal["product"] = "product"
    factors: tuple[str, ...]
    percent_off: str | None = None
    rate_off: str | None = None
    less: str | None = None

    def needs(self) -> tuple[str, ...]:
        return tuple(name for name in (*self.factors, self.percent_off, self.rate_off, self.less) if name)

    def make(self, context: Context) -> Values:
        result, unknown = _numbers(context, self.factors[0])
        for name in self.factors[1:]:
            factor, null = _numbers(context, name)
            result, unknown = result * factor, _either(unknown, null)
        for share, whole in ((self.percent_off, 100.0), (self.rate_off, 1.0)):
            if share:
                result = result * (1 - np.clip(_or_zero(context, share) / whole, 0, 1))
        if self.less:
            result = np.maximum(result - _or_zero(context, self.less), 0)
        return self._stored(context, np.rint(result * 10.0 ** places_of(context.column.type)), unknown)

    def describe(self) -> str:
        off = self.percent_off or self.rate_off or self.less
        return " × ".join(self.factors) + (f", less {off}" if off else "")  # noqa: RUF001


def _or_zero(context: Context, name: str) -> Floats:
    numbers, null = _numbers(context, name)
    return numbers if null is None else np.where(null, 0.0, numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Derived):
    """The sum of the columns `plus`, less those of `minus`, never below zero; NULL counts as zero but in the first."""

    source: Literal["sum"] = "sum"
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    def needs(self) -> tuple[str, ...]:
        return (*self.plus, *self.minus)

    def make(self, context: Context) -> Values:
        result, unknown = _numbers(context, self.plus[0])
        for name in self.plus[1:]:
            result = result + _or_zero(context, name)
        for name in self.minus:
            result = result - _or_zero(context, name)
        return self._stored(context, np.rint(np.maximum(result, 0) * 10.0 ** places_of(context.column.type)), unknown)

    def describe(self) -> str:
        return " + ".join(self.plus) + "".join(f" - {name}" for name in self.minus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Derived):
    """A share of `column` between `least` and `most`: at most all of it up to 1, at least all of it from 1 on.

    `none` and `whole` are the fractions of the rows in which the share is nothing, or all of it.
    """

    source: Literal["share"] = "share"
    column: str
    least: float = 0.0
    most: float = 1.0
    none: float = 0.0
    whole: float = 0.0

    def needs(self) -> tuple[str, ...]:
        return (self.column,)

    def make(self, context: Context) -> Values:
        base, unknown = _numbers(context, self.column)
        share = self.least + to_uniform(context.bits("share")) * (self.most - self.least)
        kind = to_uniform(context.bits("kind"))
        share = np.where(kind < self.none, 0.0, np.where(kind > 1 - self.whole, 1.0, share))
        unit = 10.0 ** places_of(context.column.type)
        scaled = np.rint((base + np.abs(base) * (share - 1)) * unit)
        if self.most <= 1:
            scaled = np.minimum(scaled, np.floor(base * unit + SLACK))
        elif self.least >= 1:
            top = np.maximum(self.otherwise.high, base * self.least)
            scaled = np.maximum(np.minimum(scaled, np.floor(top * unit)), np.ceil(base * unit - SLACK))
        return self._stored(context, scaled, unknown)

    def broken(self, context: Context, made: Values) -> Mask | None:
        base, unknown = _numbers(context, self.column)
        type_ = context.column.type
        unit = 10.0 ** places_of(type_)
        lowest, highest = self._kept_within(type_)
        ends = [np.clip((base + np.abs(base) * (share - 1)) * unit, lowest, highest) for share in self._ends()]
        numbers = as_floats(made, type_) * unit
        slack = 1 + SLACK * np.abs(numbers)
        outside = (numbers < np.minimum(*ends) - slack) | (numbers > np.maximum(*ends) + slack)
        if made.null is not None:
            outside |= made.null
        return outside if unknown is None else outside & ~unknown

    def _ends(self) -> tuple[float, float]:
        """Return the least and the greatest share, those that are nothing or all of it included."""
        least = 0.0 if self.none else self.least
        return min(least, 1.0) if self.whole else least, max(self.most, 1.0) if self.whole else self.most

    def describe(self) -> str:
        if self.least == self.most == 1:
            return f"the same as {self.column}"
        return f"{self.least:.0%} to {self.most:.0%} of {self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed(Derived):
    """The time from `start` to `end` (the plan's `as_of` when left out) in whole `unit`s, or as an interval."""

    source: Literal["elapsed"] = "elapsed"
    start: str
    end: str | None = None
    unit: Unit = "seconds"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.DATE, Kind.DATETIME, Kind.TIME)

    def needs(self) -> tuple[str, ...]:
        return (self.start,) if self.end is None else (self.start, self.end)

    def make(self, context: Context) -> Values:
        start, unknown = self._moments(context, self.start)
        if self.end is None:
            end = np.full(len(start), context.settings.now)
        else:
            end, null = self._moments(context, self.end)
            unknown = _either(unknown, null)
        if context.column.type.kind is Kind.INTERVAL:
            return self._completed(context, Values((end - start).astype("timedelta64[us]")), unknown)
        passed = self._units(start, end)
        places = places_of(context.column.type)
        return self._stored(context, np.floor(passed * 10.0**places + SLACK), unknown)

    @staticmethod
    def _moments(context: Context, name: str) -> tuple[NDArray[np.datetime64], Mask | None]:
        values, type_ = context.sibling(name), context.table.column(name).type
        if type_.kind is Kind.TIME:
            return np.datetime64(0, "us") + values.data, values.null
        return to_moments(values, type_), values.null

    def _units(self, start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> Floats:
        if self.unit == "years":
            return _years(start, end)
        return np.asarray((end - start) / np.timedelta64(1, "us") / 1e6 / _SECONDS[self.unit], dtype=np.float64)

    def describe(self) -> str:
        return f"{self.unit} from {self.start} to {self.end or 'the end of the data'}"


def _years(start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> Floats:
    """Return whole years, as people count birthdays."""
    month, until = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    months = (until - month).astype(np.int64)
    early = (end - until) < (start - month)
    return np.asarray((months - early) // 12, dtype=np.float64)
