"""`read_schema`: one door for everything that can be read as tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from syda.errors import SchemaError, near
from syda.schema.files import read_file
from syda.schema.mapping import from_mapping
from syda.schema.model import Schema, Table

FILE_ENDINGS = (".yaml", ".yml", ".json")
DATABASE_ENDINGS = (".db", ".sqlite", ".sqlite3")

EXPECTED = (
    "a declarative Base, mapped classes or Tables (one, or a list of them), a MetaData, a registry, an Engine, "
    "a Connection, a database URL, a dict of tables, or the path of a .yaml, .yml or .json file"
)


@dataclass(frozen=True)
class Reading:
    """A schema and where it came from: `origin` maps table keys to SQLAlchemy Tables when there are any."""

    schema: Schema
    origin: Mapping[str, Any] | None = None


def read_schema(source: object, *, tables: Collection[str] | None = None, schema: str | None = None) -> Reading:
    """Read anything that describes tables.

    `tables` keeps only those named by key, bare name or class name; parents that they refer to become external.
    `schema` keeps only the tables of one database schema; from a database it names the one to read instead of the
    default one.
    """
    if isinstance(tables, str):
        raise SchemaError(f"tables= takes a list of names, not the text {tables!r}")
    reading = _read_plain(source) or _read_sqlalchemy(source, tables, schema)
    if schema is not None:
        reading = _kept(reading, _keys_of_schema(reading.schema, schema))
    if tables is not None:
        reading = _kept(reading, {reading.schema.table(name).key for name in tables})
    return reading


def _read_plain(source: object) -> Reading | None:
    if isinstance(source, Reading):
        return source
    if isinstance(source, Schema):
        return Reading(source)
    if isinstance(source, Mapping):
        return Reading(from_mapping(source))
    if isinstance(source, Path) or (isinstance(source, str) and "://" not in source):
        return Reading(read_file(_path(source)))
    return None


def _path(source: str | Path) -> Path:
    path = Path(source)
    if path.suffix.lower() in FILE_ENDINGS:
        return path
    if path.suffix.lower() in DATABASE_ENDINGS:
        raise SchemaError(f"{str(source)!r} looks like an SQLite file; pass its URL: 'sqlite:///{path}'")
    raise SchemaError(f"{str(source)!r} is neither a database URL nor a file; expected {EXPECTED}")


def _read_sqlalchemy(source: object, tables: Collection[str] | None, schema: str | None) -> Reading:
    # SQLAlchemy is slow to import, and files and dicts do not need it; nor do models need what reflection does.
    from sqlalchemy import URL

    from syda.schema.collect import read_objects

    found = None if isinstance(source, str | URL) else read_objects(source)
    if found is None:
        from syda.schema.reflect import reflect

        found = reflect(source, tables=tables, schema=schema)
    if found is None:
        raise SchemaError(f"cannot read {_described(source)} as tables; expected {EXPECTED}")
    return Reading(*found)


def _described(source: object) -> str:
    if isinstance(source, (list, tuple)) and not source:
        return "an empty list"
    return f"{source!r:.100} ({type(source).__name__})"


def _keys_of_schema(schema: Schema, name: str) -> set[str]:
    keys = {table.key for table in schema if table.schema == name and table.key not in schema.external}
    if not keys:
        raise SchemaError(f"no table is in the schema {name!r}{near(name, [t.schema for t in schema if t.schema])}")
    return keys


def _kept(reading: Reading, keys: set[str]) -> Reading:
    """Return the reading with these tables filled and the parents that they refer to external."""
    schema = reading.schema
    kept = {key for key in schema.tables if key in keys}
    parents = {key.parent for name in kept for key in schema.tables[name].foreign_keys}
    external = (parents - kept) | (kept & schema.external)
    within = {
        key: _as_external(table) if key in external else table
        for key, table in schema.tables.items()
        if key in kept or key in external
    }
    restricted = {key: _with_identities_of(table, within) for key, table in within.items()}
    origin = reading.origin and {key: table for key, table in reading.origin.items() if key in restricted}
    return Reading(replace(schema, tables=restricted, external=frozenset(external)), origin)


def _as_external(table: Table) -> Table:
    return replace(table, foreign_keys=(), inherits=None)


def _with_identities_of(table: Table, known: Collection[str]) -> Table:
    """Drop the classes of a hierarchy whose own tables are not known."""
    if table.inheritance is None:
        return table
    identities = tuple(each for each in table.inheritance.identities if each.table in known)
    inheritance = replace(table.inheritance, identities=identities) if identities else None
    return replace(table, inheritance=inheritance)
