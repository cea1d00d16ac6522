"""Rows that refer to a row of their own table with which they no longer agree, in a column such as the tenant's.

A row is moved to another tenant without those that refer to it. Their foreign key becomes NULL where that is possible
and no condition asks about it; otherwise they are left out, and so are those that refer to them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from syda.generation.settling.settled import Settled, Whole
from syda.planning.checks import conditions_of
from syda.schema.model import ForeignKey
from syda.sources.linked import Reference
from syda.sources.stream import Integers
from syda.sources.values import Values, to_python

if TYPE_CHECKING:
    from syda.generation.maker import Maker

Mask = NDArray[np.bool_]


def without_torn(maker: Maker, table: str, settled: Settled | None) -> Settled | None:
    """Return the settled rows without links to rows that they do not agree with."""
    owner, planned = maker.table(table), maker.table_plan(table)
    own = [link for link in owner.foreign_keys if link.parent == table and _followed(maker, link, table)]
    if not own or not isinstance(settled, Whole) or planned.exact or owner.inherits:
        return settled
    asked = {name for condition in conditions_of(owner) for name in condition.mentioned}
    out = np.zeros(settled.rows, dtype=bool)
    while True:
        before, links = int(out.sum()), dict(settled.links)
        for link in own:
            free = owner.is_optional(link) and not asked & set(link.columns)
            torn = _torn(maker, settled, link, out) & ~out
            links[link.name] = np.where(torn, -1, links[link.name]) if free else links[link.name]
            out |= torn & (not free)
        settled = replace(settled, links=links)
        if int(out.sum()) == before:
            return _without(maker, settled, out, own)


def _followed(maker: Maker, link: ForeignKey, table: str) -> list[tuple[str, str]]:
    """Return the pairs of columns of a link to the table itself whose child is made by something else."""
    columns = maker.table_plan(table).columns
    sources = ((pair, columns[pair[0]].source) for pair in link.pairs)
    return [pair for pair, made in sources if not (isinstance(made, Reference) and made.foreign_key == link.name)]


def _torn(maker: Maker, settled: Whole, link: ForeignKey, out: Mask) -> Mask:
    """Tell which rows refer to one that is left out, or that does not agree with them."""
    first = maker.first(settled.table)
    parents = settled.links[link.name]
    torn = np.zeros(settled.rows, dtype=bool)
    new = parents >= first
    torn[new] = out[parents[new] - first]
    for child, parent in _followed(maker, link, settled.table):
        theirs = [*_there(maker, settled.table, parent), *_shown(maker, settled, parent)]
        mine = _shown(maker, settled, child)
        torn |= [place >= 0 and theirs[place] != mine[row] for row, place in enumerate(parents.tolist())]
    return torn


def _there(maker: Maker, table: str, name: str) -> list[object]:
    if not maker.first(table):
        return []
    column = maker.table(table).column(name)
    found = maker.existing[table].column(name)
    return [None] * maker.first(table) if found is None else to_python(found, column.type)


def _shown(maker: Maker, settled: Whole, name: str) -> list[object]:
    """Return what stands in a column of the rows."""
    type_, source = maker.table(settled.table).column(name).type, maker.plan.tables[settled.table].columns[name].source
    if name in settled.columns:
        return to_python(settled.columns[name], type_)
    if isinstance(source, Reference):
        parent = maker.table(settled.table).foreign_key(source.foreign_key).parent
        found: Values = settled.draft.column(parent, source.column).take(settled.base[source.foreign_key])
        return to_python(found, maker.table(parent).column(source.column).type)
    first = maker.first(settled.table)
    drafted = settled.draft.values(settled.table, name, first, first + settled.draft.rows(settled.table))
    return to_python(drafted.take(settled.kept), type_)


def _without(maker: Maker, settled: Whole, out: Mask, own: list[ForeignKey]) -> Whole:
    """Return what is left when some rows are left out; links to the table itself are counted without them."""
    if not out.any():
        return settled
    left, first, names = np.flatnonzero(~out), maker.first(settled.table), {link.name for link in own}

    def renumbered(name: str, parents: Integers) -> Integers:
        found = parents[left]
        to_itself = maker.table(settled.table).foreign_key(name).parent == settled.table
        if not to_itself:
            return found
        place = np.searchsorted(left, found - first)
        lost = (found >= first) & ~np.isin(found - first, left)
        return np.where(lost, -1, np.where(found >= first, place + first, found))

    note = f"{len(left)} rows instead of {len(out)}: {', '.join(sorted(names))} must agree with the row referred to"
    return replace(
        settled,
        kept=settled.kept[left],
        columns={name: values.take(left) for name, values in settled.columns.items()},
        links={name: renumbered(name, parents) for name, parents in settled.links.items()},
        base={name: renumbered(name, parents) for name, parents in settled.base.items()},
        note="; ".join(filter(None, (settled.note, note))),
    )
