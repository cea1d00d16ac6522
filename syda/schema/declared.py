"""Database types that SQLAlchemy has no class for."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import types

from syda.schema.model import Kind, LogicalType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Dialect

SPATIAL = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
}
"""MySQL's types of shapes."""
_POINT = re.compile(r"\(([\d.]+),([\d.]+)\)")


_GENERIC: Mapping[Kind, types.TypeEngine[Any]] = {
    Kind.DECIMAL: types.Numeric(),
    Kind.DATE: types.Date(),
    Kind.TIME: types.Time(),
    Kind.DATETIME: types.DateTime(),
    Kind.JSON: types.JSON(),
}


class Declared(types.UserDefinedType[Any]):
    """A type known by its declaration: values are bound as those of SQLAlchemy's type of the same kind.

    Arrays are written as text, and what has no such type passes through unchanged.
    """

    cache_ok = True

    def __init__(self, declaration: str, logical: LogicalType) -> None:
        self.declaration = declaration
        self.logical = logical

    def get_col_spec(self, **_: Any) -> str:
        return self.declaration

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        if self.logical.kind in _GENERIC:
            return _GENERIC[self.logical.kind].dialect_impl(dialect).bind_processor(dialect)
        if self.logical.kind is not Kind.ARRAY:
            return None
        # Boxes alone are apart by semicolons, since they hold commas.
        separator = ";" if self.logical.item and self.logical.item.native == "box" else ","
        return partial(_array_text, separator=separator)


class Spatial(Declared):
    """A shape in MySQL: written as well-known text."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return self._well_known

    def bind_expression(self, bindvalue: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
        return sa.func.ST_GeomFromText(bindvalue, type_=self)

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.ST_AsText(colexpr, type_=self)

    def _well_known(self, value: Any) -> Any:
        """Return PostgreSQL's way of writing points, ``((1,2),(3,4))``, as ``POLYGON((1 2,3 4))``."""
        if not isinstance(value, str) or value[:1].isalpha():
            return value
        return self.logical.native.upper() + "(" + _POINT.sub(r"\1 \2", value) + ")"


def _array_text(value: Any, separator: str) -> Any:
    if not isinstance(value, list):
        return value
    return "{" + separator.join(_item_text(item, separator) for item in value) + "}"


def _item_text(item: Any, separator: str) -> str:
    if item is None:
        return "NULL"
    if isinstance(item, list):
        return str(_array_text(item, separator))
    return '"' + str(item).replace("\\", "\\\\").replace('"', '\\"') + '"'
