"""Databases that are made for a time: beside the one that a URL names, which is only connected to."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, StaticPool, create_engine, exc
from sqlalchemy.engine import URL

from syda.errors import TargetError
from syda.load.signals import removing, uninterrupted
from syda.load.target import engine_of
from syda.redact import redact_cause, redact_url
from syda.schema.reach import full_url

_LONGEST = 63
Keep = Callable[[], bool]
_NAMING = ("dbname", "database", "db")
"""Options of a URL that name a database, and would win over the one that is set."""


def scratch_name(purpose: str) -> str:
    """Return a name for a database that no other has."""
    end = f"_{os.getpid()}_{secrets.token_hex(4)}"
    return f"syda_{purpose}"[: _LONGEST - len(end)] + end


@contextmanager
def own_database(url: URL, purpose: str, *, keep: Keep = bool) -> Iterator[Engine]:
    """Yield an engine of a new, empty database on the URL's server, and drop it at the end unless `keep` says not to.

    The database that the URL names is only connected to. For SQLite it is a file of its own, or memory where the URL
    says so. Raises `TargetError` where it cannot be made.
    """
    if url.get_backend_name() == "sqlite":
        with own_file(url, keep=keep) as engine:
            yield engine
        return
    with created_database(url, scratch_name(purpose), keep=keep) as engine:
        yield engine


@contextmanager
def own_file(url: URL, *, keep: Keep = bool) -> Iterator[Engine]:
    """Yield an engine of a new SQLite file in a folder of its own, or of memory where the URL names no file."""
    if url.database in (None, "", ":memory:"):
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        try:
            yield engine
        finally:
            engine.dispose()
        return
    with ExitStack() as stack:
        with uninterrupted():
            folder = Path(tempfile.mkdtemp(prefix="syda-"))
            engine = create_engine(URL.create(url.drivername, database=str(folder / "scratch.db")))
            stack.enter_context(removing(partial(_remove_file, engine, folder, keep)))
        yield engine


def _remove_file(engine: Engine, folder: Path, keep: Keep) -> None:
    engine.dispose()
    if not keep():
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def created_database(url: URL, name: str, *, template: str | None = None, keep: Keep = bool) -> Iterator[Engine]:
    """Yield an engine of a new database of a server, empty or a copy of another, and drop it at the end."""
    administrator = engine_of(_maintenance(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    quoted = administrator.dialect.identifier_preparer.quote
    what = f"the database {template!r} cannot be copied" if template else "no scratch database can be made"
    suffix = f" TEMPLATE {quoted(template)}" if template else ""
    engine = create_engine(url.set(database=name).difference_update_query(_NAMING))
    with ExitStack() as stack:
        with _administering(administrator, what) as connection, uninterrupted():  # or nobody knew whether it was made
            connection.exec_driver_sql(f"CREATE DATABASE {quoted(name)}{suffix}")
            stack.enter_context(removing(partial(_drop, administrator, engine, keep)))
        _require_connected_to(engine, name)
        yield engine


def _drop(administrator: Engine, engine: Engine, keep: Keep) -> None:
    engine.dispose()
    if keep():
        return
    name = str(engine.url.database)
    force = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
    with _administering(administrator, f"{name} cannot be dropped") as connection:
        if engine.dialect.name in ("mysql", "mariadb"):
            _end_sessions(connection, name)
        connection.exec_driver_sql(f"DROP DATABASE {engine.dialect.identifier_preparer.quote(name)}{force}")


def _end_sessions(connection: Connection, name: str) -> None:
    """End what was left open in a database of MariaDB's or MySQL's, which would have the DROP wait for a day."""
    for number, _user, _host, database, *_ in connection.exec_driver_sql("SHOW PROCESSLIST").all():
        if database == name:
            with suppress(exc.DBAPIError):  # it may have ended by itself
                connection.exec_driver_sql(f"KILL {number}")


@contextmanager
def _administering(administrator: Engine, what: str) -> Iterator[Connection]:
    """Yield a connection on which databases are made and dropped; `what` says what an error comes to."""
    try:
        with administrator.connect() as connection:
            yield connection
    except exc.DBAPIError as error:
        written = full_url(administrator.url)
        raise TargetError(f"{what} at {redact_url(written)}: {redact_cause(error.orig, written)}") from error


def _require_connected_to(engine: Engine, name: str) -> None:
    """Raise `TargetError` where the URL, the environment or the driver leads to another database than the new one."""
    asked = "SELECT current_database()" if engine.dialect.name == "postgresql" else "SELECT database()"
    with engine.connect() as connection:
        found: Any = connection.exec_driver_sql(asked).scalar()
    if found != name:
        raise TargetError(
            f"the URL leads to the database {found!r} whatever database is asked for; give one that names its "
            f"database in its path, as in dialect://user@host/name"
        )


def _maintenance(url: URL) -> URL:
    return url if url.database or url.get_backend_name() != "postgresql" else url.set(database="postgres")
