"""Keeps env.py and the revisions of a rehearsal in the database that was made for it, by whatever engine they go."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakSet

from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from syda.errors import MigrationError
from syda.migrations.identity import databases, files, identity, identity_of
from syda.migrations.outside import reaches_outside, variable_that_is_run

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MYSQL = ("mysql", "mariadb")
_REACHED = "syda_reached"
"""Under which a connection's `info`, which is forgotten with the connection of its driver, has the identity."""
_NAMING = ("dbname", "database", "db")
"""What drivers call the argument that names a database."""
_ADVICE = (
    "A rehearsal only works in the database that was made for it: use the connection that env.py is given, "
    '`config.attributes.get("connection")`, or the URL `config.get_main_option("sqlalchemy.url")`, '
    "and in a revision `op.get_bind()`"
)


@dataclass(slots=True)
class Confined:
    """Refuses connections of SQLAlchemy's to another database than one, and statements that reach out of it."""

    dialect: str
    name: str
    identity: tuple[object, ...]
    others: frozenset[str]
    spared: WeakSet[threading.Thread]
    """Threads that are none of the rehearsal's."""
    refused: list[MigrationError] = field(default_factory=list)
    _holds: bool = False
    _statement: str = ""
    _authorized: list[Any] = field(default_factory=list)

    @classmethod
    def to(cls, connection: Connection, spared: WeakSet[threading.Thread]) -> Confined:
        """Return what keeps to the database of a connection."""
        name = str(connection.engine.url.database or "")
        others = frozenset(each.casefold() for each in databases(connection)) - {name.casefold()}
        reached = connection.info[_REACHED] = identity(connection)
        return cls(_family(connection.dialect.name), name, reached, others, spared)

    @classmethod
    def nowhere(cls, spared: WeakSet[threading.Thread]) -> Confined:
        """Return what lets no connection be used at all, but for SQLite's in memory."""
        return cls("", "", (), frozenset(), spared)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Refuse within the block what the engines of its threads do elsewhere, and raise what was refused.

        It is raised at the end again where the code that was refused has gone on as if nothing were, or has raised
        another error for it.
        """
        listeners = (
            (Engine, "do_connect", self._before_connecting),
            (Pool, "checkout", self._before_use),
            (Engine, "before_cursor_execute", self._before_statement),
        )
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        self._holds = True
        try:
            yield
        except (Exception, SystemExit) as error:
            if self.refused and error is not self.refused[0]:
                raise self.refused[0] from error
            raise
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)
            self._release()
        if self.refused:
            raise self.refused[0]

    def _is_spared(self) -> bool:
        return threading.current_thread() in self.spared

    def _before_connecting(self, dialect: Any, _record: Any, given: Any, named: Any) -> None:
        """Refuse what can be told without connecting: SQLite would make the file, a server would be asked."""
        if self._is_spared():
            return
        family = _family(dialect.name)
        path = str(named.get("database", given[0] if given else "")) if family == "sqlite" else ""
        if family != self.dialect and not (family == "sqlite" and _in_memory(path)):
            self._refuse_connection(family, "")
        if family == "sqlite" and self.dialect == "sqlite":
            if not _in_memory(path) and (_plain(path),) != self.identity:
                self._refuse_connection(family, path)
            return
        name = next((str(named[each]) for each in _NAMING if named.get(each)), self.name)
        if family == self.dialect and name != self.name:
            self._refuse_connection(family, name)

    def _before_use(self, driver: Any, record: Any, proxy: Any) -> None:
        """Refuse a connection, new or kept from before, by what its database says of itself."""
        if self._is_spared():
            return
        # SQLAlchemy has no public way from a driver's connection to its dialect.
        family = _family(getattr(proxy._pool._dialect, "name", ""))  # noqa: SLF001
        if family == "sqlite":
            self._require_files(driver)
        elif family != self.dialect:
            self._refuse_connection(family, "")
        else:
            record.info[_REACHED] = identity_of(family, driver)
            driver.rollback()
            self._require_reached(family, record.info[_REACHED])

    def _before_statement(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        """Refuse a statement on a connection that was opened before all this, and one that reaches out."""
        if self._is_spared():
            return
        family, driver = _family(connection.dialect.name), connection.connection.dbapi_connection
        if family == "sqlite":
            self._statement = statement
            self._require_files(driver)
            return
        if family != self.dialect:
            self._refuse_connection(family, "")
        if _REACHED not in connection.info:
            connection.info[_REACHED] = identity_of(family, driver)
        self._require_reached(family, connection.info[_REACHED])
        asked = variable_that_is_run(statement) if family == "mysql" else ""
        run = _value(driver, asked) if asked else statement
        if outside := reaches_outside(run, family, self.name, self.others):
            self._refuse_statement(run, outside)

    def _require_reached(self, family: str, reached: object) -> None:
        if reached != self.identity:
            self._refuse_connection(family, "")

    def _require_files(self, driver: Any) -> None:
        """Refuse a connection of SQLite's that has another file, and have it open none from now on."""
        if other := [each for each in files(driver).values() if each is not None and (each,) != self.identity]:
            self._refuse_connection("sqlite", str(other[0]))
        if not any(each is driver for each in self._authorized):
            self._authorized.append(driver)
            _authorize(driver, self._authorize)

    def _authorize(self, action: int, file: str | None, *_: Any) -> int:
        """Tell SQLite whether a statement may do something; ``VACUUM INTO`` attaches its file, too."""
        if action != sqlite3.SQLITE_ATTACH or file in ("", ":memory:") or not self._holds:
            return sqlite3.SQLITE_OK
        with suppress(MigrationError):  # SQLite makes an error of its own of the answer
            self._refuse_statement(self._statement, "attaches another file")
        return sqlite3.SQLITE_DENY

    def _release(self) -> None:
        self._holds = False
        for driver in self._authorized:
            with suppress(Exception):  # it may be closed, or another thread's
                _authorize(driver, None)
        self._authorized.clear()

    def _refuse_statement(self, statement: str, outside: str) -> None:
        self._refuse(f"the statement {' '.join(statement.split())[:200]!r} {outside}; it was not run")

    def _refuse_connection(self, family: str, name: str) -> NoReturn:
        named = f" ({name})" if name else ""
        if not self.identity:
            self._refuse(f"code at module level goes to a database, {family}{named}. That was refused")
        self._refuse(
            f"it goes to another database than the one of the URL: {family}{named}. That was refused, so that "
            f"nothing was changed there"
        )

    def _refuse(self, said: str) -> NoReturn:
        error = MigrationError(f"{said}. {_ADVICE}")
        self.refused.append(error)
        raise error


def other_threads() -> WeakSet[threading.Thread]:
    """Return the threads that run now, but for this one."""
    return WeakSet(each for each in threading.enumerate() if each is not threading.current_thread())


def _authorize(driver: Any, asked: Any) -> None:
    """Have SQLite ask a function before all that a connection does, or no more."""
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(asked)
    elif hasattr(driver, "run_async"):  # aiosqlite's has a thread of its own
        driver.run_async(lambda own: own._execute(partial(own._conn.set_authorizer, asked)))  # noqa: SLF001


def _value(driver: Any, variable: str) -> str:
    """Return what a variable of MySQL's session holds."""
    with closing(driver.cursor()) as cursor:
        cursor.execute(f"SELECT {variable}")
        found = cursor.fetchone()[0]
    return found.decode(errors="replace") if isinstance(found, bytes) else str(found or "")


def _family(dialect: str) -> str:
    return "mysql" if dialect in _MYSQL else dialect


def _in_memory(path: str) -> bool:
    return path in ("", ":memory:") or "mode=memory" in path or path.startswith("file::memory:")


def _plain(path: str) -> Path:
    return Path(path.removeprefix("file:").partition("?")[0] if path.startswith("file:") else path).resolve()
