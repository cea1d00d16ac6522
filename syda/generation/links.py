"""Which parent each row points to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from syda.errors import CapacityError, GenerateError
from syda.generation.agreement import (
    allowed_parents,
    bars_parents,
    first_parent,
    match_rows,
    matches_given,
    own_columns,
    parent_values,
    shared_columns,
)
from syda.generation.cardinality import draw_counts, spread_counts
from syda.generation.identity import span_rows
from syda.generation.joint import rank_within
from syda.planning.model import LinkPlan
from syda.schema.model import ForeignKey, Table
from syda.sources.permutation import permute
from syda.sources.stream import Bits, Integers, random_bits, stream_key, to_index, to_uniform
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.maker import Maker


Drawn: TypeAlias = Callable[[int, int], Integers]
"""Gives the parents' row numbers of the new rows ``start..stop`` of a table."""


def draw_link(maker: Maker, table: str, name: str) -> Drawn:
    """Return what gives each new row of `table` its parent, as the link's plan says.

    Where a row's parent follows from the row's number alone, nothing is held for the rows.
    """
    planned = maker.table_plan(table)
    link = maker.table(table).foreign_key(name)
    draw = planned.links[name].draw
    if draw == "joint":
        joint = next(joint for joint in planned.joints if name in joint.links)
        return _held(maker, table, maker.joint(table, joint).links[name])
    if draw == "children":
        if planned.rows_from == name:
            children, first = maker.children(table), maker.first(table)
            return lambda start, stop: children.parents(start - first, stop - first)
        return _spread(maker, table, link, planned.links[name])
    if draw == "span":
        return _held(maker, table, span_rows(maker, table))
    if draw == "even":
        return _even(maker, table, link)
    if draw == "given":
        return _held(maker, table, _given(maker, table, link))
    if draw == "null":
        return _none
    if draw == "chain":
        return _chain(maker, table, link)
    if draw == "forest":
        return _forest(maker, table, link)
    if draw == "unique":
        return _held(maker, table, _each_once(maker, table, link))
    return _free(maker, table, link)


def _held(maker: Maker, table: str, rows: Integers) -> Drawn:
    first = maker.first(table)
    return lambda start, stop: rows[start - first : stop - first]


def _none(start: int, stop: int) -> Integers:
    return np.full(stop - start, -1, dtype=np.int64)


def _bits(maker: Maker, table: str, name: str, salt: str, block: tuple[int, int] | None = None) -> Bits:
    key = stream_key(maker.plan.settings.seed, table, f"link {name}", salt)
    return random_bits(key, *(block or (maker.first(table), maker.total(table))))


def with_nulls(maker: Maker, table: str, name: str, rows: Integers, start: int, stop: int) -> Integers:
    """Return the parents of the rows ``start..stop`` with -1 in the share that the plan leaves NULL."""
    fraction = maker.table_plan(table).links[name].null_fraction
    return drawn_nulls(maker, table, name, fraction, rows, start, stop)


def drawn_nulls(
    maker: Maker, table: str, name: str, fraction: float, rows: Integers, start: int, stop: int
) -> Integers:
    """Return the parents of the rows ``start..stop`` with -1 in the given share."""
    if fraction <= 0:
        return rows
    return np.where(to_uniform(_bits(maker, table, name, "null", (start, stop))) < fraction, -1, rows)


def _earlier_links(maker: Maker, table: Table, link: ForeignKey) -> list[ForeignKey]:
    """Return the links that are drawn before this one and share a column with it."""
    order = list(maker.table_plan(table.key).links)
    earlier = [table.foreign_key(name) for name in order[: order.index(link.name)]]
    return [other for other in earlier if shared_columns(link, [other])]


