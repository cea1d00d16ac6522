"""What an exclusion constraint keeps from overlapping: a column of ranges, or two columns that a range is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.generation.settling.gaps import UNBOUNDED
from syda.generation.settling.state import Mask, State
from syda.planning.checks.plain import bare, literal
from syda.planning.checks.reading import column_of
from syda.schema.model import Kind, Table
from syda.sources.stream import Integers
from syda.sources.values import Values, decimal_places, objects

_RANGE = re.compile(r'^([\[(])\s*"?([^,"]*)"?\s*,\s*"?([^,"]*)"?\s*([\])])$')
_ZONE = re.compile(r"(?:[+-]\d{2}(?::?\d{2})?|Z)$")
_CONSTRUCTORS = ("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange")
_WHOLE = ("int4range", "int8range")
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEK = 7
_THOUSANDTHS = 1_000
_LATEST = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Span:
    """Ranges on an axis of whole numbers: days, microseconds, units of the last decimal place.

    One column that holds ranges is both `start` and `end`. `closed` says that the end is part of the range.
    """

    start: str
    end: str
    native: str
    least: int
    """The shortest that a range is made."""
    closed: bool = False

    @property
    def period(self) -> int:
        """A length by which ranges can be moved so that they begin at the same time of day, or of the week."""
        return {_MINUTE: _DAY}.get(self.least, _WEEK * self.least)

    def rounded(self, length: Integers) -> Integers:
        """Return lengths of whole days, hours or minutes, where ranges are of moments, none too short."""
        for unit in (_DAY, _HOUR) if self.least == _MINUTE else ():
            length = np.where(length >= unit, length // unit * unit, length)
        return np.maximum(length // self.least * self.least, self.least)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.start, self.end)))

    def read(self, columns: Mapping[str, Values]) -> tuple[Integers, Integers, Mask]:
        """Return where each range begins, where the next may begin, and which rows have one."""
        if self.start == self.end:
            return self._read_ranges(columns[self.start])
        ends = [_on_axis(columns[name].data) for name in (self.start, self.end)]
        for found, name, unbounded in zip(ends, (self.start, self.end), (-UNBOUNDED, UNBOUNDED), strict=True):
            null = columns[name].null
            if null is not None:
                found[null] = unbounded
        start, end = ends
        end = np.where(end < UNBOUNDED, end + int(self.closed), end)
        return start, end, np.ones(len(start), dtype=bool)

    def _read_ranges(self, values: Values) -> tuple[Integers, Integers, Mask]:
        """Read a column of ranges: one that cannot be read, or is empty, overlaps none."""
        rows = len(values)
        start, end, present = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
        for row, item in enumerate(values.data.tolist()):
            found = None if values.null is not None and values.null[row] else _RANGE.match(str(item))
            if found is None:
                continue
            low, high = (self._bound(found[side]) for side in (2, 3))
            start[row] = -UNBOUNDED if low is None else low + int(found[1] == "(" and self._is_counted)
            end[row] = UNBOUNDED if high is None else high + int(found[4] == "]")
            present[row] = low is None or high is None or start[row] < end[row]
        return start, end, present

    @property
    def _is_counted(self) -> bool:
        return self.native in (*_WHOLE, "daterange")

    def _bound(self, text: str) -> int | None:
        text = text.strip()
        if text in ("", "infinity", "-infinity"):
            return None
        if self.native in _WHOLE:
            return int(text)
        if self.native == "numrange":
            return round(float(text) * _THOUSANDTHS)
        moment = np.datetime64(_ZONE.sub("", text) if len(text) > len("2024-01-01") else text)
        return int(moment.astype("datetime64[D]" if self.native == "daterange" else "datetime64[us]").astype(np.int64))

    def write(self, state: State, rows: Integers, start: Integers, end: Integers) -> None:
        """Put ranges into the rows; neither end is NULL then."""
        if self.start == self.end:
            texts = [self._text(*bounds) for bounds in zip(start.tolist(), end.tolist(), strict=True)]
            state.set_values(self.start, rows, Values(objects(texts)))
            return
        for name, axis in ((self.start, start), (self.end, end - int(self.closed))):
            state.set_values(name, rows, Values(_off_axis(axis, state.data[name].dtype)))

    def _text(self, low: int, high: int) -> str:
        if self.native in _WHOLE:
            return f"[{low},{high})"
        if self.native == "numrange":
            return f"[{low / _THOUSANDTHS},{high / _THOUSANDTHS})"
        unit: Any = "D" if self.native == "daterange" else "us"
        zone = "+00" if self.native == "tstzrange" else ""
        latest = int(np.datetime64(_LATEST, unit).astype(np.int64))  # what Python and most readers know
        first, last = (np.datetime64(min(bound, latest), unit).item() for bound in (low, high))
        return f"[{first}{zone},{last}{zone})"


def span_of(tree: Any, table: Table) -> Span | None:
    """Return what an element of an exclusion constraint says about ranges; None of another type."""
    from sqlglot import exp

    column = column_of(tree, table)
    if column is not None:
        native = column.type.native
        return Span(column.name, column.name, native, _least(native)) if native in _CONSTRUCTORS else None
    tree = bare(tree)
    native = str(tree.this).lower() if isinstance(tree, exp.Anonymous) else ""
    if native not in _CONSTRUCTORS or len(tree.expressions) < 2:
        return None
    ends = [column_of(each, table) for each in tree.expressions[:2]]
    closed = len(tree.expressions) > 2 and str(literal(tree.expressions[2])).endswith("]")
    if ends[0] is None or ends[1] is None or Kind.TEXT in (ends[0].type.kind, ends[1].type.kind):
        return None
    places = decimal_places(ends[0].type) if ends[0].type.kind is Kind.DECIMAL else 0
    least = 1 if ends[0].type.kind is Kind.DATE else _least(native)
    return Span(ends[0].name, ends[1].name, native, 10**places if native == "numrange" else least, closed)


def _least(native: str) -> int:
    return {"numrange": _THOUSANDTHS, "tsrange": _MINUTE, "tstzrange": _MINUTE}.get(native, 1)


def _on_axis(data: NDArray[Any]) -> Integers:
    if data.dtype.kind == "f":
        return np.round(data * _THOUSANDTHS).astype(np.int64)
    return data.astype(np.int64)


def _off_axis(axis: Integers, dtype: np.dtype[Any]) -> NDArray[Any]:
    return (axis / _THOUSANDTHS).astype(dtype) if dtype.kind == "f" else axis.astype(dtype)
