"""What a database holds between two revisions, and what of it was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from syda.load.ddl import build_tables
from syda.load.target import rejections
from syda.schema import Reading, Schema, read_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from syda.migrations.environment import Environment


@dataclass(frozen=True, slots=True)
class State:
    """The tables, `rows` by table, and how many `values` other than NULL each column has."""

    schema: Schema
    rows: Mapping[str, int]
    values: Mapping[tuple[str, str], int]


def read_state(engine: Engine, environment: Environment) -> State:
    """Return what the database holds; the table in which alembic keeps the revision is left out."""
    with engine.connect() as connection:
        return _counted(connection, read_tables(connection, environment))


def count_again(engine: Engine, state: State) -> State:
    """Return what the same tables hold now."""
    with engine.connect() as connection:
        return _counted(connection, state.schema)


def read_tables(connection: Connection, environment: Environment) -> Schema:
    """Return the tables as they stand, without that in which alembic keeps the revision."""
    reading = read_schema(connection)
    notes = ".".join(filter(None, (environment.version_schema, environment.version_table)))
    return without(reading, notes).schema


def without(reading: Reading, key: str) -> Reading:
    """Return a reading without a table."""
    return read_schema(reading, tables=[table.key for table in reading.schema if table.key != key])


def _counted(connection: Connection, schema: Schema) -> State:
    rows: dict[str, int] = {}
    values: dict[tuple[str, str], int] = {}
    for key, table in build_tables(schema).items():
        columns = list(table.columns)
        with rejections(f"counting the rows of {key!r}"):
            asked = sa.select(sa.func.count(), *map(sa.func.count, columns)).select_from(table)
            counted = connection.execute(asked).one()
        rows[key] = counted[0]
        values |= {(key, column.name): count for column, count in zip(columns, counted[1:], strict=True)}
    return State(schema, rows, values)


def fewer_rows(before: State, after: State) -> Iterator[tuple[str, int, int]]:
    """Yield each table that has lost rows, with their numbers before and after.

    A table whose place another one of as many rows has taken was renamed, or moved.
    """
    new = [after.rows[key] for key in after.rows if key not in before.rows]
    for key, count in before.rows.items():
        left = after.rows.get(key, 0)
        if left < count and not (key not in after.rows and any(rows >= count for rows in new)):
            yield key, count, left


def fewer_values(before: State, after: State) -> Iterator[tuple[str, str, int, int | None]]:
    """Yield each column that has lost values in rows that are still there, with their numbers before and after.

    The number after is None for a column that is gone.
    """
    for (key, name), count in before.values.items():
        if key in after.rows and after.rows[key] >= before.rows[key]:
            left = after.values.get((key, name))
            if (left or 0) < count:
                yield key, name, count, left


def wider_tables(before: Schema, after: Schema) -> frozenset[str]:
    """Return the tables of both that have columns which they had not before."""
    both = before.tables.keys() & after.tables.keys()
    return frozenset(key for key in both if after.tables[key].by_name.keys() - before.tables[key].by_name.keys())
