"""Rows that a database holds already, as far as new rows must know about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from syda.sources.values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingTable:
    """`rows` rows are there; `columns` holds their keys and the members of their unique sets, one value a row."""

    rows: int = 0
    columns: Mapping[str, Values] = field(default_factory=dict)


Existing = Mapping[str, ExistingTable]
"""By table key; a table that is absent is empty."""
