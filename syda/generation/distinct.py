"""Columns in which no value may repeat."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.errors import MODELS_ADVICE, CapacityError
from syda.generation.context import Cell
from syda.sources.base import Source, rows_of
from syda.sources.permutation import permute
from syda.sources.stream import Integers, stream_key
from syda.sources.values import Values

ATTEMPTS = 60
_LISTED = 1 << 20
"""Sources with no more values than this are gone through when rows are there already."""


def distinct_values(cell: Cell, source: Source) -> Values:
    """Return values that repeat neither each other nor those of the existing rows.

    Raises `CapacityError` when the source has no more.
    """
    if is_made_by_blocks(source, beside_rows=bool(cell.maker.first(cell.table.key))):
        return _beside_existing(cell, source)
    size = source.capacity(cell.column) if source.countable else None
    if size is not None and size <= max(_LISTED, 4 * cell.stop):
        return _left_over(cell, source, size)
    return _without_repeats(cell, source, _make(cell, source, 0))


def is_made_by_blocks(source: Source, *, beside_rows: bool) -> bool:
    """Tell whether distinct values can be made of any rows without those of the others, `beside_rows` or not.

    A number of the row's own is in the value then, or it is a permutation's, which does not know what is there.
    """
    return source.numbered and not source.countable if beside_rows else source.numbered or source.countable


class Taken:
    """The values of a column that existing rows have, to be looked up again and again."""

    def __init__(self, values: Values | None) -> None:
        there = np.zeros(0, dtype=np.int64) if values is None else values.data
        listed = there if values is None or values.null is None else there[~values.null]
        self._is_ordered = listed.dtype.kind in "iuf"
        self.numbers: NDArray[Any] = np.unique(listed) if self._is_ordered else listed[:0]
        self._items = frozenset() if self._is_ordered else {_hashable(item) for item in listed.tolist()}

    def rows_with(self, data: NDArray[Any], rows: Integers) -> Integers:
        """Return those of `rows` whose value in `data` is taken."""
        if not self._is_ordered:
            return rows[[_hashable(item) in self._items for item in data[rows].tolist()]]
        if not len(self.numbers):
            return rows[:0]
        place = np.minimum(np.searchsorted(self.numbers, data[rows]), len(self.numbers) - 1)
        return np.asarray(rows[self.numbers[place] == data[rows]])


def _beside_existing(cell: Cell, source: Source) -> Values:
    """Return values that repeat none of the others by construction, made again where an existing row has the same."""
    made = _make(cell, source, 0)
    if not cell.maker.first(cell.table.key):
        return made
    taken = cell.maker.taken(cell.table.key, cell.column.name)
    data, attempt = made.data, 0
    repeated = taken.rows_with(data, np.arange(len(data)))
    if repeated.size:
        data = data.copy()
    while repeated.size and attempt < ATTEMPTS:
        attempt += 1
        data[repeated] = _make(cell, source, attempt).data[repeated]
        repeated = taken.rows_with(data, repeated)
    if repeated.size:
        raise CapacityError(_too_few(cell, source, len(data) - len(repeated)))
    return Values(data, made.null)


def _make(cell: Cell, source: Source, attempt: int) -> Values:
    if not source.countable:
        return source.make(replace(cell, attempt=attempt, offset=attempt * cell.maker.total(cell.table.key)))
    size = source.capacity(cell.column) or 0
    if cell.stop - cell.maker.first(cell.table.key) > size:
        raise CapacityError(_too_few(cell, source, size))
    index = rows_of(cell) + attempt * (cell.stop - cell.start)
    return source.at(cell, permute(_key(cell, source), index % size, size))


def _left_over(cell: Cell, source: Source, size: int) -> Values:
    """Return values that existing rows do not have, in the order of the rows' numbers."""
    wanted, seen = cell.stop - cell.start, _existing(cell)
    index = (np.arange(size, dtype=np.int64) + cell.start) % max(size, 1)
    everything = source.at(cell, permute(_key(cell, source), index, size)) if size else source.at(cell, index)
    new = np.setdiff1d(np.arange(size), _repeated(everything.data, np.arange(size), seen), assume_unique=True)
    if len(new) < wanted:
        raise CapacityError(_too_few(cell, source, len(new)))
    return everything.take(new[:wanted])


def _key(cell: Cell, source: Source) -> int:
    return stream_key(cell.settings.seed, cell.table.key, source.scope or cell.column.name, "permutation")


def _too_few(cell: Cell, source: Source, size: int) -> str:
    where = f"{cell.table.key}.{cell.column.name}"
    left = " that no row has yet" if cell.maker.first(cell.table.key) else ""
    by_model = cell.maker.table_plan(cell.table.key).columns[cell.column.name].author == "model"
    return (
        f"{where} must be unique and {cell.maker.rows(cell.table.key)} rows were asked for, but its source "
        f"({source.describe()}) has {size} values{left}; ask for at most {size} rows or give the column another source"
        f"{MODELS_ADVICE if by_model else ''}"
    )


def _without_repeats(cell: Cell, source: Source, made: Values) -> Values:
    data = made.data.copy()
    seen = _existing(cell)
    open_rows = _repeated(data, np.arange(len(data)), seen)
    attempt = 0
    while open_rows.size and attempt < ATTEMPTS:
        attempt += 1
        data[open_rows] = _make(cell, source, attempt).data[open_rows]
        open_rows = _repeated(data, open_rows, seen)
    if open_rows.size:
        raise CapacityError(_too_few(cell, source, len(data) - len(open_rows)))
    return Values(data, made.null)


def _existing(cell: Cell) -> set[Hashable]:
    there = cell.maker.existing.get(cell.table.key)
    values = there.columns.get(cell.column.name) if there else None
    if values is None:
        return set()
    listed = values.data if values.null is None else values.data[~values.null]
    return {_hashable(item) for item in listed.tolist()}


def _repeated(data: Any, rows: Integers, seen: set[Hashable]) -> Integers:
    """Return those of `rows` whose value was seen before; add the others to `seen`."""
    repeated = []
    for row, item in zip(rows.tolist(), data[rows].tolist(), strict=True):
        value = _hashable(item)
        if value in seen:
            repeated.append(row)
        else:
            seen.add(value)
    return np.asarray(repeated, dtype=np.int64)


def _hashable(item: Any) -> Hashable:
    return item if isinstance(item, Hashable) else repr(item)
