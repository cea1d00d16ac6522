"""The words in which a user says how rows and columns are to be made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, get_args

from syda.errors import PlanError, UnknownNameError, near
from syda.planning.model import Cardinality, Shape
from syda.sources.scalar import Choice, Constant, Distribution, Number
from syda.sources.text import Pattern, Template, Words
from syda.sources.vocabulary import FAKER


def between(low: int, high: int) -> Cardinality:
    """Say that each parent has `low` to `high` children (for a number column: a whole number in that range)."""
    where = f"between({low!r}, {high!r})"
    least, most = _whole(low, "low", where), _whole(high, "high", where)
    if not 0 <= least <= most:
        raise PlanError(f"{where}: expected 0 <= low <= high")
    return Cardinality(low=least, high=most)


def poisson(mean: float, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that the numbers of children are Poisson distributed with the given mean."""
    return _spread("poisson", mean, low, high)


def geometric(mean: float, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that most parents have few children and some have many, `mean` on average."""
    return _spread("geometric", mean, low, high)


def zipf(mean: float = 3.0, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that few parents have most of the children (Zipf's law), `mean` on average."""
    return _spread("zipf", mean, low, high)


def _spread(shape: Shape, mean: float, low: int, high: int | None) -> Cardinality:
    where = f"{shape}({mean!r}, low={low!r}, high={high!r})"
    average, least = _real(mean, "mean", where), _whole(low, "low", where)
    most = None if high is None else _whole(high, "high", where)
    if average <= 0 or least < 0 or (most is not None and most < least):
        raise PlanError(f"{where}: expected mean > 0 and 0 <= low <= high")
    return Cardinality(shape=shape, mean=float(average), low=least, high=most)


def _whole(given: Any, name: str, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise PlanError(f"{where}: expected a whole number for {name}, got {type(given).__name__} {given!r}")
    return int(given)


def _real(given: Any, name: str, where: str) -> int | float:
    """Return a number as an int or float, whatever kind of number it is."""
    number = isinstance(given, Real | Decimal) and not isinstance(given, bool)
    if not number or not math.isfinite(given):
        raise PlanError(f"{where}: expected a number for {name}, got {type(given).__name__} {given!r}")
    return int(given) if isinstance(given, Integral) else float(given)


def _text(given: Any, where: str, example: str) -> str:
    if not isinstance(given, str):
        raise PlanError(f"{where}: expected a text such as {example!r}, got {type(given).__name__} {given!r}")
    return given


def value(constant: Any) -> Constant:
    """Say that every row has the same value, also where a bare list or dict would mean a choice."""
    return Constant(value=constant)


def choice(values: Iterable[Any] | Mapping[Any, float], weights: Iterable[float] | None = None) -> Choice:
    """Say that a column takes one of `values`, in proportion to `weights` (or to a dict's values)."""
    if isinstance(values, Mapping):
        weights = list(values.values())
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise PlanError(f"choice: expected a list of values, got {type(values).__name__} {values!r}")
    if weights is not None and not isinstance(weights, Iterable):
        raise PlanError(f"choice: expected a list of weights, got {type(weights).__name__} {weights!r}")
    listed = tuple(sorted(values, key=repr) if isinstance(values, set | frozenset) else values)
    weighed = None if weights is None else tuple(float(_real(weight, "a weight", "choice")) for weight in weights)
    if not listed or (weighed is not None and (len(weighed) != len(listed) or min(weighed) < 0 or not any(weighed))):
        raise PlanError(
            f"choice: expected values and as many weights, 0 or more and not all 0, got {listed}, {weighed}"
        )
    return Choice(values=listed, weights=weighed)


def number(low: float, high: float, *, distribution: Distribution = "uniform", places: int | None = None) -> Number:
    """Say that a column is a number in [low, high]; `distribution` is one of `Number`'s."""
    where = f"number({low!r}, {high!r})"
    least, most = _real(low, "low", where), _real(high, "high", where)
    if least > most:
        raise PlanError(f"{where}: expected low <= high")
    known = get_args(Distribution)
    if distribution not in known:
        raise UnknownNameError(f"{where}: there is no distribution {distribution!r}{near(str(distribution), known)}")
    digits = None if places is None else _whole(places, "places", where)
    if digits is not None and digits < 0:
        raise PlanError(f"{where}: expected 0 or more places, got {digits}")
    return Number(low=least, high=most, distribution=distribution, places=digits)


def template(text: str) -> Template:
    """Say that a column is text with fields: ``"{first_name}.{last_name}@{company.domain}"``."""
    return Template(text=_text(text, "template", "{first_name}.{last_name}"))


def regex(pattern: str) -> Pattern:
    """Say that a column is a string that the regular expression matches."""
    return Pattern(regex=_text(pattern, "regex", "[A-Z]{3}-[0-9]{4}"))


def faker(provider: str) -> Words:
    """Say that a column takes values of a Faker provider, such as ``"color_name"``."""
    return Words(vocabulary=f"{FAKER}{_text(provider, 'faker', 'color_name')}")
