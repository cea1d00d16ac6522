"""What a language model decided of a column, within what CHECKs and uniqueness leave it.

It is narrowed where that keeps what it says, and refused where it does not: the model is told why, and asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from syda.errors import UntenableError
from syda.planning.capacity import lacks_room, source_capacity
from syda.planning.checks import Domain, apply_domain
from syda.planning.inference import Guess
from syda.schema.model import Column, Kind, Table
from syda.sources.base import Source
from syda.sources.conditional import Case
from syda.sources.derived import Share
from syda.sources.moment import After, Moment
from syda.sources.scalar import Choice, Number
from syda.sources.sentence import Sentence
from syda.sources.text import Template, Titles
from syda.sources.workflow import Workflow
from syda.sources.written import Written

Refusal: TypeAlias = Callable[[str], UntenableError]
"""Returns the error that says of a column what cannot be."""


def is_decided(guess: Guess) -> bool:
    """Tell whether a model said how the column is made; of rows that it writes each is judged."""
    return guess.author == "model" and not isinstance(guess.source, Written)


def narrowed_source(table: Table, column: Column, guess: Guess, domain: Domain | None) -> Source:
    """Return what is guessed of a column, within its CHECK. Raises `UntenableError` where a model's is against it."""
    assert guess.source is not None
    if domain is None or isinstance(guess.source, Written):
        return guess.source
    if is_decided(guess):
        return _within(guess.source, domain, partial(UntenableError, table.key, column.name))
    return apply_domain(guess.source, column, domain)


def _within(source: Source, domain: Domain, refuse: Refusal) -> Source:
    """Return the source narrowed to the domain. Raises `UntenableError` where it says something else."""
    match source:
        case Choice():
            return _allowed_of(source, domain, refuse)
        case Number():
            return _clipped(source, domain, refuse)
        case Share():
            return replace(source, low=domain.low, high=domain.high)
        case Case():
            if source.otherwise is None and domain.required:
                raise refuse(f"without a value for all others it is NULL, against {domain.text}")
            when = {held: _allowed_of(choice, domain, refuse) for held, choice in source.when.items()}
            otherwise = source.otherwise and _allowed_of(source.otherwise, domain, refuse)
            return replace(source, when=when, otherwise=otherwise)
        case Workflow():
            _require(domain, [state.value for state in source.states], refuse)
        case _ if domain.allowed() is not None:
            raise refuse(f"{domain.text} leaves {_listed(domain.allowed() or ())}; choose among them")
    return source


def _allowed_of(choice: Choice, domain: Domain, refuse: Refusal) -> Choice:
    """Return the choice without what the domain shuts out; what is left keeps its weights."""
    weights = choice.weights or (1.0,) * len(choice.values)
    kept = {value: weight for value, weight in zip(choice.values, weights, strict=True) if _holds(domain, value)}
    if not kept:
        _require(domain, choice.values, refuse)
    if len(kept) == len(choice.values):
        return choice
    return Choice(values=tuple(kept), weights=tuple(kept.values()) if choice.weights else None)


def _require(domain: Domain, values: Collection[Any], refuse: Refusal) -> None:
    barred = [value for value in values if not _holds(domain, value)]
    if barred:
        allowed = domain.allowed()
        left = "" if allowed is None else f", which leaves {_listed(allowed)}"
        raise refuse(f"{_listed(barred)} against {domain.text}{left}")


def _holds(domain: Domain, value: Any) -> bool:
    allowed = domain.allowed()
    return value is None or (
        domain.inside(value) and value not in domain.excluded if allowed is None else value in allowed
    )


def _listed(values: Collection[Any]) -> str:
    shown = ", ".join(str(value) for value in list(values)[:20])
    return shown + (f" and {len(values) - 20} more" if len(values) > 20 else "")


def _clipped(source: Number, domain: Domain, refuse: Refusal) -> Source:
    allowed = domain.allowed()
    if allowed is not None:
        inside = tuple(value for value in allowed if source.low <= value <= source.high)
        if not inside:
            raise refuse(f"{source.describe()} holds none of {_listed(allowed)}, of {domain.text}")
        return Choice(values=inside)
    low = source.low if domain.low is None else max(source.low, domain.low)
    high = source.high if domain.high is None else min(source.high, domain.high)
    if low > high:
        raise refuse(f"{source.describe()} is all against {domain.text}")
    return replace(source, low=low, high=high)


def without_repeats(table: Table, column: Column, source: Source, rows: int, *, alone: bool) -> Source:
    """Return a model's source for a column in which no value repeats, `alone` or together with others.

    Words that are too few get numbers. Raises `UntenableError` where the source has not as many values as it needs.
    """
    refuse = partial(UntenableError, table.key, column.name)
    if not alone:
        if not source.countable:
            raise refuse("it is drawn together with other columns, from a choice, numbers or dates")
        return source
    if isinstance(source, Choice) and column.type.kind is Kind.TEXT and source_capacity(source, column) < rows:
        titles = Titles(values=tuple(map(str, source.values))).without_alike()
        if not titles.has_room(column, rows):
            raise refuse(f"{_short_of(rows, len(source.values))}, and no room for a number behind them")
        return titles
    if source.countable:
        if (size := source_capacity(source, column)) < rows:
            raise refuse(f"{_short_of(rows, size)}")
        return source
    if isinstance(source, Template | Sentence) and not lacks_room(source, column, rows):
        return source
    if isinstance(source, After) and source_capacity(Moment(low=f"-{max(source.days, 1):f}d"), column) >= rows:
        return source
    raise refuse(f"its {rows} values must be distinct, and {source.describe()} cannot be relied on for it")


def _short_of(rows: int, size: int) -> str:
    return f"its {rows} values must be distinct, and there are {size}"
