"""Values of composite types that may fit a condition: ranges, lists and documents."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from syda.schema.model import Kind, LogicalType
from syda.sources.values import Values, from_python, objects

_LOWER = re.compile(r'^[\[(]\s*"?([^,"]*)')
_MOST_ITEMS = 3
_MOST_LISTS = 64


def spelled(type_: LogicalType, given: Sequence[object], document: object) -> list[object]:
    """Return values made of those that conditions name; `document` is one that the column has."""
    if type_.kind is Kind.ARRAY:
        items = [item for item in given if _fits(item, type_.item or LogicalType(kind=Kind.TEXT))]
        sizes = range(1, min(_MOST_ITEMS, len(items)) + 1)
        lists: list[object] = [list(each) for size in sizes for each in combinations(items, size)]
        return lists[:_MOST_LISTS]
    if type_.kind is Kind.JSON:
        parsed = [_document(item) for item in given if isinstance(item, str)]
        whole = dict(document) if isinstance(document, dict) else {}
        return [{**whole, **each} if isinstance(each, dict) else each for each in parsed if each is not None]
    return [] if type_.kind is Kind.OTHER and type_.native.endswith("range") else list(given)


def _fits(item: object, type_: LogicalType) -> bool:
    try:
        from_python([item], type_)
    except ValueError:
        return False
    return isinstance(item, str) == (type_.kind in (Kind.TEXT, Kind.ENUM, Kind.OTHER, Kind.UUID))


def _document(text: str) -> Any:
    """Return the object or list that a text is; None of another text."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def narrow_ranges(data: np.ndarray, type_: LogicalType, picked: np.ndarray) -> Values:
    """Return short ranges: of moments some hours or days from where they begin, of numbers some from 0 on."""
    listed = []
    for item, number in zip(data.tolist(), picked.tolist(), strict=True):
        low, length = divmod(number, 12)
        found = _LOWER.match(str(item))
        if type_.native in ("int4range", "int8range", "numrange"):
            listed.append(f"[{low},{low + length + 1})")
        elif found and type_.native == "daterange":
            day = np.datetime64(found[1].strip()[:10], "D")
            listed.append(f"[{day},{day + length + 1})")
        elif found:
            start = np.datetime64(found[1].strip()[:19], "s")
            zone = "+00" if type_.native == "tstzrange" else ""
            listed.append(f"[{start}{zone},{start + np.timedelta64(30 * (length + 1), 'm')}{zone})")
        else:
            listed.append(item)
    return Values(objects(listed))
