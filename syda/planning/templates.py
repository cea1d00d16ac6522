"""Texts with fields in braces: which fields they may have."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from syda.errors import PlanError, UnknownNameError
from syda.schema.model import Column, Kind, LogicalType, Schema, Table

_WORD = LogicalType(kind=Kind.TEXT)
_CONVERSIONS = {"l": "lower case", "u": "upper case", "s": "a slug"}
_WIDTHS = re.compile("[0-9]+")
_WIDEST = 1_000
_SAMPLES: dict[Kind, Any] = {
    Kind.BOOLEAN: True,
    Kind.INTEGER: 1,
    Kind.FLOAT: 1.0,
    Kind.DECIMAL: Decimal(1),
    Kind.TEXT: "a",
    Kind.ENUM: "a",
    Kind.DATE: date(2000, 1, 1),
    Kind.DATETIME: datetime(2000, 1, 1),
    Kind.TIME: time(1),
    Kind.INTERVAL: timedelta(1),
    Kind.UUID: UUID(int=1),
    Kind.BINARY: b"a",
    Kind.JSON: {},
    Kind.ARRAY: [],
}


def check_template(schema: Schema, table: Table, column: Column, text: str, words: Collection[str] = ()) -> None:
    """Raise a `PlanError` or `UnknownNameError` for fields that the text cannot have; those in `words` may be any."""
    where = f"{table.key}.{column.name}: the template {text!r}"
    for name, spec, conversion in _fields(text, where):
        if conversion is not None and conversion not in _CONVERSIONS:
            known = ", ".join(f"!{letter} ({meaning})" for letter, meaning in _CONVERSIONS.items())
            raise PlanError(f"{where}: expected one of {known}, got !{conversion} in the field {name!r}")
        if any(int(number) > _WIDEST for number in _WIDTHS.findall(spec)):
            raise PlanError(f"{where}: the format {spec!r} of the field {name!r} is wider than {_WIDEST} characters")
        type_ = _WORD if name in words else _field_type(schema, table, column, name, where)
        sample = 1 if type_ is None else _SAMPLES.get(type_.kind)
        try:
            format("" if sample is None else sample, spec)
        except (TypeError, ValueError) as error:
            held = "a row number" if type_ is None else f"{type_.kind} values"
            message = f"{where}: the field {name!r} holds {held}, which the format {spec!r} does not fit: {error}"
            raise PlanError(message) from error


def _fields(text: str, where: str) -> Iterator[tuple[str, str, str | None]]:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise PlanError(f"{where} has braces that do not pair: {error}; a brace itself is written twice") from error
    for _, name, spec, conversion in parts:
        if name is not None:
            yield name, spec or "", conversion


def _field_type(schema: Schema, table: Table, column: Column, name: str, where: str) -> LogicalType | None:
    """Return the type of what a field stands for, None for the row number."""
    if name == "row":
        return None
    head, _, tail = name.partition(".")
    try:
        if tail:
            owner = schema.tables[table.foreign_key(head).parent]
        else:
            owner, tail = table, head
        read = owner.column(tail)
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    if owner.key == table.key and read.name == column.name:
        raise PlanError(f"{where} refers to its own column")
    return read.type
