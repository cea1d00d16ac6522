"""The way of rows into a database: this one is for all databases, the faster ones go on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from syda.errors import CycleError
from syda.load import core
from syda.load.table_load import Progress, TableLoad
from syda.planning.model import Plan
from syda.schema.model import ForeignKey

if TYPE_CHECKING:
    from sqlalchemy import Connection

Constraints = Literal["auto", "last", "live"]
LARGE_ROWS = 5_000
"""From how many rows on a table's constraints are made after its rows."""


class Road:
    """How rows get into one database, step by step in the order of the methods."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        loads: Sequence[TableLoad],
        constraints: Constraints = "auto",
        *,
        allow_nontransactional: bool = False,
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.loads = loads
        self.constraints = constraints
        self.allow_nontransactional = allow_nontransactional

    def large(self) -> list[TableLoad]:
        """Return the loads whose constraints are to be made after their rows, where that is possible."""
        least = {"auto": LARGE_ROWS, "last": 1}.get(self.constraints)
        return [] if least is None else [load for load in self.loads if load.rows >= least]

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
        """Do what has to be done before the first row; raise `CycleError` for a circle that nothing can break."""
        for load, link in self.unchecked():
            raise CycleError(
                f"{load.table.key}.{'+'.join(link.columns)} -> {link.parent} belongs to a circle of required foreign "
                f"keys, and {self.connection.dialect.name} cannot check one of them later; make a column nullable"
            )

    def is_unchecked(self, table: str, foreign_key: str) -> bool:
        """Tell whether the foreign key (by its name in the schema) is checked after all rows, by `restore`."""
        return False

    def insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        """Insert all rows of a table; the columns in `without` stay NULL."""
        bound = load.bindings(self.connection.dialect, without)
        core.insert(self.connection, load, bound, load.blocks(), progress)

    def restore(self) -> None:
        """Make again what `prepare` has taken away, and check what was not checked."""

    def conclude(self) -> None:
        """Do what has to be done when all rows are as they will be."""
