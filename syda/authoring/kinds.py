"""The kinds in which a model says how a column is made, and the source that each of them comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import numpy as np

from syda.authoring.answer import Entry, UnfitError
from syda.planning.inference import Guess
from syda.schema.model import MOMENTS, NUMBERS, Column, Kind
from syda.sources.base import Settings, Source
from syda.sources.conditional import Case
from syda.sources.derived import Share
from syda.sources.moment import After, Moment, resolve_moment
from syda.sources.scalar import Choice, Distribution, Number
from syda.sources.sentence import Sentence, parsed
from syda.sources.text import Template
from syda.sources.totals import How, Total
from syda.sources.values import from_python
from syda.sources.workflow import State, Workflow

_FIRST, _LAST = np.datetime64("1000-01-01"), np.datetime64("2501-01-01")
_MOST_DAYS = 36_525
DESCRIBED = """\
- "keep": what is there now is good.
- "choice": one of "values", with weights: all categories there are, or 30 to 60 entries for names and subjects.
- "template": text put together of other columns: "values" holds one template such as "{first_name}.{last_name!l}".
- "sentence": free text. "values" holds 8 to 30 patterns of whole sentences with fields, as "{item} arrived {state}". A
  field is a column of the row, a parent's column as "{product_id.name}", or a list of words: give its 10 to 40 words as
  further "values" whose "when" is the field's name.
- "case": one of "values" that depends on what the column "of" holds: "when" is its value, "" for all others.
- "number": a number from "low" to "high" with a "distribution".
- "near": a number equal or close to that in "of", which may be a parent's as "product_id.price". "high" is the share by
  which it differs at most: "0" for equal, "0.1" for ten percent.
- "total": what the rows that belong to this one add up to: "of" is their table and columns, as
  "order_items: quantity * unit_price"; "has_rows_of" in the CONTEXT lists these tables. "values" may hold "count",
  "min", "max" or "mean" instead of a sum.
- "date": a date or time from "low" to "high", each ISO or relative to today such as "-2y", "-30d", "now".
- "after": a date or time by "low" to "high" days later than that in "of", which may be a parent's as
  "customer_id.created_at".
