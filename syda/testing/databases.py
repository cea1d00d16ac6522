"""Databases that live as long as a suite, or a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from syda.errors import PlanError, TargetError
from syda.load import scratch
from syda.load.creation import schemas_of
from syda.load.guard import require_development
from syda.load.target import synchronous_url
from syda.schema import read_schema

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


@contextmanager
def own_database(url: URL, name: str, *, in_file: bool = False) -> Iterator[Engine]:
    """Yield an engine of a new, empty database on the server that the URL names, and drop it at the end.

    SQLite's enforces foreign keys; `in_file` says that it has to be one that others find, who only know its URL. Raises
    `ProtectedTargetError` for a URL that looks like production, `TargetError` where the database cannot be made.
    """
    require_development(url)
    if in_file and url.get_backend_name() == "sqlite":
        url = _as_file(url)
    with scratch.own_database(url, f"{url.database or 'test'}_{name}") as engine:
        yield _enforcing(engine)


def _as_file(url: URL) -> URL:
    """Return the URL of a file of SQLite's, also for memory, to which there is but one connection."""
    return url.set(database="scratch.db", query={})


def url_of(syda_url: str) -> URL:
    """Return the URL that a setting gives. Raises `PlanError` for one that the suite's databases cannot be made by."""
    __tracebackhide__ = True  # pytest shows the arguments, and here is a password among them
    try:
        return synchronous_url(
            syda_url, "the suite's databases are made by it, and an AsyncEngine of your own may go there"
        )
    except (PlanError, TargetError) as error:
        raise PlanError(f"syda_url: {error}") from None


def require_within(engine: Engine, models: Any) -> None:
    """Raise `TargetError` for models of schemas where these are other databases, which are not the suite's."""
    if engine.dialect.name in ("mysql", "mariadb"):
        names = schemas_of((read_schema(models).origin or {}).values())
        if names:
            raise TargetError(
                f"the models name the schema {names[0]!r}, which on {engine.dialect.name} is a database of its own, to "
                f"which the suite would write; use PostgreSQL for the suite, or a syda_engine of your own"
            )


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
    try:
        yield
    finally:
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
        with scratch.own_file(_as_file(engine.url)) as copy:
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
