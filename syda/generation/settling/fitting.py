"""Makes a column's values fit a domain, in some rows: the value there is kept where it does already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.errors import SydaError
from syda.generation.distinct import distinct_values
from syda.generation.domains import TEXTS, inside
from syda.generation.settling.reshaping import reshapes
from syda.generation.settling.state import State
from syda.generation.settling.typed import numbers, typed_items, words
from syda.planning.checks import Domain, apply_domain
from syda.schema.model import NUMBERS, Column, Kind, LogicalType
from syda.sources.base import Source
from syda.sources.scalar import Constant
from syda.sources.stream import Integers, to_index
from syda.sources.text import Pattern
from syda.sources.values import Values, from_python, objects, to_python

Mask = NDArray[np.bool_]
_SPARE = 8
_SHORT = re.compile(r"(?<!\\)[*]")
_PLUS = re.compile(r"(?<!\\)[+]")
_ANY = re.compile(r"(?<!\\)\.(?![^\[\]]*\])")
_YEARS = 3 * 365


def fit(state: State, name: str, domain: Domain, rows: Integers) -> None:
    """Change the column in those of `rows` where it is outside the domain, as far as it may be changed."""
    if domain.null and state.may_be_null(name):
        state.set_null(name, rows)
        return
    if domain.required:
        state.set_present(name, rows)
    outside = rows[~inside(domain, state.column(name), state.values(name, rows))]
    if not len(outside) or state.is_fixed(name):
        return
    if state.owners[name] is not None:
        _point_inside(state, name, domain, outside)
        return
    for candidate in _candidates(state, name, domain):
        made = candidate(outside)
        if made is None:
            continue
        state.set_values(name, outside, made)
        outside = outside[~inside(domain, state.column(name), made)]
        if not len(outside):
            return


def _point_inside(state: State, name: str, domain: Domain, rows: Integers) -> None:
    """Point the rows to parents whose values are in the domain."""
    link = state.owners[name]
    assert link is not None
    if len(state.groups[link]) > 1:
        for attempt in range(_SPARE):
            state.borrow(name, rows, f"inside {attempt}")
            rows = rows[~inside(domain, state.column(name), state.values(name, rows))]
            if not len(rows):
                return
        return
    parents = state.draft.allowed_parents(link)
    fits = parents[inside(replace(domain, required=True), state.column(name), state.parent_values(name, parents))]
    if len(fits):
        picked = fits[(state.bits("inside", name)[rows] % np.uint64(len(fits))).astype(np.int64)]
        state.set_parents(link, rows, picked)


def _candidates(state: State, name: str, domain: Domain) -> Iterator[Callable[[Integers], Values | None]]:
    """Yield ways to make values for the rows, the most believable first."""
    column, planned = state.column(name), state.source(name)
    if column.type.kind in TEXTS and (domain.is_shaped or domain.is_timed):
        yield from _text_candidates(state, name, domain)
    elif column.type.kind is Kind.JSON:
        yield lambda rows: Values(objects(typed_items(state, name, domain, rows)))
    elif domain.each is not None:
        each = domain.each
        yield lambda rows: _with_each(state, name, each, rows)
    elif domain.items:
        yield lambda rows: _holding(state, name, domain, rows)
    elif domain.is_timed:
        yield lambda rows: _timed(state, name, domain, rows)
    elif column.type.kind is Kind.BINARY:
        yield lambda rows: _resized(state, name, domain, rows)
    else:
        narrowed = apply_domain(planned.source, column, domain)
        yield lambda rows: _from_source(state, name, narrowed, rows)
        if planned.distinct and column.type.kind is Kind.TEXT and domain.values is None:
            yield lambda rows: _from_source(state, name, planned.source, rows)


def _reshaped(state: State, name: str, reshape: Callable[[str], str], rows: Integers) -> Values:
    drafted = state.drafted[name].data[rows].tolist()
    return Values(objects(reshape(item) if isinstance(item, str) else item for item in drafted))


def _text_candidates(state: State, name: str, domain: Domain) -> Iterator[Callable[[Integers], Values | None]]:
    """Yield ways to make texts of a shape."""
    column = state.column(name)
    if domain.is_timed:
        most = _smallest(domain.longest, column.type.length)
        yield lambda rows: Values(objects(str(day)[:most] for day in _timed(state, name, domain, rows).data.tolist()))
    elif domain.numeric:
        yield lambda rows: Values(objects(map(str, numbers(state, name, domain, rows))))
    else:
        for reshape in reshapes(domain, column):
            yield partial(_reshaped, state, name, reshape)
        made = shaped_source(domain, column)
        if made is not None:
            yield lambda rows: _from_source(state, name, made, rows)
            for attempt in range(_SPARE if isinstance(made, Pattern) else 0):
                yield partial(drawn, state, name, made, f"shape {attempt}")


def drawn(state: State, name: str, source: Source, label: str, rows: Integers) -> Values | None:
    """Return other values of a pattern than it would make; None of a source that is none."""
    if not isinstance(source, Pattern):
        return None
    size = min(source.capacity(state.column(name)) or 1, 1 << 40)
    cell = state.draft.cell(state.key, name, state.first, state.first + state.rows)
    return source.at(cell, to_index(state.bits(label, name), size)[rows])


def _with_each(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    """Return lists as long as the drafted ones, of items in the domain."""
    drafted = [item if isinstance(item, list) else [] for item in state.drafted[name].data[rows].tolist()]
    type_ = state.column(name).type.item or LogicalType(kind=Kind.TEXT)
    places = [_items(state, name, domain, type_, place, rows) for place in range(max(map(len, drafted), default=0))]
    return Values(objects([column[row] for column in places[: len(item)]] for row, item in enumerate(drafted)))


def _items(state: State, name: str, domain: Domain, type_: LogicalType, place: int, rows: Integers) -> list[Any]:
    """Return an item in the domain for each row."""
    allowed, label = domain.allowed(), f"{name} {place}"
    if allowed:
        return [allowed[number] for number in to_index(state.bits("item", label), len(allowed))[rows].tolist()]
    if type_.kind in NUMBERS:
        return numbers(state, label, domain, rows)
    source = shaped_source(domain, Column(name=name, type=type_))
    made = None if source is None else drawn(state, name, source, f"item {place}", rows)
    found: list[Any] = words(state, label, rows) if made is None else made.data.tolist()
    return found


def _holding(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    """Return the drafted lists with the items that they must hold."""
    drafted = [item if isinstance(item, list) else [] for item in state.drafted[name].data[rows].tolist()]
    return Values(objects([*(each for each in domain.items if each not in item), *item] for item in drafted))


def shaped_source(domain: Domain, column: Column) -> Source | None:
    """Return a source of text that has the domain's shape; None when there is none."""
    limit = _smallest(domain.longest, column.type.length)
    if limit == 0:
        return Constant(value="")
    letters = domain.letters or ("[A-Z0-9]" if domain.case == "upper" else "[a-z0-9]")
    if domain.pieces:
        regex = _spelled(domain, letters)
    elif domain.patterns:
        regex = _ANY.sub(lambda _: letters, domain.patterns[0])
    else:
        low = max(domain.shortest or 1, 1)
        high = max(low, min(limit if limit is not None else low + _SPARE, low + _SPARE))
        regex = f"{letters}{{{low},{high}}}"
    try:
        made = Pattern(regex=regex)
        if domain.patterns and (domain.shortest or 0) > 1:
            return _sized(regex, domain.shortest or 0, limit) or made
        return made if limit is None or made.longest <= limit else _cut(regex, limit)
    except (SydaError, ValueError):
        return None


