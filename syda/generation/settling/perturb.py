"""Changes that may make a condition hold where it says more than what each column is by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from syda.generation.settling.shapes import narrow_ranges, spelled
from syda.generation.settling.solving import Equation, solve
from syda.generation.settling.state import Mask, State
from syda.planning.checks.plain import literal
from syda.planning.checks.reading import Node, column_of
from syda.schema.model import NUMBERS, Kind, Table
from syda.sources.linked import cast_values
from syda.sources.stream import Integers, to_index
from syda.sources.values import Values, decimal_places, from_python, objects
from syda.sources.written import Written

_SECOND, _DAY = 1_000_000, 86_400_000_000
_STEPS = {Kind.DATE: (1, 30), Kind.DATETIME: (_SECOND, _DAY), Kind.TIME: (_SECOND, 3600 * _SECOND)}
_UNITS = ("s", "m", "h", "D", "M", "Y")


@dataclass(frozen=True, slots=True)
class Change:
    """One round of changes to `rows`, which break conditions about `columns`; `label` keys its random numbers."""

    state: State
    rows: Integers
    columns: Sequence[str]
    literals: Mapping[str, Sequence[object]]
    label: str
    ordered: Sequence[tuple[str, str]] = ()
    """Columns of which the first is compared as less than the second."""
    equations: Sequence[Equation] = ()

    def pick(self, *path: str, size: int) -> Integers:
        return to_index(self.state.bits(self.label, *path), size)[self.rows]

    @property
    def plain(self) -> list[str]:
        """The columns of the conditions that hold values of their own and may be changed."""
        return [name for name in self.columns if self.state.owners[name] is None and not self.state.is_fixed(name)]


def reorder(change: Change) -> None:
    """Swap the values, or the parents, of columns that can be compared, in a random order per row."""
    state = change.state
    for names in _alike(change):
        order = np.argsort(np.stack([state.bits(change.label, "order", name)[change.rows] for name in names]), axis=0)
        for field in (state.data, state.null):
            stacked = np.stack([field[name][change.rows] for name in names])
            for name, column in zip(names, np.take_along_axis(stacked, order, axis=0), strict=True):
                field[name][change.rows] = column
    for alike in _alike_links(change):
        for one, other in pairwise(alike):
            mine, theirs = state.base[one][change.rows], state.base[other][change.rows]
            state.set_parents(one, change.rows, theirs)
            state.set_parents(other, change.rows, mine)


def _alike_links(change: Change) -> list[list[str]]:
    """Return the foreign keys that point to one table and may be changed."""
    state = change.state
    links = {link for name in change.columns if (link := state.owners[name]) and not state.is_fixed(name)}
    parents: dict[str, list[str]] = {}
    for link in sorted(links):
        parents.setdefault(state.table.foreign_key(link).parent, []).append(link)
    return list(parents.values())


def _alike(change: Change) -> list[list[str]]:
    groups: dict[tuple[Kind, int], list[str]] = {}
    for name in change.plain:
        type_ = change.state.column(name).type
        places = decimal_places(type_) if type_.kind is Kind.DECIMAL else 0
        groups.setdefault((type_.kind, places), []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def redraw(change: Change) -> None:
    """Give about half of the columns what another row has."""
    for name in change.columns:
        if not change.state.is_fixed(name):
            chosen = change.rows[change.pick("redraw", name, size=2) > 0]
            change.state.borrow(name, chosen, f"{change.label} {name}")


def copy(change: Change) -> None:
    """Give one column the value of another, or one a little more or less."""
    state = change.state
    _copy_parents(change)
    for names in _alike(change):
        into, of = names[int(change.pick("into", size=len(names))[0])], ""
        of = next(name for name in names if name != into) if len(names) == 2 else names[names.index(into) - 1]
        data = state.data[of][change.rows].copy()
        kind = state.column(into).type.kind
        small, large = _STEPS.get(kind, (1, 100))
        if data.dtype != object and kind is not Kind.BOOLEAN:
            step = np.array([0, small, -small, large, -large])[change.pick("step", size=5)]
            data = data + step.astype(data.dtype if data.dtype.kind in "if" else f"timedelta64[{_unit(data)}]")
        state.data[into][change.rows] = data
        state.null[into][change.rows] = state.null[of][change.rows]


def _copy_parents(change: Change) -> None:
    """Give about half of the columns what a foreign key column of their kind holds, and half of the foreign keys the
    parent of the one before.
    """
    state = change.state
    for links in _alike_links(change):
        for one, other in pairwise(links):
            rows = change.rows[change.pick("same", other, size=2) > 0]
            state.set_parents(other, rows, state.base[one][rows])
    keys = [name for name in change.columns if state.owners[name] is not None]
    for into in change.plain:
        alike = [name for name in keys if state.column(name).type.kind is state.column(into).type.kind]
        if alike:
            chosen = change.pick("parent", into, size=2) > 0
            of = alike[int(change.pick("of", into, size=len(alike))[0])]
            rows = change.rows[chosen]
            state.set_values(
                into, rows, cast_values(state.values(of, rows), state.column(of).type, state.column(into).type)
            )


def _unit(data: np.ndarray) -> str:
    return str(np.datetime_data(data.dtype)[0])


def follow(change: Change) -> None:
    """Move columns that are compared with one another below, or above, the next, through whole chains of them.

    What may not be changed stays, and the other one moves, unless a language model wrote it.
    """
    state, plain = change.state, set(change.plain)
    own = {name for name in plain if not isinstance(state.source(name).source, Written)}
    values = {name for name, link in state.owners.items() if link is None}
    pairs = [
        pair
        for pair in change.ordered
        if plain.issuperset(pair) or (values.issuperset(pair) and not own.isdisjoint(pair))
    ]
    down = change.pick("down", size=2) > 0
    for _ in pairs:
        for lower, upper in pairs:
            low, high = state.data[lower][change.rows], state.data[upper][change.rows]
            kind = state.column(lower).type.kind
            if low.dtype == object or kind is Kind.BOOLEAN or kind is not state.column(upper).type.kind:
                continue
            step = _STEPS.get(kind, (1, 100))[0]
            gap: Any = step if low.dtype.kind in "if" else np.timedelta64(step, _unit(low))  # type: ignore[call-overload]
            late = low >= high
            falls = late & (down if plain.issuperset((lower, upper)) else lower in plain)
            state.data[lower][change.rows] = np.where(falls, high - gap, low)
            state.data[upper][change.rows] = np.where(late & ~falls, low + gap, high)


def balance(change: Change) -> None:
    """Give one of the columns of each equation what the others leave for it."""
    plain = set(change.plain)
    solvable = [each for each in change.equations if each.column in plain]
    if solvable:
        picked = change.pick("equation", size=len(solvable))
        shared = change.pick("shared", size=2) > 0
        for place, equation in enumerate(solvable):
            for wanted in (True, False):
                rows = change.rows[(picked == place) & (shared == wanted)]
                if len(rows):
                    solve(change.state, equation, rows, shared=wanted)


def spell(change: Change) -> None:
    """Give about half of the columns one of the values that the conditions compare them with, or one beside it."""
    state = change.state
    for name in change.plain:
        given = change.literals.get(name, ())
        if not given:
            continue
        chosen = change.pick("spell", name, size=2) > 0
        of = state.data[name][int(change.rows[0])]
        listed = _beside(state, name, spelled(state.column(name).type, given, of))
        picked = change.pick("literal", name, size=max(len(listed), 1))
        if listed is not None and len(listed):
            state.set_values(name, change.rows[chosen], listed.take(picked[chosen]))


def _beside(state: State, name: str, given: Sequence[object]) -> Values:
    type_ = state.column(name).type
    items: list[object] = []
    for value in given:
        items += (value, value + 1, value - 1) if type_.kind in NUMBERS and isinstance(value, int) else (value,)
    fitting = []
    for item in items:
        try:
            fitting.append(from_python([item], type_))
        except ValueError:
            continue
    return Values.concatenate(fitting) if fitting else Values(objects([]))


def reshape(change: Change) -> None:
    """Round moments, lengths of time and numbers, shorten ranges, and write text in lower or upper case."""
    state = change.state
    for name in change.plain:
        data = state.data[name][change.rows]
        kind = state.column(name).type.kind
        if kind in (Kind.DATE, Kind.DATETIME):
            units = _UNITS if kind is Kind.DATETIME else _UNITS[4:]
            unit = units[int(change.pick("unit", size=len(units))[0])]
            state.data[name][change.rows] = data.astype(f"datetime64[{unit}]").astype(data.dtype)
        elif data.dtype.kind == "m":
            unit = _UNITS[:4][int(change.pick("unit", size=4)[0])]
            state.data[name][change.rows] = _whole(data, unit, up=kind is Kind.INTERVAL)
        elif kind in NUMBERS:
            to = (1, 10, 100)[int(change.pick("round", size=3)[0])]
            to *= 10 ** decimal_places(state.column(name).type) if kind is Kind.DECIMAL else 1
            state.data[name][change.rows] = np.abs(data // to * to)
        elif kind is Kind.OTHER and state.column(name).type.native.endswith("range"):
            picked = change.pick("range", name, size=144)
            state.set_values(name, change.rows, narrow_ranges(data, state.column(name).type, picked))
        elif data.dtype == object:
            ways: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.strip, lambda text: text[:0])
            way = ways[int(change.pick("way", name, size=len(ways))[0])]
            state.data[name][change.rows] = objects(way(item) if isinstance(item, str) else item for item in data)


def _whole(lengths: np.ndarray, unit: str, *, up: bool) -> np.ndarray:
    """Return lengths of time of whole units; rounded up so that short ones do not become nothing."""
    of: Any = np.timedelta64(1, unit)  # type: ignore[call-overload]
    more: Any = of - np.timedelta64(1, _unit(lengths)) if up else 0  # type: ignore[call-overload]
    rounded: np.ndarray = (lengths + more) // of * of
    return rounded.astype(lengths.dtype)


def flip(change: Change) -> None:
    """Make about half of the columns that may be NULL so, and the others not."""
    state = change.state
    for name in change.columns:
        if state.may_be_null(name):
            chosen: Mask = change.pick("flip", name, size=2) > 0
            state.set_null(name, change.rows[chosen])
            state.set_present(name, change.rows[~chosen])


CHANGES: tuple[Callable[[Change], None], ...] = (reorder, follow, balance, copy, redraw, spell, reshape, flip)


def ordered_of(nodes: Sequence[Node], table: Table) -> list[tuple[str, str]]:
    """Return the pairs of columns of which conditions want the first to be less than the second."""
    from sqlglot import exp

    found: dict[tuple[str, str], None] = {}
    for node in nodes:
        for each in node.find_all(exp.LT, exp.LTE, exp.GT, exp.GTE):
            left, right = column_of(each.this, table), column_of(each.expression, table)
            if left is not None and right is not None and left is not right:
                lower, upper = (left, right) if isinstance(each, exp.LT | exp.LTE) else (right, left)
                found[lower.name, upper.name] = None
    return list(found)


def literals_of(nodes: Sequence[Node], columns: Sequence[str]) -> Mapping[str, Sequence[object]]:
    """Return for each column the values that the conditions name, whichever column they are compared with."""
    from sqlglot import exp

    found: dict[object, None] = {}
    for node in nodes:
        for each in node.find_all(exp.Literal, exp.Boolean, exp.Neg):
            value = literal(each)
            if value is not None and not _is_pattern(each):
                found[value] = None
    return dict.fromkeys(columns, tuple(found))


def _is_pattern(node: Node) -> bool:
    """Tell whether a text is what others are matched against, and no value itself."""
    from sqlglot import exp

    outer = node
    while isinstance(outer.parent, exp.Cast | exp.Paren):
        outer = outer.parent
    patterns = (exp.RegexpLike, exp.RegexpILike, exp.Glob)
    return isinstance(outer.parent, patterns) and outer.parent.expression is outer
