"""The rows of one table as they would be without its conditions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from syda.generation.agreement import allowed_parents
from syda.generation.joint import JointRows
from syda.generation.maker import Maker
from syda.planning.model import Joint
from syda.sources.stream import Integers
from syda.sources.values import Values
from syda.sources.written import Written

if TYPE_CHECKING:
    from syda.generation.settling.settled import Settled

_WAITING: WeakKeyDictionary[Maker, dict[str, Draft]] = WeakKeyDictionary()


def waiting_drafts(maker: Maker) -> dict[str, Draft]:
    """Return the drafts of the tables that are being settled, which may wait for one another in a circle."""
    return _WAITING.setdefault(maker, {})


class Draft(Maker):
    """Makes one table's rows with the columns of its conditions never NULL; all other tables are the outer maker's.

    Of a table that waits for this one to be settled, the rows are its draft's: `awaited` are those that were asked for.
    """

    def __init__(self, outer: Maker, table: str, involved: Collection[str]) -> None:
        planned = outer.table_plan(table)
        columns = {
            name: replace(column, null_fraction=0.0) if name in involved else column
            for name, column in planned.columns.items()
        }
        links = {name: replace(link, null_fraction=0.0) for name, link in planned.links.items()}
        relaxed = replace(planned, columns=columns, links=links)
        plan = replace(outer.plan, tables={**outer.plan.tables, table: relaxed})
        super().__init__(plan, **outer.alike())
        self._outer, self._table = outer, table
        self.awaited: set[str] = set()
        waiting_drafts(outer)[table] = self

    def _other(self, table: str) -> Maker:
        """Return who makes another table's rows."""
        waiting = waiting_drafts(self._outer).get(table)
        if waiting is None:
            return self._outer
        self.awaited.add(table)
        return waiting

    def allowed_parents(self, link: str) -> Integers:
        """Return the parents that a row may have, as far as the foreign keys that share columns leave any."""
        return self._once(
            ("allowed", self._table, link), lambda: np.flatnonzero(allowed_parents(self, self._table, link))
        )

    def settled(self, table: str) -> Settled | None:
        if table == self._table or self._other(table) is not self._outer:
            return None
        return self._outer.settled(table)

    def rows(self, table: str) -> int:
        return super().rows(table) if table == self._table else self._other(table).rows(table)

    def joint(self, table: str, joint: Joint) -> JointRows:
        return super().joint(table, joint) if table == self._table else self._other(table).joint(table, joint)

    def link(self, table: str, foreign_key: str, *, nulls: bool = True) -> Integers:
        maker: Any = super() if table == self._table else self._other(table)
        found: Integers = maker.link(table, foreign_key, nulls=nulls)
        return found

    def ordinal(self, table: str, foreign_key: str) -> Integers:
        maker: Any = super() if table == self._table else self._other(table)
        found: Integers = maker.ordinal(table, foreign_key)
        return found

    def identity(self, table: str) -> Integers:
        return super().identity(table) if table == self._table else self._other(table).identity(table)

    def column(self, table: str, name: str) -> Values:
        return super().column(table, name) if table == self._table else self._other(table).column(table, name)

    def values(self, table: str, name: str, start: int, stop: int) -> Values:
        maker: Any = super() if table == self._table else self._other(table)
        found: Values = maker.values(table, name, start, stop)
        return found

    def told(self, name: str, start: int, stop: int) -> Values | None:
        """Return what a language model was told stands in a column that it did not write; None where it was not."""
        found, first = self.by_model.get(self._table, {}).get(name), self.first(self._table)
        if found is None or isinstance(self._column_plan(self._table, name).source, Written):
            return None
        return found.slice(start - first, stop - first)
