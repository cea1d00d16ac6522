"""Narrows sources to the values that a domain allows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from syda.planning.checks.domain import Domain
from syda.schema.model import NUMBERS, Column
from syda.sources.base import Source
from syda.sources.derived import Derived
from syda.sources.scalar import Choice, Constant, Number
from syda.sources.text import Words

_SPAN = 100


def apply_domain(source: Source, column: Column, domain: Domain) -> Source:
    """Return the source narrowed to the domain, or another one where it has no value in it."""
    allowed = domain.allowed()
    if isinstance(source, Constant) and _is_kept(source.value, column, domain):
        return source
    if allowed is not None:
        return _from_list(source, allowed)
    if isinstance(source, Choice):
        kept = tuple(value for value in source.values if domain.inside(value) and value not in domain.excluded)
        return _from_list(source, kept) if kept else source
    if isinstance(source, Derived):
        heeded = (domain.low, domain.high) == (source.low, source.high) and not domain.excluded
        return source if heeded else apply_domain(source.otherwise, column, domain)
    if column.type.kind in NUMBERS and (domain.low is not None or domain.high is not None):
        return _within(source if isinstance(source, Number) else Number(), domain)
    if isinstance(source, Constant) and source.value in domain.excluded:
        return Words(vocabulary="word")
    return source


def _is_kept(value: Any, column: Column, domain: Domain) -> bool:
    """Tell whether the domain lists the value of a column, or has the number within its bounds."""
    value = float(value) if isinstance(value, Decimal) else value
    allowed = domain.allowed()
    if allowed is not None:
        return value in allowed
    is_number = column.type.kind in NUMBERS and isinstance(value, int | float)
    return is_number and value not in domain.excluded and domain.inside(value)


def _from_list(source: Source, allowed: tuple[Any, ...]) -> Source:
    if len(allowed) == 1:
        return Constant(value=allowed[0])
    if isinstance(source, Choice) and source.weights and set(source.values) >= set(allowed):
        weights = dict(zip(source.values, source.weights, strict=True))
        return Choice(values=allowed, weights=tuple(weights[value] for value in allowed))
    return Choice(values=allowed)


def _within(source: Number, domain: Domain) -> Source:
    low = source.low if domain.low is None else max(source.low, domain.low)
    high = source.high if domain.high is None else min(source.high, domain.high)
    if low > high:
        low = domain.low if domain.low is not None else (domain.high or 0) - _SPAN
        high = domain.high if domain.high is not None else low + _SPAN
    return replace(source, low=low, high=high)
