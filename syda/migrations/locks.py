"""The locks that a migration takes on tables of PostgreSQL, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# What keeps others from writing, or from reading too. Tables that the migration itself makes are not seen from another
# connection, and so are left out.
_HELD = sa.text("""
    SELECT CASE WHEN n.nspname = current_schema() THEN c.relname ELSE n.nspname || '.' || c.relname END, l.mode
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.pid = :process AND l.granted AND l.locktype = 'relation' AND c.relkind IN ('r', 'p')
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
""")


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock of a table, the statement that took it, and the seconds from there to the end of the transaction."""

    table: str
    mode: str
    statement: str
    seconds: float


@dataclass(slots=True)
class LockWatch:
    """Sees after each statement of a migration which tables are locked, through a connection of its own."""

    engine: Engine
    _process: int = 0
    _began: float = 0.0
    _taken: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    _released: list[Lock] = field(default_factory=list)

    @contextmanager
    def on(self, migration: Connection) -> Iterator[None]:
        """Watch a connection's statements; of other databases than PostgreSQL nothing is seen."""
        if migration.dialect.name != "postgresql":
            yield
            return
        self._process = migration.exec_driver_sql("SELECT pg_catalog.pg_backend_pid()").scalar() or 0
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:

            def before(*_: Any) -> None:
                self._began = perf_counter()

            def after(_migration: Any, _cursor: Any, statement: str, *_: Any) -> None:
                for table, mode in watcher.execute(_HELD, {"process": self._process}):
                    self._taken.setdefault((table, mode), (self._began, statement))

            # A revision may leave its transaction before the end, as by autocommit_block.
            listeners = (
                ("before_cursor_execute", before),
                ("after_cursor_execute", after),
                ("commit", self.end),
                ("rollback", self.end),
            )
            for name, listener in listeners:
                event.listen(migration, name, listener)
            try:
                yield
            finally:
                for name, listener in listeners:
                    event.remove(migration, name, listener)

    def end(self, *_: Any) -> None:
        """Say that the transaction is over."""
        ended = perf_counter()
        for (table, mode), (began, statement) in sorted(self._taken.items(), key=lambda item: item[1][0]):
            self._released.append(Lock(table, mode, " ".join(statement.split()), ended - began))
        self._taken.clear()

    def longest(self) -> list[Lock]:
        """Return of each table the lock that was held longest."""
        found: dict[str, Lock] = {}
        for lock in self._released:
            if lock.table not in found or found[lock.table].seconds < lock.seconds:
                found[lock.table] = lock
        return list(found.values())
