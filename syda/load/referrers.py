"""Rows of other tables that refer to rows about to be deleted, whatever the models know of those tables.

A database would refuse the deletion, delete those rows too (ON DELETE CASCADE), or empty their columns (SET NULL);
SQLite, which enforces foreign keys only when told to, would leave them without their parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql import quoted_name

from syda.errors import NotEmptyError
from syda.schema.model import Table

_POSTGRESQL = sa.text(
    "SELECT n.nspname, t.relname, ARRAY(SELECT a.attname::text FROM unnest(f.conkey) k JOIN pg_attribute a"
    "  ON a.attrelid = f.conrelid AND a.attnum = k)"
    " FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    " WHERE f.contype = 'f' AND f.confrelid = to_regclass(:name) AND f.conparentid = 0 ORDER BY 1, 2, f.conname"
)
_MYSQL = sa.text(
    "SELECT table_schema, table_name, group_concat(column_name ORDER BY ordinal_position SEPARATOR '\n')"
    " FROM information_schema.key_column_usage"
    " WHERE referenced_table_schema = coalesce(:schema, database()) AND referenced_table_name = :name"
    " GROUP BY table_schema, table_name, constraint_name ORDER BY table_schema, table_name, constraint_name"
)


class Loadable(Protocol):
    """One table of a load, as far as this asks."""

    @property
    def table(self) -> Table: ...
    @property
    def target(self) -> sa.Table: ...


@dataclass(frozen=True, slots=True)
class Referrer:
    """A table and the columns by which it refers to another."""

    schema: str | None
    name: str
    columns: tuple[str, ...]


def require_unused(connection: Connection, going: Sequence[Loadable], *, beside: Sequence[Loadable]) -> None:
    """Raise `NotEmptyError` when rows refer to rows of `going`, of tables other than those `beside`, which go too."""
    names = {_full_name(connection, load.target.schema, load.target.name) for load in beside}
    for load in going:
        for referrer in _referrers(connection, load.target):
            rows = 0
            if _full_name(connection, referrer.schema, referrer.name) not in names:
                rows = _count(connection, referrer)
            if rows:
                raise NotEmptyError(
                    f"replacing the rows of {load.table.key} would delete, change or orphan the {rows:,} rows of "
                    f"{referrer.name} that refer to them; empty that table yourself, have it filled too, "
                    f"or use mode='append'",
                    {referrer.name: rows},
                )


def _full_name(connection: Connection, schema: str | None, name: str) -> tuple[str | None, str]:
    known = schema or connection.dialect.default_schema_name
    return (known, name.lower()) if connection.dialect.name == "sqlite" else (known, name)


def _count(connection: Connection, referrer: Referrer) -> int:
    columns: list[sa.ColumnClause[object]] = [sa.column(quoted_name(name, quote=True)) for name in referrer.columns]
    table = sa.table(quoted_name(referrer.name, quote=True), *columns, schema=referrer.schema)
    used = sa.and_(*(column.is_not(None) for column in columns))
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table).where(used)) or 0)


def _referrers(connection: Connection, target: sa.Table) -> Iterator[Referrer]:
    dialect = connection.dialect
    if dialect.name == "postgresql":
        name = dialect.identifier_preparer.format_table(target).replace("%%", "%")
        for schema, table, columns in connection.execute(_POSTGRESQL, {"name": name}):
            yield Referrer(schema, table, tuple(columns))
    elif dialect.name in ("mysql", "mariadb"):
        found = connection.execute(_MYSQL, {"schema": target.schema, "name": target.name}).all()
        for schema, table, columns in found:
            yield Referrer(schema, table, tuple(columns.split("\n")))
    else:
        yield from _reflected(connection, target)


def _reflected(connection: Connection, target: sa.Table) -> Iterable[Referrer]:
    """Find them by what every dialect can tell, one schema at a time."""
    for (_, name), links in sa.inspect(connection).get_multi_foreign_keys(schema=target.schema).items():
        for link in links:
            if (link["referred_table"].lower(), link["referred_schema"]) == (target.name.lower(), target.schema):
                yield Referrer(target.schema, name, tuple(link["constrained_columns"]))
