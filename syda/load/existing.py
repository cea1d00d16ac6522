"""Reads from a database what new rows must know about the rows there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.load.target import rejections
from syda.planning.existing import Existing, ExistingTable
from syda.schema.model import Schema, Table
from syda.sources.values import from_python


def read_existing(connection: Connection, schema: Schema, targets: Mapping[str, Any]) -> Existing:
    """Return, for each table that has rows, their number and the columns that keys and unique sets are made of.

    A table that does not exist yet counts as empty.
    """
    inspector = sa.inspect(connection)
    found: dict[str, ExistingTable] = {}
    for table in schema:
        target = targets[table.key]
        with rejections(f"reading the rows of {table.key!r}"):
            if not inspector.has_table(target.name, schema=target.schema):
                continue
            name = connection.dialect.identifier_preparer.format_table(target)
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() or 0
            if rows:
                found[table.key] = ExistingTable(rows=rows, columns=_key_columns(connection, schema, table, target))
    return found


def _key_columns(connection: Connection, schema: Schema, table: Table, target: sa.Table) -> dict[str, Any]:
    names = _names(schema, table)
    if not names:
        return {}
    key = [target.c[name] for name in table.primary_key]
    listed = connection.execute(sa.select(*(target.c[name] for name in names)).order_by(*key)).all()
    columns = {}
    for place, name in enumerate(names):
        columns[name] = from_python([row[place] for row in listed], table.column(name).type)
    return columns


def _names(schema: Schema, table: Table) -> list[str]:
    needed = {name for unique in table.unique_sets for name in unique.columns}
    needed |= {name for link in table.foreign_keys for name in link.columns}
    for other in schema:
        needed |= {name for link in other.foreign_keys if link.parent == table.key for name in link.parent_columns}
    return [column.name for column in table.columns if column.name in needed]
