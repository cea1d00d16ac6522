"""The rows of one table while they are settled: what stands in each column now, and where each foreign key points."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syda.generation.agreement import linked_groups
from syda.generation.links import drawn_nulls
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.schema.model import Column, Table
from syda.sources.function import Function
from syda.sources.linked import Discriminator, Ordinal, Reference, cast_values
from syda.sources.permutation import permute
from syda.sources.scalar import Database, Sequence
from syda.sources.stream import Bits, Integers, random_bits, stream_key, to_index, to_uniform
from syda.sources.values import Values
from syda.sources.written import Written

if TYPE_CHECKING:
    from syda.generation.settling.draft import Draft

Mask = NDArray[np.bool_]
_KEPT = (Sequence, Discriminator, Ordinal, Database, Function)
_REDRAWN = ("free", "joint", "unique")
_NULLABLE = ("free", "joint", "unique", "forest", "chain", "null")


class State:
    """Columns and links of the drafted rows of a range; `reset` puts rows back to their draft."""

    def __init__(
        self, draft: Draft, plan: Plan, table: str, columns: Collection[str], between: tuple[int, int]
    ) -> None:
        self.draft, self.key = draft, table
        self.seed = plan.settings.seed
        self.table: Table = draft.table(table)
        self.planned: TablePlan = plan.tables[table]
        start, stop = between
        self.first, self.rows = draft.first(table) + start, stop - start
        self.owners = {name: self._owner(name) for name in columns}
        self.base = {name: self._drawn(name).copy() for name in self.planned.links}
        self.drafted_links = {name: self._with_nulls(name) for name in self.planned.links}
        self.drafted = {name: self._drafted(name) for name, link in self.owners.items() if link is None}
        self.drafted_base = {name: rows.copy() for name, rows in self.base.items()}
        self.links = {name: rows.copy() for name, rows in self.drafted_links.items()}
        self.data = {name: values.data.copy() for name, values in self.drafted.items()}
        self.null = {name: _null_of(values) for name, values in self.drafted.items()}
        self.spares_written = False
        """Whether what a language model wrote stays as it is."""
        self.spares_roots = True
        """Whether a row without any before it has no parent, rather than itself."""
        self.groups = {name: group for group in linked_groups(self.table, list(self.base)) for name in group}

    # -- what is there --------------------------------------------------------------------------------------------

    def values(self, name: str, rows: Integers | None = None) -> Values:
        """Return a column as it stands now, of all rows or of some."""
        link = self.owners[name]
        if link is None:
            null = self.null[name] if rows is None else self.null[name][rows]
            data = self.data[name] if rows is None else self.data[name][rows]
            return Values(data, null if null.any() else None)
        where = self.links[link] if self.column(name).nullable else self.base[link]
        return self._of_parent(name, link, where if rows is None else where[rows])

    def column(self, name: str) -> Column:
        return self.table.column(name)

    def source(self, name: str) -> ColumnPlan:
        return self.planned.columns[name]

    def is_fixed(self, name: str) -> bool:
        """Tell whether a column's values may not be changed: the user's, keys that are counted, classes."""
        link = self.owners[name]
        if link is not None:
            return self.planned.links[link].draw not in _REDRAWN
        planned = self.source(name)
        kept = (*_KEPT, Written) if self.spares_written else _KEPT
        return planned.author == "user" or isinstance(planned.source, kept)

    def may_be_null(self, name: str) -> bool:
        link = self.owners[name]
        if not self.column(name).nullable:
            return False
        if link is not None:
            planned = self.planned.links[link]
            return planned.draw in _NULLABLE and planned.children is None
        return not self.is_fixed(name)

    def bits(self, *path: str) -> Bits:
        """Return a random word per row."""
        key = stream_key(self.seed, self.key, "settle", *path)
        return random_bits(key, *self._between)

    # -- changes --------------------------------------------------------------------------------------------------

    def reset(self, names: Collection[str], rows: Integers) -> None:
        """Put the columns back to what was drafted, in some rows."""
        for name in names:
            link = self.owners[name]
            if link is None:
                self.set_values(name, rows, self.drafted[name].take(rows))
                continue
            for one in self.groups[link]:
                self.links[one][rows] = self.drafted_links[one][rows]
                self.base[one][rows] = self.drafted_base[one][rows]

    def kept(self, rows: Integers) -> Mapping[str, NDArray[np.generic]]:
        """Return what stands in the rows now, for `put_back`."""
        saved = {f"link {name}": where[rows] for name, where in self.links.items()}
        saved |= {f"base {name}": where[rows] for name, where in self.base.items()}
        saved |= {f"data {name}": data[rows] for name, data in self.data.items()}
        return saved | {f"null {name}": null[rows] for name, null in self.null.items()}

    def put_back(self, rows: Integers, saved: Mapping[str, NDArray[np.generic]], which: Mask) -> None:
        """Undo what was done to those of the rows that `which` marks since `kept`."""
        for kind, arrays in (("link", self.links), ("base", self.base), ("data", self.data), ("null", self.null)):
            for name, array in arrays.items():
                array[rows[which]] = saved[f"{kind} {name}"][which]

    def set_null(self, name: str, rows: Integers) -> None:
        link = self.owners[name]
        if link is None:
            self.null[name][rows] = True
        else:
            self.links[link][rows] = -1

    def set_present(self, name: str, rows: Integers) -> None:
        """Give the rows that are NULL the value, or the parent, that they would have otherwise."""
        link = self.owners[name]
        if link is None:
            forced = self.drafted_nulls(name)
            self.null[name][rows] = forced[rows]
            return
        missing = rows[self.links[link][rows] < 0]
        lost = missing[self.base[link][missing] < 0]
        if len(lost):
            self.base[link][lost] = self.other_parents(link, lost, "present")
        self.links[link][missing] = self.base[link][missing]

    def set_parents(self, link: str, rows: Integers, parents: Integers) -> None:
        self.links[link][rows] = parents
        self.base[link][rows] = parents

    def set_values(self, name: str, rows: Integers, values: Values) -> None:
        self.data[name][rows] = values.data
        self.null[name][rows] = False if values.null is None else values.null

    def imitate(self, names: Collection[str], rows: Integers, models: Integers, of: State | None = None) -> None:
        """Give rows what other rows, those `of` another part, have now in columns that may be changed."""
        other = of or self
        for name in names:
            link = self.owners[name]
            if self.is_fixed(name):
                continue
            for one in () if link is None else self.groups[link]:
                self.links[one][rows], self.base[one][rows] = other.links[one][models], other.base[one][models]
            if link is None:
                self.data[name][rows], self.null[name][rows] = other.data[name][models], other.null[name][models]

    def borrow(self, name: str, rows: Integers, label: str) -> None:
        """Give each row what some other drafted row has; foreign keys that share columns move together."""
        if not self.rows:
            return
        donors = to_index(self.bits("borrow", label), self.rows)[rows]
        link = self.owners[name]
        if link is None:
            self.data[name][rows] = self.drafted[name].data[donors]
            return
        group = self.groups[link]
        if len(group) == 1:
            self.set_parents(link, rows, self.other_parents(link, rows, label))
            return
        for one in group:
            self.links[one][rows] = np.where(self.links[one][rows] < 0, -1, self.drafted_links[one][donors])
            self.base[one][rows] = self.drafted_base[one][donors]

    def other_parents(self, link: str, rows: Integers, label: str) -> Integers:
        """Return a parent for each row; one that no row refers to yet where each may be had once only."""
        if self.table.foreign_key(link).parent == self.key:  # an earlier row: it is there when it is asked for
            before = self.first + rows
            earlier = to_index(self.bits("parent", link, label)[rows], np.maximum(before, 1))
            return np.where(before > 0, earlier, -1) if self.spares_roots else earlier
        used, allowed = self.links[link], self.draft.allowed_parents(link)
        if self.planned.links[link].draw == "unique":
            free = np.setdiff1d(allowed, used[used >= 0])
            picked = np.full(len(rows), -1, dtype=np.int64)
            size = min(len(free), len(rows))
            key = stream_key(self.seed, self.key, "settle", "free", link, label)
            order = permute(key, np.arange(size, dtype=np.int64), len(free)) if size else free[:0]
            picked[:size] = free[order]
            return picked
        if not len(allowed):
            return np.full(len(rows), -1, dtype=np.int64)
        return allowed[to_index(self.bits("parent", link, label), len(allowed))[rows]]

    def parent_values(self, name: str, parents: Integers) -> Values:
        """Return what a foreign key column would be with each of the parents."""
        link = self.owners[name]
        assert link is not None
        return self._of_parent(name, link, parents)

    # -- drafting -------------------------------------------------------------------------------------------------

    def drafted_nulls(self, name: str) -> Mask:
        """Tell which rows the source itself leaves NULL, or a class that lacks the column."""
        made = self._made(name).null
        return np.zeros(self.rows, dtype=bool) if made is None else made

    @property
    def _between(self) -> tuple[int, int]:
        return self.first, self.first + self.rows

    def _made(self, name: str) -> Values:
        return self.draft.values(self.key, name, *self._between)

    def _drawn(self, link: str) -> Integers:
        return self.draft.parents(self.key, link, *self._between)

    def _drafted(self, name: str) -> Values:
        told = self.draft.told(name, *self._between)
        if told is not None:
            return told
        made, fraction = self._made(name), self.source(name).null_fraction
        if fraction <= 0:
            return made
        key = stream_key(self.seed, self.key, name, "null")
        return made.masked(to_uniform(random_bits(key, *self._between)) < fraction)

    def _with_nulls(self, name: str) -> Integers:
        fraction = self.planned.links[name].null_fraction
        return drawn_nulls(self.draft, self.key, name, fraction, self.base[name].copy(), *self._between)

    def _owner(self, name: str) -> str | None:
        planned = self.planned.columns[name]
        return planned.source.foreign_key if isinstance(planned.source, Reference) else None

    def _of_parent(self, name: str, link: str, where: Integers) -> Values:
        source = self.source(name).source
        assert isinstance(source, Reference)
        parent = self.table.foreign_key(link).parent
        wanted = self.draft.table(parent).column(source.column)
        values = self.draft.column(parent, wanted.name).take(where)
        return cast_values(values, wanted.type, self.column(name).type)


def _null_of(values: Values) -> Mask:
    return np.zeros(len(values), dtype=bool) if values.null is None else values.null.copy()
