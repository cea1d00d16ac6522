"""Which databases a suite may write to, which it may empty, and how."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from syda.errors import NotEmptyError, PlanError, TargetError
from syda.load.guard import require_development, require_unprotected
from syda.load.modes import count_rows
from syda.schema import read_schema
from syda.schema.reach import reach


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
    """Delete all rows of the models' tables, and have numbers begin anew."""
    names = [connection.dialect.identifier_preparer.format_table(table) for table in _tables(models)]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")  # what a test has read and left open hinders it
        connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        return
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON" if is_sqlite else "SET FOREIGN_KEY_CHECKS = 0")
    for name in names:  # as the dialect's preparer quotes them
        connection.exec_driver_sql(f"DELETE FROM {name}" if is_sqlite else f"TRUNCATE {name}")  # noqa: S608
    if not is_sqlite:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
    elif sa.inspect(connection).has_table("sqlite_sequence"):
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")
