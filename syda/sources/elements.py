"""One value of any type out of 64 random bits: the items of arrays, the fields of composite types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import shake_128
from typing import Any
from uuid import UUID

import numpy as np

from syda.schema.model import Kind, LogicalType
from syda.sources.native import PATTERNS
from syda.sources.pattern import Language, parse_pattern
from syda.sources.vocabulary import vocabulary

_FIRST = datetime(2023, 1, 1)
_MINUTES = 2 * 365 * 24 * 60
_FEW_DIGITS = 4


def element(type_: LogicalType, bits: int) -> Any:
    """Return the value that the bits stand for."""
    if type_.values:
        return type_.values[bits % len(type_.values)]
    make = _MAKERS.get(type_.kind)
    return _other(type_, bits) if make is None else make(type_, bits)


def has_elements(type_: LogicalType) -> bool:
    """Tell whether `element` knows what a value of the type looks like."""
    if type_.kind is Kind.ARRAY and type_.item is not None:
        return has_elements(type_.item)
    if type_.fields:
        return all(has_elements(each) for _, each in type_.fields)
    return bool(type_.values) or type_.kind in _MAKERS or type_.native in PATTERNS or type_.native in _BITS


def record(type_: LogicalType, bits: int) -> str:
    """Return a value of a composite type as PostgreSQL writes it."""
    drawn = (int.from_bytes(_hashed(bits, place, 8)) for place in range(len(type_.fields)))
    fields = [element(field, each) for (_, field), each in zip(type_.fields, drawn, strict=True)]
    return "(" + ",".join(_quoted(field) for field in fields) + ")"


def _quoted(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _hashed(bits: int, place: int, size: int) -> bytes:
    return shake_128(bits.to_bytes(8) + place.to_bytes(2)).digest(size)


def _integer(_: LogicalType, bits: int) -> int:
    return 1 + bits % 99


def _decimal(type_: LogicalType, bits: int) -> Decimal:
    scale = 2 if type_.scale is None else type_.scale
    digits = min(_FEW_DIGITS, type_.precision or _FEW_DIGITS)
    return Decimal(bits % 10**digits).scaleb(-scale)


def _moment(bits: int) -> datetime:
    return _FIRST + timedelta(minutes=bits % _MINUTES)


def _zoned(type_: LogicalType, bits: int) -> datetime:
    moment = _moment(bits)
    return moment.replace(tzinfo=UTC) if type_.timezone else moment


def _uuid(_: LogicalType, bits: int) -> UUID:
    return UUID(bytes=_hashed(bits, 0, 16), version=4)


def _words(type_: LogicalType, bits: int) -> str:
    words = vocabulary("word", ("en_US",)).fitting(type_.length)
    return words.entries[bits % len(words.entries)]


def _json(_: LogicalType, bits: int) -> dict[str, Any]:
    return {"label": _words(LogicalType(kind=Kind.TEXT), bits), "level": bits % 10}


def _items(type_: LogicalType, bits: int) -> list[Any]:
    return [element(type_.item or LogicalType(kind=Kind.TEXT), bits)]


def _other(type_: LogicalType, bits: int) -> Any:
    if type_.fields:
        return record(type_, bits)
    if type_.native in _BITS:
        length = type_.length or (1 if type_.native == "bit" else 8)
        return f"{bits % 2 ** min(length, 60):0{length}b}"
    language = _language(PATTERNS[type_.native])
    return str(language.at(np.array([bits % min(language.size, 2**62)]))[0])


_BITS = ("bit", "bit varying", "varbit")


@lru_cache
def _language(regex: str) -> Language:
    return parse_pattern(regex)


_MAKERS: dict[Kind, Callable[[LogicalType, int], Any]] = {
    Kind.BOOLEAN: lambda _, bits: bool(bits & 1),
    Kind.INTEGER: _integer,
    Kind.FLOAT: lambda _, bits: bits % 10_000 / 100,
    Kind.DECIMAL: _decimal,
    Kind.TEXT: _words,
    Kind.DATE: lambda _, bits: _moment(bits).date(),
    Kind.TIME: lambda _, bits: _moment(bits).time(),
    Kind.DATETIME: _zoned,
    Kind.INTERVAL: lambda _, bits: timedelta(minutes=bits % 10_000),
    Kind.UUID: _uuid,
    Kind.BINARY: lambda type_, bits: _hashed(bits, 0, min(type_.length or 8, 8)),
    Kind.JSON: _json,
    Kind.ARRAY: _items,
}
