"""What a load did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """`rows` loaded by table in load order, `seconds` the load took, `notes` on what is not as one might expect."""

    rows: Mapping[str, int]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {"rows": dict(self.rows), "total": self.total, "seconds": self.seconds, "notes": list(self.notes)}