- "workflow": a status. "values" are its states with weights; "when" lists the date columns that are set in a state, in
  their order, with commas: the others of these dates are empty. "of" is the date before all of them, "high" the most
  days between two."""
"""What the model is told of the kinds."""


def guess_of(column: Column, entry: Entry) -> Guess | None:
    """Return what an entry comes to; None where what is there is kept. Raises `UnfitError`."""
    if entry.kind == "keep":
        return None
    source = _READERS[entry.kind](column, entry)
    nulls = entry.null_share if column.nullable else 0.0
    return Guess(source, f"a language model's {entry.kind}", nulls, author="model")


def _choice(column: Column, entry: Entry) -> Source:
    return _weighted(column, [(text, weight) for text, weight, _ in entry.values])


def _weighted(column: Column, listed: Sequence[tuple[str, float]]) -> Choice:
    typed = ((_typed(column, text), weight) for text, weight in listed if weight > 0)
    kept = {repr(value): (value, weight) for value, weight in typed}
    if not kept:
        raise UnfitError("there are no values with a weight above 0")
    values, weights = zip(*kept.values(), strict=True)
    return Choice(values=values, weights=None if len(set(weights)) == 1 else weights)


def _typed(column: Column, text: str) -> Any:
    """Return a value as the column holds it."""
    kind = column.type.kind
    if kind is Kind.ENUM and column.type.values and text not in column.type.values:
        raise UnfitError(f"{text[:40]!r} is none of {', '.join(column.type.values[:20])}")
    if kind in (Kind.TEXT, Kind.ENUM):
        _require_shown(text)
        if column.type.length is not None and len(text) > column.type.length:
            raise UnfitError(f"{text[:40]!r} is longer than {column.type.length} characters")
        return text
    if kind in (Kind.JSON, Kind.ARRAY):
        return _document(text, kind)
    try:
        from_python([text], column.type)
    except ValueError:
        raise UnfitError(f"{text[:40]!r} is no value for {kind}") from None
    if kind is Kind.INTEGER:
        return int(text)
    if kind is Kind.BOOLEAN:
        return text.lower() in ("true", "yes", "1")
    return _bound(text, "a value") if kind in NUMBERS else text


def _require_shown(text: str) -> None:
    if not text.strip() or not text.isprintable():
        raise UnfitError(f"the value {text[:40]!r} is empty or cannot be shown")


def _document(text: str, kind: Kind) -> Any:
    try:
        document = json.loads(text)
        written = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise UnfitError(f"{text[:40]!r} is no JSON") from None
    if b"\\u0000" in written or (kind is Kind.ARRAY and not isinstance(document, list)):
        raise UnfitError(f"{text[:40]!r} is no list in JSON, or holds what no database keeps")
    return document


def _template(column: Column, entry: Entry) -> Source:
    if column.type.kind is not Kind.TEXT or len(entry.values) != 1:
        raise UnfitError("a template is one text for a text column")
    text = entry.values[0][0]
    _require_pattern(column, text, {})
    return Template(text=text)


def _require_pattern(column: Column, pattern: str, words: Mapping[str, Choice]) -> None:
    """Refuse a pattern that cannot be shown, or that its own text and words make too long for the column."""
    _require_shown(pattern)
    try:
        parts = parsed(pattern)
    except ValueError as error:
        raise UnfitError(f"the braces of a pattern do not pair: {error}") from None
    fields = [name for _, name, _, _ in parts if name in words]
    most = sum(len(part[0]) for part in parts) + sum(len(max(words[name].values, key=len)) for name in fields if name)
    if column.type.length is not None and most > column.type.length:
        raise UnfitError(f"{pattern[:40]!r} has up to {most} characters, more than {column.type.length}")


def _number(column: Column, entry: Entry) -> Source:
    if column.type.kind not in NUMBERS:
        raise UnfitError(f"a {column.type.kind} column holds no number")
    low, high = _bound(entry.low, "low"), _bound(entry.high, "high")
    if low > high:
        raise UnfitError(f"low {low:g} is more than high {high:g}")
    if entry.distribution not in get_args(Distribution):
        raise UnfitError(f"there is no distribution {entry.distribution!r}")
    return Number(low=low, high=high, distribution=entry.distribution)  # type: ignore[arg-type]


def _bound(text: str, name: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        raise UnfitError(f"{name} is {text[:40]!r}, expected a number") from None
    if not abs(number) < 1e15:
        raise UnfitError(f"{name} is {text[:40]}, which is too large")
    return int(number) if number.is_integer() else number


def _date(column: Column, entry: Entry) -> Source:
    if column.type.kind not in MOMENTS:
        raise UnfitError(f"a {column.type.kind} column holds no date")
    low, high = entry.low or "-2y", entry.high or "now"
    first, last = _moment(low), _moment(high)
    if _is_relative(low) == _is_relative(high) and first > last:
        raise UnfitError(f"{low} is later than {high}")
    return Moment(low=low, high=high)


def _moment(text: str) -> np.datetime64:
    try:
        moment = resolve_moment(text, Settings())
    except ValueError as error:
        raise UnfitError(str(error)) from None
    if not _FIRST <= moment < _LAST:
        raise UnfitError(f"{text!r} is outside of the years 1000 to 2500")
    return moment


def _is_relative(text: str) -> bool:
    return text[0] in "+-" or text in ("now", "today")


def _after(column: Column, entry: Entry) -> Source:
    if column.type.kind not in MOMENTS:
        raise UnfitError(f"a {column.type.kind} column holds no date")
    least, most = _days(entry.low or "0", "low"), _days(entry.high or "365", "high")
    if least > most:
        raise UnfitError(f"expected days from low to high, got {least:g} to {most:g}")
    return After(column=_column(entry.of), days=most, at_least_days=least)


def _days(text: str, name: str) -> float:
    days = float(_bound(text, name))
    if not 0 <= days <= _MOST_DAYS:
        raise UnfitError(f"{name} is {days:g}, expected days from 0 to {_MOST_DAYS}")
    return days


def _near(_: Column, entry: Entry) -> Source:
    share = _bound(entry.high or "0", "high")
    if not 0 <= share < 1:
        raise UnfitError(f"high is {share:g}, expected a share from 0 to less than 1")
    return Share(column=_column(entry.of), least=1.0 - share, most=1.0 + share)


def _column(name: str) -> str:
    if not name:
        raise UnfitError('"of" names no column')
    return name


def _case(column: Column, entry: Entry) -> Source:
    cases: dict[str, list[tuple[str, float]]] = {}
    for text, weight, held in entry.values:
        cases.setdefault(held, []).append((text, weight))
    others = cases.pop("", None)
    if not cases:
        raise UnfitError('no value has a "when"')
    when = {held: _weighted(column, listed) for held, listed in cases.items()}
    return Case(column=_column(entry.of), when=when, otherwise=_weighted(column, others) if others else None)


def _sentence(column: Column, entry: Entry) -> Source:
    if column.type.kind is not Kind.TEXT:
        raise UnfitError(f"a {column.type.kind} column holds no sentence")
    patterns = [(text, weight) for text, weight, when in entry.values if not when and weight > 0]
    words: dict[str, list[tuple[str, float]]] = {}
    for text, weight, when in entry.values:
        if when:
            words.setdefault(when.strip("{}"), []).append((text, weight))
    if not patterns:
        raise UnfitError("there are no patterns")
    lists = {name: _plain_choice(listed) for name, listed in words.items()}
    for text, _ in patterns:
        _require_pattern(column, text, lists)
    fields = {name for text, _ in patterns for _, name, _, _ in parsed(text)}
    texts, weights = zip(*patterns, strict=True)
    return Sentence(patterns=texts, weights=weights, words={name: lists[name] for name in lists if name in fields})


def _plain_choice(listed: Sequence[tuple[str, float]]) -> Choice:
    known = {text: weight for text, weight in listed if weight > 0}
    if not known:
        raise UnfitError("a list of words is empty")
    for text in known:
        _require_shown(text)
    return Choice(values=tuple(known), weights=tuple(known.values()))


def _total(_: Column, entry: Entry) -> Source:
    children, _colon, product = entry.of.partition(":")
    how = entry.values[0][0] if entry.values else "sum"
    if how not in get_args(How):
        raise UnfitError(f"there is no way {how!r} to add up; expected one of {', '.join(get_args(How))}")
    factors = tuple(part.strip() for part in product.split("*")) if product.strip() else ()
    return Total(children=_column(children.strip()), foreign_key="", factors=factors, how=how)  # type: ignore[arg-type]


def _workflow(column: Column, entry: Entry) -> Source:
    states = tuple(
        State(value=_typed(column, text), weight=weight, dates=tuple(filter(None, map(str.strip, when.split(",")))))
        for text, weight, when in entry.values
    )
    if not any(state.weight > 0 for state in states):
        raise UnfitError("there are no states with a weight above 0")
    return Workflow(states=states, after=entry.of or None, days=_days(entry.high or "30", "high"))


_READERS: Mapping[str, Callable[[Column, Entry], Source]] = {
    "choice": _choice,
    "template": _template,
    "number": _number,
    "date": _date,
    "after": _after,
    "case": _case,
    "near": _near,
    "sentence": _sentence,
    "total": _total,
    "workflow": _workflow,
}
