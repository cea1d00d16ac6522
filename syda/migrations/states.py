"""What a database holds between two revisions, and what of it was lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.load.ddl import build_tables
from syda.load.target import rejections
from syda.migrations.contents import Sample, holds, read_sample
from syda.schema import Reading, Schema, read_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from syda.migrations.environment import Environment


@dataclass(frozen=True, slots=True)
class State:
    """The tables, `rows` by table, how many `values` other than NULL each column has, and some rows as they are.

    `orphans` counts the rows without the parent that they refer to, by both tables; only SQLite lets them be.
    """

    reading: Reading
    rows: Mapping[str, int]
    values: Mapping[tuple[str, str], int]
    samples: Mapping[str, Sample]
    orphans: Mapping[tuple[str, str], int]

    @property
    def schema(self) -> Schema:
        return self.reading.schema

    @property
    def tables(self) -> Mapping[str, sa.Table]:
        return tables_of(self.reading)


def tables_of(reading: Reading) -> Mapping[str, Any]:
    """Return SQLAlchemy's tables, with the types of the database where they were read from one."""
    return reading.origin or build_tables(reading.schema)


def read_state(engine: Engine, environment: Environment) -> State:
    """Return what the database holds; the table in which alembic keeps the revision is left out."""
    with engine.connect() as connection:
        return _counted(connection, read_tables(connection, environment))


def count_again(engine: Engine, state: State) -> State:
    """Return what the same tables hold now."""
    with engine.connect() as connection:
        return _counted(connection, state.reading)


def read_tables(connection: Connection, environment: Environment) -> Reading:
    """Return the tables as they stand, without that in which alembic keeps the revision."""
    reading = read_schema(connection)
    notes = ".".join(filter(None, (environment.version_schema, environment.version_table)))
    return without(reading, notes)


def without(reading: Reading, key: str) -> Reading:
    """Return a reading without a table."""
    return read_schema(reading, tables=[table.key for table in reading.schema if table.key != key])


def _counted(connection: Connection, reading: Reading) -> State:
    rows: dict[str, int] = {}
    values: dict[tuple[str, str], int] = {}
    samples: dict[str, Sample] = {}
    tables = tables_of(reading)
    for key, table in reading.schema.tables.items():
        columns = list(tables[key].columns)
        with rejections(f"counting the rows of {key!r}"):
            asked = sa.select(sa.func.count(), *map(sa.func.count, columns)).select_from(tables[key])
            counted = connection.execute(asked).one()
        rows[key] = counted[0]
        values |= {(key, column.name): count for column, count in zip(columns, counted[1:], strict=True)}
        samples[key] = read_sample(connection, table)
    return State(reading, rows, values, samples, _orphans(connection))


def _orphans(connection: Connection) -> Mapping[tuple[str, str], int]:
    if connection.dialect.name != "sqlite":
        return {}
    return Counter((row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))


def fewer_rows(before: State, after: State) -> Iterator[tuple[str, int, int]]:
    """Yield each table that has lost rows, with their numbers before and after.

    A table that is gone was renamed, or moved, where a new one holds what it held and has room for its rows.
    """
    room = {key: rows for key, rows in after.rows.items() if key not in before.rows}
    for key, count in before.rows.items():
        left = after.rows.get(key, 0)
        if left >= count:
            continue
        if key not in after.rows and (place := _place(key, count, room, before, after)):
            room[place] -= count
        else:
            yield key, count, left


def _place(key: str, count: int, room: Mapping[str, int], before: State, after: State) -> str | None:
    """Return the new table to which the rows of one that is gone went; first where it has the same columns."""
    old = before.schema.tables[key]
    fitting = [new for new, rows in room.items() if rows >= count]
    same = [new for new in fitting if old.by_name.keys() <= after.schema.tables[new].by_name.keys()]
    found = [new for new in fitting if holds(old, before.samples[key], after.samples[new])]
    return next(iter([*(each for each in found if each in same), *same, *found]), None)


def fewer_values(before: State, after: State) -> Iterator[tuple[str, str, int, int | None]]:
    """Yield each column that has lost more values than its table has lost rows, with their numbers before and after.

    The number after is None for a column that is gone.
    """
    for (key, name), count in before.values.items():
        if key in after.rows:
            left = after.values.get((key, name))
            if count - (left or 0) > max(0, before.rows[key] - after.rows[key]):
                yield key, name, count, left


def wider_tables(before: Schema, after: Schema) -> frozenset[str]:
    """Return the tables of both that have columns which they had not before."""
    both = before.tables.keys() & after.tables.keys()
    return frozenset(key for key in both if after.tables[key].by_name.keys() - before.tables[key].by_name.keys())
