"""Values that other tables ask for, in the first new rows of the table that they ask."""

from __future__ import annotations

import numpy as np

from syda.generation.context import Cell
from syda.planning.existing import ExistingTable
from syda.planning.model import ColumnPlan
from syda.sources.values import Values, from_python

_EMPTY = ExistingTable()


def with_demanded(made: Values, cell: Cell, planned: ColumnPlan) -> Values:
    """Put the values that CHECKs of other tables name, or that a table with the same key has, into the first rows."""
    if planned.demanded and not cell.maker.first(cell.table.key):
        made = _in_first_rows(made, from_python(planned.demanded, cell.column.type), cell)
    if planned.alike and planned.alike[0] in cell.maker.plan.tables:
        made = _in_first_rows(made, _alike(cell, *planned.alike), cell)
    return made


def _alike(cell: Cell, table: str, name: str) -> Values:
    """Return new values of another table's key that no row of the cell's own table has yet."""
    maker = cell.maker
    first, total = maker.first(table), maker.total(table)
    values = maker.values(table, name, first, min(total, first + cell.stop - cell.start))
    there = maker.existing.get(cell.table.key, _EMPTY).column(cell.column.name)
    return values if there is None else values.take(np.flatnonzero(~np.isin(values.data, there.data)))


def _in_first_rows(made: Values, wanted: Values, cell: Cell) -> Values:
    """Put the wanted values into the table's first rows; those that the column has anyway stay where they are."""
    if cell.start > cell.maker.first(cell.table.key):
        return made
    there = np.isin(wanted.data, made.data)
    rows = np.flatnonzero(~np.isin(made.data, wanted.data))[: int((~there).sum())]
    data = made.data.copy()
    data[rows] = wanted.data[~there][: len(rows)]
    return Values(data, made.null)
