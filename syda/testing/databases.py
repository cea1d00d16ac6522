"""Databases that live as long as a suite, or a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event, exc, make_url

from syda.errors import PlanError
from syda.load import scratch

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


@contextmanager
def own_database(url: str, name: str) -> Iterator[Engine]:
    """Yield an engine of a new, empty database on the server that the URL names, and drop it at the end.

    SQLite's enforces foreign keys. Raises `TargetError` where it cannot be made.
    """
    target = _parsed(url)
    with scratch.own_database(target, f"{target.database or 'test'}_{name}") as engine:
        yield _enforcing(engine)


def hosts_of(engine: Engine) -> list[str]:
    """Return the host of a suite's database: a suite may fill it wherever it is."""
    return [engine.url.host] if engine.url.host else []


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except exc.ArgumentError as error:
        raise PlanError(f"syda_url: {url!r} is no database URL") from error


def _enforcing(engine: Engine) -> Engine:
    """Return the engine, whose connections enforce foreign keys, which those of SQLite have to be told."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def enforce(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA foreign_keys = ON")

    return engine


@contextmanager
def unenforced(engine: Engine) -> Iterator[None]:
    """Have SQLite look away from foreign keys, as a connection of alembic's does.

    To change a table there is to make it anew and drop the old one, to which others may refer.
    """
    _switch(engine, "OFF")
    yield
    _switch(engine, "ON")


def _switch(engine: Engine, to: str) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA foreign_keys = {to}")


@contextmanager
def copied(engine: Engine) -> Iterator[Engine]:
    """Yield an engine of a copy of the database, and drop the copy at the end.

    Raises `TargetError` where others are connected to the database, `PlanError` where its server makes no copies.
    """
    backend = engine.url.get_backend_name()
    if backend == "sqlite":
        with scratch.own_file(engine.url) as copy:
            _back_up(engine, _enforcing(copy))
            yield copy
    elif backend == "postgresql":
        engine.dispose()  # nobody may be connected to what is copied
        template = str(engine.url.database)
        name = scratch.scratch_name(template.removeprefix("syda_"))
        with scratch.created_database(engine.url.set(database="postgres"), name, template=template) as copy:
            yield copy
    else:
        raise PlanError(f"syda_isolation = template needs PostgreSQL or SQLite, not {backend}; use another")


def _back_up(source: Engine, target: Engine) -> None:
    with source.connect() as one, target.connect() as other:
        original: Any = one.connection.dbapi_connection
        original.backup(other.connection.dbapi_connection)
