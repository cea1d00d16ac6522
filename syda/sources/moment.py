"""Sources of dates, times and durations."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Column, Kind, LogicalType
from syda.sources.base import Context, Mask, Settings, Source, read
from syda.sources.stream import Floats, Integers, to_uniform
from syda.sources.values import Values, from_python, objects

_DAY = 86_400
_SECOND = 1_000_000
_MOVED = re.compile(r"[+-][0-9]{1,8}(\.[0-9]+)?[dy]")
_DATED = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z?)?)?)?")
_FIRST, _LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59", "us")
_OFFICE_HOURS = np.cumsum(
    [1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 20, 17, 18, 20, 19, 18, 15, 12, 10, 9, 7, 4, 2], dtype=np.float64
)


def resolve_moment(text: str, settings: Settings) -> np.datetime64:
    """Return an ISO date(-time), the plan's ``now`` or ``today``, or ``now`` moved by days (``-30d``, ``-2y``).

    Raises `ValueError` for anything else, and for what lies outside of the years 1 to 9999.
    """
    if text == "now":
        return settings.now
    if text == "today":
        return np.datetime64(settings.as_of[:10], "us")
    if _MOVED.fullmatch(text):
        days = float(text[:-1]) * (365.25 if text[-1] == "y" else 1)
        moved: np.datetime64 = settings.now + np.timedelta64(round(days * _DAY) * _SECOND, "us")
    elif _DATED.fullmatch(text):
        moved = np.datetime64(text.removesuffix("Z"), "us")
    else:
        raise ValueError(f"{text!r} is neither an ISO date nor one such as '-2y' or 'now'")
    if not _FIRST <= moved <= _LAST:
        raise ValueError(f"{text!r} is outside of the years 1 to 9999")
    return moved


def from_moments(moments: NDArray[np.datetime64], type_: LogicalType) -> Values:
    """Return microsecond moments as a column of the type: dates, date-times, times, Unix seconds, years or ISO text."""
    if type_.kind is Kind.DATE:
        return Values(moments.astype("datetime64[D]"))
    if type_.kind is Kind.DATETIME:
        return Values(moments)
    if type_.kind is Kind.TIME:
        return Values(moments - moments.astype("datetime64[D]"))
    if type_.kind is Kind.INTEGER:
        if _holds_years(type_):
            return Values(moments.astype("datetime64[Y]").astype(np.int64) + 1970)
        return Values(moments.astype("datetime64[s]").astype(np.int64))
    if type_.kind in (Kind.FLOAT, Kind.DECIMAL):
        seconds = moments.astype("datetime64[s]").astype(np.int64)
        return from_python(seconds.tolist(), type_)
    long = type_.length is None or type_.length >= 19
    text = np.datetime_as_string(moments, unit="s" if long else "D").tolist()
    return Values(objects(item[: type_.length] for item in text))


def _holds_years(type_: LogicalType) -> bool:
    """Tell whether a whole number is a year because it has no room for the seconds since 1970."""
    return type_.kind is Kind.INTEGER and (type_.native == "year" or (type_.bits or 32) < 32)


def to_moments(values: Values, type_: LogicalType) -> NDArray[np.datetime64]:
    """Return a column that `from_moments` made as microsecond moments."""
    if type_.kind in (Kind.DATE, Kind.DATETIME):
        return values.data.astype("datetime64[us]")
    if type_.kind is Kind.INTEGER:
        unit = "Y" if _holds_years(type_) else "s"
        base = 1970 if unit == "Y" else 0
        return (values.data - base).astype(f"datetime64[{unit}]").astype("datetime64[us]")
    return np.array(values.data, dtype="datetime64[us]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Source):
    """A moment in [`low`, `high`], each ISO or relative to the plan's `as_of` (``-2y``, ``-30d``, ``now``).

    `recent` above 0 makes late moments commoner (1: twice as many in the last half as in the first);
    `office_hours` puts the hours where people work.
    """

    source: Literal["moment"] = "moment"
    low: str = "-2y"
    high: str = "now"
    recent: float = 0.0
    office_hours: bool = False

    def make(self, context: Context) -> Values:
        uniform = to_uniform(context.bits()) ** (1 / (1 + self.recent))
        first, last = self._span(context.settings)
        seconds = np.floor(uniform * (last - first)).astype(np.int64)
        if self.office_hours and context.column.type.kind is not Kind.DATE:
            seconds = seconds // _DAY * _DAY + _office_seconds(to_uniform(context.bits("hour")))
            seconds = np.minimum(seconds, last - first)
        return from_moments((first + seconds).astype("datetime64[s]").astype("datetime64[us]"), context.column.type)

    def _span(self, settings: Settings) -> tuple[int, int]:
        ends = (resolve_moment(text, settings) for text in (self.low, self.high))
        first, last = (int(end.astype("datetime64[s]").astype(np.int64)) for end in ends)
        return first, max(last, first + 1)

    def capacity(self, column: Column) -> int | None:
        first, last = self._span(Settings())
        if _holds_years(column.type):
            years = (np.datetime64(end, "s").astype("datetime64[Y]").astype(np.int64) for end in (last, first))
            return int(next(years) - next(years)) + 1
        return _steps(last - first, column.type)

    def at(self, context: Context, index: Integers) -> Values:
        first, _ = self._span(context.settings)
        if _holds_years(context.column.type):
            years = np.datetime64(first, "s").astype("datetime64[Y]") + index
            return from_moments(years.astype("datetime64[us]"), context.column.type)
        step = _step(context.column.type)
        start = first if step == 1 else first // step * step
        return from_moments(
            (start + index * step).astype("datetime64[s]").astype("datetime64[us]"), context.column.type
        )

    def describe(self) -> str:
        return f"{self.low} to {self.high}"


def _step(type_: LogicalType) -> int:
    whole_days = type_.kind is Kind.DATE or (type_.length is not None and type_.length < 19)
    return _DAY if whole_days else 1


def _steps(seconds: int, type_: LogicalType) -> int:
    count = max(seconds // _step(type_), 1)
    return min(count, _DAY) if type_.kind is Kind.TIME else count


def _office_seconds(uniform: Floats) -> Integers:
    scaled = uniform * _OFFICE_HOURS[-1]
    hour = np.searchsorted(_OFFICE_HOURS, scaled, side="right")
    below = np.concatenate([[0.0], _OFFICE_HOURS])[hour]
    within = (scaled - below) / (_OFFICE_HOURS[hour] - below)
    return np.asarray((hour + within) * 3600, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class After(Source):
    """The moment of `column` in the same row plus a delay of `at_least_days` to `days`; short ones are the commonest.

    It lies after those of the columns `also`, too, where they are not NULL, and not after those of `until`, as far as
    these are late enough. ``customer_id.created_at`` is a column of the parent that the foreign key refers to.
    With `until_now` no result lies after the plan's `as_of`, unless `column` or the least delay does.
    Where `column` is NULL the delay counts from the moment two years before `as_of`.
    """

    source: Literal["after"] = "after"
    column: str
    also: tuple[str, ...] = ()
    days: float = 365.0
    at_least_days: float = 0.0
    until_now: bool = True
    until: tuple[str, ...] = ()

    def needs(self) -> tuple[str, ...]:
        return (self.column, *self.also, *self.until)

    def make(self, context: Context) -> Values:
        start, _ = self._start(context)
        least = math.ceil(round(self.at_least_days * _DAY, 3))  # whole seconds, as the delays are
        room = np.full(len(start), self.days * _DAY)
        if self.until_now:
            left = (context.settings.now - start) / np.timedelta64(1, "s")
            room = np.clip(left, least, self.days * _DAY)
        for name in self.until:
            room = np.minimum(room, _seconds_between(start, *_moments(context, name)))
        return from_moments(start + _delay(context, least, room), context.column.type)

    def _start(self, context: Context) -> tuple[NDArray[np.datetime64], Mask | None]:
        """Return the moments from which the delays count, and where `column` has none."""
        start, null = _moments(context, self.column)
        if null is not None:
            start = np.where(null, context.settings.now - np.timedelta64(730, "D"), start)
        for name in self.also:
            start = _latest(start, context, name)
        return start, null

    def broken(self, context: Context, made: Values) -> Mask | None:
        start, null = self._start(context)
        type_ = context.column.type
        unit, size = ("D", _DAY) if type_.kind is Kind.DATE else ("s", 1)
        waited = to_moments(made, type_).astype(f"datetime64[{unit}]") - start.astype(f"datetime64[{unit}]")
        units = waited.astype(np.int64)
        least = math.floor(round(self.at_least_days * _DAY, 3) / size)
        most = math.ceil(round(self.days * _DAY, 3) / size)
        outside: Mask = (units < least) | (units > most)
        if made.null is not None:
            outside |= made.null
        return outside if null is None else outside & ~null

    def describe(self) -> str:
        least = f"{self.at_least_days:g} to " if self.at_least_days else "within "
        until = f", not after {', '.join(self.until)}" if self.until else ""
        return f"after {', '.join((self.column, *self.also))}, {least}{self.days:g} days{until}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before(Source):
    """The moment of `column` in the same row less `at_least_days` to `days`; short times are the commonest.

    It lies before those of the columns `also`, too, where they are not NULL, and not before those of `since`, as far as
    these are early enough. Where `column` is NULL the time counts back from the plan's `as_of`.
    """

    source: Literal["before"] = "before"
    column: str
    also: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    days: float = 365.0
    at_least_days: float = 0.0

    def needs(self) -> tuple[str, ...]:
        return (self.column, *self.also, *self.since)

    def make(self, context: Context) -> Values:
        end, null = _moments(context, self.column)
        if null is not None:
            end = np.where(null, context.settings.now, end)
        for name in self.also:
            end = _earliest(end, context, name)
        room = np.full(len(end), self.days * _DAY)
        for name in self.since:
            start, none = _moments(context, name)
            room = np.minimum(room, _seconds_between(start, end, none))
        least = math.ceil(round(self.at_least_days * _DAY, 3))
        return from_moments(end - _delay(context, least, room), context.column.type)

    def describe(self) -> str:
        least = f"{self.at_least_days:g} to " if self.at_least_days else "within "
        since = f", not before {', '.join(self.since)}" if self.since else ""
        return f"before {', '.join((self.column, *self.also))}, {least}{self.days:g} days{since}"


def _delay(context: Context, least: float, room: Floats) -> NDArray[np.timedelta64]:
    """Draw whole seconds between the least number and the room that there is, which goes first; mostly few."""
    room = np.maximum(room, 0.0)
    shortest = np.minimum(least, room)
    delay = shortest + to_uniform(context.bits()) ** 3 * (room - shortest)
    return (delay * _SECOND).astype("timedelta64[us]").astype("timedelta64[s]")


def _seconds_between(start: NDArray[np.datetime64], end: NDArray[np.datetime64], null: Mask | None) -> Floats:
    """Return the time from one moment to the other, without end where one is NULL."""
    seconds: Floats = np.asarray((end - start) / np.timedelta64(1, "s"), dtype=np.float64)
    return seconds if null is None else np.where(null, np.inf, seconds)


def _earliest(end: NDArray[np.datetime64], context: Context, name: str) -> NDArray[np.datetime64]:
    moments, null = _moments(context, name)
    earlier = np.minimum(end, moments)
    return earlier if null is None else np.where(null, end, earlier)


def _latest(start: NDArray[np.datetime64], context: Context, name: str) -> NDArray[np.datetime64]:
    moments, null = _moments(context, name)
    later = np.maximum(start, moments)
    return later if null is None else np.where(null, start, later)


def _moments(context: Context, name: str) -> tuple[NDArray[np.datetime64], Mask | None]:
    """Return a column of the row or of a parent as moments, and where it is NULL."""
    values, type_ = read(context, name)
    return to_moments(values, type_), values.null


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration(Source):
    """A length of time of `low` to `high` seconds, short ones commoner; numbers when the column holds numbers."""

    source: Literal["duration"] = "duration"
    low: float = 1
    high: float = 86_400

    def make(self, context: Context) -> Values:
        uniform = to_uniform(context.bits()) ** 3
        return self._stored(context, self.low + uniform * (self.high - self.low))

    def capacity(self, column: Column) -> int | None:
        return int(self.high - self.low) + 1

    def at(self, context: Context, index: Integers) -> Values:
        return self._stored(context, self.low + index)

    @staticmethod
    def _stored(context: Context, seconds: NDArray[Any]) -> Values:
        kind = context.column.type.kind
        if kind is Kind.INTERVAL:
            return Values(seconds.astype("timedelta64[s]").astype("timedelta64[us]"))
        if kind is Kind.INTEGER:
            return Values(seconds.astype(np.int64))
        return from_python(np.round(seconds, 2).tolist(), context.column.type)

    def describe(self) -> str:
        return f"{self.low:g} to {self.high:g} seconds"
