"""Constraints last: PostgreSQL makes keys, indexes and foreign keys of a full table far faster than row by row.

Everything happens in the load's transaction, from the definitions that PostgreSQL itself writes, so that the catalogue
is afterwards what it was before, and a fault leaves it so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from syda.load.roads.catalog import ForeignKeyRow, Index, has_event_triggers, movable, table_facts
from syda.load.roads.columns import quoted_table
from syda.load.roads.core import execute_as_written
from syda.load.roads.table_load import TableLoad
from syda.load.target import first_line

_MEMORY_KB = 256 * 1024  # most that one load lets PostgreSQL sort in
_DEFERRALS = (" INITIALLY DEFERRED", " DEFERRABLE")


@dataclass(frozen=True, slots=True)
class Taken:
    """What was dropped, and how it is made again."""

    connection: Connection
    tables: dict[int, str]
    keys: frozenset[str]
    indexes: list[Index]
    links: list[ForeignKeyRow]
    oids: dict[str, int]

    def has_table(self, load: TableLoad) -> bool:
        """Tell whether the table's rows come without constraints."""
        return load.table.key in self.keys

    def has_foreign_key(self, load: TableLoad, name: str) -> bool:
        """Tell whether the foreign key, by its name in the schema, is checked after the rows."""
        columns = set(load.table.foreign_key(name).columns)
        own = [link for link in self.links if link.on_oid == self.oids.get(load.table.key)]
        named = [link for link in own if link.name == name]
        return bool(named or any(set(link.columns) == columns for link in own))

    def restore(self) -> None:
        """Make everything again: keys and indexes in their old order, then statistics, then foreign keys."""
        self._execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the end of the transaction forbids ALTER TABLE
        before = self._settings("maintenance_work_mem", "default_tablespace")
        kilobytes = sa.text("SELECT setting::int8 FROM pg_settings WHERE name = 'maintenance_work_mem'")
        if (self.connection.scalar(kilobytes) or 0) < _MEMORY_KB:
            self._set("maintenance_work_mem", f"{_MEMORY_KB}kB")
        for index in self.indexes:
            self._set("default_tablespace", index.tablespace or "")
            self._run(index_statements(index))
        for name, value in before.items():
            if name == "default_tablespace":
                self._set(name, value)
        for table in self.tables.values():
            self._execute(f"ANALYZE {table}")
        for link in self.links:
            self._run(foreign_key_statements(link, is_new=link.on_oid in self.tables))
        self._set("maintenance_work_mem", before["maintenance_work_mem"])

    def drop(self) -> None:
        for link in self.links:
            self._execute(f"ALTER TABLE {link.on_table} DROP CONSTRAINT {_quoted(link.name)}")
        for index in self.indexes:
            if index.key_name is None:
                self._execute(f"DROP INDEX {index.full_name}")
            else:
                self._execute(f"ALTER TABLE {index.on_table} DROP CONSTRAINT {_quoted(index.key_name)}")

    def _settings(self, *names: str) -> dict[str, str]:
        read = sa.text("SELECT current_setting(:name)")
        return {name: self.connection.scalar(read, {"name": name}) or "" for name in names}

    def _set(self, name: str, value: str) -> None:
        self.connection.execute(sa.text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._execute(statement)

    def _execute(self, statement: str) -> None:
        execute_as_written(self.connection, statement)


def take_constraints(
    connection: Connection, loads: Sequence[TableLoad], last: Sequence[TableLoad], *, waits: bool
) -> tuple[Taken | None, str]:
    """Drop the constraints of the tables of `last`, of which nothing was a hindrance; else return what was in the way.

    When somebody else uses a table, and the caller does not say that it `waits`, constraints stay.
    """
    if not last:
        return None, ""
    names = _names(connection, loads)
    oids = {key: table_facts(connection, name).oid for key, name in names.items()}
    savepoint = connection.begin_nested()
    try:
        taken = _drop(connection, oids, names, {load.table.key for load in last}, "" if waits else " NOWAIT")
    except exc.DBAPIError as error:
        if error.connection_invalidated or not savepoint.is_active:
            raise
        savepoint.rollback()  # somebody holds a lock, or has a cursor open: the rows are checked one by one then
        return None, first_line(error.orig)
    except BaseException:
        if savepoint.is_active:
            savepoint.rollback()
        raise
    savepoint.commit()
    return taken, ""


def hindrances(
    connection: Connection, loads: Sequence[TableLoad], large: Sequence[TableLoad], emptied: Collection[str]
) -> dict[str, str]:
    """Return, of the tables with many rows, why their constraints have to stay while the rows come."""
    keys = [load.table.key for load in large]
    if has_event_triggers(connection):
        return dict.fromkeys(keys, "an event trigger watches what is done to tables")
    names = _names(connection, loads)
    facts = {key: table_facts(connection, name) for key, name in names.items()}
    fires = next((key for key, fact in facts.items() if fact and fact.fires), None)
    if fires is not None:
        return dict.fromkeys(keys, f"table {fires!r} has triggers, which may need them")
    found = {key: _hindrance(connection, names[key], facts[key], is_emptied=key in emptied) for key in keys}
    return {key: why for key, why in found.items() if why}


def _hindrance(connection: Connection, name: str, fact: Any, *, is_emptied: bool) -> str:
    if fact is None:
        return ""  # the load makes the table
    if not fact.owned:
        return f"role {fact.role!r} does not own it"
    if not fact.indexable:
        return f"role {fact.role!r} may not make indexes in its schema"
    if not fact.plain:
        return "it is partitioned, inherits, or is no plain table"
    return "" if is_emptied or _is_empty(connection, name) else "it has rows already"


def _names(connection: Connection, loads: Sequence[TableLoad]) -> dict[str, str]:
    return {load.table.key: quoted_table(load.target, connection.dialect) for load in loads}


def _is_empty(connection: Connection, name: str) -> bool:
    return not execute_as_written(connection, f"SELECT 1 FROM {name} LIMIT 1").first()


def _drop(
    connection: Connection, oids: dict[str, int], names: dict[str, str], chosen: set[str], nowait: str
) -> Taken | None:
    for key in sorted(chosen):
        execute_as_written(connection, f"LOCK TABLE {names[key]} IN ACCESS EXCLUSIVE MODE{nowait}")
    empty = {key for key in sorted(chosen) if _is_empty(connection, names[key])}  # under the lock, for certain
    if not empty:
        return None
    indexes, links = movable(connection, [oids[key] for key in empty])
    for table in sorted({link.on_table for link in links} - {names[key] for key in empty}):
        execute_as_written(connection, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE{nowait}")
    tables = {oids[key]: names[key] for key in sorted(empty)}
    taken = Taken(connection, tables, frozenset(empty), indexes, links, oids)
    taken.drop()
    return taken


def index_statements(index: Index) -> list[str]:
    """Return what makes an index or key again, with all that hangs on it."""
    if index.key_name is None:
        statements = [index.definition]
    else:
        definition = _with_options(index.definition, index.options)
        statements = [f"ALTER TABLE {index.on_table} ADD CONSTRAINT {_quoted(index.key_name)} {definition}"]
    if index.comment is not None:
        statements.append(f"COMMENT ON INDEX {index.full_name} IS {_literal(index.comment)}")
    if index.key_comment is not None and index.key_name is not None:
        on = f"{_quoted(index.key_name)} ON {index.on_table}"
        statements.append(f"COMMENT ON CONSTRAINT {on} IS {_literal(index.key_comment)}")
    for number, target in index.targets:
        statements.append(f"ALTER INDEX {index.full_name} ALTER COLUMN {number} SET STATISTICS {target}")
    if index.clustered:
        statements.append(f"ALTER TABLE {index.on_table} CLUSTER ON {_quoted(index.name)}")
    if index.identifies:
        statements.append(f"ALTER TABLE {index.on_table} REPLICA IDENTITY USING INDEX {_quoted(index.name)}")
    return statements


def _with_options(definition: str, options: list[str] | None) -> str:
    """Put storage options where they belong: pg_get_constraintdef leaves them out."""
    if not options:
        return definition
    tail = ""
    for deferral in _DEFERRALS:
        if definition.endswith(deferral):
            definition, tail = definition.removesuffix(deferral), deferral + tail
    pairs = (option.partition("=") for option in options)
    return f"{definition} WITH ({', '.join(f'{_quoted(name)} = {_literal(value)}' for name, _, value in pairs)}){tail}"


def foreign_key_statements(link: ForeignKeyRow, *, is_new: bool) -> list[str]:
    """Return what makes a foreign key again; one that is NOT VALID is first checked for new rows."""
    add = f"ALTER TABLE {link.on_table} ADD CONSTRAINT {_quoted(link.name)} "
    statements = [add + link.definition]
    if not link.validated and is_new:
        drop = f"ALTER TABLE {link.on_table} DROP CONSTRAINT {_quoted(link.name)}"
        statements = [add + link.definition.removesuffix(" NOT VALID"), drop, *statements]
    if link.comment is not None:
        statements.append(f"COMMENT ON CONSTRAINT {_quoted(link.name)} ON {link.on_table} IS {_literal(link.comment)}")
    return statements


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Return the text as a literal that reads the same under either standard_conforming_strings."""
    quoted = text.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"
