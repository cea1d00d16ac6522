"""The words in which a user says how rows and columns are to be made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import Any, get_args

from syda.errors import PlanError, UnknownNameError
from syda.errors import near as nearest
from syda.planning.model import Cardinality, Shape
from syda.planning.requests import key_name
from syda.sources.conditional import Case
from syda.sources.derived import Share
from syda.sources.moment import After
from syda.sources.scalar import Choice, Constant, Distribution, Number
from syda.sources.sentence import Sentence, parsed
from syda.sources.text import Pattern, Template, Words
from syda.sources.totals import How, Total
from syda.sources.vocabulary import FAKER
from syda.sources.workflow import State, Workflow


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
        raise UnknownNameError(f"{where}: there is no distribution {distribution!r}{nearest(str(distribution), known)}")
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


def case(column: Any, when: Mapping[Any, Any], otherwise: Any = None) -> Case:
    """Say that a column's values depend on what `column` holds: ``case("country", {"FR": ["Paris", "Lyon"]})``.

    `column` is one of the row or of a parent: ``"customer.country"``, ``Customer.country``. For each of its values
    `when` has a list to choose from, a dict with weights, or one value; `otherwise` is for all others; None is NULL.
    """
    if not isinstance(when, Mapping):
        raise PlanError(f"case: expected a dict of values and what to choose then, got {type(when).__name__} {when!r}")
    cases = {key.name if isinstance(key, Enum) else key: _outcome(wanted) for key, wanted in when.items()}
    return Case(column=_name(column), when=cases, otherwise=None if otherwise is None else _outcome(otherwise))


def _outcome(wanted: Any) -> Choice:
    is_many = isinstance(wanted, Mapping | list | tuple | set | frozenset | range | Choice)
    chosen = wanted if isinstance(wanted, Choice) else choice(wanted) if is_many else Choice(values=(wanted,))
    plain = tuple(value.name if isinstance(value, Enum) else value for value in chosen.values)
    return Choice(values=plain, weights=chosen.weights)


def total(children: Any, of: str = "", *, how: How = "sum", by: Any = "") -> Total:
    """Say that a column adds up the row's children: ``total("items", "quantity * unit_price")``.

    `children` is their relationship, class or table; `of` one of their columns or a product of some; `by` the foreign
    key's column where several refer to the row. `how` may also be ``"count"``, ``"min"``, ``"max"`` and ``"mean"``.
    A row without children has a sum and count of 0, and no other result (0 where the column takes no NULL).
    """
    known = get_args(How)
    if how not in known:
        raise UnknownNameError(f"total: there is no way {how!r} to add up{nearest(str(how), known)}")
    factors = tuple(part.strip() for part in _text(of, "total", "quantity * unit_price").split("*")) if of else ()
    return Total(
        children=_last(children),
        foreign_key="" if isinstance(by, str) and not by else _last(by),
        factors=factors,
        how=how,
    )


def near(column: Any, spread: float = 0.0) -> Share:
    """Say that a number equals another of the row or of a parent, or lies within a share of it.

    ``near("product.price", 0.1)`` is the product's price, ten percent more or less.
    """
    share = _real(spread, "spread", f"near({spread!r})")
    if share < 0:
        raise PlanError(f"near: expected a spread of 0 or more, such as 0.1 for ten percent, got {spread!r}")
    return Share(column=_name(column), least=1.0 - share, most=1.0 + share)


def after(*columns: Any, at_least: float | timedelta = 0, at_most: float | timedelta = 365) -> After:
    """Say that a date comes after others of the row or of parents: ``after("customer.created_at", at_most=30)``.

    It lies `at_least` and `at_most` so many days, or a `timedelta`, after the latest of them; of dates, days count.
    Short times are the commonest. It is not after the end of the data, unless `at_least` puts it there.
    """
    if not columns:
        raise PlanError("after: expected a column such as 'customer.created_at', got none")
    first, *others = map(_name, columns)
    least, most = _days(at_least, "at_least"), _days(at_most, "at_most")
    return After(column=first, also=tuple(others), days=most, at_least_days=least)


def workflow(
    states: Mapping[Any, Iterable[Any] | str],
    weights: Iterable[float] | None = None,
    *,
    after: Any = None,
    at_most: float | timedelta = 30,
) -> Workflow:
    """Say that a status is one of `states`, and which date columns are set in each, in their order.

    ``workflow({"new": [], "paid": ["paid_at"], "shipped": ["paid_at", "shipped_at"]}, [2, 3, 5], after="ordered_at")``:
    all other dates are NULL. The first comes after the column `after`, each other one after the one before it, within
    `at_most` days.
    """
    if not isinstance(states, Mapping) or not states:
        raise PlanError(f"workflow: expected a dict of states and their dates, got {type(states).__name__} {states!r}")
    weighed = choice(list(states), weights).weights or (1.0,) * len(states)
    listed = tuple(
        State(value=key.name if isinstance(key, Enum) else key, weight=weight, dates=_dates(key, names))
        for (key, names), weight in zip(states.items(), weighed, strict=True)
    )
    return Workflow(states=listed, after=None if after is None else _name(after), days=_days(at_most, "at_most"))


def _dates(state: Any, names: Any) -> tuple[str, ...]:
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, Iterable):
        raise PlanError(
            f"workflow: expected a list of date columns for {state!r}, got {type(names).__name__} {names!r}"
        )
    return tuple(map(_last, names))


def sentence(patterns: str | Iterable[str] | Mapping[str, float], **words: Any) -> Sentence:
    """Say that a column is text from `patterns`, a list or a dict with weights, with words put into their fields.

    ``sentence(["{customer.name} wants a {size} {thing}", ...], size=["small", "big"], thing="product")``: a field is
    one of the `words` given for it (a list, a dict with weights, or the name of a vocabulary, such as
    ``"faker:color_name"``), a column, a parent's column or ``{row}``.
    """
    chosen = choice([patterns] if isinstance(patterns, str) else patterns)
    texts = tuple(_text(each, "sentence", "a {size} {thing}") for each in chosen.values)
    for text in texts:
        try:
            parsed(text)
        except ValueError as error:
            raise PlanError(f"sentence: {text!r} has braces that do not pair: {error}") from error
    fields = {name for text in texts for _, name, _, _ in parsed(text)}
    for name in words:
        if name not in fields:
            raise UnknownNameError(f"sentence: no pattern has the field {name!r}{nearest(name, filter(None, fields))}")
    return Sentence(patterns=texts, weights=chosen.weights, words={name: _words(word) for name, word in words.items()})


def _words(given: Any) -> Choice | Words:
    if isinstance(given, Words):
        return given
    if isinstance(given, str):
        return Words(vocabulary=given)
    chosen = _outcome(given)
    return Choice(values=tuple(map(str, chosen.values)), weights=chosen.weights)


def _name(column: Any) -> str:
    if isinstance(column, str) and not column:
        raise PlanError("expected the name of a column or table, got ''")
    owner = getattr(getattr(column, "table", None), "fullname", None)
    return f"{owner}.{column.key}" if owner and not hasattr(column, "class_") else key_name(column)


def _last(name: Any) -> str:
    """Return the name of an attribute without its class; any other name as it is."""
    return _name(name).rpartition(".")[2] if hasattr(name, "class_") or hasattr(name, "table") else _name(name)


def _days(given: Any, name: str) -> float:
    if isinstance(given, timedelta):
        return given / timedelta(days=1)
    return float(_real(given, name, "after"))
