"""Columns in memory, and the two roads between them and Python objects.

A `Values` is a NumPy array with an optional null mask. The array's dtype follows from the column's kind:

========  =====================================  ==========
kind      dtype                                  Python
========  =====================================  ==========
BOOLEAN   bool                                   bool
INTEGER   int64                                  int
FLOAT     float64                                float
DECIMAL   int64, times 10 ** `decimal_places`    Decimal
DATE      datetime64[D]                          date
DATETIME  datetime64[us] (UTC when zoned)        datetime
TIME      timedelta64[us] since midnight         time
INTERVAL  timedelta64[us]                        timedelta
others    object                                 as stored
========  =====================================  ==========

Under the null mask the array holds any value of its dtype.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Kind, LogicalType

_FREE_SCALE = 6
_HELD_DIGITS, _LEAST_SCALE = 18, 9
_MIDNIGHT = datetime(1970, 1, 1)
_DTYPES: dict[Kind, str] = {
    Kind.BOOLEAN: "bool",
    Kind.INTEGER: "int64",
    Kind.FLOAT: "float64",
    Kind.DECIMAL: "int64",
    Kind.DATE: "datetime64[D]",
    Kind.DATETIME: "datetime64[us]",
    Kind.TIME: "timedelta64[us]",
    Kind.INTERVAL: "timedelta64[us]",
}


@dataclass(frozen=True, slots=True)
class Values:
    """A column of values; `null` is True where the value is NULL, or None when none is."""

    data: NDArray[Any]
    null: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.data)

    def take(self, rows: NDArray[np.int64]) -> Values:
        """Return the values at `rows`; a negative row gives NULL."""
        missing = rows < 0
        if not missing.any():
            return Values(self.data[rows], None if self.null is None else self.null[rows])
        if not len(self.data):
            return Values(np.zeros(len(rows), dtype=self.data.dtype), missing)
        null = missing if self.null is None else missing | self.null[rows]
        return Values(self.data[np.where(missing, 0, rows)], null)

    def slice(self, start: int, stop: int) -> Values:
        return Values(self.data[start:stop], None if self.null is None else self.null[start:stop])

    def masked(self, null: NDArray[np.bool_] | None) -> Values:
        """Return the same values with `null` added to the mask."""
        if null is None or not null.any():
            return self
        return Values(self.data, null if self.null is None else self.null | null)

    @staticmethod
    def concatenate(parts: Sequence[Values]) -> Values:
        if len(parts) == 1:
            return parts[0]
        data = np.concatenate([part.data for part in parts])
        if all(part.null is None for part in parts):
            return Values(data)
        masks = [np.zeros(len(part), dtype=bool) if part.null is None else part.null for part in parts]
        return Values(data, np.concatenate(masks))


def dtype_of(kind: Kind) -> np.dtype[Any]:
    """Return the dtype that a column of `kind` is held in."""
    return np.dtype(_DTYPES.get(kind, "object"))


def decimal_places(type_: LogicalType) -> int:
    """Return the digits after the point that a DECIMAL column is held with."""
    if type_.scale is None:
        return _FREE_SCALE
    # Held in 64 bits: what the digits before the point leave, and never so few that amounts lose theirs.
    left = _HELD_DIGITS - max((type_.precision or 0) - type_.scale, 0)
    return min(max(type_.scale, 0), max(left, _LEAST_SCALE))


def objects(items: Iterable[Any]) -> NDArray[np.object_]:
    """Return a one-dimensional object array, also for items that are themselves sequences."""
    listed = list(items)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def to_python(values: Values, type_: LogicalType) -> list[Any]:
    """Return the values as the Python objects that SQLAlchemy uses for the type; NULL is None."""
    items = _listed(values.data, type_)
    if values.null is not None:
        for row in np.flatnonzero(values.null).tolist():
            items[row] = None
    return items


def _listed(data: NDArray[Any], type_: LogicalType) -> list[Any]:
    items: list[Any]
    if type_.kind is Kind.DECIMAL:
        places = decimal_places(type_)
        items = [Decimal(number).scaleb(-places) for number in data.tolist()]
        return [_tidy(item) for item in items] if type_.scale is None else items
    if type_.kind is Kind.TIME:
        return [(_MIDNIGHT + delta).time() for delta in data.tolist()]
    items = data.tolist()
    if type_.kind is Kind.DATETIME and type_.timezone:
        return [item.replace(tzinfo=UTC) for item in items]
    return items


def _tidy(number: Decimal) -> Decimal:
    """Drop the zeros that only the storage added; keep two places, as money is written."""
    short = number.normalize()
    exponent = short.as_tuple().exponent
    return short if isinstance(exponent, int) and exponent < -2 else number.quantize(Decimal("0.01"))


def from_python(items: Sequence[Any], type_: LogicalType) -> Values:
    """Return the objects as a column of the type; None is NULL.

    Raises `ValueError` that names the first row (from 0) whose value does not fit the kind.
    """
    null = np.fromiter((item is None for item in items), dtype=bool, count=len(items))
    convert = _CONVERTERS.get(type_.kind)
    data = np.zeros(len(items), dtype=dtype_of(type_.kind))
    for row, item in enumerate(items):
        if item is None:
            continue
        try:
            data[row] = convert(item, type_) if convert else item
        except (TypeError, ValueError, ArithmeticError, OverflowError) as error:
            came = f"{type(item).__name__} {str(item)[:60]!r}"
            raise ValueError(f"row {row}: expected {_expected(type_)}, got {came}") from error
    return Values(data, null if null.any() else None)


def _expected(type_: LogicalType) -> str:
    return f"a value for {type_.native or type_.kind}"


def _boolean(item: Any, _: LogicalType) -> bool:
    if isinstance(item, bool | np.bool_) or item in (0, 1):
        return bool(item)
    words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
    return words[str(item).lower()] if str(item).lower() in words else _refuse(item)


def _refuse(item: Any) -> Any:
    raise ValueError(item)


def _integer(item: Any, _: LogicalType) -> int:
    number = int(item)
    if isinstance(item, float | Decimal) and number != item:
        _refuse(item)
    return number


def _decimal(item: Any, type_: LogicalType) -> int:
    number = item if isinstance(item, Decimal) else Decimal(str(item))
    return int(number.scaleb(decimal_places(type_)).to_integral_value())


def _date(item: Any, _: LogicalType) -> date:
    if isinstance(item, datetime):
        return item.date()
    if isinstance(item, date):
        return item
    return datetime.fromisoformat(str(item)).date()


def _datetime(item: Any, _: LogicalType) -> datetime:
    if isinstance(item, np.datetime64):
        item = item.astype("datetime64[us]").item()
    if isinstance(item, date) and not isinstance(item, datetime):
        return datetime(item.year, item.month, item.day)
    moment = item if isinstance(item, datetime) else datetime.fromisoformat(str(item))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _time(item: Any, _: LogicalType) -> timedelta:
    if isinstance(item, timedelta):
        return item
    moment = item.time() if isinstance(item, datetime) else item
    clock = moment if isinstance(moment, time) else time.fromisoformat(str(item))
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)


def _interval(item: Any, _: LogicalType) -> timedelta:
    return item if isinstance(item, timedelta) else timedelta(seconds=float(item))


def _text(item: Any, _: LogicalType) -> str:
    if isinstance(item, Enum):
        return item.name
    if isinstance(item, list | dict | set):
        _refuse(item)
    return str(item)


def _uuid(item: Any, _: LogicalType) -> UUID:
    return item if isinstance(item, UUID) else UUID(str(item))


def _binary(item: Any, _: LogicalType) -> bytes:
    return item.encode() if isinstance(item, str) else bytes(item)


def _json(item: Any, _: LogicalType) -> Any:
    json.dumps(item, default=str)
    return item


_CONVERTERS: dict[Kind, Callable[[Any, LogicalType], Any]] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.FLOAT: lambda item, _: float(item),
    Kind.DECIMAL: _decimal,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.TIME: _time,
    Kind.INTERVAL: _interval,
    Kind.TEXT: _text,
    Kind.ENUM: _text,
    Kind.UUID: _uuid,
    Kind.BINARY: _binary,
    Kind.JSON: _json,
}
