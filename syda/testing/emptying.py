"""Which databases a suite may write to, which it may empty, and how."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, exc

from syda.errors import NotEmptyError, PlanError, TargetError
from syda.load.guard import require_development, require_unprotected
from syda.load.modes import count_rows
from syda.load.target import first_line
from syda.schema import read_schema
from syda.schema.reach import reach

LOCK_SECONDS = 10
"""How long what a test has read and left open may hinder the emptying."""


def require_usable(engine: Any) -> None:
    """Raise `ProtectedTargetError` for an engine of a database that looks like production, or forbids seeding."""
    if not isinstance(engine, Engine):
        raise PlanError(
            f"syda_engine: expected a SQLAlchemy Engine, got {type(engine).__name__}; override syda_session with a "
            f"session of your own where engines are asynchronous"
        )
    require_development(engine)
    with reach(engine) as connection:
        require_unprotected(connection)


def require_emptiable(engine: Engine, models: Any, may_empty: Collection[str] | None) -> None:
    """Raise `NotEmptyError` where rows would go that no test has made, unless the database is among those named.

    None stands for a database that the suite has made.

    Raises `TargetError` where tables outside of the models refer to those of the models.
    """
    name = engine.url.database or ":memory:"
    reading = read_schema(models)
    with engine.connect() as connection:
        _require_apart(connection, _tables(models))
        counts = count_rows(connection, reading.schema, reading.origin or {})
    if counts and may_empty is not None and not {name, Path(name).name} & set(may_empty):
        listed = ", ".join(f"{key} ({rows:,})" for key, rows in counts.items())
        raise NotEmptyError(
            f"syda_isolation = truncate deletes all rows after each test, and the database {name!r} of syda_engine has "
            f"some already: {listed}. If they may go, say so by `syda_may_empty = {name}`; or use another isolation",
            counts,
        )


def _require_apart(connection: Connection, tables: list[sa.Table]) -> None:
    """Raise `TargetError` where another table refers to those that are emptied: its rows would go, or hinder that."""
    default = connection.dialect.default_schema_name
    own = {(table.schema or default, table.name) for table in tables}
    inspector = sa.inspect(connection)
    for schema in {table.schema for table in tables} | {None}:
        for (_, name), links in inspector.get_multi_foreign_keys(schema=schema).items():
            for link in links:
                parent = link["referred_schema"] or schema or default, link["referred_table"]
                if (schema or default, name) not in own and parent in own:
                    raise TargetError(
                        f"syda_isolation = truncate empties {parent[1]!r}, to which the table {name!r} refers, which "
                        f"is not among the models; add it to syda_models, or use another isolation"
                    )


def _tables(models: Any) -> list[sa.Table]:
    """Return the tables of the models, without those that are only referred to."""
    reading = read_schema(models)
    return [table for key, table in (reading.origin or {}).items() if key not in reading.schema.external]


def empty(connection: Connection, models: Any) -> None:
    """Delete all rows of the models' tables, and have numbers begin anew.

    Raises `TargetError` where something that a test has left open hinders it for `LOCK_SECONDS`.
    """
    names = [connection.dialect.identifier_preparer.format_table(table) for table in _tables(models)]
    try:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        elif connection.dialect.name == "sqlite":
            _empty_sqlite(connection, names)
        else:
            with _set(connection, "lock_wait_timeout", LOCK_SECONDS), _set(connection, "foreign_key_checks", 0):
                for name in names:
                    connection.exec_driver_sql(f"TRUNCATE {name}")
    except exc.DBAPIError as error:
        raise TargetError(
            f"syda_isolation = truncate: the tables cannot be emptied: {first_line(error.orig)}. Does a test leave a "
            f"session open that has read them?"
        ) from error


def _empty_sqlite(connection: Connection, names: list[str]) -> None:
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for name in names:  # as the dialect's preparer quotes them
        connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608
    if sa.inspect(connection).has_table("sqlite_sequence"):
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")


@contextmanager
def _set(connection: Connection, name: str, value: int) -> Iterator[None]:
    """Have a setting of MariaDB's or MySQL's for a time: the next user of the connection expects it as it was."""
    before = connection.exec_driver_sql(f"SELECT @@SESSION.{name}").scalar()
    connection.exec_driver_sql(f"SET SESSION {name} = {value}")
    try:
        yield
    finally:
        if not connection.invalidated:  # by Ctrl-C, or as the server is gone
            connection.exec_driver_sql(f"SET SESSION {name} = {before}")
