"""Inheritance: which class each row belongs to, and which rows of the base table the subclasses' rows are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Inheritance, Table
from syda.sources.stream import Integers, random_bits, stream_key, to_index

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def subclass_tables(maker: Maker, table: str) -> list[Table]:
    """Return the tables of joined subclasses whose rows are also rows of `table`."""
    return [child for child in maker.plan.schema if child.base_table == table and child.key in maker.plan.tables]


def subclass_rows(maker: Maker, table: str) -> int:
    """Return how many of the table's new rows belong to joined subclasses."""
    return sum(maker.rows(child.key) for child in subclass_tables(maker, table))


def span_rows(maker: Maker, table: str) -> Integers:
    """Return the row of the parent class's table for each new row: own rows come first, then each subclass's."""
    owner = maker.table(table)
    parent = owner.base_table
    assert parent is not None
    offset = maker.first(parent) + maker.table_plan(parent).rows
    for sibling in subclass_tables(maker, parent):
        if sibling.key == table:
            break
        offset += maker.rows(sibling.key)
    return offset + np.arange(maker.rows(table), dtype=np.int64)


def draw_identities(maker: Maker, table: str) -> Integers:
    """Return the index into the root's identities for each new row of `table`."""
    owner = maker.table(table)
    root = _root(maker, owner)
    assert root.inheritance is not None
    own = _own_identities(maker, table, root.inheritance)
    return np.concatenate([own, *(maker.identity(child.key) for child in subclass_tables(maker, table))])


def _own_identities(maker: Maker, table: str, inheritance: Inheritance) -> Integers:
    """Return the class of each row that belongs to no joined subclass: one of those that live in the table."""
    planned = maker.table_plan(table)
    if planned.classes:
        return _as_asked(inheritance, planned.classes, planned.rows)
    local = [place for place, identity in enumerate(inheritance.identities) if identity.table == table]
    if not local:
        return np.zeros(planned.rows, dtype=np.int64)
    first = maker.first(table)
    key = stream_key(maker.plan.settings.seed, table, "identity")
    return np.asarray(local, dtype=np.int64)[to_index(random_bits(key, first, first + planned.rows), len(local))]


def _as_asked(inheritance: Inheritance, classes: Mapping[str, int], rows: int) -> Integers:
    """Give each class the rows asked for it by name, and the rest to the first class of the table."""
    counts = [classes.get(identity.class_name, 0) for identity in inheritance.identities]
    counts[0] += rows - sum(counts)
    return np.repeat(np.arange(len(counts), dtype=np.int64), counts)


def _root(maker: Maker, table: Table) -> Table:
    while table.inheritance is None and table.base_table:
        table = maker.table(table.base_table)
    return table


def foreign_columns_mask(maker: Maker, table: str, name: str, start: int, stop: int) -> NDArray[np.bool_] | None:
    """Tell which rows belong to classes that do not have the column; None when all have it."""
    owner = maker.table(table)
    if owner.inheritance is None or not owner.column(name).nullable:
        return None
    has = np.asarray([name in identity.columns for identity in owner.inheritance.identities], dtype=bool)
    if has.all() or not has.any():
        return None
    first = maker.first(table)
    return np.asarray(~has[maker.identity(table)[start - first : stop - first]])
