"""What is tried for a table all of whose rows were refused, before it stays empty.

A trigger may look a value up and not find it, add amounts up to more than nothing, or write into a table that does not
take what it writes. For the first the column is left to its default or NULL, for the second amounts are zero, for the
third the trigger is off, since the row itself broke no rule. The database checks every constraint of the rows as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, exc

from syda.load.roads.columns import quoted_names, quoted_table
from syda.load.roads.core import execute_as_written
from syda.load.roads.table_load import Block, TableLoad
from syda.planning.model import Plan
from syda.schema.model import DefaultKind, Kind, Table
from syda.sources.values import Values

PATIENCE = 20
"""How many seconds the triggers of a few rows may take: one that computes the next time may look for it forever."""
_FEW_ROWS = 1_000
_STOPPED = "57014"
_MOST_ALONE = 40
"""Of how many columns at most each is left out alone: every try costs some statements."""
_NUMBERS = (Kind.DECIMAL, Kind.INTEGER, Kind.FLOAT)
_TRIGGERS = sa.text(
    "SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass(:name) AND NOT tgisinternal"
    " AND tgenabled = 'O' AND tgtype & 4 = 4"
)


def others(plan: Plan, load: TableLoad) -> Iterator[tuple[str, TableLoad]]:
    """Yield the load in other ways, each with how it differs.

    Without the columns that rows may leave out: all but foreign keys, each alone, then all; and with zeros for numbers.
    """
    free = [name for name in load.columns if _is_free(plan, load.table, name)]
    linked = {name for link in load.table.foreign_keys for name in link.columns}
    plain = [name for name in free if name not in linked]
    tries = [plain, *([name] for name in free[:_MOST_ALONE]), free]
    for dropped in dict.fromkeys(tuple(each) for each in tries if 0 < len(each) < len(load.columns)):
        left = tuple(name for name in load.columns if name not in dropped)
        yield f"without {', '.join(dropped)}", replace(load, columns=left)
    unique = {name for each in load.table.unique_sets for name in each.columns}
    numbers = [column.name for column in load.table.columns if column.type.kind in _NUMBERS]
    zeroed = [name for name in numbers if name in load.columns and name not in linked | unique]
    if zeroed:
        yield f"with 0 as {', '.join(zeroed)}", replace(load, blocks=lambda: _with_zeros(load, zeroed))


def _with_zeros(load: TableLoad, names: list[str]) -> Iterator[Block]:
    for block in load.blocks():
        yield {**block, **{name: _zeros(block[name]) for name in names}}


def _zeros(values: Values) -> Values:
    data = np.zeros_like(values.data)
    return Values(np.full_like(data, Decimal(0)) if data.dtype == object else data, values.null)


def _is_free(plan: Plan, table: Table, name: str) -> bool:
    """Tell whether rows may leave a column out: it takes NULL or a default, and nothing refers to it."""
    column = table.column(name)
    filled = column.default_kind is DefaultKind.SERVER and not column.autoincrement
    links = (link for each in plan.schema for link in each.foreign_keys if link.parent == table.key)
    referred = any(name in link.parent_columns for link in links)
    return (column.nullable or filled) and name not in table.primary_key and not referred


def is_elsewhere(error: exc.DBAPIError, load: TableLoad) -> bool:
    """Tell whether the database refused what a trigger wrote into another table, rather than the row itself."""
    diagnosis: Any = getattr(error.orig, "diag", None)
    table = getattr(diagnosis, "table_name", None)
    return bool(table) and table != load.table.name


def is_endless(error: exc.DBAPIError, load: TableLoad) -> bool:
    """Tell whether the database stopped a statement because the triggers of a few rows came to no end."""
    return _is_short(load) and getattr(error.orig, "sqlstate", None) == _STOPPED


def _is_short(load: TableLoad) -> bool:
    return bool(load.table.triggers) and load.rows <= _FEW_ROWS


@contextmanager
def patience(connection: Connection, load: TableLoad) -> Iterator[None]:
    """Have PostgreSQL stop what the triggers of a few rows do when that takes too long."""
    if connection.dialect.name != "postgresql" or not _is_short(load):
        yield
        return
    before = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
    if before == "0":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{PATIENCE}s'")
    yield
    if before == "0":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


@contextmanager
def without_triggers(connection: Connection, load: TableLoad) -> Iterator[None]:
    """Have the table's own triggers off inside the block; those that were off before stay so."""
    table = quoted_table(load.target, connection.dialect)
    names = connection.scalars(_TRIGGERS, {"name": table}).all()
    listed = [quoted_names([name], connection.dialect) for name in names]
    for name in listed:
        execute_as_written(connection, f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    yield
    for name in listed:
        execute_as_written(connection, f"ALTER TABLE {table} ENABLE TRIGGER {name}")
