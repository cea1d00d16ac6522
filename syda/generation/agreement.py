"""Foreign keys of one table that share columns must point to parents that agree in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syda.generation.domains import inside
from syda.schema.model import ForeignKey, Table
from syda.sources.stream import Integers
from syda.sources.totals import Total
from syda.sources.values import Values, objects

if TYPE_CHECKING:
    from syda.generation.joint import Member
    from syda.generation.maker import Maker


@dataclass(frozen=True, slots=True)
class Matches:
    """For each child row the parent rows that carry its values: ``order[start : start + count]``."""

    order: Integers
    start: Integers
    count: Integers

    def pick(self, number: Integers) -> Integers:
        """Return one matching parent row per child row, chosen by `number` modulo the count; -1 where none is."""
        found = self.count > 0
        place = np.where(found, self.start + number % np.maximum(self.count, 1), 0)
        return np.where(found, self.order[place] if len(self.order) else -1, -1)


def match_rows(parents: Sequence[Values], children: Sequence[Values]) -> Matches:
    """Find the parent rows that equal each child row in all columns; NULL equals nothing."""
    parent_code, child_code = _encode(parents, children)
    order = np.argsort(parent_code, kind="stable")
    ordered = parent_code[order]
    start = np.searchsorted(ordered, child_code, side="left")
    stop = np.searchsorted(ordered, child_code, side="right")
    count = np.where(child_code < 0, 0, stop - start)
    return Matches(order, start, count)


def _encode(parents: Sequence[Values], children: Sequence[Values]) -> tuple[Integers, Integers]:
    size = len(parents[0])
    code = np.zeros(size + len(children[0]), dtype=np.int64)
    null = np.zeros(len(code), dtype=bool)
    for parent, child in zip(parents, children, strict=True):
        both = Values.concatenate([_comparable(parent, child), _comparable(child, parent)])
        if both.null is not None:
            null |= both.null
        _, own = np.unique(both.data, return_inverse=True)
        _, code = np.unique(code * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
    code = np.where(null, -1, code)
    return code[:size], code[size:]


def _comparable(values: Values, other: Values) -> Values:
    data: NDArray[Any] = values.data
    if data.dtype == object or data.dtype != other.data.dtype:
        data = np.asarray([str(item) for item in data.tolist()], dtype=object)
    return Values(data if len(data) else objects([]), values.null) if data.dtype == object else values


def shared_columns(link: ForeignKey, others: Collection[ForeignKey]) -> tuple[str, ...]:
    """Return the columns of `link` that also belong to one of the others."""
    taken = {column for other in others for column in other.columns}
    return tuple(dict.fromkeys(column for column in link.columns if column in taken))


def parent_values(maker: Maker, link: ForeignKey, columns: Sequence[str]) -> list[Values]:
    """Return, for all parent rows, the values that the child's `columns` would take."""
    pairs = dict(reversed(link.pairs))
    return [maker.column(link.parent, pairs[column]) for column in columns]


def matches_given(maker: Maker, table: str, name: str, fixed: Mapping[str, Integers]) -> Matches:
    """Return the parents of `name` that agree, row by row, with the parents chosen in `fixed`."""
    owner = maker.table(table)
    link = owner.foreign_key(name)
    others = [owner.foreign_key(other) for other in fixed]
    own = own_columns(maker, owner, link)
    columns = [*own, *(column for column in shared_columns(link, others) if column not in own)]
    children = [maker.values(table, column, maker.first(table), maker.total(table)) for column in own]
    for column in columns[len(own) :]:
        other = next(other for other in others if column in other.columns)
        children.append(parent_values(maker, other, [column])[0].take(fixed[other.name]))
    barred = ~parents_inside(maker, table, link)
    parents = [values.masked(barred) for values in parent_values(maker, link, columns)]
    return match_rows(parents, children)


def parents_inside(maker: Maker, table: str, link: ForeignKey) -> NDArray[np.bool_]:
    """Tell which parents may have a child more: their values are allowed by its CHECKs, and no total is too late."""
    allowed = np.ones(maker.total(link.parent), dtype=bool)
    allowed[: first_parent(maker, table, link)] = False
    domains = maker.domains(table)
    for column in link.columns:
        if column in domains and column in dict(link.pairs):
            values = parent_values(maker, link, [column])[0]
            allowed &= inside(replace(domains[column], required=True), maker.table(table).column(column), values)
    return allowed


def first_parent(maker: Maker, table: str, link: ForeignKey) -> int:
    """Return the number of the first parent that may have new children.

    The rows that are there keep theirs where a column adds them up, for its totals stand in the database already.
    """
    planned = maker.plan.tables.get(link.parent)
    there = maker.first(link.parent)
    if planned is None or not there or not maker.rows(link.parent):
        return 0
    totals = (column.source for column in planned.columns.values() if isinstance(column.source, Total))
    return there if any((one.children, one.foreign_key) == (table, link.name) for one in totals) else 0


