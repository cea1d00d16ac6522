"""SQLAlchemy columns as `Column`."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.model import Column, DefaultKind
from syda.schema.plain import is_plain, plain_mapping
from syda.schema.sqltext import sql_literal, sql_text
from syda.schema.types import logical_type

if TYPE_CHECKING:
    from sqlalchemy.sql.type_api import TypeEngine


def read_column(column: sa.Column[Any]) -> Column:
    """Return a SQLAlchemy column, which must belong to a table, as a `Column`."""
    kind, default = _default(column)
    return Column(
        name=str(column.name),
        type=logical_type(column.type),
        nullable=_nullable(column),
        default_kind=kind,
        default=default,
        autoincrement=column.table.autoincrement_column is column,
        identity=_identity(column),
        computed=sql_text(column.computed.sqltext) if column.computed is not None else None,
        comment=column.comment,
        doc=column.doc,
        info=plain_mapping(column.info),
    )


def stored_value(value: Any, type_: TypeEngine[Any]) -> Any:
    """Return what the database stores for a Python value: an enum member's string, a date in ISO format."""
    if isinstance(value, enum.Enum):
        return _stored_member(value, type_)
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


def _stored_member(member: enum.Enum, type_: TypeEngine[Any]) -> Any:
    if isinstance(type_, sa.types.TypeDecorator):
        type_ = type_.impl_instance
    if not isinstance(type_, sa.Enum) or type_.enum_class is None:
        return stored_value(member.value, type_)
    return dict(members_of(type_)).get(member, member.name)


def members_of(type_: sa.Enum) -> list[tuple[enum.Enum, str]]:
    """Return the members of an enum's class, each with what is stored for it; aliases may stand among them."""
    assert type_.enum_class is not None
    aliased = type_.enum_class.__members__.values()
    members = list(type_.enum_class)
    candidates = members if len(members) == len(type_.enums) else list(aliased)
    return list(zip(candidates, type_.enums, strict=False))


def _nullable(column: sa.Column[Any]) -> bool:
    if column.primary_key or getattr(column.type, "not_null", None):
        return False
    return bool(column.nullable)


def _identity(column: sa.Column[Any]) -> str | None:
    if column.identity is None:
        return None
    return "always" if column.identity.always else "by default"


def _default(column: sa.Column[Any]) -> tuple[DefaultKind, Any]:
    client = column.default
    if isinstance(client, sa.ColumnDefault) and client.is_scalar:
        value = stored_value(client.arg, column.type)
        if is_plain(value):
            return DefaultKind.CLIENT_VALUE, value
    if column.server_default is not None and column.computed is None and column.identity is None:
        return DefaultKind.SERVER, _server_text(column.server_default)
    return (DefaultKind.NONE if client is None else DefaultKind.CLIENT_FUNCTION), None


def _server_text(default: Any) -> str | None:
    expression = getattr(default, "arg", None)
    if isinstance(expression, str):
        return sql_literal(expression)
    return None if expression is None else sql_text(expression)
