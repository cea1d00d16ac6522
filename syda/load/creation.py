"""Makes the tables of models, and the schemas that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, exc, inspect
from sqlalchemy.schema import CreateSchema

from syda.errors import TargetError
from syda.load.target import rejections, state_of

_MEANT = {
    "sqlite": "an attached database; attach one by that name",
    "mysql": "another database; make it first",
    "mariadb": "another database; make it first",
}
"""What a schema is to databases that have none."""
_NO_SCHEMA = "3F000"


def create_tables(connection: Connection, metadata: MetaData, tables: Sequence[Table] | None = None) -> None:
    """Make the tables that do not exist, all by default, and on PostgreSQL the schemas that they name.

    Raises `TargetError` for a schema that is not there, on databases where none is made; `RejectedError` for one that
    the role may not make.
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
        if state_of(error) != _NO_SCHEMA:
            raise
        _make_schemas(connection, schemas_of(_in_schemas(named)))
        metadata.create_all(connection, tables=tables)


def schemas_of(named: Iterable[Any]) -> list[str]:
    """Return the schemas that tables, or what is made with them, name."""
    return sorted({each.schema for each in named if getattr(each, "schema", None)})


def _in_schemas(tables: Iterable[Table]) -> Iterator[Any]:
    """Yield what is made with tables, and may be in a schema: they, and their columns' types and sequences."""
    for table in tables:
        yield table
        for column in table.columns:
            yield from (column.type, getattr(column.type, "item_type", None), column.default)


def _make_schemas(connection: Connection, names: list[str]) -> None:
    present = inspect(connection).get_schema_names()  # one that is there may be in nobody's rights to make
    for name in names:
        if name not in present:
            with rejections(f"making the schema {name!r}"):
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
