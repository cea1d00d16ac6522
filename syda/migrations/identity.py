"""Which database a connection has reached."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syda.schema.reach import full_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ASKED = {
    "postgresql": (
        "SELECT pg_catalog.current_database(), oid, pg_catalog.pg_postmaster_start_time() "
        "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
    ),
    "mysql": "SELECT database(), @@hostname, @@port, @@datadir",
    "mariadb": "SELECT database(), @@hostname, @@port, @@datadir",
}
_LISTED = {
    "postgresql": "SELECT datname FROM pg_catalog.pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
    "mariadb": "SELECT schema_name FROM information_schema.schemata",
}


def identity(connection: Connection) -> tuple[object, ...]:
    """Return what two connections have in common where they have reached the same database of the same server."""
    name = connection.dialect.name
    if asked := _ASKED.get(name):
        return tuple(connection.exec_driver_sql(asked).one())
    if name == "sqlite":
        file = files(connection.connection.dbapi_connection).get("main")
        # What is in memory is only the same where the connection of the driver is.
        return (file,) if file else (id(connection.connection.dbapi_connection),)
    return (full_url(connection.engine.url),)


def identity_of(dialect: str, driver: Any) -> tuple[object, ...]:
    """Return the `identity` of a driver's connection to a server, in the transaction that it has."""
    with closing(driver.cursor()) as cursor:
        cursor.execute(_ASKED[dialect])
        return tuple(cursor.fetchone())


def files(driver: Any) -> dict[str, Path | None]:
    """Return the files that a connection of SQLite's has open, by the names of their schemas; None is memory."""
    with closing(driver.cursor()) as cursor:
        cursor.execute("PRAGMA database_list")
        return {row[1]: Path(row[2]).resolve() if row[2] else None for row in cursor.fetchall()}


def databases(connection: Connection) -> list[str]:
    """Return the databases of the server that the connection's user can see; none for SQLite."""
    asked = _LISTED.get(connection.dialect.name)
    return [str(row[0]) for row in connection.exec_driver_sql(asked)] if asked else []
