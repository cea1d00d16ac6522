"""Databases that tests fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, select, text

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase


def sqlite_engine(path: object = None) -> Engine:
    """Return an SQLite engine, in memory or at `path`, that enforces foreign keys."""
    engine = create_engine(f"sqlite:///{path}" if path else "sqlite://")

    @event.listens_for(engine, "connect")
    def enforce(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


def dump(engine: Engine, base: type[DeclarativeBase]) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, sorted, so that two states of a database can be compared."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in base.metadata.tables.values()
        }


def sqlite_violations(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("PRAGMA foreign_key_check"))]


def execute(engine: Engine, *statements: str) -> None:
    """Run statements as they stand, in one transaction."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
