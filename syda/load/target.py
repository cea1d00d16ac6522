"""Opens what a user calls a database: an engine, a URL, a connection or a session."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, exc, make_url
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, scoped_session

from syda.errors import PlanError, RejectedError, TargetError, near
from syda.redact import redact_cause, redact_url
from syda.schema.drivers import missing_driver
from syda.schema.reach import full_url, reach, require_file, sqlite_file
from syda.schema.read import DATABASE_ENDINGS

Target = Engine | Connection | Session | scoped_session[Any] | URL | str
_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql")
_SYNCHRONOUS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite", "mysql": "mysql+pymysql"}
_REFUSED_BY_MARIADB = (1644, 3819, 4025)  # SIGNAL in a trigger, and a CHECK as MySQL and MariaDB number it
_TROUBLE = ("08", "40", "53", "54", "55P03", "57", "58", "F0", "XX")
"""How the states begin of connections, deadlocks, resources, limits, locks, shutdowns, files and bugs."""
_EXPECTED = "expected a SQLAlchemy Engine, Connection, Session or a database URL"


def is_async(target: object) -> bool:
    """Tell whether a target needs an event loop, without importing what only such targets need."""
    if isinstance(target, URL | str):
        try:
            return bool(make_url(target).get_dialect().is_async)
        except (exc.ArgumentError, ValueError, ImportError):
            return False  # connecting says what is wrong with it
    return any(each.__module__.startswith("sqlalchemy.ext.asyncio") for each in type(target).__mro__)


@contextmanager
def connected(target: Target) -> Iterator[Connection]:
    """Yield a connection to the target, without beginning or ending a transaction of its own.

    Raises `TargetError` when the target is something else or cannot be reached.
    """
    if isinstance(target, Connection):
        if target.closed:
            raise TargetError("the connection is closed")
        yield target
    elif isinstance(target, Session | scoped_session):
        yield _connection_of(target)
    elif isinstance(target, Engine):
        with _own(reach(target)) as connection:
            yield connection
    elif isinstance(target, URL | str):
        engine = engine_of(target)
        file = sqlite_file(engine.url)
        is_new = file is not None and not file.exists()
        try:
            with _own(reach(engine, target if isinstance(target, str) else "")) as connection:
                yield connection
        finally:
            engine.dispose()
            if file is not None and is_new:
                _remove_unfilled(file)
    else:
        raise TargetError(f"{_EXPECTED}, got {_described(target)}")


def _described(target: object) -> str:
    return f"the class {target.__name__}" if isinstance(target, type) else type(target).__name__


def _connection_of(session: Session | scoped_session[Any]) -> Connection:
    try:
        with rejections("flushing the session"):
            session.flush()
        return session.connection()
    except exc.UnboundExecutionError as error:
        raise TargetError("the session has no database: it is not bound to an engine") from error
    except exc.InvalidRequestError as error:
        raise TargetError(f"the session cannot be used: {first_line(error)}") from error


def _remove_unfilled(file: Path) -> None:
    """Remove a file that SQLite made to be asked, unless something was committed to it that it holds."""
    journal = file.with_name(f"{file.name}-journal")  # there while a transaction is neither committed nor rolled back
    with suppress(OSError):
        if journal.exists() or not file.stat().st_size or _holds_nothing(file):
            file.unlink()
            journal.unlink(missing_ok=True)


def _holds_nothing(file: Path) -> bool:
    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as connection:
        return not connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    return False


def require_database(target: Target) -> None:
    """Raise `TargetError` for the URL of an SQLite file that does not exist, which connecting would make."""
    if isinstance(target, URL | str):
        require_file(parsed_url(target))


def parsed_url(url: URL | str) -> URL:
    """Return a URL that was given as text. Raises `TargetError` without showing what may be a password."""
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        # Neither chained nor shown: which part is the password cannot be told.
        scheme, found, _ = str(url).partition("://")
        which = f"the {scheme!r} URL" if found else "the text"
        file = (
            "" if found or not str(url).endswith(DATABASE_ENDINGS) else f"; for an SQLite file give 'sqlite:///{url}'"
        )
        raise TargetError(
            f"{_EXPECTED} (dialect://user:password@host:port/name); {which} cannot be read as one{file}"
        ) from None


def synchronous_url(url: URL | str, why: str) -> URL:
    """Return a URL whose driver needs no event loop; raise `PlanError`, with the reason `why`, for one that does."""
    parsed = parsed_url(url)
    if is_async(parsed):
        other, got = _SYNCHRONOUS.get(parsed.get_backend_name(), "another"), redact_url(full_url(parsed))
        raise PlanError(f"expected the URL of a synchronous driver, such as {other}://..., got {got}; {why}")
    return parsed


def engine_of(url: URL | str, **options: Any) -> Engine:
    """Return an engine for a URL. Raises `TargetError` that shows it without its secrets where there can be none."""
    parsed = parsed_url(url)
    try:
        return create_engine(parsed, **options)
    except exc.ArgumentError as error:
        written = full_url(parsed)
        meant = near(parsed.get_backend_name(), _DIALECTS) if isinstance(error, exc.NoSuchModuleError) else ""
        raise TargetError(f"cannot use {redact_url(written)}: {redact_cause(error, written)}{meant}") from None
    except ImportError as error:
        raise missing_driver(parsed, error) from error


def use_transactions(connection: Connection) -> bool:
    """Have a connection that nobody else holds work in transactions, although its engine or driver has none.

    Tells whether that was needed: then it has to be invalidated, for the pool's next user expects it as it was.
    """
    if not _commits_each_statement(connection):
        return False
    connection.execution_options(isolation_level=connection.default_isolation_level)
    return True


@contextmanager
def _own(connection: Connection) -> Iterator[Connection]:
    """Yield a connection that was opened here, in transactions, and close it."""
    with connection:
        is_changed = use_transactions(connection)
        try:
            yield connection
        finally:
            if is_changed and not connection.invalidated:
                connection.invalidate()


def _require_transactions(connection: Connection) -> None:
    if _commits_each_statement(connection):
        raise TargetError(
            "the connection is in AUTOCOMMIT, where what is loaded cannot be undone; give the engine, "
            "or a connection with another isolation level"
        )


def _commits_each_statement(connection: Connection) -> bool:
    """Tell whether the driver or the server commits by itself. SQLite's does too, until it is told to begin."""
    if connection.dialect.name == "sqlite":
        return False
    if connection.dialect.name in ("mysql", "mariadb"):
        was_in_transaction = connection.in_transaction()
        found = connection.exec_driver_sql("SELECT @@autocommit").scalar()
        if not was_in_transaction:
            connection.rollback()
        return bool(found)
    return getattr(connection.connection.dbapi_connection, "autocommit", False) is True


