"""Blocks of rows as MariaDB and MySQL read them: the fields of LOAD DATA, and the literals of INSERT.

Both come from the values that SQLAlchemy would give to the driver. A block with a value of a type that is not known
here has no text: None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from syda.load.roads.binding import Binding
from syda.load.roads.table_load import Bindings, Block
from syda.schema.model import Kind
from syda.sources.values import Values, decimal_places

Escape: TypeAlias = Callable[[str], str]
Write: TypeAlias = Callable[[Any], str]

_FIELD_MARKS = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


class _UnknownError(Exception):
    pass


def fields(bound: Bindings, block: Block) -> bytes | None:
    """Return the block as lines of fields, or None where a column's bytes are no text."""
    try:
        columns = [_column(each, block[name], _FIELDS, "\\N") for name, each in bound.items()]
        return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()
    except (_UnknownError, UnicodeEncodeError):
        return None


def literals(bound: Bindings, block: Block, escape: Escape) -> list[str] | None:
    """Return each row as ``(literal, ...)``, or None where a value has none; `escape` makes those of text."""
    writers = {**_LITERALS, str: escape}
    try:
        columns = [_column(each, block[name], writers, "NULL") for name, each in bound.items()]
    except _UnknownError:
        return None
    return [f"({row})" for row in map(",".join, zip(*columns, strict=True))]


def _column(binding: Binding, values: Values, writers: dict[type, Write], null: str) -> list[str]:
    if _needs_bytes(binding.target.type) and writers is _FIELDS:
        raise _UnknownError
    quick = _numbers(binding, values)
    if quick is not None:
        if values.null is not None:
            for row in np.flatnonzero(values.null).tolist():
                quick[row] = null
        return quick
    items = binding.driver(values)
    try:
        if {*map(type, items)} <= {str, type(None)}:
            return _texts(items, writers[str], null)
        return [null if item is None else writers[type(item)](item) for item in items]
    except KeyError as error:
        raise _UnknownError from error


def _texts(items: list[str | None], write: Write, null: str) -> list[str]:
    """Return texts as they are written; what repeats is written once."""
    known: dict[str | None, str] = {item: write(item) for item in {*items} if item is not None}
    known[None] = null
    return [known[item] for item in items]


def _needs_bytes(type_: Any) -> bool:
    return isinstance(type_, sa.LargeBinary | sa.types._Binary | mysql.BIT)  # noqa: SLF001 - the base of all of them


def _numbers(binding: Binding, values: Values) -> list[str] | None:
    if not binding.is_plain():
        return None
    type_ = binding.column.type
    if type_.kind is Kind.INTEGER:
        return [*map(str, values.data.tolist())]
    if type_.kind is Kind.DECIMAL and type_.scale is not None:
        return _decimals(values.data.tolist(), decimal_places(type_))
    return None


def _decimals(numbers: list[int], places: int) -> list[str]:
    unit = 10**places
    if not places:
        return [*map(str, numbers)]
    pattern = f"{{}}{{}}.{{:0{places}d}}".format
    return [pattern("-" if number < 0 else "", *divmod(abs(number), unit)) for number in numbers]


def _float(item: float) -> str:
    if not math.isfinite(item):
        raise _UnknownError
    return repr(item)


def _duration(item: timedelta) -> str:
    microseconds = item // timedelta(microseconds=1)
    seconds, rest = divmod(abs(microseconds), 1_000_000)
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:06d}"


def _moment(item: datetime) -> str:
    if item.tzinfo is not None:
        raise _UnknownError
    return item.isoformat(sep=" ")


_PLAIN: dict[type, Write] = {
    bool: lambda item: "1" if item else "0",
    int: str,
    float: _float,
    Decimal: "{:f}".format,
}
_CLOCKS: dict[type, Write] = {
    date: date.isoformat,
    datetime: _moment,
    time: time.isoformat,
    timedelta: _duration,
    UUID: str,
}
_FIELDS: dict[type, Write] = {**_PLAIN, **_CLOCKS, str: lambda item: item.translate(_FIELD_MARKS)}


def _in_quotes(write: Write) -> Write:
    return lambda item: f"'{write(item)}'"


_LITERALS: dict[type, Write] = {
    **_PLAIN,
    **{type_: _in_quotes(write) for type_, write in _CLOCKS.items()},
    bytes: lambda item: f"_binary X'{item.hex()}'",
}