def _free(maker: Maker, table: str, link: ForeignKey) -> Drawn:
    owner = maker.table(table)
    earlier = _earlier_links(maker, owner, link)
    if earlier or own_columns(maker, owner, link):
        optional = owner.is_optional(link)
        fixed = {other.name: maker.link(table, other.name, nulls=optional) for other in earlier}
        matches = matches_given(maker, table, link.name, fixed)
        rows = matches.pick(to_index(_bits(maker, table, link.name, "parent"), np.maximum(matches.count, 1)))
        return _held(maker, table, _required(owner, link, rows))
    barred = bars_parents(maker, owner, link)
    allowed = np.flatnonzero(allowed_parents(maker, table, link.name)) if barred else None
    size = maker.total(link.parent) if allowed is None else len(allowed)
    if not size:
        return _held(maker, table, _required(owner, link, _none(0, maker.rows(table))))

    def drawn(start: int, stop: int) -> Integers:
        index = to_index(_bits(maker, table, link.name, "parent", (start, stop)), size)
        return index if allowed is None else allowed[index]

    return drawn


def _required(table: Table, link: ForeignKey, rows: Integers) -> Integers:
    """Return `rows`; raise `CapacityError` when a required parent is missing in one of them."""
    if not table.is_optional(link) and (rows < 0).any():
        columns = ", ".join(link.columns)
        raise CapacityError(
            f"{(rows < 0).sum()} rows of {table.key!r} find no row in {link.parent!r} for ({columns}): there is none, "
            f"or none that agrees with the other foreign keys that share a column; ask for more rows in {link.parent!r}"
        )
    return rows


def _spread(maker: Maker, table: str, link: ForeignKey, planned: LinkPlan) -> Drawn:
    """Share a given number of rows among the parents by the link's cardinality, in an order of its own."""
    assert planned.children is not None
    before = first_parent(maker, table, link)
    rows, parents = maker.rows(table), maker.total(link.parent) - before
    if not parents:
        return _held(maker, table, _required(maker.table(table), link, _none(0, rows)))
    key = stream_key(maker.plan.settings.seed, table, f"link {link.name}", "spread")
    children = planned.children
    if children.shape != "uniform":
        children = replace(children, mean=rows / parents)
    counts = spread_counts(children, draw_counts(children, random_bits(key, 0, parents), key), rows, key)
    if int(counts.sum()) != rows:
        raise CapacityError(
            f"table {table!r} cannot have {rows} rows: {parents} rows of {link.parent!r} with {children.describe()} "
            f"children each can have {int(counts.sum())}; change the rows or the children per parent"
        )
    ends, first = np.cumsum(counts), maker.first(table)

    def drawn(start: int, stop: int) -> Integers:
        place = permute(key, np.arange(start - first, stop - first, dtype=np.int64), rows) if rows else _none(0, 0)
        return np.asarray(before + np.searchsorted(ends, place, side="right"), dtype=np.int64)

    return drawn


def _even(maker: Maker, table: str, link: ForeignKey) -> Drawn:
    """Share the rows among the new parents, or the existing ones where none is new, in the order of both."""
    first, rows = maker.first(table), max(maker.wanted(table), 1)
    before, parents = maker.first(link.parent), maker.wanted(link.parent)
    if not parents:
        before, parents = 0, before

    def drawn(start: int, stop: int) -> Integers:
        place = np.arange(start - first, stop - first, dtype=np.int64)
        return before + place * parents // rows

    return drawn


def _given(maker: Maker, table: str, link: ForeignKey) -> Integers:
    """Find the parents that the values made by the user's own sources name."""
    first, total = maker.first(table), maker.total(table)
    children = [maker.values(table, column, first, total) for column in link.columns]
    parents = [maker.column(link.parent, column) for column in link.parent_columns]
    rows = match_rows(parents, children).pick(np.zeros(total - first, dtype=np.int64))
    null = np.zeros(len(rows), dtype=bool)
    for values in children:
        null |= False if values.null is None else values.null
    lost = np.flatnonzero((rows < 0) & ~null)
    if len(lost):
        columns = ", ".join(link.columns)
        shown = ", ".join(str(values.data[lost[0]]) for values in children)
        raise GenerateError(
            f"row {first + int(lost[0])} of {table!r}: ({columns}) = ({shown}) is no row of {link.parent!r}; "
            f"a source given for a foreign key must give keys that exist"
        )
    return rows


