"""Combinations that must not repeat: association tables, one-to-one links, sets of foreign keys and small columns.

The combinations of all members form a product whose elements have numbers. A keyed permutation walks through those
numbers, so that a single unique set over all members needs no memory at all. Where several sets overlap, combinations
that repeat a part seen before are skipped. Foreign keys that share a column (a tenant) form one member of the product:
the list of parent combinations that agree.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from syda.errors import CapacityError
from syda.generation.agreement import agree, agreeing_parents, linked_groups, matches_given
from syda.generation.cardinality import children_of_each
from syda.planning.model import Joint
from syda.sources.permutation import LARGEST, permute
from syda.sources.stream import Integers, random_bits, stream_key, to_index
from syda.sources.values import to_python

if TYPE_CHECKING:
    from syda.generation.maker import Maker

_CANDIDATES_PER_ROW = 64
_LEAST_CANDIDATES = 1 << 20
_LARGEST_OFFSET = 1 << 40
_NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class JointRows:
    """`rows` combinations: parent row numbers by foreign key, value indexes by column."""

    rows: int
    links: Mapping[str, Integers]
    picks: Mapping[str, Integers]

    def take(self, rows: Integers) -> JointRows:
        """Return some of the combinations."""
        links = {name: parents[rows] for name, parents in self.links.items()}
        return JointRows(len(rows), links, {name: picks[rows] for name, picks in self.picks.items()})


class Member(Protocol):
    """One factor of the product."""

    @property
    def size(self) -> int:
        """How many combinations there are."""
        ...

    def at(self, index: Integers) -> Mapping[str, Integers]:
        """Return parent rows (by foreign key) or value indexes (by column) of the combinations `index`."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnMember:
    name: str
    size: int

    def at(self, index: Integers) -> Mapping[str, Integers]:
        return {self.name: index}


def solve_joint(maker: Maker, table: str, joint: Joint) -> JointRows:
    """Return as many combinations as the table asks for, or as there are.

    Raises `CapacityError` when the rows were asked for by name and there are fewer.
    """
    planned = maker.table_plan(table)
    driven = planned.rows_from if planned.rows_from in joint.links else None
    found = _under_parents(maker, table, joint, driven) if driven else _walk(maker, table, joint)
    if not driven and (planned.exact or planned.rows_from) and found.rows < maker.wanted(table):
        sets = " and ".join(f"({', '.join(columns)})" for columns in joint.unique)
        raise CapacityError(
            f"table {table!r} can have {found.rows} rows, not the {maker.wanted(table)} asked for: "
            f"{sets} must be unique; "
            f"ask for at most {found.rows} rows, or for more rows in the tables that it refers to"
        )
    return found


def _members(maker: Maker, table: str, joint: Joint, *, without: Sequence[str] = ()) -> list[Member]:
    links = [name for name in joint.links if name not in without]
    members: list[Member] = [
        agreeing_parents(maker, table, group) for group in linked_groups(maker.table(table), links)
    ]
    columns = maker.table_plan(table).columns
    for name in joint.columns:
        size = columns[name].source.capacity(maker.table(table).column(name)) or 0
        members.append(ColumnMember(name, size))
    return members


def _product(members: list[Member]) -> int:
    size = 1
    for member in members:
        size *= member.size
    return size


def _decode(members: list[Member], index: Integers) -> dict[str, Integers]:
    drawn: dict[str, Integers] = {}
    for member in members:
        index, own = np.divmod(index, max(member.size, 1))
        drawn.update(member.at(own))
    return drawn


def _split(joint: Joint, drawn: Mapping[str, Integers]) -> JointRows:
    rows = len(next(iter(drawn.values()))) if drawn else 0
    return JointRows(rows, {name: drawn[name] for name in joint.links}, {name: drawn[name] for name in joint.columns})


