"""How many rows a table has room for: what is unique runs out, and required parents may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syda.errors import CapacityError
from syda.planning.capacity import UNBOUNDED, source_capacity
from syda.planning.model import ColumnPlan, Joint
from syda.planning.structure import Structure
from syda.schema.model import Table


@dataclass(frozen=True, slots=True)
class Room:
    """The room of one table, as its columns are planned; `expected` are the rows of each table, old and new."""

    table: Table
    columns: Mapping[str, ColumnPlan]
    structure: Structure
    expected: Mapping[str, int]

    def bounded(self, wanted: int, there: int, *, exact: bool) -> tuple[int, list[str]]:
        """Return how many rows the table can get beside those `there`, and a note where that is fewer than wanted.

        Raises `CapacityError` where fewer rows than were asked for by name are possible.
        """
        limits = self._limits()
        if not limits:
            return wanted, []
        room, why = min(limits, key=lambda limit: limit[0])
        if wanted <= room - there or not wanted:
            return wanted, []
        if exact or self.table.inherits:
            raise CapacityError(
                f"table {self.table.key!r} can have {max(room - there, 0)} rows, not the {wanted} asked for: {why}; "
                f"ask for fewer rows, for more rows in the tables that it refers to, or give a column more values"
            )
        return max(room - there, 0), [f"{max(room - there, 0)} rows instead of {wanted}: {why}"]

    def _limits(self) -> list[tuple[int, str]]:
        limits = [self._joint_room(joint) for joint in self.structure.joints]
        limits += [
            (source_capacity(planned.source, self.table.column(name)), f"({name}) must be unique")
            for name, planned in self.columns.items()
            if planned.distinct
        ]
        limits += [
            (0, f"({', '.join(link.columns)}) finds no parent row")
            for link in self.table.foreign_keys
            if self._has_no_parent(link.name)
        ]
        return limits

    def _joint_room(self, joint: Joint) -> tuple[int, str]:
        """Return how many combinations there are, and of which columns; how many parents, where these are too few."""
        room, why = UNBOUNDED, f"({', '.join(joint.unique[0])}) must be unique"
        for unique in joint.unique:
            product, parents = 1, []
            for name in joint.links:
                link = self.table.foreign_key(name)
                if set(link.columns) & set(unique):
                    product *= self.expected[link.parent]
                    parents.append(f"{link.parent} has {self.expected[link.parent]} rows")
            for name in set(joint.columns) & set(unique):
                product *= source_capacity(self.columns[name].source, self.table.column(name))
            if product < room:
                told = f", and {' and '.join(parents)}" if parents else ""
                room, why = product, f"({', '.join(unique)}) must be unique{told}"
        return room, why

    def _has_no_parent(self, name: str) -> bool:
        link = self.table.foreign_key(name)
        draw = self.structure.links[name].draw
        return not self.table.is_optional(link) and not self.expected[link.parent] and draw not in ("given", "span")
