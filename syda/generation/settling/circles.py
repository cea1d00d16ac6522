"""Tables that refer to each other and all have conditions: none can be settled after the others.

The one that is asked for first waits for those that it asks for, and these take it as it is drafted. When it comes to
be settled, what they refer to is counted among the rows that were kept of it; a foreign key to a row that was left out
takes another row, or NULL where it may be NULL and must not repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from syda.generation.joint import JointRows
from syda.generation.settling.draft import waiting_drafts
from syda.generation.settling.settle import settle as settle_rows
from syda.generation.settling.settled import Settled, Whole
from syda.generation.settling.torn import without_torn
from syda.planning.model import Joint
from syda.schema.model import ForeignKey
from syda.sources.stream import Integers
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def settle(maker: Maker, table: str) -> Settled | None:
    """Return the settled rows of a table, whose links follow the tables that wait for it; None when it needs none."""
    waiting = waiting_drafts(maker)
    try:
        settled = without_torn(maker, table, settle_rows(maker, table))
    finally:
        draft = waiting.pop(table, None)
    if settled is None or draft is None or not draft.awaited:
        return settled
    return _Circled(maker, table, settled, frozenset(draft.awaited))


@dataclass(frozen=True, slots=True)
class _Circled:
    """The settled rows of a table, some of whose parents were drawn among the drafted rows of `awaited` tables."""

    maker: Maker
    table: str
    settled: Settled
    awaited: frozenset[str]

    @property
    def rows(self) -> int:
        return self.settled.rows

    @property
    def note(self) -> str:
        return self.settled.note

    @property
    def judged(self) -> frozenset[str]:
        return self.settled.judged

    def settles(self, name: str) -> bool:
        return self.settled.settles(name)

    def values(self, name: str, start: int, stop: int) -> Values:
        return self.settled.values(name, start, stop)

    def identity(self) -> Integers:
        return self.settled.identity()

    def joint(self, joint: Joint) -> JointRows:
        return self.settled.joint(joint)

    def parents(self, foreign_key: str, start: int, stop: int, *, nulls: bool) -> Integers:
        drawn = self.settled.parents(foreign_key, start, stop, nulls=nulls)
        link = self.maker.table(self.table).foreign_key(foreign_key)
        if link.parent not in self.awaited or link.parent in waiting_drafts(self.maker):
            return drawn
        parent = self.maker.settled(link.parent)
        while isinstance(parent, _Circled):
            parent = parent.settled
        return self._among(parent.kept, drawn, link) if isinstance(parent, Whole) else drawn

    def _among(self, kept: Integers, drawn: Integers, link: ForeignKey) -> Integers:
        """Return the parents as numbers among those that were kept."""
        first, total, owner = self.maker.first(link.parent), self.maker.total(link.parent), self.maker.table(self.table)
        unrepeated = any(set(link.columns) & set(unique.columns) for unique in owner.unique_sets)
        nobody = not total or (unrepeated and owner.is_optional(link))
        drafted, other = drawn - first, np.full(len(drawn), -1) if nobody else drawn % max(total, 1)
        found = np.where(np.isin(drafted, kept), np.searchsorted(kept, drafted) + first, other)
        return np.where(drafted >= 0, found, drawn)
