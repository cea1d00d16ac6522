"""Settles a table's rows: drafts them, then changes those that break a condition until they do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from syda.errors import ConstraintError
from syda.generation.settling.draft import Draft
from syda.generation.settling.exclusions import ExclusionKeeper, exclusions_of
from syda.generation.settling.judge import Judgement
from syda.generation.settling.settled import PART_ROWS, Parts, Settled, Whole
from syda.generation.settling.settler import Settler, own_links
from syda.generation.settling.state import State
from syda.generation.settling.unrepeated import Keeper, UniqueKeeper, settle_together, tricky_uniques
from syda.planning.checks import Condition, conditions_of
from syda.planning.model import Plan
from syda.schema.model import Table
from syda.sources.stream import Integers, to_index

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def settle(maker: Maker, table: str) -> Settled | None:
    """Return the settled rows of a table; None when it has no condition that columns do not keep by themselves.

    Raises `ConstraintError` when rows that were asked for by name cannot satisfy them.
    """
    owner, planned = maker.table(table), maker.table_plan(table)
    conditions = [each for each in conditions_of(owner) if each.columns]
    uniques = tricky_uniques(owner, planned, conditions)
    involved = {name for each in conditions for name in each.mentioned}
    involved |= {name for unique in uniques for name in unique.columns}
    exclusions = exclusions_of(owner)
    involved |= {name for apart in exclusions for name in apart.columns}
    involved |= {name for link in own_links(owner) for pair in link.pairs for name in pair if pair[0] in involved}
    if not conditions and not uniques and not exclusions:
        return None
    draft = Draft(maker, table, involved)
    judgement = Judgement(maker, owner, conditions)
    if draft.rows(table) > PART_ROWS and not uniques and not exclusions:
        parts = _in_parts(draft, maker.plan, owner, involved, conditions, judgement)
        if parts is not None:
            return parts
    state = State(draft, maker.plan, table, involved, (0, draft.rows(table)))
    if not state.rows:
        return _contents(state, np.zeros(0, dtype=np.int64), "", ())
    settler = Settler(state, conditions, judgement)
    broken = settler.run_with_database(settler.run())
    if settler.is_given(broken):
        # the rows stay as the user's values make them, for the verification to say so
        broken[:] = False
        settler.judgement.judged.clear()
    keepers: list[Keeper] = [UniqueKeeper(state, each) for each in uniques]
    keepers += [ExclusionKeeper(state, each) for each in exclusions]
    repeated = settle_together(state, keepers, ~broken, settler.rearrange, settler.holds)
    left_out = settler.without_orphans(np.any([broken, *repeated], axis=0), keepers)
    kept = np.flatnonzero(~left_out)
    note = settler.note(broken, dict(zip(map(str, keepers), repeated, strict=True)))
    if len(kept) < state.rows and (planned.exact or owner.inherits):
        raise ConstraintError(f"table {table!r}: {note}{settler.example(broken)}")
    return _contents(state, kept, "; ".join(filter(None, (note, settler.unchecked()))), settler.judgement.judged)


def _in_parts(
    draft: Draft,
    plan: Plan,
    table: Table,
    involved: set[str],
    conditions: Sequence[Condition],
    judgement: Judgement,
) -> Parts | None:
    """Return rows that are settled a part at a time; None when they have to look at each other, or at the database.

    What nothing else makes right becomes like a row of the first part, which is kept.
    """
    rows = draft.rows(table.key)
    model = State(draft, plan, table.key, involved, (0, PART_ROWS))
    settler = Settler(model, conditions, judgement)
    if not settler.settles_rows_alone():
        return None
    broken = settler.run()
    if broken.any() and not settler.is_given(broken):
        return None

    def settled(start: int, stop: int) -> Whole:
        state = State(draft, plan, table.key, involved, (start, stop))
        other = settler.over(state)
        broken = other.run()
        if not other.is_given(broken):
            rows = np.flatnonzero(broken)
            state.imitate(involved, rows, to_index(state.bits("model"), model.rows)[rows], of=model)
        return _contents(state, np.arange(state.rows), "", ())

    # columns of foreign keys follow from the parents
    names = frozenset(name for name, link in model.owners.items() if link is None)
    return Parts(draft=draft, table=table.key, rows=rows, names=names, settle=settled, note=settler.unchecked())


def _contents(state: State, kept: Integers, note: str, judged: Iterable[str]) -> Whole:
    return Whole(
        draft=state.draft,
        table=state.key,
        kept=kept,
        columns={name: state.values(name, kept) for name, link in state.owners.items() if link is None},
        links={name: _renumbered(state, name, rows, kept) for name, rows in state.links.items()},
        base={name: _renumbered(state, name, rows, kept) for name, rows in state.base.items()},
        note=note,
        judged=frozenset(judged),
    )


def _renumbered(state: State, link: str, parents: Integers, kept: Integers) -> Integers:
    """Return the parents of the rows that are left; those in the same table are counted without the rows left out."""
    found = parents[kept]
    if len(kept) == state.rows or state.table.foreign_key(link).parent != state.key:
        return found
    drafted = found - state.first
    place = np.searchsorted(kept, drafted)
    return np.where(drafted >= 0, np.where(np.isin(drafted, kept), place + state.first, -1), found)
