"""JSON values of a type that conditions ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from syda.generation.settling.state import State
from syda.planning.checks import Domain
from syda.sources.stream import Integers, to_index
from syda.sources.vocabulary import vocabulary

_MOST_ITEMS = 4
_SPAN = 100


def typed_items(state: State, name: str, domain: Domain, rows: Integers) -> list[Any]:
    """Return a value of the domain's JSON type for each row; `name` keys its random numbers."""
    made: Mapping[str, Callable[[], list[Any]]] = {
        "array": lambda: _lists(state, name, domain, rows),
        "string": lambda: words(state, name, rows),
        "number": lambda: numbers(state, name, domain, rows),
        "boolean": lambda: _flags(state, name, rows),
        "null": lambda: [None] * len(rows),
    }
    make = made.get(domain.json_type)
    return [{} for _ in rows.tolist()] if make is None else make()


def _flags(state: State, name: str, rows: Integers) -> list[Any]:
    flags: list[Any] = (to_index(state.bits(name, "flag"), 2)[rows] > 0).tolist()
    return flags


def words(state: State, name: str, rows: Integers, place: int = 0) -> list[Any]:
    """Return a word for each row."""
    listed = vocabulary("word", state.draft.plan.settings.locale)
    found: list[Any] = listed.drawn(state.bits(name, f"word {place}"))[rows].tolist()
    return found


def numbers(state: State, name: str, domain: Domain, rows: Integers) -> list[Any]:
    """Return a whole number within the domain's bounds for each row."""
    low = int(np.ceil(domain.low)) if domain.low is not None else None
    high = int(np.floor(domain.high)) if domain.high is not None else None
    if low is None:
        low = 1 if high is None or high >= 1 else high - _SPAN
    high = low + _SPAN if high is None else min(high, low + _SPAN * _SPAN)
    found: list[Any] = (low + to_index(state.bits(name, "number"), max(high - low + 1, 1))[rows]).tolist()
    return found


def _lists(state: State, name: str, domain: Domain, rows: Integers) -> list[Any]:
    """Return lists of as many words as the domain allows, from one on."""
    low = max(domain.shortest or 0, 0 if domain.longest == 0 else 1)
    high = low + _MOST_ITEMS if domain.longest is None else min(domain.longest, low + _MOST_ITEMS)
    sizes = low + to_index(state.bits(name, "size"), max(high - low + 1, 1))[rows]
    columns = [words(state, name, rows, place) for place in range(max(high, low))]
    return [[column[row] for column in columns[:size]] for row, size in enumerate(sizes.tolist())]
