"""How a test leaves no rows to the next one: rolled back, in a database of its own, or emptied after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from syda.errors import PlanError
from syda.schema import read_schema
from syda.testing.databases import copied
from syda.testing.settings import Isolation


@contextmanager
def isolated(engine: Engine, isolation: Isolation, models: Any, *, keep: bool) -> Iterator[Session]:
    """Yield a session whose rows no other test sees; `keep` says that rows which are there must stay.

    Raises `PlanError` for an isolation that cannot be had, `TargetError` where the database cannot be copied.
    """
    if isolation == "template":
        with copied(engine) as own, Session(own) as session:
            yield session
    elif isolation == "truncate":
        if keep:
            raise PlanError("syda_isolation = truncate empties the database; one that is filled once needs another")
        try:
            with Session(engine) as session:
                yield session
        finally:
            with engine.begin() as connection:
                empty(connection, models)
    else:
        with engine.connect() as connection, rolled_back(connection), _joined(connection) as session:
            yield session


def _joined(connection: Connection) -> Session:
    return Session(connection, join_transaction_mode="create_savepoint")


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """Undo all that is done on the connection: commits of sessions that join it end savepoints only."""
    transaction = connection.begin()
    if connection.dialect.name == "sqlite" and not _is_begun(connection):
        connection.exec_driver_sql("BEGIN")  # the driver begins no transaction before the first row is written
    try:
        yield
    finally:
        transaction.rollback()
        if connection.dialect.name == "sqlite" and _is_begun(connection):
            connection.exec_driver_sql("ROLLBACK")


def _is_begun(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))


def empty(connection: Connection, models: Any) -> None:
    """Delete all rows of the models' tables, and have numbers begin anew."""
    tables = (read_schema(models).origin or {}).values()
    names = [connection.dialect.identifier_preparer.format_table(table) for table in tables]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        return
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON" if is_sqlite else "SET FOREIGN_KEY_CHECKS = 0")
    for name in names:
        connection.exec_driver_sql(f"DELETE FROM {name}" if is_sqlite else f"TRUNCATE {name}")
    if not is_sqlite:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
    elif sa.inspect(connection).has_table("sqlite_sequence"):
        connection.exec_driver_sql("DELETE FROM sqlite_sequence")
