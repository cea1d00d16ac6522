"""Makes the tables of models, and the schemas that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, exc, inspect
from sqlalchemy.schema import CreateSchema

from syda.errors import TargetError

_MEANT = {
    "sqlite": "an attached database; attach one by that name",
    "mysql": "another database; make it first",
    "mariadb": "another database; make it first",
}
"""What a schema is to databases that have none."""
_NO_SCHEMA = "3F000"


def create_tables(connection: Connection, metadata: MetaData, tables: Sequence[Table] | None = None) -> None:
    """Make the tables that do not exist, all by default, and on PostgreSQL the schemas that they name.

    Raises `TargetError` for a schema that is not there and cannot be made.
    """
    named = list(metadata.tables.values()) if tables is None else tables
    if connection.dialect.name != "postgresql":
        require_schemas(connection, named)
        metadata.create_all(connection, tables=tables)
        return
    try:  # as the models may make their schemas themselves, by listeners that do not ask whether they are there
        with connection.begin_nested():
            metadata.create_all(connection, tables=tables)
    except exc.DBAPIError as error:
        if _state_of(error) != _NO_SCHEMA:
            raise
        types = (column.type for table in named for column in table.columns)
        _make_schemas(connection, schemas_of([*named, *types]))
        metadata.create_all(connection, tables=tables)


def schemas_of(named: Iterable[Any]) -> list[str]:
    """Return the schemas that tables or types name."""
    return sorted({each.schema for each in named if getattr(each, "schema", None)})


def _state_of(error: exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def _make_schemas(connection: Connection, names: list[str]) -> None:
    present = inspect(connection).get_schema_names()  # one that is there may be in nobody's rights to make
    for name in names:
        if name not in present:
            connection.execute(CreateSchema(name))


def require_schemas(connection: Connection, tables: Iterable[Table]) -> None:
    """Raise `TargetError` for a schema that is not there, on databases where none is made."""
    database, names = connection.dialect.name, schemas_of(tables)
    if not names or database not in _MEANT:
        return
    missing = set(names) - set(inspect(connection).get_schema_names())
    if missing:
        raise TargetError(
            f"the models name the schema {min(missing)!r}, which is not there: on {database} that is "
            f"{_MEANT[database]}, or use PostgreSQL"
        )
