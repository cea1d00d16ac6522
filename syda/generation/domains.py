"""Tells which values a domain allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.planning.checks import Domain
from syda.schema.model import NUMBERS, Column, Kind
from syda.sources.values import Values, decimal_places, objects

Mask = NDArray[np.bool_]
TEXTS = (Kind.TEXT, Kind.ENUM, Kind.OTHER)


def inside(domain: Domain, column: Column, values: Values) -> Mask:
    """Tell which values the domain allows; NULL is, unless it is excluded, and so is what cannot be told."""
    data, kind = values.data, column.type.kind
    fits = np.ones(len(values), dtype=bool)
    if kind in (*NUMBERS, *TEXTS, Kind.BOOLEAN) and not domain.is_timed:
        fits = listed_and_bounded(domain, column, values)
    elif domain.is_timed and data.dtype.kind == "M":
        fits &= True if domain.low is None else data >= domain.low
        fits &= True if domain.high is None else data <= domain.high
    elif domain.is_timed and data.dtype == object:
        fits &= _between_days(domain, data)
    if domain.is_shaped and data.dtype == object:
        test = _shape_test(domain)
        fits &= np.fromiter((test(item) for item in data.tolist()), dtype=bool, count=len(data))
    if values.null is None:
        return fits
    return np.where(values.null, not domain.required, fits)


def _between_days(domain: Domain, data: NDArray[np.generic]) -> Mask:
    """Tell which texts lie between the days of the domain, as texts are compared."""
    low = "" if domain.low is None else str(domain.low.astype("datetime64[D]"))
    high = None if domain.high is None else f"{domain.high.astype('datetime64[D]')}~"
    listed = map(str, data.tolist())
    return np.fromiter((low <= item and (high is None or item <= high) for item in listed), dtype=bool, count=len(data))


def listed_and_bounded(domain: Domain, column: Column, values: Values, slack: float = 0.0) -> Mask:
    """Tell which values the domain's list allows, and of numbers its bounds; what is under the null mask counts too."""
    data = values.data
    if column.type.kind is Kind.DECIMAL:
        data = data / 10.0 ** decimal_places(column.type)
    fits = np.ones(len(values), dtype=bool)
    for listed, wanted in ((domain.values, True), (domain.excluded or None, False)):
        if listed is not None:
            found = np.isin(data, objects(listed) if data.dtype == object else list(listed))
            fits &= found if wanted else ~found
    if column.type.kind in NUMBERS:
        fits &= True if domain.low is None else data >= domain.low - slack
        fits &= True if domain.high is None else data <= domain.high + slack
    return fits


@lru_cache(maxsize=256)
def _shape_test(domain: Domain) -> Callable[[Any], bool]:
    patterns = [found for found in (_compiled(pattern) for pattern in domain.patterns) if found is not None]

    letters = re.compile(f"(?:{domain.letters})*") if domain.letters else None

    item_test = None if domain.each is None else _item_test(domain.each)

    def test(item: Any) -> bool:
        size = len(item) if isinstance(item, str | bytes | list) else 0
        sized = size >= (domain.shortest or 0) and (domain.longest is None or size <= domain.longest)
        if domain.json_type:
            return _json_type(item) == domain.json_type and (sized or not isinstance(item, list))
        if item_test is not None and isinstance(item, list):
            return all(each is None or item_test(each) for each in item)
        if domain.items:
            return isinstance(item, list) and all(each in item for each in domain.items)
        if not isinstance(item, str | bytes):
            return True
        if isinstance(item, bytes) or not sized:
            return sized
        cased = {"lower": item.lower, "upper": item.upper}.get(domain.case, lambda: item)() == item
        placed = all(stands(item, start, text) for start, text in domain.pieces)
        lettered = letters is None or letters.fullmatch(item) is not None
        counted = not domain.numeric or _is_within(item, domain)
        return cased and placed and lettered and counted and all(pattern.search(item) for pattern in patterns)

    return test


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:
        return None


def _item_test(domain: Domain) -> Callable[[Any], bool]:
    """Return the test of an item of a list, for lists and bounds too."""
    shaped, allowed = _shape_test(domain), domain.allowed()
    return lambda item: (
        (allowed is None or item in allowed) and item not in domain.excluded and domain.inside(item) and shaped(item)
    )


def stands(item: str, start: int, text: str) -> bool:
    """Tell whether a piece stands at its place, counted from 1, or from the end where it is negative."""
    begin = start - 1 if start > 0 else len(item) + start
    return begin >= 0 and item[begin : begin + len(text)] == text


def _is_within(item: str, domain: Domain) -> bool:
    try:
        return domain.inside(float(item))
    except ValueError:
        return False


def _json_type(item: Any) -> str:
    for type_, name in ((bool, "boolean"), (dict, "object"), (list, "array"), (str, "string"), (int | float, "number")):
        if isinstance(item, type_):
            return name
    return "null"
