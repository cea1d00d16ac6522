"""Transactions within the transaction of a test: what is begun, committed and rolled back there are savepoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from threading import RLock
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, StaticPool
from sqlalchemy.engine.characteristics import ConnectionCharacteristic

_OF_TRANSACTIONS = ("set_isolation_level", "reset_isolation_level", "set_readonly", "set_deferrable")
"""Methods of dialects that say what transactions are like."""


class SharedPool(StaticPool):
    """Gives the one connection of a test to everyone, and keeps it open whatever they do."""

    @classmethod
    def of(cls, driver: Any, dialect: Dialect) -> SharedPool:
        """Return a pool of a connection of the driver's."""
        return cls(lambda: driver, reset_on_return=None, dialect=dialect)

    def dispose(self) -> None:
        """Keep the connection: it is the test's."""

    def recreate(self) -> SharedPool:
        """Return the pool itself: there is but one connection."""
        return self


@dataclass(slots=True)
class Joined:
    """The transactions that are open within the one of a test, the innermost last; each is known by its connection.

    `driver` is the test's connection, of the driver's. Others, which were there before the test, are left alone.
    """

    driver: Any
    open: list[tuple[Any, str]] = field(default_factory=list)
    committing: WeakKeyDictionary[Any, bool] = field(default_factory=WeakKeyDictionary)
    """Which connections are in AUTOCOMMIT, of those with a level of their own; what they begin has an empty name."""
    _alone: RLock = field(default_factory=RLock)
    _number: count[int] = field(default_factory=count)
    _sessions: WeakKeyDictionary[Any, int] = field(default_factory=WeakKeyDictionary)

    def attributes(self, dialect: Any) -> dict[str, Any]:
        """Return what stands in for attributes of a dialect by these names."""
        commits = getattr(dialect, "_on_connect_isolation_level", None) == "AUTOCOMMIT"  # nothing public tells it
        ours: dict[str, Callable[..., None]] = {
            "do_begin": partial(self.begin, commits=commits),
            "do_commit": self.commit,
            "do_rollback": self.roll_back,
            **{name: self.stay for name in _OF_TRANSACTIONS if hasattr(dialect, name)},
        }
        found: dict[str, Any] = {name: self._beside(getattr(dialect, name), method) for name, method in ours.items()}
        for name in ("do_savepoint", "do_rollback_to_savepoint", "do_release_savepoint"):
            found[name] = self._named(getattr(dialect, name), name)
        if dialect.name == "sqlite":
            found["do_execute"] = self._beginning(dialect.do_execute)
        known = dialect.connection_characteristics
        level = _Level(known["isolation_level"], self)
        return found | {"connection_characteristics": {**known, "isolation_level": level}}

    def _beside(self, original: Callable[..., None], ours: Callable[..., None]) -> Callable[..., None]:
        """Return a method that does ours to the test's connection, and the original to others."""

        def either(connection: Any, *arguments: Any) -> None:
            driver = getattr(connection, "dbapi_connection", connection)
            with self._alone:  # threads of the application share the connection
                (ours if driver is self.driver else original)(connection, *arguments)

        return either

    def _named(self, original: Callable[[Any, str], None], what: str) -> Callable[[Any, str], None]:
        """Return a method for savepoints that gives those of each connection names of their own.

        One that is undone takes all with it that began after it; one that is released, only what is its connection's.
        """

        def named(connection: Any, name: str) -> None:
            driver = connection.connection.dbapi_connection
            if driver is not self.driver:
                original(connection, name)
                return
            with self._alone:
                end = f"_{self._sessions.setdefault(connection, next(self._number))}"
                own = name + end
                place = next((place for place, (_, each) in enumerate(self.open) if each == own), len(self.open))
                others = [each for each in self.open[place + 1 :] if not each[1].endswith(end)]
                if what != "do_release_savepoint" or not others:  # as theirs would go with it
                    original(connection, own)
                if what == "do_savepoint":
                    self.open.append((None, own))
                elif what == "do_rollback_to_savepoint":
                    del self.open[place + 1 :]
                else:
                    self.open[place:] = others

        return named

    def _beginning(self, original: Callable[..., None]) -> Callable[..., None]:
        """Return a method that passes over the BEGIN by which applications have SQLite's driver begin: it has begun."""

        def executed(cursor: Any, statement: str, *arguments: Any) -> None:
            if cursor.connection is not self.driver or statement.lstrip()[:5].upper() != "BEGIN":
                original(cursor, statement, *arguments)

        return executed

    def stay(self, _: Any, value: Any = None) -> None:
        """Keep what the test's transaction began with: to change it ends the transaction, or is refused within one."""

    def begin(self, connection: Any, *, commits: bool) -> None:
        name = "" if self.committing.get(connection, commits) else f"syda_{next(self._number)}"
        if name:
            execute(connection, f"SAVEPOINT {name}")
        self.open.append((connection, name))

    def commit(self, connection: Any) -> None:
        """Keep what was done: the savepoint goes, unless others began after it."""
        place = self._place(connection)
        if place is not None:
            if place == len(self.open) - 1 and self.open[place][1]:
                execute(connection, f"RELEASE SAVEPOINT {self.open[place][1]}")
            del self.open[place]

    def roll_back(self, connection: Any) -> None:
        """Undo what was done since it began, by others too: they share the connection."""
        place = self._place(connection)
        if place is not None and not self.open[place][1]:
            del self.open[place]
        elif place is not None:
            execute(connection, f"ROLLBACK TO SAVEPOINT {self.open[place][1]}")
            execute(connection, f"RELEASE SAVEPOINT {self.open[place][1]}")
            del self.open[place:]

    def _place(self, connection: Any) -> int | None:
        return next((place for place, (each, _) in enumerate(self.open) if each is connection), None)


@dataclass(slots=True)
class _Level(ConnectionCharacteristic):
    """The isolation level of connections, of which those of a test have but their AUTOCOMMIT for themselves.

    It is set here, and not where the level is, as only here the connection is known that asks for it: the driver's is
    everyone's.
    """

    original: ConnectionCharacteristic
    joined: Joined
    transactional: ClassVar[bool] = True

    def set_connection_characteristic(self, dialect: Dialect, conn: Connection, dbapi_conn: Any, value: Any) -> None:
        self.original.set_connection_characteristic(dialect, conn, dbapi_conn, value)
        if dbapi_conn is self.joined.driver:
            # The connection's connection is another one when it is opened again.
            self.joined.committing[conn.connection] = value.upper() == "AUTOCOMMIT"

    def set_characteristic(self, dialect: Dialect, dbapi_conn: Any, value: Any) -> None:
        self.original.set_characteristic(dialect, dbapi_conn, value)

    def reset_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> None:
        self.original.reset_characteristic(dialect, dbapi_conn)

    def get_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> Any:
        return self.original.get_characteristic(dialect, dbapi_conn)


def execute(connection: Any, statement: str) -> None:
    """Execute a statement by the driver."""
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
