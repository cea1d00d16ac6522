"""What the children of a table's rows come to, before a row of theirs is wanted for itself.

The children are made for it a block at a time and only sums are kept: one number for each parent.
"""

from __future__ import annotations

from syda.generation.maker import Maker
from syda.planning.checks import conditions_of
from syda.schema.model import Table
from syda.sources.totals import Tally, Total


def tally(maker: Maker, table: str, total: Total) -> Tally:
    """Return what the children of each new row of the table come to.

    Which children a row has must be known before its own conditions are settled, when these are about the total.
    """
    if _is_conditioned(maker.table(table), maker, total):
        maker = Maker(maker.plan, **{**maker.alike(), "unsettled": maker.unsettled | {table}})
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
    """Tell whether a condition of the table is about a column with this total, or about one that follows from it."""
    columns = maker.table_plan(owner.key).columns
    read, left = set[str](), {name for condition in conditions_of(owner) for name in condition.mentioned}
    while left:
        read |= left
        left = {name for one in left if one in columns for name in columns[one].source.needs()} - read
    return any(columns[name].source == total for name in read if name in columns)
