"""Constraints last: PostgreSQL makes keys, indexes and foreign keys of a full table far faster than row by row.

Everything happens in the load's transaction, from the definitions that PostgreSQL itself writes, so that the catalogue
is afterwards what it was before, and a fault leaves it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from syda.load.catalog import ForeignKeyRow, Index, has_event_triggers, movable, table_facts
from syda.load.columns import quoted_table
from syda.load.core import execute_as_written
from syda.load.table_load import TableLoad

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
    connection: Connection, loads: Sequence[TableLoad], large: Sequence[TableLoad], *, waits: bool
) -> Taken | None:
    """Drop the constraints of large loads into empty tables of the role's own; None where nothing can be dropped.

    When somebody else uses a table, and the caller does not say that it `waits`, constraints stay.
    """
    if not large or has_event_triggers(connection):
        return None
    names = {load.table.key: quoted_table(load.target, connection.dialect) for load in loads}
    facts = {key: table_facts(connection, name) for key, name in names.items()}
    if any(fact.fires for fact in facts.values()):
        return None
    chosen = {load.table.key for load in large if facts[load.table.key].movable}
    savepoint = connection.begin_nested()
    try:
        taken = _drop(connection, {key: facts[key].oid for key in names}, names, chosen, "" if waits else " NOWAIT")
    except exc.DBAPIError as error:
        if error.connection_invalidated or not savepoint.is_active:
            raise
        savepoint.rollback()  # somebody holds a lock, or has a cursor open: the rows are checked one by one then
        return None
    except BaseException:
        if savepoint.is_active:
            savepoint.rollback()
        raise
    savepoint.commit()
    return taken


def _drop(
    connection: Connection, oids: dict[str, int], names: dict[str, str], chosen: set[str], nowait: str
) -> Taken | None:
    for key in sorted(chosen):
        execute_as_written(connection, f"LOCK TABLE {names[key]} IN ACCESS EXCLUSIVE MODE{nowait}")
    empty = {
        key
        for key in sorted(chosen)
        if not execute_as_written(connection, f"SELECT 1 FROM {names[key]} LIMIT 1").first()
    }
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
