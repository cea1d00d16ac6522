"""Faults that a database does not refuse: values that its type no longer permits, or that it has made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from syda.migrations.report import Finding
from syda.migrations.states import State
from syda.schema.model import Column, DefaultKind, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_ZEROS = {
    Kind.TEXT: "''",
    Kind.ENUM: "''",
    Kind.INTEGER: "0",
    Kind.FLOAT: "0",
    Kind.DECIMAL: "0",
    Kind.BOOLEAN: "0",
    Kind.DATE: "'0000-00-00'",
    Kind.DATETIME: "'0000-00-00 00:00:00'",
}
"""What MariaDB and MySQL put into the rows of a table that gets a required column without a default."""


def silent_faults(engine: Engine, before: State, after: State) -> list[Finding]:
    """Return what an upgrade has done to values without a word of the database."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            too_much = [*_too_long(connection, before, after), *_too_large(connection, before, after)]
            return [*too_much, *_without_parents(before, after)]
        if engine.dialect.name in ("mysql", "mariadb"):
            return list(_made_up(connection, before, after))
    return []


def _too_long(connection: Connection, before: State, after: State) -> Iterator[Finding]:
    """Yield columns with values longer than their new type says: SQLite takes any length, other databases do not."""
    for key, old, new in _columns(before, after):
        length = new.type.length
        if old is None or length is None or new.type.kind is not Kind.TEXT or (old.type.length or length + 1) <= length:
            continue
        table = after.tables[key]
        long = sa.func.length(table.columns[new.name]) > length
        if count := connection.execute(sa.select(sa.func.count()).select_from(table).where(long)).scalar():
            said = f"{count:,} values of {key}.{new.name} are longer than the {length} characters of its new type"
            yield Finding(fault="values too long", phase="upgrade", said=said, table=key)


def _too_large(connection: Connection, before: State, after: State) -> Iterator[Finding]:
    """Yield columns with numbers that their new type does not permit, which SQLite takes all the same."""
    for key, old, new in _columns(before, after):
        kind = new.type
        if old is None or kind.kind is not Kind.DECIMAL or kind.precision is None or old.type == kind:
            continue
        table, scale = after.tables[key], kind.scale or 0
        number = sa.type_coerce(table.columns[new.name], sa.Float)
        limit = float(10 ** (kind.precision - scale))
        rounded = sa.func.abs(sa.func.round(number, scale) - number) > 10.0 ** -(scale + 4)
        asked = sa.select(sa.func.count()).select_from(table).where((sa.func.abs(number) >= limit) | rounded)
        if count := connection.execute(asked).scalar():
            said = f"{count:,} values of {key}.{new.name} do not fit its new type NUMERIC({kind.precision}, {scale})"
            yield Finding(fault="values too long", phase="upgrade", said=said, table=key)


def _without_parents(before: State, after: State) -> Iterator[Finding]:
    """Yield foreign keys over rows that they do not permit: SQLite only looks at rows that come later."""
    for (key, parent), count in after.orphans.items():
        if count > before.orphans.get((key, parent), 0):
            said = f"{count:,} rows of {key} refer to rows of {parent} that are not there"
            yield Finding(fault="parents missing", phase="upgrade", said=said, table=key)


def _made_up(connection: Connection, before: State, after: State) -> Iterator[Finding]:
    """Yield new required columns without a default in which all old rows have the type's zero."""
    for key, old, new in _columns(before, after):
        has_default = new.default_kind is not DefaultKind.NONE or new.autoincrement or new.computed is not None
        zero = _ZEROS.get(new.type.kind)
        if old is not None or new.nullable or has_default or zero is None or not after.rows[key]:
            continue
        table = after.tables[key]
        other = sa.select(sa.func.count()).select_from(table).where(table.columns[new.name] != sa.literal_column(zero))
        if not connection.execute(other).scalar():
            said = (
                f"{key}.{new.name} is required and has no default: all {after.rows[key]:,} rows have got {zero} in it"
            )
            yield Finding(fault="values made up", phase="upgrade", said=said, table=key)


def _columns(before: State, after: State) -> Iterator[tuple[str, Column | None, Column]]:
    """Yield the columns of tables that had rows: as they were, if they were, and as they are."""
    for key, table in after.schema.tables.items():
        if before.rows.get(key):
            old = before.schema.tables[key].by_name
            for column in table.columns:
                yield key, old.get(column.name), column