def bars_parents(maker: Maker, table: Table, link: ForeignKey) -> bool:
    """Tell whether `allowed_parents` may leave out some of the parents."""
    if not maker.domains(table.key).keys().isdisjoint(link.columns) or first_parent(maker, table.key, link):
        return True
    others = (other for other in table.foreign_keys if other.name != link.name and other.parent != table.key)
    return any(shared_columns(link, [other]) and _is_asked_for(maker, table, other) for other in others)


def _is_asked_for(maker: Maker, table: Table, link: ForeignKey) -> bool:
    """Tell whether a foreign key is never NULL: a draft's are not, for conditions may ask for a parent in any row."""
    return not table.is_optional(link) or maker.table_plan(table.key).links[link.name].null_fraction <= 0


def own_columns(maker: Maker, table: Table, link: ForeignKey) -> list[str]:
    """Return the columns of `link` that are made without it, so that the parent must agree with them."""
    followed = maker.table_plan(table.key).links[link.name].followed(table, link)
    return [column for column in link.columns if column not in followed]


def allowed_parents(maker: Maker, table: str, name: str, visited: frozenset[str] = frozenset()) -> NDArray[np.bool_]:
    """Tell which parents of `name` agree with some parent of each other required foreign key that shares a column.

    So they should where conditions may ask for the other parent, as long as any does.
    """
    owner = maker.table(table)
    link = owner.foreign_key(name)
    allowed = parents_inside(maker, table, link)
    visited = visited | {name}
    for other in owner.foreign_keys:
        columns = shared_columns(link, [other])
        if other.name in visited or not columns or other.parent == table or not _is_asked_for(maker, owner, other):
            continue
        rows = np.flatnonzero(allowed_parents(maker, table, other.name, visited))
        theirs = [values.take(rows) for values in parent_values(maker, other, columns)]
        agreeing = allowed & (match_rows(theirs, parent_values(maker, link, columns)).count > 0)
        allowed = agreeing if agreeing.any() or not owner.is_optional(other) else allowed
    return allowed


def linked_groups(table: Table, links: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the foreign keys in groups that share columns, directly or through others."""
    groups: list[list[str]] = []
    for name in links:
        columns = set(table.foreign_key(name).columns)
        touching = [
            group for group in groups if any(columns & set(table.foreign_key(other).columns) for other in group)
        ]
        groups = [group for group in groups if group not in touching]
        groups.append([*(other for group in touching for other in group), name])
    return [tuple(group) for group in groups]


@dataclass(frozen=True, slots=True)
class SingleLink:
    """The allowed parents of one foreign key."""

    name: str
    rows: Integers

    @property
    def size(self) -> int:
        return len(self.rows)

    def at(self, index: Integers) -> Mapping[str, Integers]:
        return {self.name: self.rows[index]}


@dataclass(frozen=True, slots=True)
class AgreeingLinks:
    """All combinations of an anchor's parents with the parents of the other foreign keys that agree.

    Combination number ``ends[a - 1] + k`` belongs to the anchor's a-th parent; k counts the others in mixed radix.
    """

    anchor: SingleLink
    others: Mapping[str, Matches]
    ends: Integers

    @property
    def size(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def at(self, index: Integers) -> Mapping[str, Integers]:
        place = np.searchsorted(self.ends, index, side="right")
        number = index - np.concatenate([[0], self.ends])[place]
        drawn = dict(self.anchor.at(place))
        for name, matches in self.others.items():
            count = matches.count[place]
            number, own = np.divmod(number, count)
            drawn[name] = matches.order[matches.start[place] + own]
        return drawn


def agreeing_parents(maker: Maker, table: str, group: Sequence[str]) -> Member:
    """Return the combinations of parents, one for each foreign key of the group, that agree in shared columns.

    Others that share columns only among each other, not with the widest, are checked when combinations are kept.
    """
    owner = maker.table(table)
    widest = max(group, key=lambda name: len(shared_columns(owner.foreign_key(name), _others(owner, group, name))))
    anchor = SingleLink(widest, np.flatnonzero(allowed_parents(maker, table, widest)))
    if len(group) == 1:
        return anchor
    others = {name: matches_given(maker, table, name, {widest: anchor.rows}) for name in group if name != widest}
    counts = np.ones(anchor.size, dtype=np.int64)
    for matches in others.values():
        counts *= matches.count
    return AgreeingLinks(anchor, others, np.cumsum(counts))


def _others(table: Table, group: Sequence[str], name: str) -> list[ForeignKey]:
    return [table.foreign_key(other) for other in group if other != name]


def agree(maker: Maker, table: str, drawn: Mapping[str, Integers], links: Sequence[str]) -> NDArray[np.bool_]:
    """Tell for each combination whether the foreign keys have the same value in every column that they share."""
    owner = maker.table(table)
    size = len(drawn[links[0]]) if links else 0
    same = np.ones(size, dtype=bool)
    for place, name in enumerate(links):
        for other in links[:place]:
            for column in shared_columns(owner.foreign_key(name), [owner.foreign_key(other)]):
                mine, theirs = (
                    parent_values(maker, owner.foreign_key(link), [column])[0].take(drawn[link])
                    for link in (name, other)
                )
                same &= np.asarray(mine.data == theirs.data, dtype=bool)
    return same
