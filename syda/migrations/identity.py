"""Which database a connection has reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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


def identity(connection: Connection) -> tuple[object, ...]:
    """Return what two connections have in common where they have reached the same database of the same server."""
    name = connection.dialect.name
    if asked := _ASKED.get(name):
        return tuple(connection.exec_driver_sql(asked).one())
    if name == "sqlite":
        files = [row[2] for row in connection.exec_driver_sql("PRAGMA database_list") if row[1] == "main"]
        # What is in memory is only the same where the connection of the driver is.
        return (Path(files[0]).resolve(),) if files[0] else (id(connection.connection.dbapi_connection),)
    return (full_url(connection.engine.url),)
