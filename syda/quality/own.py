"""Reads the rules that a database has itself: those of all of its schemas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from syda.schema import Schema, Table, read_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OF_THE_SYSTEM = ("information_schema", "pg_catalog", "pg_toast")


def read_own_rules(connection: Connection) -> Schema:
    """Return the tables of the database; on PostgreSQL those of every schema that is not the system's."""
    found = read_schema(connection).schema
    if connection.dialect.name != "postgresql":
        return found
    inspector = inspect(connection)
    tables, external = _tables_of(found), dict(found.tables)
    for name in inspector.get_schema_names():
        if name == inspector.default_schema_name or name in _OF_THE_SYSTEM or name.startswith("pg_"):
            continue
        if inspector.get_table_names(schema=name):
            other = read_schema(connection, schema=name).schema
            tables |= _tables_of(other)
            external |= other.tables
    missing = {link.parent for table in tables.values() for link in table.foreign_keys} - tables.keys()
    known = {key: external[key] for key in missing if key in external}
    return replace(found, tables=tables | known, external=frozenset(known))


def _tables_of(schema: Schema) -> dict[str, Table]:
    return {table.key: table for table in schema if table.key not in schema.external}
