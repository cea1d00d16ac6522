"""Puts two columns of a row as far from one another as conditions want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

from syda.generation.settling.offsets import DAY, HOUR, MINUTE, SECOND, Bound, Difference
from syda.generation.settling.state import Mask, State
from syda.schema.model import NUMBERS, Column, Kind
from syda.sources.stream import Floats, Integers, to_index, to_uniform
from syda.sources.values import decimal_places

_FLOAT_PLACES = 6
_STEPS = {Kind.DATE: (DAY,), Kind.DATETIME: (DAY, HOUR, MINUTE, SECOND, 1), Kind.TIME: (HOUR, MINUTE, SECOND, 1)}
_ENOUGH = 200
"""How many values a range should have left when only those of whole days, hours or minutes are taken."""
_AS_FAR_AGAIN = 2
_MOST = 1 << 61
_LEAST = {Kind.DATE: 10 * DAY, Kind.DATETIME: HOUR, Kind.TIME: HOUR}
_YEAR, _NUMBERS = 365 * DAY, 100
"""How far a range goes that has no other end, nor a beginning to tell how large it may be."""


def keep_apart(
    state: State, differences: Sequence[tuple[Difference, ...]], rows: Integers, label: str, turn: int
) -> None:
    """Move one of each two columns of the rows where they are not as far from one another as they have to be.

    `turn` says how often that was tried, by which the other column moves another time. Columns that are part of
    several differences follow one another through whole chains of them.
    """
    if turn > 1:  # what was read may be less than is asked: other changes have to get by without this one too
        rows = rows[to_index(state.bits(label, "left"), 2)[rows] > 0]
    for _ in differences:
        for ways in differences:
            chosen = to_index(state.bits(label, "way", ways[0].column, ways[0].other), len(ways))[rows]
            for place, way in enumerate(ways):
                _keep(state, way, rows[chosen == place], label, turn)


def _keep(state: State, difference: Difference, rows: Integers, label: str, turn: int) -> None:
    names = (difference.column, difference.other)
    movable = [state.owners[name] is None and not state.is_fixed(name) for name in names]
    null = [state.values(name, rows).null for name in names]
    rows = rows[~np.any([np.zeros(len(rows), dtype=bool), *(each for each in null if each is not None)], axis=0)]
    if not len(rows) or not any(movable):
        return
    axis = _Axis.of([state.column(name) for name in names])
    upper, lower = (axis.read(state, name, rows) for name in names)
    near, far = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    if difference.low is not None:
        near = upper < axis.least(lower, difference.low)
    if difference.high is not None:
        far = upper > axis.greatest(lower, difference.high)
    bits = state.bits(label, "apart", *names)[rows]
    moves = _moving(near, far, axis.kind in NUMBERS, turn, bits) if all(movable) else np.full(len(rows), movable[0])
    for is_moved, way in ((near | far) & moves, difference), ((near | far) & ~moves, difference.turned):
        if is_moved.any():
            _Move(axis, state, rows[is_moved], way).run(to_uniform(bits)[is_moved])


def _moving(near: Mask, far: Mask, numbers: bool, turn: int, bits: Any) -> Mask:
    """Tell where the first column moves: numbers grow, so that none turns negative, moments go back, not past now."""
    if turn > 1:
        return np.asarray(bits & np.uint64(1), dtype=bool)
    preferred = near if numbers else far
    return preferred if turn == 0 else ~preferred


@dataclass(frozen=True, slots=True)
class _Axis:
    """Both columns as whole numbers: of microseconds, or of the smallest decimal place."""

    kind: Kind
    places: int

    @classmethod
    def of(cls, columns: Sequence[Column]) -> _Axis:
        return cls(columns[0].type.kind, max(map(_places, columns)))

    @property
    def scale(self) -> int:
        return int(10**self.places)

    def read(self, state: State, name: str, rows: Integers) -> Integers:
        data, column = state.values(name, rows).data, state.column(name)
        if data.dtype.kind in "mM":
            unit = "timedelta64[us]" if data.dtype.kind == "m" else "datetime64[us]"
            moments: Integers = data.astype(unit).astype(np.int64)
            return moments
        if data.dtype.kind == "f":
            return np.round(data * self.scale).astype(np.int64)
        return data.astype(np.int64) * np.int64(10 ** (self.places - _places(column)))

    def write(self, state: State, name: str, rows: Integers, axis: Integers) -> None:
        dtype, column = state.data[name].dtype, state.column(name)
        if dtype.kind in "mM":
            moments = axis.astype("timedelta64[us]" if dtype.kind == "m" else "datetime64[us]")
            state.data[name][rows] = moments.astype(dtype)
        elif dtype.kind == "f":
            state.data[name][rows] = axis / self.scale
        else:
            state.data[name][rows] = (axis // 10 ** (self.places - _places(column))).astype(dtype)

    def least(self, base: Integers, bound: Bound) -> Integers:
        """Return the least that is far enough from each base."""
        return _shifted(base, bound.months) + _held(ceil(bound.exact * self.scale)) + int(bound.open)

    def greatest(self, base: Integers, bound: Bound) -> Integers:
        """Return the greatest that is near enough to each base."""
        return _shifted(base, bound.months) + _held(floor(bound.exact * self.scale)) - int(bound.open)

    def span(self, bound: Bound) -> int:
        """Return how far beyond a bound a range goes that has no other end."""
        if not bound.size:
            return _NUMBERS * self.scale if self.kind in NUMBERS else _YEAR
        return max(_held(int(abs(bound.size) * self.scale * _AS_FAR_AGAIN)), _LEAST.get(self.kind, 10 * self.scale))


def _held(number: int) -> int:
    """Return a number that can be added to another of 64 bits."""
    return min(max(number, -_MOST), _MOST)


def _places(column: Column) -> int:
    kind = column.type.kind
    if kind is Kind.FLOAT:
        return _FLOAT_PLACES
    return decimal_places(column.type) if kind is Kind.DECIMAL else 0


def _shifted(moments: Integers, months: int) -> Integers:
    """Return moments some months later, on the last day of a month that is too short, as databases count."""
    if not months:
        return moments
    month = moments.astype("datetime64[us]").astype("datetime64[M]")
    into = moments - month.astype("datetime64[us]").astype(np.int64)
    target = month + np.timedelta64(months, "M")
    begin, end = (each.astype("datetime64[us]").astype(np.int64) for each in (target, target + np.timedelta64(1, "M")))
    days = np.minimum(into // DAY, (end - begin) // DAY - 1)
    return np.asarray(begin + days * DAY + into % DAY, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Move:
    """Puts one column of some rows where the other wants it."""

    axis: _Axis
    state: State
    rows: Integers
    way: Difference

    def run(self, shares: Floats) -> None:
        base = self.axis.read(self.state, self.way.other, self.rows)
        least, greatest = self._range(base)
        target = self._drawn(base, least, greatest, shares)
        if self.axis.kind is Kind.TIME:
            base, target = self._within_day(base, target)
        self.axis.write(self.state, self.way.column, self.rows, target)

    def _range(self, base: Integers) -> tuple[Integers, Integers]:
        axis, low, high = self.axis, self.way.low, self.way.high
        least = None if low is None else axis.least(base, low)
        greatest = None if high is None else axis.greatest(base, high)
        if least is None:
            assert high is not None
            assert greatest is not None
            return greatest - axis.span(high), greatest
        if greatest is None:
            assert low is not None
            return least, least + axis.span(low)
        return least, greatest

    def _drawn(self, base: Integers, least: Integers, greatest: Integers, shares: Floats) -> Integers:
        """Draw between the bounds, whole days, hours or minutes from the base where these leave enough to draw from."""
        width = int(np.median(greatest - least))
        steps = self._steps()
        step = next((each for each in steps if width >= each * _ENOUGH), steps[-1])
        kind = self.state.column(self.way.column).type.kind
        origin: Any = base if kind in (Kind.DATETIME, Kind.TIME) else 0
        first, last = -((origin - least) // step), (greatest - origin) // step
        drawn = np.floor(shares * np.maximum(last - first + 1, 1)).astype(np.int64)
        return np.asarray(origin + (first + drawn) * step, dtype=np.int64)

    def _steps(self) -> tuple[int, ...]:
        column = self.state.column(self.way.column)
        if column.type.kind is Kind.FLOAT:
            return self.axis.scale // 100, 1
        return _STEPS.get(column.type.kind, (10 ** (self.axis.places - _places(column)),))

    def _within_day(self, base: Integers, target: Integers) -> tuple[Integers, Integers]:
        """Move both where times of day would go beyond midnight, as far as the other may be changed."""
        name, apart = self.way.other, target - base
        if self.state.owners[name] is None and not self.state.is_fixed(name):
            outside = (target < 0) | (target >= DAY)
            room = np.maximum(DAY - np.abs(apart), 1)
            base = np.where(outside, base % room + np.maximum(-apart, 0), base)
            self.axis.write(self.state, name, self.rows, base)
        return base, np.clip(base + apart, 0, DAY - 1)
