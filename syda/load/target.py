"""Opens what a user calls a database: an engine, a URL, a connection or a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, exc
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, scoped_session

from syda.errors import RejectedError, TargetError
from syda.redact import redact_url

Target = Engine | Connection | Session | scoped_session[Any] | URL | str
_EXPECTED = "expected a SQLAlchemy Engine, Connection, Session or a database URL"


@contextmanager
def connected(target: Target) -> Iterator[Connection]:
    """Yield a connection to the target, without beginning or ending a transaction of its own.

    Raises `TargetError` when the target is something else or cannot be reached.
    """
    if isinstance(target, Connection):
        yield target
    elif isinstance(target, Session | scoped_session):
        target.flush()
        yield target.connection()
    elif isinstance(target, Engine):
        with _reached(target) as connection:
            yield connection
    elif isinstance(target, URL | str):
        engine = _engine(target)
        try:
            with _reached(engine) as connection:
                yield connection
        finally:
            engine.dispose()
    else:
        raise TargetError(f"{_EXPECTED}, got {type(target).__name__} {target!r}")


def _engine(url: URL | str) -> Engine:
    try:
        return create_engine(url)
    except (exc.ArgumentError, exc.NoSuchModuleError) as error:
        raise TargetError(f"{_EXPECTED}; cannot read {redact_url(str(url))!r} as a URL: {error}") from error
    except ImportError as error:
        raise TargetError(f"the driver for {redact_url(str(url))!r} is not installed: {error}") from error


def _reached(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except exc.DBAPIError as error:
        where = redact_url(engine.url.render_as_string(hide_password=True))
        raise TargetError(f"cannot reach the database {where}: {error.orig}") from error


@contextmanager
def one_transaction(target: Target) -> Iterator[Connection]:
    """Yield a connection inside one transaction that ends with the block: all of it or nothing.

    A connection that is in a transaction already and a session keep theirs: the block is a savepoint in it, and
    the caller commits. An exception of any kind rolls the block back.
    """
    with connected(target) as connection:
        joins = isinstance(target, Session | scoped_session) or connection.in_transaction()
        transaction = _begin(connection, nested=joins)
        try:
            yield connection
            transaction.commit()
        except BaseException:
            if transaction.is_active:
                transaction.rollback()
            raise


def _begin(connection: Connection, *, nested: bool) -> Any:
    """Begin; sqlite3 in its legacy mode does so by itself only before some statements, so it is told to."""
    transaction = None if nested else connection.begin()
    if connection.dialect.name == "sqlite" and not _driver_in_transaction(connection):
        connection.exec_driver_sql("BEGIN" if nested else "BEGIN IMMEDIATE")
    return connection.begin_nested() if transaction is None else transaction


def _driver_in_transaction(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    return bool(getattr(driver, "in_transaction", True))


@contextmanager
def rejections(what: str) -> Iterator[None]:
    """Turn what the driver raises inside the block into `RejectedError` or `TargetError`, naming `what` was done."""
    try:
        yield
    except (exc.IntegrityError, exc.DataError, exc.ProgrammingError) as error:
        hint = " (the table is not empty: syda.seed continues after the rows there)" if _is_duplicate(error) else ""
        raise RejectedError(f"{what}: the database refused it: {_first_line(error.orig)}{hint}") from error
    except exc.DBAPIError as error:
        raise TargetError(f"{what}: the database failed: {_first_line(error.orig)}") from error
    except exc.StatementError as error:
        raise RejectedError(f"{what}: a value does not fit its column's type: {error.orig}") from error


def _is_duplicate(error: exc.DBAPIError) -> bool:
    text = str(error.orig).lower()
    return "unique" in text or "duplicate" in text


def _first_line(error: BaseException | None) -> str:
    return " ".join(str(error).split())[:500]
