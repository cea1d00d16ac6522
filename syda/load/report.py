"""What a load did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from syda.load.roads.timing import Timing, explain_timings
from syda.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """`rows` loaded by table in load order, `seconds` the load took, `notes` on what is not as one might expect.

    `constraints` tells of each table that got rows whether its keys, indexes and foreign keys were made ``"last"`` or
    checked ``"live"``, and why. Of a `dry_run` all of this is what would have been.
    """

    rows: Mapping[str, int]
    seconds: float
    notes: tuple[str, ...] = ()
    constraints: Mapping[str, Timing] = field(default_factory=dict)
    dry_run: bool = False
    usage: Usage | None = None
    """What a language model was asked, or would be."""

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    def explain(self) -> str:
        """Return when constraints were made and why, a line for each reason, and how to have it otherwise."""
        return explain_timings(self.constraints)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "rows": dict(self.rows),
            "total": self.total,
            "seconds": self.seconds,
            "notes": list(self.notes),
            "constraints": {key: asdict(each) for key, each in self.constraints.items()},
            "dry_run": self.dry_run,
            "usage": self.usage.to_dict() if self.usage else None,
        }
