"""SQLAlchemy tables for a Schema that did not come from any: files, dicts and saved plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from syda.schema.model import Column, DefaultKind, ForeignKey, Kind, LogicalType, Schema, Table

_PLAIN: dict[Kind, Any] = {
    Kind.BOOLEAN: sa.Boolean,
    Kind.FLOAT: sa.Double,
    Kind.DATE: sa.Date,
    Kind.TIME: sa.Time,
    Kind.INTERVAL: sa.Interval,
    Kind.UUID: sa.Uuid,
    Kind.JSON: sa.JSON,
    Kind.OTHER: sa.Text,
}


def build_tables(schema: Schema) -> Mapping[str, sa.Table]:
    """Return a SQLAlchemy table for each table of the schema, all in one MetaData."""
    metadata = sa.MetaData()
    return {table.key: _table(table, schema, metadata) for table in schema}


def _table(table: Table, schema: Schema, metadata: sa.MetaData) -> sa.Table:
    parts: list[Any] = [_column(column, table) for column in table.columns]
    parts += [_foreign_key(link, schema) for link in table.foreign_keys if link.parent in schema.tables]
    parts += [sa.CheckConstraint(sa.text(check.expression)) for check in table.checks]
    indexes = []
    for number, unique in enumerate(table.uniques):
        if unique.expressions or unique.predicate:
            members: list[Any] = [*unique.columns, *map(sa.text, unique.expressions)]
            where = sa.text(unique.predicate) if unique.predicate else None
            name = unique.name or f"ux_{table.name}_{number}"
            indexes.append(sa.Index(name, *members, unique=True, sqlite_where=where, postgresql_where=where))
        else:
            parts.append(sa.UniqueConstraint(*unique.columns))
    return sa.Table(table.name, metadata, *parts, *indexes, schema=table.schema, comment=table.comment)


def _column(column: Column, table: Table) -> sa.Column[Any]:
    extra: list[Any] = []
    if column.computed is not None:
        extra.append(sa.Computed(column.computed))
    if column.identity is not None:
        extra.append(sa.Identity(always=column.identity == "always"))
    return sa.Column(
        column.name,
        to_sqlalchemy(column.type),
        *extra,
        nullable=column.nullable,
        primary_key=column.name in table.primary_key,
        autoincrement="auto" if column.identity is not None else column.autoincrement,
        server_default=sa.text(str(column.default)) if column.default_kind is DefaultKind.SERVER else None,
        comment=column.comment,
    )


def _foreign_key(link: ForeignKey, schema: Schema) -> sa.ForeignKeyConstraint:
    parent = schema.tables[link.parent]
    prefix = f"{parent.schema}.{parent.name}" if parent.schema else parent.name
    return sa.ForeignKeyConstraint(
        link.columns,
        [f"{prefix}.{column}" for column in link.parent_columns],
        deferrable=link.deferrable or None,
        initially="DEFERRED" if link.initially_deferred else None,
        ondelete=link.on_delete,
        onupdate=link.on_update,
        use_alter=False,
    )


def to_sqlalchemy(type_: LogicalType) -> sa.types.TypeEngine[Any]:
    """Return the generic SQLAlchemy type that stores a logical type."""
    match type_.kind:
        case Kind.INTEGER:
            return (
                sa.SmallInteger() if (type_.bits or 32) <= 16 else sa.BigInteger() if type_.bits == 64 else sa.Integer()
            )
        case Kind.DECIMAL:
            return sa.Numeric(type_.precision, type_.scale)
        case Kind.TEXT:
            if type_.fixed_length:
                return sa.CHAR(type_.length)
            return sa.String(type_.length) if type_.length else sa.Text()
        case Kind.ENUM:
            return sa.Enum(*type_.values, native_enum=False, length=max(map(len, type_.values), default=1))
        case Kind.DATETIME:
            return sa.DateTime(timezone=type_.timezone)
        case Kind.BINARY:
            return sa.LargeBinary(type_.length)
        case Kind.ARRAY:
            return sa.JSON()
    plain: sa.types.TypeEngine[Any] = _PLAIN[type_.kind]()
    return plain
