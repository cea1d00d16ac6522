"""Gives rows other parents when the database has refused those that they were made for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from syda.generation.agreement import match_rows
from syda.load.roads.binding import bindings
from syda.load.roads.table_load import Block, TableLoad
from syda.schema.model import ForeignKey
from syda.sources.values import Values


def repointed(connection: Connection, load: TableLoad, refused: Mapping[str, TableLoad]) -> TableLoad:
    """Return the load with rows that refer to none of the rows of `refused` tables pointed to others of theirs.

    A foreign key that shares columns with another, or is part of a unique set, becomes NULL instead where it may be.
    """
    links = [link for link in load.table.foreign_keys if link.parent in refused and link.parent != load.table.key]
    links = [link for link in links if set(link.columns) <= set(load.columns)]
    if not links:
        return load
    there = {link.name: _keys(connection, refused[link.parent], link) for link in links}

    def blocks() -> Iterator[Block]:
        for block in load.blocks():
            changed = dict(block)
            for link in links:
                changed.update(_changed(load, link, changed, there[link.name]))
            yield changed

    return replace(load, blocks=blocks)


def _keys(connection: Connection, parent: TableLoad, link: ForeignKey) -> list[Values]:
    """Read the keys that the parent's table has now."""
    bound = bindings(parent.table, parent.target, connection.dialect)
    columns = [bound[name] for name in link.parent_columns]
    rows = connection.execute(sa.select(*(each.readable() for each in columns))).all()
    return [each.read([row[place] for row in rows]) for place, each in enumerate(columns)]


def _changed(load: TableLoad, link: ForeignKey, block: Block, there: list[Values]) -> Block:
    children = [block[name] for name in link.columns]
    lost = match_rows(there, children).count == 0
    for values in children:
        lost &= True if values.null is None else ~values.null
    if not lost.any():
        return {}
    optional = [name for name in link.columns if load.table.column(name).nullable]
    if len(there[0]) and not (_is_shared(load, link) or (optional and _is_unique(load, link))):
        chosen = np.arange(len(lost), dtype=np.int64) % len(there[0])
        return {
            name: _merged(values, own.take(chosen), lost)
            for name, values, own in zip(link.columns, children, there, strict=True)
        }
    return {name: block[name].masked(lost) for name in optional}


def _is_shared(load: TableLoad, link: ForeignKey) -> bool:
    """Tell whether another foreign key has one of the columns."""
    return any(set(link.columns) & set(other.columns) for other in load.table.foreign_keys if other is not link)


def _is_unique(load: TableLoad, link: ForeignKey) -> bool:
    """Tell whether rows with the same parent may be in each other's way."""
    unique = {name for each in load.table.unique_sets for name in each.columns}
    apart = " ".join(text for each in load.table.exclusions for text, _ in each.elements)
    return bool(set(link.columns) & unique) or any(name in apart for name in link.columns)


def _merged(values: Values, others: Values, where: NDArray[np.bool_]) -> Values:
    data = values.data.copy()
    data[where] = others.data[where]
    return Values(data, values.null)
