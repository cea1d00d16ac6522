"""Executes a Plan: every part of the data is made when it is first asked for, and only once.

What a row points to (its parents, its place in a combination) is decided for a whole table at a time and kept as row
numbers; values are made in blocks. Because each value depends only on (seed, table, column, row) and on the values it
reads, neither the order of the questions nor the size of the blocks changes a result.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from syda.errors import GenerateError, PlanError
from syda.generation import identity, links
from syda.generation.cardinality import Children, children_of_each
from syda.generation.context import Cell
from syda.generation.demanded import with_demanded
from syda.generation.distinct import Taken, distinct_values, is_made_by_blocks
from syda.generation.joint import JointRows, solve_joint
from syda.generation.judging import Judge
from syda.planning.checks import Domain, check_domains
from syda.planning.existing import Existing, ExistingTable
from syda.planning.model import ColumnPlan, Joint, Plan, TablePlan
from syda.schema.model import Kind, Table
from syda.sources.function import Function
from syda.sources.scalar import Database, Sequence
from syda.sources.stream import Integers, random_bits, stream_key, to_uniform
from syda.sources.totals import Tally, Total
from syda.sources.values import Values, dtype_of

BLOCK_SIZE = 65_536
_EMPTY = ExistingTable()
if TYPE_CHECKING:
    from syda.generation.settling import Settled

Written: TypeAlias = Mapping[str, Mapping[str, Values]]
"""What a language model wrote, and was told, by table and column: a value for each new row."""
T = TypeVar("T")
Key = tuple[str, ...]


class Maker:
    """The rows of a plan, made on demand. Row numbers of a table count existing rows first, then new ones."""

    def __init__(
        self,
        plan: Plan,
        *,
        existing: Existing | None = None,
        block_size: int = BLOCK_SIZE,
        judge: Judge | None = None,
        written: Written | None = None,
        unsettled: frozenset[str] = frozenset(),
    ) -> None:
        if block_size < 1:
            raise PlanError(f"block_size must be at least 1, not {block_size}")
        self.plan = plan
        self.existing: Existing = existing or {}
        self.judge = judge
        self.by_model: Written = {} if written is None else written
        self.block_size = block_size
        self.unsettled = unsettled  # tables whose rows are made without a look at their conditions
        self._made: dict[Key, Any] = {}
        self._under_way: list[Key] = []
        self._block: dict[Key, tuple[int, int, Any]] = {}

    def alike(self) -> dict[str, Any]:
        """Return the arguments, all but the plan, of a maker that knows what this one does."""
        kept = ("existing", "block_size", "judge", "unsettled")
        return {**{name: getattr(self, name) for name in kept}, "written": self.by_model}

    # -- how many -------------------------------------------------------------------------------------------------

    def first(self, table: str) -> int:
        """Return the number of the table's first new row: how many rows are there already."""
        return self.existing.get(table, _EMPTY).rows

    def rows(self, table: str) -> int:
        """Return how many new rows the table gets."""
        return self._once(("rows", table), lambda: self._count_rows(table))

    def total(self, table: str) -> int:
        return self.first(table) + self.rows(table)

    def _count_rows(self, table: str) -> int:
        planned = self.plan.tables.get(table)
        if planned is None:
            return 0
        settled = self.settled(table)
        if settled is not None:
            return settled.rows
        if planned.rows_from:
            return self._driven_rows(table, planned.rows_from)
        return min([self.wanted(table), *(self.joint(table, joint).rows for joint in planned.joints)])

    def wanted(self, table: str) -> int:
        """Return how many new rows the table was asked for, rows of subclasses included."""
        planned = self.table_plan(table)
        if planned.rows_from and not any(planned.rows_from in joint.links for joint in planned.joints):
            return self.children(table).rows
        return planned.rows + identity.subclass_rows(self, table)

    def _driven_rows(self, table: str, foreign_key: str) -> int:
        planned = self.table_plan(table)
        if planned.links[foreign_key].draw == "joint":
            return next(self.joint(table, joint).rows for joint in planned.joints if foreign_key in joint.links)
        return self.children(table).rows

    def children(self, table: str) -> Children:
        """Return the children per parent that decide how many rows the table gets."""
        name = self.table_plan(table).rows_from
        assert name is not None
        return self._once(("children", table), lambda: children_of_each(self, table, name))

    def settled(self, table: str) -> Settled | None:
        """Return the rows that satisfy the table's conditions; None when it has none that need it."""
        if table not in self.plan.tables or table in self.unsettled:
            return None
        return self._once(("settled", table), lambda: _settle(self, table))

    def domains(self, table: str) -> Mapping[str, Domain]:
        """Return what the table's CHECKs say about single columns."""
        return self._once(("domains", table), lambda: check_domains(self.table(table)))

    def written(self, table: str, name: str) -> Values:
        """Return what a language model wrote for the new rows of a column."""
        found = self.by_model.get(table, {}).get(name)
        if found is None:
            if not self.wanted(table):
                return self.empty(table)[name]
            raise GenerateError(
                f"{table}.{name} is written by a language model: say which by llm=, or give the column another source"
            )
        return found

    # -- structure ------------------------------------------------------------------------------------------------

    def joint(self, table: str, joint: Joint) -> JointRows:
        """Return the rows of foreign keys and columns that are drawn together."""
        settled = self.settled(table)
        if settled is not None:
            return settled.joint(joint)
        return self._once(("joint", table, *joint.links, *joint.columns), lambda: solve_joint(self, table, joint))

    def link(self, table: str, foreign_key: str, *, nulls: bool = True) -> Integers:
        """Return the parent's row number for each new row of the table, -1 where the foreign key is NULL.

        Without `nulls`, rows whose foreign key will be NULL keep the parent that its NOT NULL columns agree with.
        """
        settled = self.settled(table)
        if settled is not None:
            return self._once(
                ("settled link", table, foreign_key, str(nulls)),
                lambda: settled.parents(foreign_key, 0, settled.rows, nulls=nulls),
            )
        whole = (self.first(table), self.total(table))
        rows = self._once(("link", table, foreign_key), lambda: self._drawn(table, foreign_key)(*whole))
        if not nulls:
            return rows
        return self._once(
            ("nulls", table, foreign_key), lambda: links.with_nulls(self, table, foreign_key, rows, *whole)
        )

    def parents(self, table: str, foreign_key: str, start: int, stop: int, *, nulls: bool = True) -> Integers:
        """Return what `link` does for the new rows ``start..stop`` alone."""
        settled = self.settled(table)
        if settled is not None:
            first = self.first(table)
            return settled.parents(foreign_key, start - first, stop - first, nulls=nulls)
        drawn = self._drawn(table, foreign_key)
        rows = self._of_block(("parents", table, foreign_key), start, stop, lambda: drawn(start, stop))
        if not nulls:
            return rows
        return self._of_block(
            ("nulls", table, foreign_key),
            start,
            stop,
            lambda: links.with_nulls(self, table, foreign_key, rows, start, stop),
        )

    def _drawn(self, table: str, foreign_key: str) -> links.Drawn:
        return self._once(("drawn", table, foreign_key), lambda: links.draw_link(self, table, foreign_key))

    def ordinals(self, table: str, foreign_key: str, start: int, stop: int) -> Integers:
        """Return what `ordinal` does for the new rows ``start..stop`` alone."""
        planned, first = self.table_plan(table), self.first(table)
        link = planned.links[foreign_key]
        by_parent = link.draw == "children" and planned.rows_from == foreign_key and link.null_fraction <= 0
        if by_parent and not first and self.settled(table) is None:
            return self.children(table).ordinals(start, stop)
        return self.ordinal(table, foreign_key)[start - first : stop - first]

    def ordinal(self, table: str, foreign_key: str) -> Integers:
        """Return the place of each new row among all rows with the same parent."""
        return self._once(("ordinal", table, foreign_key), lambda: links.ordinal(self, table, foreign_key))

    def identity(self, table: str) -> Integers:
        """Return the index of each new row's class in the table's inheritance."""
        settled = self.settled(table)
        if settled is not None:
            return settled.identity()
        return self._once(("identity", table), lambda: identity.draw_identities(self, table))

    # -- values ---------------------------------------------------------------------------------------------------

    def column(self, table: str, name: str) -> Values:
        """Return a column of all rows of the table, existing ones first."""
        return self._once(("column", table, name), lambda: self._whole(table, name))

    def at(self, table: str, name: str, rows: Integers) -> Values:
        """Return a column of the given rows of the table, NULL for negative ones."""
        source = self._counted(table, name)
        if source is None:
            return self.column(table, name).take(rows)
        data, there = source.of_rows(self.table(table).column(name), rows).data, rows < self.first(table)
        missing = rows < 0
        if self.first(table):
            data[there] = self.existing[table].columns[name].data[rows[there]]  # -1 takes any: it is masked
        return Values(data).masked(missing)

    def _counted(self, table: str, name: str) -> Sequence | None:
        """Return the source of a column whose values follow from the rows' numbers, None for any other column."""
        planned = self.plan.tables[table].columns.get(name) if table in self.plan.tables else None
        if planned is None or not isinstance(planned.source, Sequence) or self._meets(table, name, planned.source):
            return None
        column, settled = self.table(table).column(name), self.settled(table)
        special = column.nullable or planned.demanded or planned.alike or column.type.kind is not Kind.INTEGER
        drawn = any(name in joint.columns for joint in self.table_plan(table).joints)
        return None if special or drawn or (settled is not None and settled.settles(name)) else planned.source

    def _meets(self, table: str, name: str, source: Sequence) -> bool:
        """Tell whether an existing row has a number that the source gives to a new one, or its number is not known."""
        if not self.first(table):
            return False
        if name not in self.existing[table].columns:
            return True
        return self._once(("meets", table, name), lambda: self._has_met(table, name, source))

    def _has_met(self, table: str, name: str, source: Sequence) -> bool:
        numbers = self.taken(table, name).numbers
        rows, rest = np.divmod(numbers - source.start, source.step)
        return bool(((rest == 0) & (rows >= self.first(table)) & (rows < self.total(table))).any())

    def taken(self, table: str, name: str) -> Taken:
        """Return the values that existing rows of the table have in a column."""
        return self._once(("taken", table, name), lambda: Taken(self.existing[table].columns.get(name)))

    def values(self, table: str, name: str, start: int, stop: int) -> Values:
        """Return a column of the rows ``start..stop``, which must be new ones."""
        key = ("column", table, name)
        if key in self._made:
            return self.column(table, name).slice(start, stop)
        settled, first = self.settled(table), self.first(table)
        if settled is not None and settled.settles(name):
            return settled.values(name, start - first, stop - first)
        if self._is_whole(table, name):
            return self._new(table, name).slice(start - first, stop - first)
        return self._of_block(key, start, stop, lambda: self._make(table, name, start, stop))

    def tally(self, table: str, total: Total) -> Tally:
        """Return what the children of the table's new rows come to."""
        from syda.generation.tallies import tally  # it makes makers

        return self._once(("tally", table, *total.key), lambda: tally(self, table, total))

    def blocks(self, table: str) -> Iterator[Mapping[str, Values]]:
        """Yield the new rows of the table, a block at a time, without the columns that the database fills."""
        names = self.made_columns(table)
        for start, stop in self.ranges(table):
            yield {name: self.values(table, name, start, stop) for name in names}

    def empty(self, table: str) -> Mapping[str, Values]:
        """Return the columns of a table that gets no new row."""
        owner, names = self.plan.schema.tables[table], self.made_columns(table)
        return {name: Values(np.zeros(0, dtype=dtype_of(owner.column(name).type.kind))) for name in names}

    def made_columns(self, table: str) -> list[str]:
        """Return the columns that the database does not fill."""
        return [name for name, column in self.plan.tables[table].columns.items() if column.source.source != "database"]

    def ranges(self, table: str) -> Iterator[tuple[int, int]]:
        first, total = self.first(table), self.total(table)
        for start in range(first, total, self.block_size):
            yield start, min(start + self.block_size, total)

    def _whole(self, table: str, name: str) -> Values:
        column = self.plan.schema.tables[table].column(name)
        there = self.existing.get(table, _EMPTY).column(name)
        parts = [] if there is None else [there]
        if there is None and self.first(table):
            parts = [Values(np.zeros(self.first(table), dtype=dtype_of(column.type.kind)))]
        if table in self.plan.tables and self.rows(table):
            parts.append(self._new(table, name))
        return Values.concatenate(parts) if parts else Values(np.zeros(0, dtype=dtype_of(column.type.kind)))

    def _new(self, table: str, name: str) -> Values:
        return self._once(("new", table, name), lambda: self._make_new(table, name))

    def _make_new(self, table: str, name: str) -> Values:
        settled = self.settled(table)
        if settled is not None and settled.settles(name):
            return settled.values(name, 0, settled.rows)
        planned = self._column_plan(table, name)
        if planned.distinct and self._needs_memory(table, planned):
            cell = self.cell(table, name, self.first(table), self.total(table))
            made = with_demanded(distinct_values(cell, planned.source), cell, planned)
            return made.masked(self._nulls(table, name, self.first(table), self.total(table)))
        parts = [self._make(table, name, *block) for block in self.ranges(table)]
        return Values.concatenate(parts) if parts else self.empty(table)[name]

    def _is_whole(self, table: str, name: str) -> bool:
        planned = self._column_plan(table, name)
        return isinstance(planned.source, Function) or (planned.distinct and self._needs_memory(table, planned))

    def _needs_memory(self, table: str, planned: ColumnPlan) -> bool:
        """Tell whether distinctness cannot be had by construction, because of the source or of existing rows."""
        return not is_made_by_blocks(planned.source, beside_rows=bool(self.first(table)))

    def _make(self, table: str, name: str, start: int, stop: int) -> Values:
        planned = self._column_plan(table, name)
        if isinstance(planned.source, Database):
            raise GenerateError(f"{table}.{name} is filled by the database and cannot be read before it is loaded")
        cell = self.cell(table, name, start, stop)
        try:
            made = self._from_source(cell, planned)
        except ValueError as error:
            raise GenerateError(
                f"{table}.{name} cannot be made by its source ({planned.source.describe()}): {error}"
            ) from error
        return with_demanded(made, cell, planned).masked(self._nulls(table, name, start, stop))

    def _from_source(self, cell: Cell, planned: ColumnPlan) -> Values:
        table = cell.table.key
        for joint in self.plan.tables[table].joints:
            if cell.column.name in joint.columns:
                first = self.first(table)
                picked = self.joint(table, joint).picks[cell.column.name][cell.start - first : cell.stop - first]
                return planned.source.at(cell, picked)
        return distinct_values(cell, planned.source) if planned.distinct else planned.source.make(cell)

    def cell(self, table: str, name: str, start: int, stop: int) -> Cell:
        """Return the context in which a column's source works."""
        owner = self.plan.schema.tables[table]
        return Cell(self, owner, owner.column(name), start, stop, self._column_plan(table, name).distinct)

    def _nulls(self, table: str, name: str, start: int, stop: int) -> NDArray[np.bool_] | None:
        mask = identity.foreign_columns_mask(self, table, name, start, stop)
        fraction = self._column_plan(table, name).null_fraction
        if fraction <= 0:
            return mask
        key = stream_key(self.plan.settings.seed, table, name, "null")
        drawn = to_uniform(random_bits(key, start, stop)) < fraction
        return drawn if mask is None else drawn | mask

    def _column_plan(self, table: str, name: str) -> ColumnPlan:
        return self.plan.tables[table].columns[name]

    def table_plan(self, table: str) -> TablePlan:
        return self.plan.tables[table]

    def table(self, name: str) -> Table:
        return self.plan.schema.tables[name]

    def forget(self, tables: Collection[str]) -> None:
        """Hold no longer what was made of the tables, but for how many rows they have; it can be made again."""
        self._made = {key: made for key, made in self._made.items() if key[0] == "rows" or key[1] not in tables}
        self._block = {key: made for key, made in self._block.items() if key[1] not in tables}

    def _once(self, key: Key, compute: Callable[[], T]) -> T:
        if key not in self._made:
            self._made[key] = self._guarded(key, compute)
        made: T = self._made[key]
        return made

    def _of_block(self, key: Key, start: int, stop: int, compute: Callable[[], T]) -> T:
        """Return what was made last under the key, when it was for the same rows."""
        kept = self._block.get(key)
        if kept is None or kept[:2] != (start, stop):
            kept = self._block[key] = (start, stop, self._guarded(key, compute))
        made: T = kept[2]
        return made

    def _guarded(self, key: Key, compute: Callable[[], T]) -> T:
        if key in self._under_way:
            circle = [*self._under_way[self._under_way.index(key) :], key]
            names = " -> ".join(".".join(part[1:]) for part in circle if part[0] in ("column", "new") or part == key)
            raise GenerateError(f"these columns need each other, so none can be made first: {names}")
        self._under_way.append(key)
        try:
            return compute()
        finally:
            self._under_way.pop()


def _settle(maker: Maker, table: str) -> Settled | None:
    from syda.generation.settling import settle  # it makes drafts, which are makers

    return settle(maker, table)
