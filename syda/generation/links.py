"""Which parent each row points to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syda.errors import CapacityError, GenerateError
from syda.generation.agreement import (
    allowed_parents,
    match_rows,
    matches_given,
    own_columns,
    parent_values,
    shared_columns,
)
from syda.generation.cardinality import children_of_each, draw_counts, spread_counts
from syda.generation.identity import span_rows
from syda.generation.joint import rank_within
from syda.planning.model import LinkPlan
from syda.schema.model import ForeignKey, Table
from syda.sources.permutation import permute
from syda.sources.stream import Bits, Integers, random_bits, stream_key, to_index, to_uniform
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def draw_link(maker: Maker, table: str, name: str) -> Integers:
    """Return the parent's row number for each new row of `table`, as the link's plan says."""
    planned = maker.table_plan(table)
    link = maker.table(table).foreign_key(name)
    draw = planned.links[name].draw
    if draw == "joint":
        joint = next(joint for joint in planned.joints if name in joint.links)
        found = maker.joint(table, joint).links[name]
        return found if planned.rows_from == name else found[: maker.rows(table)]
    if draw == "children":
        if planned.rows_from == name:
            return children_of_each(maker, table, name)
        return _spread(maker, table, link, planned.links[name])
    if draw == "span":
        return span_rows(maker, table)
    if draw == "given":
        return _given(maker, table, link)
    if draw == "null":
        return np.full(maker.rows(table), -1, dtype=np.int64)
    if draw == "chain":
        return _chain(maker, table, link)
    if draw == "forest":
        return _forest(maker, table, link)
    if draw == "unique":
        return _each_once(maker, table, link)
    return _free(maker, table, link)


def _bits(maker: Maker, table: str, name: str, salt: str) -> Bits:
    first = maker.first(table)
    key = stream_key(maker.plan.settings.seed, table, f"link {name}", salt)
    return random_bits(key, first, first + maker.rows(table))


def with_nulls(maker: Maker, table: str, name: str, rows: Integers) -> Integers:
    """Return the link with -1 in the share of rows that the plan leaves NULL."""
    drawn = drawn_nulls(maker, table, name, maker.table_plan(table).links[name].null_fraction)
    return rows if drawn is None else np.where(drawn, -1, rows)


def drawn_nulls(maker: Maker, table: str, name: str, fraction: float) -> NDArray[np.bool_] | None:
    """Return which rows' foreign key is NULL, None when no row's is."""
    return to_uniform(_bits(maker, table, name, "null")) < fraction if fraction > 0 else None


def _earlier_links(maker: Maker, table: Table, link: ForeignKey) -> list[ForeignKey]:
    """Return the links that are drawn before this one and share a column with it."""
    order = list(maker.table_plan(table.key).links)
    earlier = [table.foreign_key(name) for name in order[: order.index(link.name)]]
    return [other for other in earlier if shared_columns(link, [other])]


def _free(maker: Maker, table: str, link: ForeignKey) -> Integers:
    owner = maker.table(table)
    bits = _bits(maker, table, link.name, "parent")
    earlier = _earlier_links(maker, owner, link)
    if earlier or own_columns(maker, owner, link):
        optional = owner.is_optional(link)
        fixed = {other.name: maker.link(table, other.name, nulls=optional) for other in earlier}
        matches = matches_given(maker, table, link.name, fixed)
        rows = matches.pick(to_index(bits, np.maximum(matches.count, 1)))
        return _required(owner, link, rows)
    allowed = np.flatnonzero(allowed_parents(maker, table, link.name))
    if not len(allowed):
        return _required(owner, link, np.full(len(bits), -1, dtype=np.int64))
    return allowed[to_index(bits, len(allowed))]


def _required(table: Table, link: ForeignKey, rows: Integers) -> Integers:
    """Return `rows`; raise `CapacityError` when a required parent is missing in one of them."""
    if not table.is_optional(link) and (rows < 0).any():
        columns = ", ".join(link.columns)
        raise CapacityError(
            f"{(rows < 0).sum()} rows of {table.key!r} find no row in {link.parent!r} for ({columns}): there is none, "
            f"or none that agrees with the other foreign keys that share a column; ask for more rows in {link.parent!r}"
        )
    return rows


def _spread(maker: Maker, table: str, link: ForeignKey, planned: LinkPlan) -> Integers:
    """Share a given number of rows among the parents by the link's cardinality, in an order of its own."""
    assert planned.children is not None
    rows, parents = maker.rows(table), maker.total(link.parent)
    if not parents:
        return _required(maker.table(table), link, np.full(rows, -1, dtype=np.int64))
    key = stream_key(maker.plan.settings.seed, table, f"link {link.name}", "spread")
    children = planned.children
    if children.shape != "uniform":
        children = replace(children, mean=rows / parents)
    drawn = draw_counts(children, random_bits(key, 0, parents), key)
    counts = spread_counts(children, drawn, rows, key)
    if int(counts.sum()) != rows:
        raise CapacityError(
            f"table {table!r} cannot have {rows} rows: {parents} rows of {link.parent!r} with {children.describe()} "
            f"children each can have {int(counts.sum())}; change the rows or the children per parent"
        )
    owners = np.repeat(np.arange(parents, dtype=np.int64), counts)
    return owners[permute(key, np.arange(rows, dtype=np.int64), rows)] if rows else owners


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


def _chain(maker: Maker, table: str, link: ForeignKey) -> Integers:
    """Point each new row to the one before; the first is NULL, or points to itself where it must not be."""
    first = maker.first(table)
    rows = first + np.arange(maker.rows(table), dtype=np.int64)
    return np.where(rows > first, rows - 1, -1 if maker.table(table).is_optional(link) else rows)


def _forest(maker: Maker, table: str, link: ForeignKey) -> Integers:
    """Point each row to any earlier row of the same table that agrees with it.

    The first row of each tree is NULL, or points to itself where the column must not be NULL.
    """
    owner = maker.table(table)
    first, total = maker.first(table), maker.total(table)
    group = _groups(maker, owner, link)
    order = np.argsort(group, kind="stable")
    place = np.empty(total, dtype=np.int64)
    place[order] = np.arange(total)
    rank = rank_within(group)
    bits = np.zeros(total, dtype=np.uint64)
    bits[first:] = _bits(maker, table, link.name, "parent")
    step = np.where(rank > 0, rank - to_index(bits, np.maximum(rank, 1)), 0)
    parents = order[place - step]
    if owner.is_optional(link):
        parents = np.where(rank > 0, parents, -1)
    return np.asarray(parents[first:])


def _groups(maker: Maker, table: Table, link: ForeignKey) -> Integers:
    """Return a number for each set of rows that may point to each other: those that agree in the columns shared."""
    columns = [*own_columns(maker, table, link), *shared_columns(link, _earlier_links(maker, table, link))]
    if not columns:
        return np.zeros(maker.total(table.key), dtype=np.int64)
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
