"""A column of a parent that is computed from its children: the total of an order's lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import MOMENTS, Kind, LogicalType
from syda.sources.base import Context, Mask
from syda.sources.derived import SLACK, Derived, as_floats, places_of
from syda.sources.moment import from_moments, to_moments
from syda.sources.stream import Integers
from syda.sources.values import Values, decimal_places

How = Literal["sum", "count", "min", "max", "mean"]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the children of some rows come to, as numbers or moments, and how many were counted."""

    numbers: NDArray[Any]
    count: Integers


class Tally:
    """What the children of each of `size` parents come to, added up a block of children at a time.

    Numbers are added one after the other in the order of the rows, so that the size of the blocks changes no digit:
    decimals as whole numbers of their last place, which are exact up to 2 ** 53.
    """

    def __init__(self, how: How, size: int, types: Sequence[LogicalType]) -> None:
        self._how, self._types = how, types
        self.count: Integers = np.zeros(size, dtype=np.int64)
        self._held: NDArray[Any] = np.full(size, self._neutral(), dtype=np.int64 if self._is_moment else np.float64)

    @property
    def _is_moment(self) -> bool:
        return len(self._types) == 1 and self._types[0].kind in MOMENTS

    def _neutral(self) -> float | int:
        """Return what changes no result: the greatest number for a minimum, the smallest for a maximum."""
        if self._how not in ("min", "max"):
            return 0
        limits: Any = np.iinfo(np.int64) if self._is_moment else np.finfo(np.float64)
        number: float | int = limits.max if self._how == "min" else limits.min
        return number

    def add(self, parents: Integers, columns: Sequence[Values]) -> None:
        """Add children; -1 as a parent, and NULL in a column, count for nothing."""
        counted = parents >= 0
        for values in columns:
            counted &= True if values.null is None else ~values.null
        rows = parents[counted]
        np.add.at(self.count, rows, 1)
        if not columns:
            return
        amounts = self._amounts(columns)[counted]
        to = {"min": np.minimum, "max": np.maximum}.get(self._how, np.add)
        to.at(self._held, rows, amounts)

    def _amounts(self, columns: Sequence[Values]) -> NDArray[Any]:
        if self._is_moment:
            return to_moments(columns[0], self._types[0]).astype(np.int64)
        product = np.ones(len(columns[0]), dtype=np.float64)
        for values in columns:
            product = product * np.asarray(values.data, dtype=np.float64)
        return product

    def part(self, start: int, stop: int) -> Gathered:
        """Return the result for some of the parents; of those without children the number is 0."""
        held, count = self._held[start:stop], self.count[start:stop]
        if self._how == "count":
            return Gathered(count.astype(np.float64), count)
        found = np.where(count > 0, held, 0)
        if self._is_moment:
            return Gathered(found.astype("datetime64[us]"), count)
        places = sum(decimal_places(type_) for type_ in self._types if type_.kind is Kind.DECIMAL)
        return Gathered(found / 10.0**places / (np.maximum(count, 1) if self._how == "mean" else 1), count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total(Derived):
    """The sum of the product of the `factors` over the rows of `children` that refer to the row by `foreign_key`.

    `how` may also be ``count``, ``min``, ``max`` and ``mean``. NULL counts for nothing. Of a row without children the
    sum and the count are 0, and the others NULL, or 0 in a column that takes none.
    """

    source: Literal["total"] = "total"
    children: str
    foreign_key: str
    factors: tuple[str, ...] = ()
    how: How = "sum"

    @property
    def key(self) -> tuple[str, ...]:
        """What it gathers, whatever column it is for."""
        return (self.how, self.children, self.foreign_key, *self.factors)

    def make(self, context: Context) -> Values:
        return self._made(context, context.gathered(self))

    def _made(self, context: Context, found: Gathered) -> Values:
        unknown = None if self.how in ("sum", "count") or not context.column.nullable else found.count == 0
        if found.numbers.dtype.kind == "M":
            return from_moments(found.numbers, context.column.type).masked(unknown)
        return self._stored(context, np.rint(found.numbers * 10.0 ** places_of(context.column.type)), unknown)

    def broken(self, context: Context, made: Values) -> Mask | None:
        found, type_ = context.gathered(self), context.column.type
        expected = self._made(context, found)
        null = np.zeros(len(made), dtype=bool) if made.null is None else made.null
        if type_.kind in MOMENTS:
            wrong = made.data != expected.data
        else:  # not what was stored: a sum that the type cannot hold would be the greatest number that it can
            wrong = np.abs(as_floats(made, type_) - found.numbers) * 10.0 ** places_of(type_) > 0.5 + SLACK
        blank = np.zeros(len(made), dtype=bool) if expected.null is None else expected.null
        return np.where(blank, ~null, wrong | null)

    def describe(self) -> str:
        of = " × ".join(self.factors)  # noqa: RUF001
        return f"{self.how} of {self.children}" + (f".{of}" if of else "")
