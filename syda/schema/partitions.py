"""The bounds of a table's partitions as one condition, as simple as it can be put."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Hashing finds a partition for any value.
_HASHED = re.compile(r"satisfies_hash_partition\((?:[^()]|\([^()]*\))*\)")
_RANGE = re.compile(
    r"\(*(?P<column>[^()]+) IS NOT NULL\)"
    r"(?: AND \((?P=column) >= (?P<low>[^()]+)\))?(?: AND \((?P=column) < (?P<high>[^()]+)\))?\)*"
)
_LIST = re.compile(
    r"\(*(?P<column>[^()]+) IS NOT NULL\) AND \((?:\((?P=column)\)::text|(?P=column)) = "
    r"(?:ANY \(\(?ARRAY\[(?P<many>[^\[\]()]+)\]\)?(?:::[\w ]+\[\])?\)|(?P<one>[^()\[\]]+))\)\)*"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The condition on which a row finds a partition, and the column that no partition takes a NULL of."""

    condition: str
    required: str | None = None


def in_some_partition(bounds: Iterable[str | None]) -> Bounds | None:
    """Return what lets a row find a partition, None when every row does.

    `bounds` are what PostgreSQL says of the partitions; one without any takes all rows.
    """
    conditions = list(dict.fromkeys(_HASHED.sub("true", bound or "true") for bound in bounds))
    if not conditions or "true" in conditions:
        return None
    return _merged_ranges(conditions) or _merged_lists(conditions) or Bounds(_either(conditions))


def _merged_ranges(conditions: Sequence[str]) -> Bounds | None:
    """Return ranges of one column with those that touch made one; None when the conditions are others."""
    matches = [match for condition in conditions if (match := _RANGE.fullmatch(condition))]
    columns = {match["column"] for match in matches}
    if len(matches) < len(conditions) or len(columns) > 1:
        return None
    column = columns.pop()
    ends: dict[str | None, str | None] = {match["low"]: match["high"] for match in matches}
    for low in list(ends):
        while low in ends and ends[low] is not None and ends[low] in ends and ends[low] != low:
            ends[low] = ends.pop(ends[low])
    return Bounds(_either([_range(column, low, high) for low, high in ends.items()]), _unquoted(column))


def _range(column: str, low: str | None, high: str | None) -> str:
    limits = [f"{column} >= {low}" if low else "", f"{column} < {high}" if high else ""]
    return " AND ".join(limit for limit in limits if limit) or f"{column} IS NOT NULL"


def _merged_lists(conditions: Sequence[str]) -> Bounds | None:
    matches = [match for condition in conditions if (match := _LIST.fullmatch(condition))]
    columns = {match["column"] for match in matches}
    if len(matches) < len(conditions) or len(columns) > 1:
        return None
    column, values = columns.pop(), ", ".join(match["many"] or match["one"] for match in matches)
    return Bounds(f"{column} = ANY (ARRAY[{values}])", _unquoted(column))


def _unquoted(column: str) -> str:
    return column[1:-1].replace('""', '"') if column.startswith('"') else column


def _either(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " OR ".join(f"({condition})" for condition in conditions)