@contextmanager
def untouched(target: Target) -> Iterator[Connection]:
    """Yield a connection to read through, whose transaction is afterwards the caller's, or over."""
    with connected(target) as connection:
        _require_transactions(connection)
        was_in_transaction = connection.in_transaction()
        try:
            yield connection
        except BaseException:
            with _or_invalidated(connection):
                if not was_in_transaction:
                    connection.rollback()
            raise
        if not was_in_transaction:
            connection.rollback()


@contextmanager
def one_transaction(target: Target) -> Iterator[Connection]:
    """Yield a connection inside one transaction that ends with the block: all of it or nothing.

    A connection that is in a transaction already and a session keep theirs: the block is a savepoint in it, and
    the caller commits. An exception of any kind rolls the block back.
    """
    with connected(target) as connection, without_repeated_errors(connection):
        _require_transactions(connection)
        joins = isinstance(target, Session | scoped_session) or connection.in_transaction()
        transaction = _begin(connection, nested=joins)
        try:
            yield connection
            with rejections("committing"):
                transaction.commit()
        except BaseException as error:
            with _or_invalidated(connection):
                if transaction.is_active:
                    transaction.rollback()
                elif not joins:
                    _end(connection, transaction)
            if connection.invalidated and (interruption := _interruption(error)):
                raise interruption from None
            raise