def _each_once(maker: Maker, table: str, link: ForeignKey) -> Integers:
    """Give each parent that no row refers to yet to one row at most; rows beyond them refer to none."""
    free = allowed_parents(maker, table, link.name)
    there = maker.existing.get(table)
    if there is not None:
        taken = [there.columns[column] for column in link.columns]
        free &= match_rows(taken, parent_values(maker, link, link.columns)).count == 0
    parents, rows = np.flatnonzero(free), maker.rows(table)
    key = stream_key(maker.plan.settings.seed, table, f"link {link.name}", "once")
    order = permute(key, np.arange(len(parents), dtype=np.int64), len(parents)) if len(parents) else parents
    return np.concatenate([parents[order][:rows], np.full(max(rows - len(parents), 0), -1, dtype=np.int64)])


def _chain(maker: Maker, table: str, link: ForeignKey) -> Drawn:
    """Point each new row to the one before; the first is NULL, or points to itself where it must not be."""
    first = maker.first(table)
    optional = maker.table(table).is_optional(link)

    def drawn(start: int, stop: int) -> Integers:
        rows = np.arange(start, stop, dtype=np.int64)
        return np.where(rows > first, rows - 1, -1 if optional else rows)

    return drawn


def _forest(maker: Maker, table: str, link: ForeignKey) -> Drawn:
    """Point each row to any earlier row of the same table that agrees with it.

    The first row of each tree is NULL, or points to itself where the column must not be NULL.
    """
    owner = maker.table(table)
    columns = [*own_columns(maker, owner, link), *shared_columns(link, _earlier_links(maker, owner, link))]
    if columns:
        return _held(maker, table, _forest_of_groups(maker, owner, link, columns))

    def drawn(start: int, stop: int) -> Integers:
        rows = np.arange(start, stop, dtype=np.int64)
        bits = _bits(maker, table, link.name, "parent", (start, stop))
        earlier = to_index(bits, np.maximum(rows, 1))
        return np.where(rows > 0, earlier, -1) if owner.is_optional(link) else earlier

    return drawn


def _forest_of_groups(maker: Maker, owner: Table, link: ForeignKey, columns: list[str]) -> Integers:
    """Return the parents where rows may point only to those that agree with them in `columns`."""
    first, total = maker.first(owner.key), maker.total(owner.key)
    group = _groups(maker, owner, columns)
    order = np.argsort(group, kind="stable")
    place = np.empty(total, dtype=np.int64)
    place[order] = np.arange(total)
    rank = rank_within(group)
    bits = np.zeros(total, dtype=np.uint64)
    bits[first:] = _bits(maker, owner.key, link.name, "parent")
    step = np.where(rank > 0, rank - to_index(bits, np.maximum(rank, 1)), 0)
    parents = order[place - step]
    if owner.is_optional(link):
        parents = np.where(rank > 0, parents, -1)
    return np.asarray(parents[first:])


def _groups(maker: Maker, table: Table, columns: list[str]) -> Integers:
    """Return a number for each set of rows that may point to each other: those that agree in the columns shared."""
    values: list[Values] = [maker.column(table.key, column) for column in columns]
    matches = match_rows(values, values)
    return np.asarray(matches.start, dtype=np.int64)


def ordinal(maker: Maker, table: str, name: str) -> Integers:
    """Return the place of each new row among all rows with the same parent."""
    link = maker.table(table).foreign_key(name)
    first = maker.first(table)
    if not first:
        return rank_within(maker.link(table, name))
    values = [maker.column(table, column) for column in link.columns]
    return rank_within(match_rows(values, values).start)[first:]
