"""Types as they stand in DDL, where no more than the text is known of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.schema.model import Kind, LogicalType
from syda.schema.types import bare_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED_TYPES: Mapping[str, LogicalType] = {
    "uuid": LogicalType(kind=Kind.UUID),
    "guid": LogicalType(kind=Kind.UUID),
    "uniqueidentifier": LogicalType(kind=Kind.UUID),
    "jsonb": LogicalType(kind=Kind.JSON),
    "bool": LogicalType(kind=Kind.BOOLEAN),
    "string": LogicalType(kind=Kind.TEXT),
    "any": LogicalType(kind=Kind.TEXT),
    "bpchar": LogicalType(kind=Kind.TEXT),
    "citext": LogicalType(kind=Kind.TEXT),
    "year": LogicalType(kind=Kind.INTEGER, bits=16),
    "number": LogicalType(kind=Kind.DECIMAL),
    "money": LogicalType(kind=Kind.DECIMAL, scale=2),
    "timestamptz": LogicalType(kind=Kind.DATETIME, timezone=True),
    "timestamp with time zone": LogicalType(kind=Kind.DATETIME, timezone=True),
    "timestamp without time zone": LogicalType(kind=Kind.DATETIME),
    "datetime2": LogicalType(kind=Kind.DATETIME),
    "bytea": LogicalType(kind=Kind.BINARY),
    "binary": LogicalType(kind=Kind.BINARY),
    "varbinary": LogicalType(kind=Kind.BINARY),
    "image": LogicalType(kind=Kind.BINARY),
}

_AFFINITIES = (
    ("int", Kind.INTEGER),
    ("char", Kind.TEXT),
    ("clob", Kind.TEXT),
    ("text", Kind.TEXT),
    ("blob", Kind.BINARY),
    ("real", Kind.FLOAT),
    ("floa", Kind.FLOAT),
    ("doub", Kind.FLOAT),
    # Affinity NUMERIC from here on: the name is all there is to go by.
    ("bool", Kind.BOOLEAN),
    ("datetime", Kind.DATETIME),
    ("timestamp", Kind.DATETIME),
    ("date", Kind.DATE),
    ("time", Kind.TIME),
    ("json", Kind.JSON),
    ("numeric", Kind.DECIMAL),
    ("decimal", Kind.DECIMAL),
)


def named_type(declaration: str) -> LogicalType:
    """Return what a type holds that only its name is known of."""
    if declaration.endswith("[]"):
        return _array(declaration)
    # A type outside of the search path, such as an extension's, has its schema before it.
    name = re.sub(r'^(?:"[^"]*"|\w+)\.(?=\w)', "", bare_name(declaration))
    return replace(_NAMED_TYPES.get(name, LogicalType(kind=Kind.OTHER)), native=name)


def _array(declaration: str) -> LogicalType:
    base = re.sub(r"(\[\])+$", "", declaration)
    item = declared_type(base)
    return LogicalType(kind=Kind.ARRAY, item=item, native=f"{item.native}[]")


def declared_type(declaration: str) -> LogicalType:
    """Return what a column with this declared type holds, for what its name says; any word may be a type."""
    name = bare_name(declaration)
    numbers = [int(number) for number in re.findall(r"\d+", declaration.partition("(")[2])]
    if name == "tinyint" and numbers == [1]:
        return LogicalType(kind=Kind.BOOLEAN, native=name)
    known = named_type(declaration)
    kind = known.kind if known.kind is not Kind.OTHER else _affinity(name)
    if kind in {Kind.TEXT, Kind.BINARY}:
        return replace(known, kind=kind, length=numbers[0] if numbers else None)
    if kind is Kind.DECIMAL and numbers:
        return replace(known, kind=kind, precision=numbers[0], scale=numbers[1] if len(numbers) > 1 else 0)
    return replace(
        known,
        kind=kind,
        bits=known.bits or (_bits(name) if kind is Kind.INTEGER else None),
        unsigned="unsigned" in name,
    )


def _affinity(name: str) -> Kind:
    if not name:
        return Kind.TEXT
    # "point" holds an "int" for SQLite alone, and nobody means it.
    return next((kind for part, kind in _AFFINITIES if part in name and name not in _NO_NUMBERS), Kind.OTHER)


_NO_NUMBERS = {"point", "interval", "multipoint", "int4range", "int8range", "int4multirange", "int8multirange"}


def _bits(name: str) -> int:
    widths = (("tiny", 8), ("small", 16), ("int2", 16), ("medium", 24), ("big", 64), ("int8", 64))
    return next((bits for part, bits in widths if part in name), 32)
