"""Rows that a database holds already, as far as new rows must know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from syda.sources.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingTable:
    """`rows` rows are there; `columns` holds their keys and the members of their unique sets, one value a row.

    `read` returns any other column of the same rows, for the few that new rows of other tables ask for.
    """

    rows: int = 0
    columns: Mapping[str, Values] = field(default_factory=dict)
    read: Callable[[str], Values] | None = field(default=None, compare=False, repr=False)

    def column(self, name: str) -> Values | None:
        """Return a column of the rows, or None when it is not known."""
        if name in self.columns or self.read is None:
            return self.columns.get(name)
        return self.read(name)


Existing = Mapping[str, ExistingTable]
"""By table key; a table that is absent is empty."""
