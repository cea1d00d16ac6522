"""Exclusion constraints: rows that are equal in some columns must not overlap in another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.generation.settling.state import State
from syda.generation.settling.unrepeated import codes
from syda.planning.checks import columns_of, parse
from syda.planning.checks.reading import column_of, literal
from syda.schema.model import Exclusion, Kind, Table
from syda.sources.stream import Integers

_RANGE = re.compile(r'^[\[(]\s*"?([^,"]*)"?\s*,\s*"?([^,"]*)"?\s*[\])]$')
_CONSTRUCTORS = ("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange")
_MOMENTS = ("tsrange", "tstzrange", "daterange")


@dataclass(frozen=True, slots=True)
class Apart:
    """An exclusion constraint that can be kept: rows equal in `same` do not overlap from `start` to `end`.

    One column that holds ranges is both `start` and `end`.
    """

    same: tuple[str, ...]
    start: str
    end: str
    closed: bool = False
    """The end is part of the range."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.same, self.start, self.end)))


def exclusions_of(table: Table) -> list[Apart]:
    """Return the table's exclusion constraints, as far as they ask for ranges that do not overlap."""
    found = (_read(table, exclusion) for exclusion in table.exclusions)
    return [apart for apart in found if apart is not None]


def _read(table: Table, exclusion: Exclusion) -> Apart | None:
    same: list[str] = []
    span: tuple[str, str, bool] | None = None
    for text, operator in exclusion.elements:
        tree = parse(text, table.dialect or "postgres")
        if tree is None:
            return None
        if operator == "=":
            same += columns_of(tree, table)
        elif operator == "&&" and span is None:
            span = _span(tree, table)
    return None if span is None else Apart(tuple(same), *span)


def _span(tree: Any, table: Table) -> tuple[str, str, bool] | None:
    from sqlglot import exp

    column = column_of(tree, table)
    if column is not None:
        return (column.name, column.name, False) if column.type.native.endswith("range") else None
    if isinstance(tree, exp.Anonymous) and str(tree.this).lower() in _CONSTRUCTORS and len(tree.expressions) > 1:
        ends = [column_of(each, table) for each in tree.expressions[:2]]
        closed = len(tree.expressions) > 2 and str(literal(tree.expressions[2])).endswith("]")
        if ends[0] is not None and ends[1] is not None:
            return ends[0].name, ends[1].name, closed
    return None


def keep_apart(state: State, exclusions: Sequence[Apart]) -> None:
    """Move the ranges of rows that are equal in the other columns one behind the other, as long as they were."""
    for apart in exclusions:
        if any(state.is_fixed(name) for name in (apart.start, apart.end)):
            continue
        group = np.zeros(state.rows, dtype=np.int64)
        for name in apart.same:
            own = codes(state.values(name), nulls_not_distinct=False)
            _, group = np.unique(group * (int(own.max(initial=0)) + 2) + own + 1, return_inverse=True)
        if apart.start == apart.end:
            _space_ranges(state, apart.start, group)
        else:
            _space_columns(state, apart, group)


def _space_columns(state: State, apart: Apart, group: Integers) -> None:
    start, end = state.data[apart.start], state.data[apart.end]
    one = np.ones(1, dtype=(end[:1] - start[:1]).dtype)[0] if len(start) else 0
    length = np.maximum(end - start, one)
    if state.column(apart.start).type.kind is Kind.DATETIME:
        length = np.maximum(length, np.timedelta64(1, "m"))
    first, last = spaced(group, start, length + one if apart.closed else length)
    state.data[apart.start], state.data[apart.end] = first, last - one if apart.closed else last
    for name in (apart.start, apart.end):
        state.null[name][:] = False


def spaced(group: Integers, start: NDArray[Any], length: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return starts and ends of the same lengths that overlap no other of their group: each begins where it did, or
    where the one before it ends.
    """
    order = np.lexsort((start, group))
    first, last = start.copy(), start + length
    previous = None
    for row in order.tolist():
        if previous is not None and group[previous] == group[row] and first[row] < last[previous]:
            first[row] = last[previous]
            last[row] = first[row] + length[row]
        previous = row
    return first, last


def _space_ranges(state: State, name: str, group: Integers) -> None:
    """Write the ranges of a column anew; a row whose range cannot be read stays as it is."""
    type_ = state.column(name).type.native
    read = [_RANGE.match(str(item)) for item in state.data[name].tolist()]
    present = ~state.null[name] & np.fromiter((bool(each and each[1] and each[2]) for each in read), dtype=bool)
    rows = np.flatnonzero(present)
    if not len(rows):
        return
    bounds = [np.array([_bound(read[row][side], type_) for row in rows]) for side in (1, 2)]  # type: ignore[index]
    start, end = spaced(group[rows], bounds[0], np.maximum(bounds[1] - bounds[0], _least(type_)))
    for row, low, high in zip(rows.tolist(), start.tolist(), end.tolist(), strict=True):
        zone = "+00" if type_ == "tstzrange" else ""
        state.data[name][row] = f"[{low}{zone},{high}{zone})"


def _bound(text: str, type_: str) -> Any:
    if type_ in _MOMENTS:
        return np.datetime64(text.removesuffix("+00").strip(), "D" if type_ == "daterange" else "us")
    return float(text) if type_ == "numrange" else int(text)


def _least(type_: str) -> Any:
    return np.timedelta64(1, "D" if type_ == "daterange" else "m") if type_ in _MOMENTS else 1