def _walk(maker: Maker, table: str, joint: Joint) -> JointRows:
    members = _members(maker, table, joint)
    size = min(_product(members), LARGEST)
    wanted = maker.wanted(table)
    key = stream_key(maker.plan.settings.seed, table, *joint.links, *joint.columns, "joint")
    memory = Memory(maker, table, joint)
    parts: list[dict[str, Integers]] = []
    start = found = 0
    limit = min(size, _LEAST_CANDIDATES + _CANDIDATES_PER_ROW * wanted)
    while found < wanted and start < limit:
        stop = min(limit, start + max(wanted - found, 1024) if memory.needed else start + wanted)
        drawn = _decode(members, permute(key, np.arange(start, stop, dtype=np.int64), size))
        kept = memory.keep(drawn)[: wanted - found]
        parts.append({name: rows[kept] for name, rows in drawn.items()})
        found += len(kept)
        start = stop
    if not parts:
        parts = [_decode(members, np.zeros(0, dtype=np.int64))]
    return _split(joint, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _under_parents(maker: Maker, table: str, joint: Joint, driver: str) -> JointRows:
    """Give each parent of `driver` its number of children, each with another combination of the other members."""
    children = children_of_each(maker, table, driver)
    parents = children.parents(0, children.rows)
    bound = [name for group in linked_groups(maker.table(table), joint.links) if driver in group for name in group]
    key = stream_key(maker.plan.settings.seed, table, driver, "joint under parents")
    number = rank_within(parents)
    if len(parents):
        number = number + to_index(random_bits(key, 0, int(parents.max()) + 1), _LARGEST_OFFSET)[parents]
    drawn = {driver: parents}
    for name in bound:
        if name != driver:
            matches = matches_given(maker, table, name, drawn)
            drawn[name] = matches.pick(number)
            number = number // np.maximum(matches.count, 1)
    members = _members(maker, table, joint, without=bound)
    size = min(_product(members), LARGEST)
    if members and size:
        drawn.update(_decode(members, permute(key, number % size, size)))
    usable = np.all([rows >= 0 for rows in drawn.values()], axis=0) if size else np.zeros(len(parents), dtype=bool)
    drawn = {name: drawn[name][usable] if name in drawn else _NO_ROWS for name in (*joint.links, *joint.columns)}
    kept = Memory(maker, table, joint).keep(drawn)
    return _split(joint, {name: rows[kept] for name, rows in drawn.items()})


def rank_within(groups: Integers) -> Integers:
    """Return the place of each element among the equal ones before it: 0, 1, 2, ..."""
    if not len(groups):
        return groups
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    rank = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    result = np.empty(len(groups), dtype=np.int64)
    result[order] = rank
    return result


class Memory:
    """What the unique sets have seen; empty where the walk through the product cannot repeat anything."""

    def __init__(self, maker: Maker, table: str, joint: Joint) -> None:
        self._maker, self._table, self._joint = maker, table, joint
        self._seen: list[set[Hashable]] = [self._existing(columns) for columns in joint.unique]
        driven = maker.table_plan(table).rows_from in joint.links
        whole = len(joint.unique) == 1 and set(joint.unique[0]) >= self._all_columns()
        grouped = all(len(group) <= 2 for group in linked_groups(maker.table(table), joint.links))
        self.needed = driven or not whole or not grouped or any(self._seen)

    def _all_columns(self) -> set[str]:
        owner = self._maker.table(self._table)
        linked = {column for name in self._joint.links for column in owner.foreign_key(name).columns}
        return linked | set(self._joint.columns)

    def _existing(self, columns: tuple[str, ...]) -> set[Hashable]:
        there = self._maker.existing.get(self._table)
        if there is None or not all(name in there.columns for name in columns):
            return set()
        owner = self._maker.table(self._table)
        listed = [to_python(there.columns[name], owner.column(name).type) for name in columns]
        return set(zip(*listed, strict=True))

    def keep(self, drawn: Mapping[str, Integers]) -> Integers:
        """Return the positions of the combinations that repeat nothing, in order."""
        size = len(next(iter(drawn.values())))
        if not self.needed:
            return np.arange(size)
        usable = (
            np.flatnonzero(agree(self._maker, self._table, drawn, self._joint.links))
            if self._joint.links
            else (np.arange(size))
        )
        codes = [
            list(zip(*(self._shown(name, drawn) for name in columns), strict=True)) for columns in self._joint.unique
        ]
        kept = []
        for row in usable.tolist():
            keys = [code[row] for code in codes]
            if any(key in seen for key, seen in zip(keys, self._seen, strict=True)):
                continue
            for key, seen in zip(keys, self._seen, strict=True):
                seen.add(key)
            kept.append(row)
        return np.asarray(kept, dtype=np.int64)

    def _shown(self, column: str, drawn: Mapping[str, Integers]) -> list[Hashable]:
        maker, owner = self._maker, self._maker.table(self._table)
        if column in drawn and column in self._joint.columns:
            cell = maker.cell(self._table, column, 0, len(drawn[column]))
            values = maker.table_plan(self._table).columns[column].source.at(cell, drawn[column])
            return to_python(values, owner.column(column).type)
        for name in self._joint.links:
            for child, parent in owner.foreign_key(name).pairs:
                if child == column:
                    link = owner.foreign_key(name)
                    values = maker.column(link.parent, parent).take(drawn[name])
                    return to_python(values, maker.table(link.parent).column(parent).type)
        raise KeyError(column)
