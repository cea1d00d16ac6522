"""The rows of one class: those of its table, with what the tables that it extends hold of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from syda.dataset import Dataset
from syda.errors import SchemaError
from syda.schema import Schema, Table
from syda.sources.values import Values, to_python


@dataclass(frozen=True, slots=True)
class ClassRows:
    """Columns as a user of the class sees them: those of its bases first."""

    table: Table
    columns: Mapping[str, Values]
    rows: int


def only_table(schema: Schema) -> Table:
    """Return the one table that is asked for; the tables that it extends do not count."""
    filled = [table for table in schema if table.key not in schema.external]
    bases = {table.base_table for table in filled}
    found = [table for table in filled if table.key not in bases]
    if len(found) != 1:
        listed = ", ".join(table.key for table in found)
        raise SchemaError(f"generate_data makes one table, got {len(found)} ({listed}); see generate_related_data")
    return found[0]


def bases_of(schema: Schema, table: Table) -> list[str]:
    """Return the table and those that it extends, by key."""
    found = [table.key]
    while base := schema.tables[found[-1]].base_table:
        found.append(base)
    return found


def class_rows(dataset: Dataset, table: Table) -> ClassRows:
    """Return the rows of a table, joined with those of the tables that it extends."""
    tables = [dataset.plan.schema.tables[key] for key in bases_of(dataset.plan.schema, table)]
    found, *bases = (
        ClassRows(each, dataset.tables[each.key].columns, dataset.tables[each.key].rows) for each in tables
    )
    for extending, base in zip(tables, bases, strict=False):
        found = _joined(found, extending.foreign_key(extending.inherits or "").pairs, base)
    return found


def _joined(rows: ClassRows, pairs: tuple[tuple[str, str], ...], base: ClassRows) -> ClassRows:
    places = {key: place for place, key in enumerate(_keys(base, [parent for _, parent in pairs]))}
    taken = np.array([places[key] for key in _keys(rows, [child for child, _ in pairs])], dtype=np.int64)
    own = [column for column in rows.table.columns if column.name not in base.table.by_name]
    columns = {name: values.take(taken) for name, values in base.columns.items()}
    columns |= {column.name: rows.columns[column.name] for column in own if column.name in rows.columns}
    return ClassRows(replace(rows.table, columns=(*base.table.columns, *own)), columns, rows.rows)


def _keys(rows: ClassRows, names: list[str]) -> list[tuple[Any, ...]]:
    listed = [to_python(rows.columns[name], rows.table.column(name).type) for name in names]
    return list(zip(*listed, strict=True))
