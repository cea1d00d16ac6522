"""Reader of live databases."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import (
    ArgumentError,
    NoSuchModuleError,
    SADeprecationWarning,
    SAWarning,
    SQLAlchemyError,
)

from syda.errors import SchemaError, UnknownNameError, near
from syda.redact import redact_cause, redact_url
from syda.schema.backend import Backend, Reference, TableName
from syda.schema.drivers import missing_driver
from syda.schema.keys import named_apart
from syda.schema.model import ForeignKey, Schema, Table
from syda.schema.reach import full_url, reach, require_file
from syda.schema.reflect_mysql import MySQLBackend
from syda.schema.reflect_postgresql import PostgreSQLBackend
from syda.schema.reflect_sqlite import SQLiteBackend
from syda.schema.tables import read_table, table_key

logger = logging.getLogger("syda.schema")

Found: TypeAlias = tuple[Schema, Mapping[str, sa.Table]]

BACKENDS: Mapping[str, type[Backend]] = {
    "sqlite": SQLiteBackend,
    "postgresql": PostgreSQLBackend,
    "mysql": MySQLBackend,
    "mariadb": MySQLBackend,
}


def reflect(source: object, *, tables: Collection[str] | None = None, schema: str | None = None) -> Found | None:
    """Return the tables of a database, or None when `source` is not an Engine, a Connection or a URL."""
    if isinstance(source, str | sa.URL):
        return _reflect_url(source, tables, schema)
    if isinstance(source, sa.Engine):
        return _reflect_engine(source, tables, schema)
    if isinstance(source, sa.Connection):
        return _reflect_connection(source, tables, schema)
    return None


def _parsed(text: str) -> sa.URL:
    try:
        return sa.make_url(text)
    except (ArgumentError, ValueError):
        scheme = text.partition("://")[0]
        # Not chained: the parser's own message repeats the URL with its password.
        raise SchemaError(
            f"the {scheme!r} URL cannot be parsed; expected 'dialect://user:password@host/database'"
        ) from None


def _reflect_url(source: str | sa.URL, tables: Collection[str] | None, schema: str | None) -> Found:
    url = _parsed(source) if isinstance(source, str) else source
    written = source if isinstance(source, str) else full_url(source)
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
    except ImportError as exc:
        raise missing_driver(url, exc) from exc
    except (NoSuchModuleError, ArgumentError) as exc:
        raise SchemaError(f"cannot use {redact_url(written)}: {redact_cause(exc, written)}") from None
    try:
        return _reflect_engine(engine, tables, schema, written)
    finally:
        engine.dispose()


def _reflect_engine(engine: sa.Engine, tables: Collection[str] | None, schema: str | None, written: str = "") -> Found:
    require_file(engine.url)
    with reach(engine, written) as connection:
        return _reflect_connection(connection, tables, schema)


def _reflect_connection(connection: sa.Connection, tables: Collection[str] | None, schema: str | None) -> Found:
    with _left_as_found(connection), warnings.catch_warnings():
        # SQLAlchemy warns of types and indexes that it does not know; the backends complete these.
        for category in (SAWarning, SADeprecationWarning):
            warnings.simplefilter("ignore", category)
        try:
            return _Reflection(connection, schema).read(tables)
        except SQLAlchemyError as exc:
            url = full_url(connection.engine.url)
            cause = getattr(exc, "orig", None) or exc
            raise SchemaError(f"cannot read {redact_url(url)}: {redact_cause(cause, url)}") from exc


@contextmanager
def _left_as_found(connection: sa.Connection) -> Iterator[None]:
    """End the transaction that reading began, unless the caller had one open."""
    had_transaction = connection.in_transaction()
    try:
        yield
    finally:
        if not had_transaction and connection.in_transaction():
            connection.rollback()


class _Reflection:
    """One reading of one database schema."""

    def __init__(self, connection: sa.Connection, schema: str | None) -> None:
        self.connection = connection
        self.schema = schema
        self.backend = BACKENDS.get(connection.dialect.name, Backend)(connection)
        self.metadata = sa.MetaData()
        sa.event.listen(self.metadata, "column_reflect", self._adjust)
        self.declarations: dict[str | None, Mapping[tuple[str, str], str]] = {}
        self.references: dict[str, list[Reference]] = {}

    def read(self, wanted: Collection[str] | None) -> Found:
        chosen: dict[str | None, list[str]] = {}
        for schema, name in _chosen(self.backend.tables(self.schema), wanted):
            chosen.setdefault(schema, []).append(name)
        given = {key: table for schema, names in chosen.items() for key, table in self._load(schema, names).items()}
        self.references = {key: self.backend.references(table) for key, table in given.items()}
        external = self._load_parents()
        tables = given | external
        read = {key: self._table(table, tables, external) for key, table in tables.items()}
        return Schema(tables=read, dialect=self.connection.dialect.name, external=frozenset(external)), tables

    def _load(self, schema: str | None, names: Collection[str]) -> dict[str, sa.Table]:
        if schema not in self.declarations:
            self.declarations[schema] = self.backend.declarations(schema)
        reflect: Any = self.metadata.reflect
        # A list of names would leave out those that the default schema has too.
        reflect(self.backend.inspector, schema=schema, only=lambda name, _: name in names, resolve_fks=False)
        found = {table_key(table): table for table in self.metadata.tables.values()}
        keys = [f"{schema}.{name}" if schema else name for name in names]
        return {key: found[key] for key in keys if key in found}

    def _load_parents(self) -> dict[str, sa.Table]:
        """Return the parents that were not asked for but exist."""
        known = {table_key(table) for table in self.metadata.tables.values()}
        pointed_at = {(each.parent_schema, each.parent) for found in self.references.values() for each in found}
        missing: dict[str | None, set[str]] = {}
        for schema, name in pointed_at:
            key = f"{schema}.{name}" if schema else name
            if self.backend.same_name(key, dict.fromkeys(known)) not in known:
                missing.setdefault(schema, set()).add(name)
        return {
            key: table for schema in sorted(missing, key=str) for key, table in self._existing(schema, missing[schema])
        }

    def _existing(self, schema: str | None, names: Iterable[str]) -> Iterator[tuple[str, sa.Table]]:
        present = dict.fromkeys(self.backend.inspector.get_table_names(schema=schema))
        spelled = {self.backend.same_name(name, present) for name in names}
        yield from self._load(schema, sorted(spelled & set(present))).items()

    def _table(self, table: sa.Table, known: Mapping[str, sa.Table], external: Collection[str]) -> Table:
        read = read_table(table, dialect=self.connection.dialect.name)
        if read.key not in external:
            keys = (self._foreign_key(read, reference, known) for reference in self.references[read.key])
            read = replace(read, foreign_keys=named_apart(key for key in keys if key is not None))
        return self.backend.complete(read)

    def _foreign_key(self, table: Table, reference: Reference, known: Mapping[str, sa.Table]) -> ForeignKey | None:
        schema = reference.parent_schema
        key = self.backend.same_name(f"{schema}.{reference.parent}" if schema else reference.parent, known)
        parent = known.get(key)
        pairs = None if parent is None else self._pairs(table, reference, parent)
        if not pairs:
            logger.warning("table %s: a foreign key to %s is left out: there is no such key", table.key, key)
            return None
        return ForeignKey(
            name=reference.name or "_".join(dict.fromkeys(child for child, _ in pairs)),
            pairs=pairs,
            parent=key,
            deferrable=reference.deferrable,
            initially_deferred=reference.initially_deferred,
            on_delete=reference.on_delete,
            on_update=reference.on_update,
        )

    def _pairs(self, table: Table, reference: Reference, parent: sa.Table) -> tuple[tuple[str, str], ...] | None:
        there = {str(column.name): column for column in parent.columns}
        targets = reference.parent_columns or [str(column.name) for column in parent.primary_key.columns]
        children = [self.backend.same_name(name, table.by_name) for name in reference.columns]
        parents = [self.backend.same_name(name, there) for name in targets]
        if len(children) != len(parents) or not there.keys() >= set(parents):
            return None
        return tuple(zip(children, parents, strict=True))

    def _adjust(self, _inspector: object, table: sa.Table, column: dict[str, Any]) -> None:
        declared = self.declarations.get(table.schema, {})
        self.backend.adjust(column, declared.get((str(table.name), str(column["name"])), ""))


def _chosen(found: list[TableName], wanted: Collection[str] | None) -> list[TableName]:
    if wanted is None:
        return found
    # The bare name of a table stands for the one of the first schema that has it; the default schema goes first.
    known = {name: (schema, name) for schema, name in reversed(found)}
    known |= {f"{schema}.{name}": (schema, name) for schema, name in found if schema}
    for name in wanted:
        if name not in known:
            raise UnknownNameError(f"the database has no table {name!r}{near(name, known)}")
    chosen = {known[name] for name in wanted}
    return [each for each in found if each in chosen]
