"""Reads from a database what new rows must know about the rows there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.errors import TargetError
from syda.load.roads.binding import bindings
from syda.load.target import rejections
from syda.planning.existing import Existing, ExistingTable
from syda.schema.model import Schema, Table
from syda.sources.values import Values


def read_existing(
    connection: Connection, schema: Schema, targets: Mapping[str, Any], counts: Mapping[str, int]
) -> Existing:
    """Return, for each table that `counts` gives rows, these and the columns that keys and unique sets are made of."""
    found: dict[str, ExistingTable] = {}
    for key, rows in counts.items():
        reader = _Reader(connection, schema.tables[key], targets[key], rows)
        columns = reader.columns(_names(schema, schema.tables[key]))
        found[key] = ExistingTable(rows=rows, columns=columns, read=reader.column)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads columns of one table's rows, which have to be as many as when they were counted."""

    connection: Connection
    table: Table
    target: sa.Table
    rows: int

    def columns(self, names: Sequence[str]) -> dict[str, Values]:
        if not names:
            return {}
        bound = bindings(self.table, self.target, self.connection.dialect)
        key = [bound[name].target for name in self.table.primary_key]
        chosen = sa.select(*(bound[name].readable() for name in names)).order_by(*key)
        with rejections(f"reading the rows of {self.table.key!r}"):
            try:
                listed = self.connection.execute(chosen).all()
            except (ValueError, TypeError, LookupError) as error:
                message = f"a value in {self.table.key}.({', '.join(names)}) is none of its column's type: {error}"
                raise TargetError(message) from error
        if len(listed) != self.rows:
            message = f"table {self.table.key!r} had {self.rows} rows and then {len(listed)}: somebody writes to it"
            raise TargetError(f"{message}; seed again")
        return {name: bound[name].read([row[place] for row in listed]) for place, name in enumerate(names)}

    def column(self, name: str) -> Values:
        return self.columns([name])[name]


def _names(schema: Schema, table: Table) -> list[str]:
    needed = {name for unique in table.unique_sets for name in unique.columns}
    needed |= {name for link in table.foreign_keys for name in link.columns}
    for other in schema:
        needed |= {name for link in other.foreign_keys if link.parent == table.key for name in link.parent_columns}
    return [column.name for column in table.columns if column.name in needed]
