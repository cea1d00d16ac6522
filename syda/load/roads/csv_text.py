r"""Blocks of rows as the CSV that PostgreSQL's COPY reads: NULL is nothing, an empty string is ``""``.

With pyarrow, columns of plain types are encoded from their NumPy arrays. Every other column, and every column without
pyarrow, becomes text value by value, in the form that the driver's own adapters give where it has them.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from sqlalchemy.dialects.postgresql import BIT

from syda.load.roads.binding import Binding
from syda.load.roads.table_load import Bindings, Block, block_rows
from syda.schema.model import Kind
from syda.sources.values import Values, decimal_places

Cells: TypeAlias = list[str | None]
Encoder: TypeAlias = Callable[[Block], bytes]
ToText: TypeAlias = Callable[[Any], str]

ARROW_ROWS = 5_000  # below, loading pyarrow takes longer than it saves
_FIRST_DAY, _LAST_DAY = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
_DECIMAL_DIGITS = 18
_CENTS = 10**4  # of the places that a number without a scale is held with


class UnencodableError(Exception):
    """A value has no text that is sure to mean the same to the database."""


def encoder(bound: Bindings, rows: int, other: ToText | None = None) -> Encoder:
    """Return what encodes blocks; `other` gives the text of objects that are none of Python's plain types."""
    if "pyarrow" in sys.modules or (rows >= ARROW_ROWS and find_spec("pyarrow") is not None):
        return lambda block: _arrow_csv(bound, block, other)
    return lambda block: _plain_csv(bound, block, other)


def _plain_csv(bound: Bindings, block: Block, other: ToText | None) -> bytes:
    columns = [[_quoted(cell) for cell in cells(each, block[name], other)] for name, each in bound.items()]
    rows = [",".join(row) for row in zip(*columns, strict=True)]
    return _encoded("\n".join(rows) + "\n" if rows else "")


def _quoted(cell: str | None) -> str:
    return "" if cell is None else '"' + cell.replace('"', '""') + '"'


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnencodableError(str(error)) from error


def _arrow_csv(bound: Bindings, block: Block, other: ToText | None) -> bytes:
    import pyarrow as pa
    from pyarrow import csv

    columns = []
    for name, binding in bound.items():
        column = _arrow(binding, block[name])
        if column is None:
            try:
                column = pa.array(cells(binding, block[name], other), pa.string())
            except (pa.ArrowException, UnicodeError) as error:
                raise UnencodableError(str(error)) from error
        columns.append(column)
    written = io.BytesIO()
    options = csv.WriteOptions(include_header=False, quoting_style="needed", batch_size=max(block_rows(block), 1))
    csv.write_csv(pa.Table.from_arrays(columns, names=list(bound)), written, options)
    return written.getvalue()


def _arrow(binding: Binding, values: Values) -> Any:
    """Return the column as Arrow's writer and the database understand alike, or None where they may not."""
    import pyarrow as pa

    kind = binding.column.type.kind
    if not binding.is_plain():
        return None
    data, null = values.data, values.null
    if kind in (Kind.INTEGER, Kind.BOOLEAN, Kind.FLOAT):
        return pa.array(data, mask=null)
    if kind is Kind.TEXT:
        return _arrow_text(values)
    if kind is Kind.TIME:
        return pa.array(data.astype(np.int64), pa.time64("us"), mask=null)
    if kind is Kind.DATE and _is_common_era(values):
        return pa.array(data, pa.date32(), mask=null)
    if kind is Kind.DATETIME and _is_common_era(values):
        return pa.array(data, pa.timestamp("us", "UTC" if binding.column.type.timezone else None), mask=null)
    return _arrow_decimal(binding, values) if kind is Kind.DECIMAL else None


def _arrow_text(values: Values) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values.data, pa.string(), mask=values.null)
    except (pa.ArrowException, UnicodeError):
        return None


def _is_common_era(values: Values) -> bool:
    """Tell whether the moments are written alike by all: under the mask there may be anything."""
    data = values.data if values.null is None else values.data[~values.null]
    if not len(data):
        return True
    days = data.astype("datetime64[D]")
    return bool(not np.isnat(days).any() and days.min() >= _FIRST_DAY and days.max() <= _LAST_DAY)


def _arrow_decimal(binding: Binding, values: Values) -> Any:
    import pyarrow as pa

    type_, data = binding.column.type, values.data
    places = decimal_places(type_)
    if type_.scale is None:  # written with the digits that they have, but for two at least
        shown = data if values.null is None else data[~values.null]
        if (shown % _CENTS).any():
            return None
        data, places = data // _CENTS, places - 4
    if places > _DECIMAL_DIGITS:
        return None
    words = np.empty((len(data), 2), dtype=np.int64)  # numbers of 128 bits, the low half first
    words[:, 0], words[:, 1] = data, data >> 63
    validity = None if values.null is None else pa.py_buffer(np.packbits(~values.null, bitorder="little"))
    little = words if sys.byteorder == "little" else words[:, ::-1].copy()
    return pa.Array.from_buffers(pa.decimal128(38, places), len(data), [validity, pa.py_buffer(little)])


def cells(binding: Binding, values: Values, other: ToText | None) -> Cells:
    bits = binding.target.type
    if isinstance(bits, BIT) and not bits.varying:  # Core casts, which fills bits up where COPY would refuse them
        width = bits.length or 1
        items = binding.driver(values)
        return [None if item is None else _bits(item).ljust(width, "0")[:width] for item in items]
    return [item if item is None or type(item) is str else text_of(item, other) for item in binding.driver(values)]


def _bits(item: Any) -> str:
    """Return bits as text; asyncpg has a class for them, which writes them in groups."""
    return item if type(item) is str else str(item.as_string()).replace(" ", "")


def text_of(item: Any, other: ToText | None = None) -> str:
    """Return a value as PostgreSQL reads it. Raises `UnencodableError` where that is not sure."""
    write = _WRITERS.get(type(item))
    if write:
        return write(item)
    if type(item) is list:
        return _array(item, other)
    if other is None:
        raise UnencodableError(f"{type(item).__name__} {item!r:.60}")
    return other(item)


def _array(items: list[Any], other: ToText | None) -> str:
    return "{" + ",".join(_element(item, other) for item in items) + "}"


def _element(item: Any, other: ToText | None) -> str:
    if item is None:
        return "NULL"
    text = text_of(item, other)
    return text if type(item) is list else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _interval(item: timedelta) -> str:
    return f"{item.days} days {item.seconds} seconds {item.microseconds} microseconds"


_WRITERS: dict[type, ToText] = {
    str: lambda item: item,
    bool: lambda item: "true" if item else "false",
    int: str,
    float: repr,
    Decimal: str,
    bytes: lambda item: "\\x" + item.hex(),
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: _interval,
    UUID: str,
}