def _smallest(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _cut(regex: str, limit: int) -> Source | None:
    """Return the same language with repeats that have no upper limit kept short."""
    shorter = Pattern(regex=_SHORT.sub("?", _PLUS.sub("", regex)))
    return shorter if shorter.longest <= limit else None


def _sized(regex: str, shortest: int, limit: int | None) -> Source | None:
    """Return those of a language's texts that are long enough: one of its repeats is counted, others are short."""
    for place in re.finditer(r"(?<!\\)[*+]", regex):
        before, after = (
            _SHORT.sub("?", _PLUS.sub("", part)) for part in (regex[: place.start()], regex[place.end() :])
        )
        rest = Pattern(regex=f"{before}{after}").longest - 1
        least = max(shortest - rest, int(place[0] == "+"))
        most = least + _SPARE if limit is None else limit - rest
        if most >= least:
            return Pattern(regex=f"{before}{{{least},{most}}}{after}")
    return None


def _spelled(domain: Domain, letters: str) -> str:
    """Return a regular expression that has the pieces at their places, and other letters between."""
    written, place = "", 1
    ends = [text for start, text in domain.pieces if start < 0]
    for start, text in sorted(piece for piece in domain.pieces if piece[0] > 0):
        if start < place:
            continue
        written += f"{letters}{{{start - place}}}" if start > place else ""
        written += re.escape(text)
        place = start + len(text)
    taken = place - 1 + sum(map(len, ends))
    least = max((domain.shortest or 0) - taken, 0)
    most = min(_SPARE, domain.longest - taken) if domain.longest is not None else _SPARE
    return f"{written}{letters}{{{least},{max(least, most)}}}" + "".join(map(re.escape, ends))


def _from_source(state: State, name: str, source: Source, rows: Integers) -> Values | None:
    cell = state.draft.cell(state.key, name, state.first, state.first + state.rows)
    try:
        made = distinct_values(cell, source) if cell.distinct else source.make(cell)
    except (SydaError, ValueError):
        return None
    return made.take(rows)


def _timed(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    """Draw moments between the bounds, within a few years of the one that there is; days for a text."""
    data = state.data[name]
    unit: Any = "s" if state.column(name).type.kind is Kind.DATETIME else "D"
    span = np.timedelta64(_YEARS, "D").astype(f"timedelta64[{unit}]")
    low = (domain.high - span if domain.low is None else domain.low).astype(f"datetime64[{unit}]")
    high = (domain.low + span if domain.high is None else domain.high).astype(f"datetime64[{unit}]")
    low = low + np.timedelta64(1, unit) if domain.low is not None and low < domain.low else low
    size = max(int((high - low).astype(np.int64)) + 1, 1)
    steps = to_index(state.bits("moment", name), size)[rows]
    moments = low + steps.astype(f"timedelta64[{unit}]")
    return Values(moments if data.dtype == object else moments.astype(data.dtype))


def _resized(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    low, high = domain.shortest or 0, domain.longest
    items = to_python(state.drafted[name].take(rows), state.column(name).type)
    sized = [
        item if item is None else (item * (low // max(len(item), 1) + 1))[: high or max(low, len(item))]
        for item in items
    ]
    return from_python(sized, state.column(name).type)