@contextmanager
def _or_invalidated(connection: Connection) -> Iterator[None]:
    """Close a connection that cannot be rolled back, without asking the server, which then rolls back by itself.

    It may be in the middle of a COPY that was interrupted. What led to the rollback is what there is to tell.
    """
    try:
        yield
    except BaseException as error:
        if not connection.closed and not connection.invalidated:
            connection.invalidate(error)
        if not isinstance(error, Exception):
            raise


def _interruption(error: BaseException | None) -> BaseException | None:
    """Return the Ctrl-C that an error came after, as when a savepoint could not be rolled back, or None."""
    while error is not None and isinstance(error, Exception):
        error = error.__cause__ or error.__context__
    return error


@contextmanager
def without_repeated_errors(connection: Connection) -> Iterator[None]:
    """Keep psycopg from logging, after an error in an executemany, that the rest of its pipeline was aborted too.

    It does so beside the error that it raises, and Python prints what is logged and nobody handles.
    """
    driver = connection.connection.driver_connection

    def is_news(record: logging.LogRecord) -> bool:
        pipeline = record.args[0] if isinstance(record.args, tuple) and record.args else None
        return getattr(pipeline, "pgconn", None) is not getattr(driver, "pgconn", connection)

    logger = logging.getLogger("psycopg")
    logger.addFilter(is_news)
    try:
        yield
    finally:
        logger.removeFilter(is_news)


def _begin(connection: Connection, *, nested: bool) -> Any:
    """Begin; sqlite3 in its legacy mode does so by itself only before some statements, so it is told to."""
    transaction = None if nested else connection.begin()
    try:
        with rejections("beginning the transaction"):
            if connection.dialect.name == "sqlite" and not _driver_in_transaction(connection):
                connection.exec_driver_sql("BEGIN" if nested else "BEGIN IMMEDIATE")
            return connection.begin_nested() if transaction is None else transaction
    except BaseException:
        if transaction is not None:
            transaction.rollback()
        raise


def _end(connection: Connection, transaction: Any) -> None:
    """Roll back what the database refused to commit: SQLAlchemy counts that as ended, the driver does not."""
    transaction.rollback()
    if not connection.closed and not connection.invalidated:
        connection.connection.rollback()


def _driver_in_transaction(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    return bool(getattr(driver, "in_transaction", True))


@contextmanager
def rejections(what: str, *, table: str | None = None) -> Iterator[None]:
    """Turn what the driver raises inside the block into `RejectedError` or `TargetError`, naming `what` was done.

    `table` is the key of the table whose rows are sent.
    """
    try:
        yield
    except exc.DBAPIError as error:
        if not refuses_rows(error):
            raise TargetError(f"{what}: the database failed: {first_line(error.orig)}") from error
        raise RejectedError(f"{what}: the database refused it: {first_line(error.orig)}", table=table) from error
    except exc.StatementError as error:
        message = f"{what}: a value does not fit its column's type: {error.orig}"
        raise RejectedError(message, table=table) from error


def refuses_rows(error: exc.DBAPIError) -> bool:
    """Tell whether the database did not want what it was sent, rather than could not do it.

    A function of PostgreSQL may raise any state that it likes: only those of the server's own trouble are no refusal.
    """
    if isinstance(error, exc.IntegrityError | exc.DataError | exc.ProgrammingError):
        return True
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    state = state_of(error)
    trouble = state.startswith(_TROUBLE) or not state
    return not trouble or (bool(arguments) and arguments[0] in _REFUSED_BY_MARIADB)


def state_of(error: exc.DBAPIError) -> str:
    """Return the state of SQL's by which a driver of PostgreSQL tells what went wrong, "" where it tells none."""
    return str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")


def first_line(error: object) -> str:
    """Return what a driver said, on one line and not too long."""
    return " ".join(str(error).split())[:500]
