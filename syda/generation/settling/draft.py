"""The rows of one table as they would be without its conditions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from syda.generation.agreement import allowed_parents
from syda.generation.joint import JointRows
from syda.generation.maker import Maker
from syda.planning.model import Joint
from syda.sources.stream import Integers
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.settling.settled import Settled


class Draft(Maker):
    """Makes one table's rows with the columns of its conditions never NULL; all other tables are the outer maker's."""

    def __init__(self, outer: Maker, table: str, involved: Collection[str]) -> None:
        planned = outer.table_plan(table)
        columns = {
            name: replace(column, null_fraction=0.0) if name in involved else column
            for name, column in planned.columns.items()
        }
        links = {name: replace(link, null_fraction=0.0) for name, link in planned.links.items()}
        relaxed = replace(planned, columns=columns, links=links)
        plan = replace(outer.plan, tables={**outer.plan.tables, table: relaxed})
        super().__init__(plan, existing=outer.existing, block_size=outer.block_size, judge=outer.judge)
        self._outer, self._table = outer, table

    def allowed_parents(self, link: str) -> Integers:
        """Return the parents that a row may have, as far as the foreign keys that share columns leave any."""
        return self._once(
            ("allowed", self._table, link), lambda: np.flatnonzero(allowed_parents(self, self._table, link))
        )

    def settled(self, table: str) -> Settled | None:
        return None if table == self._table else self._outer.settled(table)

    def rows(self, table: str) -> int:
        return super().rows(table) if table == self._table else self._outer.rows(table)

    def joint(self, table: str, joint: Joint) -> JointRows:
        return super().joint(table, joint) if table == self._table else self._outer.joint(table, joint)

    def link(self, table: str, foreign_key: str, *, nulls: bool = True) -> Integers:
        maker: Any = super() if table == self._table else self._outer
        found: Integers = maker.link(table, foreign_key, nulls=nulls)
        return found

    def ordinal(self, table: str, foreign_key: str) -> Integers:
        return super().ordinal(table, foreign_key) if table == self._table else self._outer.ordinal(table, foreign_key)

    def identity(self, table: str) -> Integers:
        return super().identity(table) if table == self._table else self._outer.identity(table)

    def column(self, table: str, name: str) -> Values:
        return super().column(table, name) if table == self._table else self._outer.column(table, name)

    def values(self, table: str, name: str, start: int, stop: int) -> Values:
        maker: Any = super() if table == self._table else self._outer
        found: Values = maker.values(table, name, start, stop)
        return found
