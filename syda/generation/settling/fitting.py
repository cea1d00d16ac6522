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
from syda.generation.settling.state import State
from syda.planning.checks import Domain, apply_domain
from syda.schema.model import Column, Kind
from syda.sources.base import Source
from syda.sources.scalar import Constant
from syda.sources.stream import Integers, to_index
from syda.sources.text import Pattern
from syda.sources.values import Values, from_python, objects, to_python

Mask = NDArray[np.bool_]
_JSON: dict[str, Any] = {"array": ["a", "b"], "string": "text", "number": 1, "boolean": True, "object": {}}
_SPARE = 8
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
    parents = state.allowed_parents(link)
    fits = parents[inside(replace(domain, required=True), state.column(name), state.parent_values(name, parents))]
    if len(fits):
        picked = fits[(state.bits("inside", name)[rows] % np.uint64(len(fits))).astype(np.int64)]
        state.set_parents(link, rows, picked)


def _candidates(state: State, name: str, domain: Domain) -> Iterator[Callable[[Integers], Values | None]]:
    """Yield ways to make values for the rows, the most believable first."""
    column, planned = state.column(name), state.source(name)
    if domain.is_shaped and column.type.kind in TEXTS:
        for reshape in _reshapes(domain):
            yield partial(_reshaped, state, name, reshape)
        made = shaped_source(domain, column)
        if made is not None:
            yield lambda rows: _from_source(state, name, made, rows)
    elif column.type.kind is Kind.JSON:
        yield lambda rows: Values(objects(_JSON.get(domain.json_type, {}) for _ in rows.tolist()))
    elif domain.is_timed:
        yield lambda rows: _timed(state, name, domain, rows)
    elif column.type.kind is Kind.BINARY:
        yield lambda rows: _resized(state, name, domain, rows)
    else:
        narrowed = apply_domain(planned.source, column, domain)
        yield lambda rows: _from_source(state, name, narrowed, rows)
        if planned.distinct and column.type.kind is Kind.TEXT and domain.values is None:
            yield lambda rows: _from_source(state, name, planned.source, rows)


def _reshapes(domain: Domain) -> list[Callable[[str], str]]:
    """Return ways to write a text so that it may fit: in the right case, as a slug, cut off."""
    most = domain.longest
    ways: list[Callable[[str], str]] = []
    if domain.patterns:
        ways += [str.lower, _slug("-"), _slug("_"), _slug(""), str.upper, lambda text: _slug("_")(text).upper()]
    if domain.case:
        ways.append(str.lower if domain.case == "lower" else str.upper)
    if most is not None:
        ways.append(lambda text: text[:most].rstrip())
    return ways


def _slug(separator: str) -> Callable[[str], str]:
    return lambda text: re.sub(r"[^a-z0-9]+", separator, text.lower()).strip(separator or None)


def _reshaped(state: State, name: str, reshape: Callable[[str], str], rows: Integers) -> Values:
    drafted = state.drafted[name].data[rows].tolist()
    return Values(objects(reshape(item) if isinstance(item, str) else item for item in drafted))


def shaped_source(domain: Domain, column: Column) -> Source | None:
    """Return a source of text that has the domain's shape; None when there is none."""
    limit = _smallest(domain.longest, column.type.length)
    if limit == 0:
        return Constant(value="")
    letters = "[A-Z0-9]" if domain.case == "upper" else "[a-z0-9]"
    if domain.pieces:
        regex = _spelled(domain, letters)
    elif domain.patterns:
        regex = domain.patterns[0]
    else:
        low = max(domain.shortest or 1, 1)
        high = max(low, min(limit if limit is not None else low + _SPARE, low + _SPARE))
        regex = f"{letters}{{{low},{high}}}"
    try:
        made = Pattern(regex=regex)
        return made if limit is None or made.longest <= limit else _cut(regex, limit)
    except (SydaError, ValueError):
        return None


def _smallest(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _cut(regex: str, limit: int) -> Source | None:
    """Return the same language with repeats that have no upper limit kept short."""
    shorter = Pattern(regex=re.sub(r"(?<!\\)[*]", "?", re.sub(r"(?<!\\)[+]", "", regex)))
    return shorter if shorter.longest <= limit else None


def _spelled(domain: Domain, letters: str) -> str:
    """Return a regular expression that has the pieces at their places, and other letters between."""
    written, place = "", 1
    for start, text in sorted(domain.pieces):
        if start < place:
            continue
        written += f"{letters}{{{start - place}}}" if start > place else ""
        written += re.escape(text)
        place = start + len(text)
    rest = (domain.shortest or 0) - (place - 1)
    return written + (f"{letters}{{{rest}}}" if rest > 0 else "")


def _from_source(state: State, name: str, source: Source, rows: Integers) -> Values | None:
    cell = state.draft.cell(state.key, name, state.first, state.first + state.rows)
    try:
        made = distinct_values(cell, source) if cell.distinct else source.make(cell)
    except (SydaError, ValueError):
        return None
    return made.take(rows)


def _timed(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    """Draw moments between the bounds, within a few years of the one that there is."""
    data = state.data[name]
    unit: Any = "D" if state.column(name).type.kind is Kind.DATE else "s"
    span = np.timedelta64(_YEARS, "D").astype(f"timedelta64[{unit}]")
    low = (domain.high - span if domain.low is None else domain.low).astype(f"datetime64[{unit}]")
    high = (domain.low + span if domain.high is None else domain.high).astype(f"datetime64[{unit}]")
    low = low + np.timedelta64(1, unit) if domain.low is not None and low < domain.low else low
    size = max(int((high - low).astype(np.int64)) + 1, 1)
    steps = to_index(state.bits("moment", name), size)[rows]
    return Values((low + steps.astype(f"timedelta64[{unit}]")).astype(data.dtype))


def _resized(state: State, name: str, domain: Domain, rows: Integers) -> Values:
    low, high = domain.shortest or 0, domain.longest
    items = to_python(state.drafted[name].take(rows), state.column(name).type)
    sized = [
        item if item is None else (item * (low // max(len(item), 1) + 1))[: high or max(low, len(item))]
        for item in items
    ]
    return from_python(sized, state.column(name).type)
