"""What the fields of SQLModel classes allow: bounds and lengths that the application holds objects to, as CHECKs."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.model import NUMBERS, Check, Column, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Mapper

    from syda.schema.model import Table

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def own_columns(mapper: Mapper[Any]) -> Iterator[tuple[str, str]]:
    """Yield each attribute of a class that stands in its own table, and its column."""
    for attribute in mapper.column_attrs:
        for column in attribute.columns:
            if isinstance(column, sa.Column) and column.table is mapper.local_table:
                yield attribute.key, str(column.name)


def field_checks(mapper: Mapper[Any], table: Table) -> Iterator[Check]:
    """Yield what `ge`, `gt`, `le`, `lt`, `min_length` and `pattern` of a class's fields say of its columns.

    pydantic need not be there: the marks of a field are read by the names that they have.
    """
    fields = getattr(mapper.class_, "model_fields", {})
    for attribute, name in own_columns(mapper) if isinstance(fields, dict) else ():
        column = table.by_name.get(name)
        for mark in getattr(fields.get(attribute), "metadata", ()) if column is not None else ():
            if column is not None:
                yield from _checks(column, mark)


def _checks(column: Column, mark: Any) -> Iterator[Check]:
    if column.type.kind in NUMBERS:
        for name, sign in _SIGNS.items():
            bound = getattr(mark, name, None)
            if isinstance(bound, int | float | Decimal) and not isinstance(bound, bool):
                yield _check(column, f"{{}} {sign} {bound}")
    least = getattr(mark, "min_length", None)
    if column.type.kind is Kind.TEXT and isinstance(least, int) and least > 0:
        yield _check(column, f"length({{}}) >= {least}")
    pattern = getattr(mark, "pattern", None)
    if column.type.kind is Kind.TEXT and isinstance(pattern, str) and "(?" not in pattern:
        written = pattern.replace("'", "''").replace("{", "{{").replace("}", "}}")
        yield replace(_check(column, f"{{}} ~ '{written}'"), dialect="postgres")


def _check(column: Column, text: str) -> Check:
    """Return a check in words that all databases have; a name that is not plain is quoted in PostgreSQL's way."""
    if _PLAIN.fullmatch(column.name):
        return Check(expression=text.format(column.name))
    quoted = '"' + column.name.replace('"', '""') + '"'
    return Check(expression=text.format(quoted), dialect="postgres")
