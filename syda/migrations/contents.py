"""Rows of a table as they are, and whether values are still what they were, whatever type they now have."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.model import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROWS = 500
"""Rows that are read from each end of a table, by its key; what syda has put at the edges is at the second."""
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows by the values of the key; numbered where there is no key, by which they cannot be compared."""

    rows: Mapping[Any, Mapping[str, Any]]

    def column(self, name: str) -> set[Any]:
        """Return the values of a column, without NULL."""
        return {plain(row[name]) for row in self.rows.values() if row.get(name) is not None}


@dataclass(frozen=True, slots=True)
class Changed:
    """How many of a column's values are other ones than before, of how many, and one of them as it was and is."""

    count: int
    of: int
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.count:,} of {self.of:,} values have changed, as {_shown(self.was)} -> {_shown(self.now)}"


def read_sample(connection: Connection, table: Table) -> Sample:
    """Return the first and the last rows of a table, with the values that the driver gives."""
    target = sa.table(table.name, *(sa.column(each.name) for each in table.columns), schema=table.schema)
    keys = [target.columns[name] for name in table.primary_key]
    query = sa.select(target).limit(_ROWS)
    found: dict[Any, Mapping[str, Any]] = {}
    try:
        with connection.begin_nested():
            for ordered in (query.order_by(*keys), query.order_by(*(each.desc() for each in keys)))[: 2 if keys else 1]:
                for number, row in enumerate(connection.execute(ordered).mappings()):
                    found[tuple(plain(row[each.name]) for each in keys) if keys else number] = dict(row)
    except (sa.exc.DBAPIError, ValueError):
        return Sample({})  # a driver need not know all that a database can hold
    return Sample(found)


def changes(table: Table, before: Sample, after: Sample) -> Iterator[tuple[str, Changed]]:
    """Yield the columns whose values are others now, in rows that both have; what is NULL now is lost, not changed."""
    if not table.primary_key:
        return
    pairs = [(row, after.rows[key]) for key, row in before.rows.items() if key in after.rows]
    for column in table.columns:
        name = column.name
        both = [(was[name], now[name]) for was, now in pairs if was[name] is not None and now.get(name) is not None]
        other = [(was, now) for was, now in both if not _same(was, now)]
        if other:
            yield name, Changed(len(other), len(both), *other[0])


def holds(table: Table, old: Sample, new: Sample) -> bool:
    """Tell whether the values that tell most of a table's rows are all in one column of another's."""
    links = {name for link in table.foreign_keys for name in link.columns}
    names = [each.name for each in table.columns if each.name not in links and each.name not in table.primary_key]
    told = {name: old.column(name) for name in names}
    most = max(map(len, told.values()), default=0)
    columns = {name for row in new.rows.values() for name in row}
    there = [new.column(name) for name in columns]
    telling = [values for values in told.values() if 2 * len(values) >= most > 0]
    return any(values <= each for values in telling for each in there)


def plain(value: Any) -> Any:
    """Return a value as it compares with the same one of another type, such as 1 with 1.00."""
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value.rstrip(" ")  # CHAR fills up
    if isinstance(value, datetime | time):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, list | dict):
        return json.dumps(value, sort_keys=True, default=str)
    return value if isinstance(value, int | Decimal) or value is None else str(value)


def _same(was: Any, now: Any) -> bool:
    if isinstance(was, datetime) and isinstance(now, datetime) and _moment(was) == _moment(now):
        return True
    if isinstance(was, float) and isinstance(now, float) and _single(was) == now:
        return True  # a REAL is shown with fewer digits than the same number has as a DOUBLE PRECISION
    old, new = plain(was), plain(now)
    return bool(old == new) or str(old) == str(new)


def _moment(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _single(value: float) -> float | None:
    """Return a number as a REAL holds it."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return None


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}... ({len(str(value))} characters)"
