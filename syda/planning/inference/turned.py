"""Moments that come before one that is fixed: they are made before it, rather than it after them.

What the user gives, and what a unique set makes distinct, does not follow from other columns of the row. Where names say
that it comes after others, these follow from it: the time before it is as long as it would have been after them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.sources.moment import After, Before, Moment

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess


def before_fixed(guesses: dict[str, Guess], fixed: Collection[str]) -> None:
    """Bind the moments that come before those that are `fixed` to these; what is fixed keeps its guess."""
    planned = {name: guess.source for name, guess in guesses.items() if isinstance(guess.source, After)}
    turned: set[str] = set()
    for name in planned:
        if name in fixed:
            _turn(guesses, name, planned, fixed, turned)


def _turn(
    guesses: dict[str, Guess], later: str, planned: dict[str, After], fixed: Collection[str], turned: set[str]
) -> None:
    """Have all that a moment would have followed come before it; the start that it belongs to is counted from it."""
    source = planned.get(later)
    for name in () if source is None else source.needs():
        if name in fixed or name not in guesses or source is None:
            continue
        own = guesses[name].source
        if isinstance(own, Before):
            guesses[name] = _not_after(guesses[name], replace(own, also=_with(own.also, later, own.column)), later)
        elif isinstance(own, Moment) or (isinstance(own, After) and name == source.column):
            since = tuple(one for one in own.needs() if one in fixed)
            made = Before(column=later, since=since, days=source.days, at_least_days=source.at_least_days)
            guesses[name] = _not_after(guesses[name], made, later)
            if name not in turned:
                turned.add(name)
                _turn(guesses, name, planned, fixed, turned)
        elif isinstance(own, After):
            guesses[name] = _not_after(guesses[name], replace(own, until=_with(own.until, later)), later)


def _not_after(guess: Guess, source: Before | After, later: str) -> Guess:
    reason = guess.reason.partition(", not before")[0] if isinstance(source, Before) else guess.reason
    return replace(guess, source=source, reason=f"{reason}, not after {later}")


def _with(names: Iterable[str], name: str, known: str = "") -> tuple[str, ...]:
    return tuple(one for one in dict.fromkeys((*names, name)) if one != known)
