"""Tables that refer to each other and all have conditions: none can be settled after the others.

The one that is asked for first waits for those that it asks for, and these take it as it is drafted. When it comes to
be settled, what they refer to is counted among the rows that were kept of it; a foreign key to a row that was left out
takes another row, or NULL where it may be NULL and must not repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from syda.generation.settling.draft import waiting_drafts
from syda.generation.settling.settle import Settled
from syda.generation.settling.settle import settle as settle_rows
from syda.schema.model import ForeignKey
from syda.sources.stream import Integers

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def settle(maker: Maker, table: str) -> Settled | None:
    """Return the settled rows of a table, whose links follow the tables that wait for it; None when it needs none."""
    try:
        settled = settle_rows(maker, table)
    finally:
        waiting_drafts(maker).pop(table, None)
    if settled is None or not settled.draft.awaited:
        return settled
    awaited = frozenset(settled.draft.awaited)
    return replace(
        settled,
        links=_Links(maker, table, settled.links, awaited),
        base=_Links(maker, table, settled.base, awaited),
    )


class _Links(Mapping[str, Integers]):
    """The parents of a table's rows by foreign key, of which some were drawn among drafted rows."""

    def __init__(self, maker: Maker, table: str, drawn: Mapping[str, Integers], awaited: frozenset[str]) -> None:
        self._maker, self._table = maker, maker.table(table)
        self._drawn, self._awaited = drawn, awaited

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawn)

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, name: str) -> Integers:
        drawn, link = self._drawn[name], self._table.foreign_key(name)
        if link.parent not in self._awaited or link.parent in waiting_drafts(self._maker):
            return drawn
        settled = self._maker.settled(link.parent)
        return drawn if settled is None else self._among(settled.kept, drawn, link)

    def _among(self, kept: Integers, drawn: Integers, link: ForeignKey) -> Integers:
        """Return the parents as numbers among those that were kept."""
        first, total = self._maker.first(link.parent), self._maker.total(link.parent)
        unrepeated = any(set(link.columns) & set(unique.columns) for unique in self._table.unique_sets)
        nobody = not total or (unrepeated and self._table.is_optional(link))
        drafted, other = drawn - first, np.full(len(drawn), -1) if nobody else drawn % max(total, 1)
        found = np.where(np.isin(drafted, kept), np.searchsorted(kept, drafted) + first, other)
        return np.where(drafted >= 0, found, drawn)
