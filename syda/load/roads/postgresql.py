"""The road into PostgreSQL: rows by COPY, constraints last, sequences moved on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sqlalchemy as sa

from syda.errors import CycleError
from syda.load.roads import core
from syda.load.roads.catalog import constraint_name, table_facts
from syda.load.roads.columns import LISTED, listed, quoted_table
from syda.load.roads.constraints import Taken, hindrances, take_constraints
from syda.load.roads.copy import copier, driver_text
from syda.load.roads.csv_text import UnencodableError, encoder
from syda.load.roads.road import Road
from syda.load.roads.search_path import SearchPath
from syda.load.roads.sequences import Owned, move_sequences, require_movable, sequences_of
from syda.load.roads.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.load.roads.timing import LARGE_ROWS, Timing
from syda.schema.model import Kind

_COPIED = sa.text(
    # a COPY runs no rules, and is refused where row security holds for the role
    f"SELECT t.name FROM {LISTED} JOIN pg_class c ON c.oid = to_regclass(t.name)"
    " WHERE c.relkind IN ('r', 'p') AND NOT row_security_active(c.oid) AND NOT EXISTS"
    " (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled <> 'D')"
)


class PostgresqlRoad(Road):
    """Copies rows; for large empty tables of the role's own it makes keys, indexes and foreign keys afterwards."""

    _taken: Taken | None = None

    def require_loadable(self) -> None:
        """Refuse sequences that would be left behind, and circles of required keys that the role may not defer."""
        require_movable(self._sequences)
        for load, link in self.unchecked():
            fact = table_facts(self.connection, quoted_table(load.target, self.connection.dialect))
            if fact and not fact.owned:
                raise CycleError(
                    f"{load.table.key}.{'+'.join(link.columns)} -> {link.parent} belongs to a circle of required "
                    f"foreign keys, and role {fact.role!r}, which does not own the table, cannot have it checked "
                    f"later; load as its owner, have it made DEFERRABLE, or make a column nullable"
                )

    @cached_property
    def _sequences(self) -> list[Owned]:
        return sequences_of(self.connection, self.loads)

    @cached_property
    def _copied(self) -> frozenset[str]:
        """The tables, by their quoted names, into which a COPY does what an INSERT would."""
        names = listed(quoted_table(load.target, self.connection.dialect) for load in self.loads)
        return frozenset(self.connection.scalars(_COPIED, names))

    def hindrances(self, large: Sequence[TableLoad], emptied: Collection[str]) -> Mapping[str, str]:
        return hindrances(self.connection, self.loads, large, emptied)

    def prepare(self) -> None:
        super().prepare()
        self._altered = self._make_deferrable()
        if self.defers() or self._altered:
            self.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
        elif self.has_effects or any(table.exclusions for table in self.plan.schema):
            # what these refuse is to be told of the rows, not at the end of the load
            self.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        self._take_constraints()

    def _take_constraints(self) -> None:
        last, waits = self.last(), self.options.constraints == "last"
        self._taken, refused = take_constraints(self.connection, self.loads, last, waits=waits)
        for load in last:
            if not (self._taken and self._taken.has_table(load)):
                why = refused or "somebody else has put rows in"
                self.timings[load.table.key] = Timing("live", why)

    def _make_deferrable(self) -> list[str]:
        """Make the keys that close a circle of required ones deferrable for the load; return how to put them back."""
        quote = self.connection.dialect.identifier_preparer
        undo = []
        for load, link in self.unchecked():
            name = quote.quote_identifier(constraint_name(self.connection, load.target, link))
            on = f"ALTER TABLE {quote.format_table(load.target)} ALTER CONSTRAINT {name}"
            core.execute_as_written(self.connection, f"{on} DEFERRABLE INITIALLY DEFERRED")
            undo.append(f"{on} NOT DEFERRABLE")
        return undo

    def is_unchecked(self, table: str, foreign_key: str) -> bool:
        load = next((load for load in self.loads if load.table.key == table), None)
        return bool(self._taken and load and self._taken.has_foreign_key(load, foreign_key))

    @cached_property
    def _path(self) -> SearchPath:
        return SearchPath(self.connection, (load.target.schema for load in self.loads))

    def approach(self, load: TableLoad) -> None:
        self._path.lead_to(load.target.schema)

    def insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        bound = load.bindings(self.connection.dialect, without)
        copy = copier(self.connection)
        blocks = load.blocks()
        if copy is None or not self._can_copy(load, bound):
            core.insert(self.connection, load, bound, blocks, progress)
            return
        if load.rows >= LARGE_ROWS and not (self._taken and self._taken.has_table(load)):
            blocks = (_by_parent(load, block) for block in blocks)
        stream = _Stream(self, load, bound, blocks, progress)
        copy(self.connection, load.target, list(bound), iter(stream), load.rows)
        core.insert(self.connection, load, bound, stream.left, progress)

    def _can_copy(self, load: TableLoad, bound: Bindings) -> bool:
        if not bound or load.leaves_defaults() or any(each.needs_core() for each in bound.values()):
            return False
        return quoted_table(load.target, self.connection.dialect) in self._copied

    def follow(self, load: TableLoad) -> None:
        if self.has_effects:  # a trigger of another table may put rows into this one
            move_sequences(self.connection, [each for each in self._sequences if each[0].table.key == load.table.key])

    def restore(self) -> None:
        if self._taken:
            self._taken.restore()

    def conclude(self) -> None:
        if self.plan.deferred:
            # here, inside the load, rather than at the caller's COMMIT
            self.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in self._altered:
            core.execute_as_written(self.connection, statement)
        self._path.restore()
        # a sequence's new number outlives a rollback: nothing may fail after it
        move_sequences(self.connection, self._sequences)


class _Stream:
    """A table's rows as bytes; `left` has the blocks from the first one on that cannot be written as text."""

    def __init__(
        self, road: Road, load: TableLoad, bound: Bindings, blocks: Iterator[Block], progress: Progress | None
    ) -> None:
        self._encode = encoder(bound, load.rows, driver_text(road.connection))
        self._load, self._blocks, self._progress = load, blocks, progress
        self._pending: list[Block] = []

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        for block in self._blocks:
            try:
                encoded = self._encode(block)
            except UnencodableError:
                self._pending.append(block)
                return
            yield encoded
            done += block_rows(block)
            if self._progress:
                self._progress(self._load.table.key, done, self._load.rows)

    @property
    def left(self) -> Iterator[Block]:
        yield from self._pending
        if self._pending:
            yield from self._blocks


def _by_parent(load: TableLoad, block: Block) -> Block:
    """Return a block's rows in the order of their widest parent's keys, so that checks find the parent's page read."""
    links = [link for link in load.table.foreign_keys if link.parent != load.table.key and len(link.columns) == 1]
    kinds = {link.columns[0]: load.table.column(link.columns[0]).type.kind for link in links}
    ordered: list[Any] = [block[name].data for name, kind in kinds.items() if kind is Kind.INTEGER and name in block]
    if not ordered:
        return block
    widest = max(ordered, key=lambda data: int(data.max()) - int(data.min()))
    order = np.argsort(widest, kind="stable")
    return {name: values.take(order) for name, values in block.items()}
