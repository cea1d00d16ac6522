"""Where a request holds rows that a client may read, and not only the model.

A block is a line with its heading alone, then one JSON object a line, and ends at the first line that is none. Any
model reads it as text. A client that asks a small model for one row at a time takes it apart:

* `EXAMPLES` in a request's `context`: rows as they should be, with any of the table's columns.
* `GIVEN` in its `task`: what is known of each row to be written, in order. Examples should hold the same columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

EXAMPLES = "Examples:"
GIVEN = "Given:"


def block(heading: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as a block under a heading."""
    return "\n".join([heading, *map(line, rows)])


def line(row: Mapping[str, Any]) -> str:
    """Return a row as it stands in a block."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str)


def taken_apart(text: str, heading: str) -> tuple[str, list[dict[str, Any]]]:
    """Return a text without the first block under a heading, and the rows of that; none where there is none."""
    lines = text.split("\n")
    for start, each in enumerate(lines):
        if each.strip() == heading:
            rows = _rows(lines[start + 1 :])
            if rows:
                return "\n".join(lines[:start] + lines[start + 1 + len(rows) :]).strip(), rows
    return text, []


def _rows(lines: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for each in lines:
        try:
            row = json.loads(each)
        except (ValueError, RecursionError):
            break
        if not isinstance(row, dict):
            break
        rows.append(row)
    return rows
