"""What the children of a table's rows come to, before a row of theirs is wanted for itself.

The children are made for it a block at a time and only sums are kept: one number for each parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syda.generation.maker import Maker
from syda.planning.checks import conditions_of
from syda.schema.model import Table
from syda.sources.totals import Tally, Total

if TYPE_CHECKING:
    from syda.generation.settling import Settled


class _Unsettled(Maker):
    """Makes the rows of a plan without a look at the conditions of one table.

    Which children a row has must be known before its own conditions are settled, when these are about the total.
    """

    def __init__(self, outer: Maker, table: str) -> None:
        super().__init__(outer.plan, **outer.alike())
        self._table = table

    def settled(self, table: str) -> Settled | None:
        return None if table == self._table else super().settled(table)


def tally(maker: Maker, table: str, total: Total) -> Tally:
    """Return what the children of each new row of the table come to."""
    if _is_conditioned(maker.table(table), maker, total):
        maker = _Unsettled(maker, table)
    child = maker.table(total.children)
    link, first = child.foreign_key(total.foreign_key), maker.first(table)
    names = [child.column(name).name for name in total.factors]
    found = Tally(total.how, maker.rows(table), [child.column(name).type for name in names])
    for start, stop in maker.ranges(child.key):
        parents = maker.parents(child.key, link.name, start, stop)
        columns = [maker.values(child.key, name, start, stop) for name in names]
        found.add(parents - first, columns)
    return found


def _is_conditioned(owner: Table, maker: Maker, total: Total) -> bool:
    """Tell whether a condition of the table is about a column with this total."""
    columns = maker.table_plan(owner.key).columns
    totals = {name for name, planned in columns.items() if planned.source == total}
    return any(totals & set(condition.mentioned) for condition in conditions_of(owner))
