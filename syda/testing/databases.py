"""Databases that live as long as a suite, or a test."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, NullPool, StaticPool, create_engine, event, exc, make_url

from syda.errors import PlanError, TargetError
from syda.redact import redact_url

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_LONGEST = 63


@contextmanager
def own_database(url: str, name: str) -> Iterator[Engine]:
    """Yield an engine of a new, empty database on the server that the URL names, and drop it at the end.

    The database that the URL names is only connected to. For SQLite it is a file of its own, or memory. Raises
    `TargetError` where it cannot be made.
    """
    target = _parsed(url)
    if target.get_backend_name() == "sqlite":
        with _own_file(target) as engine:
            yield engine
        return
    label = f"{target.database or 'test'}_syda_{name}_{os.getpid()}_{secrets.token_hex(3)}"[-_LONGEST:]
    with _created(target, label) as engine:
        yield engine


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except exc.ArgumentError as error:
        raise PlanError(f"syda_url: {url!r} is no database URL") from error


@contextmanager
def _own_file(url: URL) -> Iterator[Engine]:
    if url.database in (None, "", ":memory:"):
        engine = _sqlite("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        try:
            yield engine
        finally:
            engine.dispose()
        return
    with tempfile.TemporaryDirectory(prefix="syda-") as folder:
        engine = _sqlite(url.set(database=str(Path(folder) / Path(str(url.database)).name)))
        try:
            yield engine
        finally:
            engine.dispose()


def _sqlite(url: URL | str, **options: Any) -> Engine:
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def enforce(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


@contextmanager
def _created(url: URL, name: str, *, template: str | None = None) -> Iterator[Engine]:
    administrator = create_engine(_maintenance(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    quoted = administrator.dialect.identifier_preparer.quote
    try:
        with administrator.connect() as connection:
            suffix = f" TEMPLATE {quoted(template)}" if template else ""
            connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)}{suffix}")
    except exc.DBAPIError as error:
        said = " ".join(str(error.orig).split())
        what = f"the database {template!r} cannot be copied" if template else "no database for the tests can be made"
        raise TargetError(f"{what} at {redact_url(str(url))}: {said}") from error
    engine = create_engine(url.set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with administrator.connect() as connection:
            force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE {quoted(name)}{force}")


def _maintenance(url: URL) -> URL:
    return url if url.database or url.get_backend_name() != "postgresql" else url.set(database="postgres")


@contextmanager
def copied(engine: Engine) -> Iterator[Engine]:
    """Yield an engine of a copy of the database, and drop the copy at the end.

    Raises `TargetError` where others are connected to the database, `PlanError` where its server makes no copies.
    """
    backend = engine.url.get_backend_name()
    if backend == "sqlite":
        with _own_file(engine.url) as copy:
            _back_up(engine, copy)
            yield copy
    elif backend == "postgresql":
        engine.dispose()  # nobody may be connected to what is copied
        name = f"{engine.url.database}_{secrets.token_hex(4)}"[-_LONGEST:]
        with _created(engine.url.set(database="postgres"), name, template=engine.url.database) as copy:
            yield copy
    else:
        raise PlanError(f"syda_isolation = template needs PostgreSQL or SQLite, not {backend}; use another")


def _back_up(source: Engine, target: Engine) -> None:
    with source.connect() as one, target.connect() as other:
        original: Any = one.connection.dbapi_connection
        original.backup(other.connection.dbapi_connection)
