"""Values that a YAML or JSON file can hold and give back equal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any


def is_plain(value: object) -> bool:
    """Tell whether a value is exactly a bool, int, str or a number that equals itself."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in {bool, int, str}


def plain_mapping(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the entries of a mapping that a file can hold; the others are left out."""
    kept = ((key, _plain(value)) for key, value in mapping.items() if type(key) is str)
    return {key: value for key, value in kept if value is not _LEFT_OUT}


def _plain(value: object) -> Any:
    if value is None or is_plain(value):
        return value
    if isinstance(value, Mapping):
        return plain_mapping(value)
    if isinstance(value, (list, tuple)):
        return _plain_items(value)
    return _LEFT_OUT


def _plain_items(items: Iterable[object]) -> list[Any]:
    return [item for item in map(_plain, items) if item is not _LEFT_OUT]


_LEFT_OUT = object()
