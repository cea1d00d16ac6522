"""The words in which a user says how rows and columns are to be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syda.errors import PlanError
from syda.planning.model import Cardinality
from syda.sources.scalar import Choice, Constant, Distribution, Number
from syda.sources.text import Pattern, Template, Words


def between(low: int, high: int) -> Cardinality:
    """Say that each parent has `low` to `high` children (for a number column: a whole number in that range)."""
    if not 0 <= low <= high:
        raise PlanError(f"between({low}, {high}): expected 0 <= low <= high")
    return Cardinality(low=low, high=high)


def poisson(mean: float, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that the numbers of children are Poisson distributed with the given mean."""
    return _spread("poisson", mean, low, high)


def geometric(mean: float, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that most parents have few children and some have many, `mean` on average."""
    return _spread("geometric", mean, low, high)


def zipf(mean: float = 3.0, *, low: int = 0, high: int | None = None) -> Cardinality:
    """Say that few parents have most of the children (Zipf's law), `mean` on average."""
    return _spread("zipf", mean, low, high)


def _spread(shape: Any, mean: float, low: int, high: int | None) -> Cardinality:
    if mean <= 0 or low < 0 or (high is not None and high < low):
        raise PlanError(f"{shape}({mean}, low={low}, high={high}): expected mean > 0 and 0 <= low <= high")
    return Cardinality(shape=shape, mean=mean, low=low, high=high)


def value(constant: Any) -> Constant:
    """Say that every row has the same value, also where a bare list or dict would mean a choice."""
    return Constant(value=constant)


def choice(values: Iterable[Any] | Mapping[Any, float], weights: Iterable[float] | None = None) -> Choice:
    """Say that a column takes one of `values`, in proportion to `weights` (or to a dict's values)."""
    if isinstance(values, Mapping):
        weights = list(values.values())
    listed, weighed = tuple(values), None if weights is None else tuple(map(float, weights))
    if not listed or (weighed is not None and (len(weighed) != len(listed) or min(weighed) < 0 or not any(weighed))):
        raise PlanError(
            f"choice: expected values and as many weights, 0 or more and not all 0, got {listed}, {weighed}"
        )
    return Choice(values=listed, weights=weighed)


def number(low: float, high: float, *, distribution: Distribution = "uniform", places: int | None = None) -> Number:
    """Say that a column is a number in [low, high]; `distribution` is one of `Number`'s."""
    if low > high:
        raise PlanError(f"number({low}, {high}): expected low <= high")
    return Number(low=low, high=high, distribution=distribution, places=places)


def template(text: str) -> Template:
    """Say that a column is text with fields: ``"{first_name}.{last_name}@{company.domain}"``."""
    return Template(text=text)


def regex(pattern: str) -> Pattern:
    """Say that a column is a string that the regular expression matches."""
    return Pattern(regex=pattern)


def faker(provider: str) -> Words:
    """Say that a column takes values of a Faker provider, such as ``"color_name"``."""
    return Words(vocabulary=f"faker:{provider}")
