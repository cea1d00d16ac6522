"""Columns as the values that a driver takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Column, Kind
from syda.sources.strings import Strings, numerals, strings
from syda.sources.values import Values, decimal_places, to_python

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.engine import Dialect

_MANY_YEARS = 100
_MINUTES = strings(f" {minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_SECONDS = strings(f":{second:02d}" for second in range(60))
_WHOLE_SECONDS = _SECONDS + ".000000"
_MOMENT = datetime(2001, 2, 3, 4, 5, 6, 7)


def core_values(values: Values, column: Column, target: sa.Column[Any]) -> list[Any]:
    """Return the values as SQLAlchemy Core wants them for the target's type."""
    items = to_python(values, column.type)
    if column.type.kind is Kind.UUID and not getattr(target.type, "as_uuid", False):
        return [None if item is None else str(item) for item in items]
    return items


def driver_values(values: Values, column: Column, target: sa.Column[Any], dialect: Dialect) -> list[Any]:
    """Return the values as the driver wants them: what Core would pass on after its bind processing.

    The commonest conversions are made by NumPy when a sample shows that they give what the processor gives.
    """
    process = target.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return core_values(values, column, target)
    quick = _quick(values, column, process)
    if quick is None:
        return [process(item) for item in core_values(values, column, target)]
    if values.null is not None:
        for row in np.flatnonzero(values.null).tolist():
            quick[row] = None
    return quick


def _quick(values: Values, column: Column, process: Callable[[Any], Any]) -> list[Any] | None:
    type_ = column.type
    listed: list[Any] | None = None
    if type_.kind is Kind.DATETIME and not type_.timezone and process(_MOMENT) == "2001-02-03 04:05:06.000007":
        listed = _iso_moments(values.data)
    elif type_.kind is Kind.DATE and process(date(2001, 2, 3)) == "2001-02-03":
        listed = np.datetime_as_string(values.data, unit="D").tolist()
    elif type_.kind is Kind.DECIMAL and isinstance(sample := process(Decimal("1.25")), float) and sample == 1.25:
        listed = (values.data / 10.0 ** decimal_places(type_)).tolist()
    elif type_.kind is Kind.BOOLEAN and process(True) == 1:
        listed = values.data.astype(np.int64).tolist()
    elif type_.kind is Kind.ENUM:
        items = values.data.tolist()
        stored = {item: process(item) for item in type_.values}
        listed = [stored[item] for item in items] if stored.keys() >= set(items) else None
    return listed


def _iso_moments(moments: NDArray[np.datetime64]) -> list[Any]:
    """Return ISO moments with a space instead of the T, as SQLAlchemy stores them in SQLite."""
    days = moments.astype("datetime64[D]")
    years = [int(end.astype("datetime64[Y]").astype(np.int64)) for end in (days.min(), days.max())] if len(days) else []
    if not years or np.isnat(days).any() or years[1] - years[0] > _MANY_YEARS:
        return [item.replace("T", " ") for item in np.datetime_as_string(moments, unit="us").tolist()]
    calendar, first = _calendar(*years)
    seconds, rest = np.divmod((moments - days).astype(np.int64), 1_000_000)
    minutes, seconds = np.divmod(seconds, 60)
    text = calendar[days.astype(np.int64) - first] + _MINUTES[minutes]
    text = text + (_SECONDS[seconds] + numerals(rest, ".{:06d}") if rest.any() else _WHOLE_SECONDS[seconds])
    listed: list[Any] = text.tolist()
    return listed


@lru_cache(maxsize=16)
def _calendar(first: int, last: int) -> tuple[Strings, int]:
    """Return the days of the years `first` to `last` (0 is 1970) as ISO text, and the number of the first one."""
    start, stop = (np.datetime64(year, "Y").astype("datetime64[D]") for year in (first, last + 1))
    days = np.datetime_as_string(np.arange(start, stop), unit="D")
    return days.astype(object), int(start.astype(np.int64))


_VALUES = re.compile(r"\) VALUES \(")


def overriding_identity(statement: str) -> str:
    """Return an INSERT for PostgreSQL that may write a column GENERATED ALWAYS AS IDENTITY."""
    return _VALUES.sub(") OVERRIDING SYSTEM VALUE VALUES (", statement, count=1)
