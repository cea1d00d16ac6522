"""The way of rows into a database: this one is for all databases, the faster ones go on from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from syda.errors import CycleError
from syda.load.options import LoadOptions
from syda.load.refused.effects import has_effects
from syda.load.roads import core
from syda.load.roads.table_load import Progress, TableLoad
from syda.load.roads.timing import Timing, least_rows, timing
from syda.planning.model import Plan
from syda.schema.model import ForeignKey

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Road:
    """How rows get into one database, step by step in the order of the methods."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        loads: Sequence[TableLoad],
        options: LoadOptions,
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.loads = loads
        self.options = options
        self.timings: dict[str, Timing] = {}
        """When the constraints of each table that gets rows are made, as `prepare` has decided it."""

    @cached_property
    def has_effects(self) -> bool:
        """Whether rows may set off triggers or rules."""
        return has_effects(self.connection, self.plan)

    def foresee(self, emptied: Collection[str] = ()) -> dict[str, Timing]:
        """Return when each table's constraints would be made, and change nothing.

        Tables in `emptied` have rows now, and none when the load begins. A table that is not there is one that the
        load makes. Raises a `SydaError` for what cannot be loaded.
        """
        self.require_loadable()
        constraints = self.options.constraints
        least = least_rows(constraints)
        large = [] if least is None else [load for load in self.loads if load.rows >= least]
        hindrances = self.hindrances(large, emptied) if large else {}
        return {
            load.table.key: timing(load.rows, constraints, hindrances.get(load.table.key))
            for load in self.loads
            if load.rows
        }

    def hindrances(self, large: Sequence[TableLoad], emptied: Collection[str]) -> Mapping[str, str]:
        """Return, of the tables with many rows, what keeps their constraints from being made last."""
        why = f"syda makes them last on PostgreSQL and SQLite, not on {self.connection.dialect.name}"
        return {load.table.key: why for load in large}

    def last(self) -> list[TableLoad]:
        """Return the loads whose constraints are made after their rows."""
        made_last = {key for key, each in self.timings.items() if each.made == "last"}
        return [load for load in self.loads if load.table.key in made_last]

    def defers(self) -> bool:
        """Tell whether the plan counts on constraints that are checked at the end."""
        return any(item.how == "constraint" for item in self.plan.deferred)

    def unchecked(self) -> list[tuple[TableLoad, ForeignKey]]:
        """Return the foreign keys that must be checked after all rows although they are not made for that."""
        tables = {load.table.key: load for load in self.loads if load.rows}
        return [
            (tables[item.table], tables[item.table].table.foreign_key(item.foreign_key))
            for item in self.plan.deferred
            if item.how == "unchecked" and item.table in tables
        ]

    def prepare(self) -> None:
        """Do what has to be done before the first row, having decided when constraints are made."""
        self.timings = self.foresee()

    def require_loadable(self) -> None:
        """Raise `CycleError` for a circle that nothing can break."""
        for load, link in self.unchecked():
            raise CycleError(
                f"{load.table.key}.{'+'.join(link.columns)} -> {link.parent} belongs to a circle of required foreign "
                f"keys, and {self.connection.dialect.name} cannot check one of them later; make a column nullable"
            )

    def is_unchecked(self, table: str, foreign_key: str) -> bool:
        """Tell whether the foreign key (by its name in the schema) is checked after all rows, by `restore`."""
        return False

    def approach(self, load: TableLoad) -> None:
        """Do what has to be done before the rows of one table."""

    def insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        """Insert all rows of a table; the columns in `without` stay NULL."""
        bound = load.bindings(self.connection.dialect, without)
        core.insert(self.connection, load, bound, load.blocks(), progress)

    def follow(self, load: TableLoad) -> None:
        """Do what has to be done when the rows of one table are there and others are still to come."""

    def restore(self) -> None:
        """Make again what `prepare` has taken away, and check what was not checked."""

    def conclude(self) -> None:
        """Do what has to be done when all rows are as they will be."""
