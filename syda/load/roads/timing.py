"""When a load makes the constraints of its tables: after the rows, or live, which is row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Constraints = Literal["auto", "last", "live"]
CONSTRAINTS: tuple[Constraints, ...] = get_args(Constraints)
LARGE_ROWS = 5_000
"""From how many rows on a table's constraints are made after its rows; of fewer, that costs more than it saves."""
_FEW = f"fewer than {LARGE_ROWS:,} rows"
_MANY = f"{LARGE_ROWS:,} rows or more"


@dataclass(frozen=True, slots=True)
class Timing:
    """`made` says when a table's keys, indexes and foreign keys are made; `why` what decided it."""

    made: Literal["last", "live"]
    why: str


def least_rows(constraints: Constraints) -> int | None:
    """Return from how many rows on a table's constraints are to be made last; None where they never are."""
    return {"auto": LARGE_ROWS, "last": 1}.get(constraints)


def timing(rows: int, constraints: Constraints, hindrance: str | None) -> Timing:
    """Return when the constraints of a table with so many new rows are made, where `hindrance` keeps them from last."""
    least = least_rows(constraints)
    if least is None:
        return Timing("live", "as asked for")
    if rows < least:
        return Timing("live", _FEW)
    if hindrance:
        return Timing("live", hindrance)
    return Timing("last", "as asked for" if constraints == "last" else _MANY)


def explain_timings(timings: Mapping[str, Timing]) -> str:
    """Return a line for each time and reason, with its tables and how to have it otherwise."""
    tables: dict[Timing, list[str]] = {}
    for key, each in timings.items():
        tables.setdefault(each, []).append(key)
    return "\n".join(f"{_said(each)} for {', '.join(keys)}" for each, keys in tables.items())


def _said(each: Timing) -> str:
    if each.made == "live":
        return f"constraints row by row ({each.why})"
    off = "" if each.why == "as asked for" else "; constraints='live' or --constraints live has them row by row"
    return f"constraints after the rows ({each.why}{off})"
