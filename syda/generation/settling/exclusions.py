"""Exclusion constraints: rows that are equal in some columns must not overlap, or must not differ, in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from syda.generation.engine import Engine
from syda.generation.settling.fitting import fit
from syda.generation.settling.gaps import UNBOUNDED, Wish, overlapping, placed
from syda.generation.settling.spans import Span, span_of
from syda.generation.settling.state import Mask, State
from syda.generation.settling.unrepeated import Attempt, as_texts, codes, there
from syda.planning.checks import columns_of, find_negations, parse
from syda.planning.checks.reading import column_of
from syda.schema.model import Exclusion, Table
from syda.sources.stream import Integers, stream_key, to_index
from syda.sources.values import Values

_STRETCH = 8
_PATIENCE = 8
"""Attempts after which ranges are made half as long."""


@dataclass(frozen=True, slots=True)
class Apart:
    """An exclusion constraint that can be kept: rows equal in `same` do not overlap in `span`, or have one `common`.

    What else the constraint asks of two rows that clash is not looked at: rows are rather kept apart too often.
    """

    exclusion: Exclusion
    same: tuple[Any, ...]
    span: Span | None
    common: str
    predicate: Any
    columns: tuple[str, ...]

    def __str__(self) -> str:
        elements = ", ".join(f"{text} WITH {operator}" for text, operator in self.exclusion.elements)
        where = f" WHERE {self.exclusion.predicate}" if self.exclusion.predicate else ""
        return f"EXCLUDE ({elements}){where}"


def exclusions_of(table: Table) -> list[Apart]:
    """Return the table's exclusion constraints that can be kept: others are left to the database."""
    found = (_read(table, exclusion) for exclusion in table.exclusions)
    return [apart for apart in found if apart is not None]


def _read(table: Table, exclusion: Exclusion) -> Apart | None:
    dialect = table.dialect or "postgres"
    trees = [(parse(text, dialect), operator) for text, operator in exclusion.elements]
    if any(tree is None for tree, _ in trees):
        return None
    same = tuple(tree for tree, operator in trees if operator == "=")
    spans = [span_of(tree, table) for tree, operator in trees if operator == "&&"]
    span = next((span for span in spans if span is not None), None)
    differing = [column_of(tree, table) for tree, operator in trees if operator == "<>"]
    common = next((column.name for column in differing if column is not None), "") if span is None else ""
    if span is None and (not common or len(same) + 1 < len(trees)):
        return None
    predicate = parse(exclusion.predicate, dialect) if exclusion.predicate else None
    named = [name for tree in (*same, predicate) if tree is not None for name in columns_of(tree, table)]
    named += [] if span is None else span.columns
    return Apart(exclusion, same, span, common, predicate, tuple(dict.fromkeys((*named, *filter(None, [common])))))


class ExclusionKeeper:
    """Keeps one exclusion constraint, rows that are there already included."""

    def __init__(self, state: State, apart: Apart) -> None:
        self._state, self._apart = state, apart
        self._same = Engine(state.table, apart.same)
        self._predicate = Engine(state.table, [apart.predicate])
        self._negations = [] if apart.predicate is None else find_negations(state.table, apart.predicate, {})
        self._drawn = [name for tree in apart.same for name in columns_of(tree, state.table)]

    def __str__(self) -> str:
        return f"rows must be kept apart by {self._apart}"

    def repeated(self, usable: Mask) -> Mask:
        """Tell which rows clash with another one that stays."""
        group, counted, columns = self._grouped(usable)
        first = self._state.first
        if self._apart.span is None:
            return self._differing(group, counted, columns)[first:]
        return self._overlapping(group, counted, columns)[first:]

    def _grouped(self, usable: Mask) -> tuple[Integers, Mask, dict[str, Values]]:
        """Return a number for the values that have to be the same, and which rows the constraint counts."""
        state = self._state
        columns = {name: Values.concatenate([*there(state, name), state.values(name)]) for name in self._apart.columns}
        counted = np.concatenate([np.ones(state.first, dtype=bool), usable])
        if self._apart.predicate is not None:
            inside = self._predicate.predicates(columns)[0]
            counted &= True if inside is None else inside
        group = np.zeros(len(counted), dtype=np.int64)
        for found in self._same.texts(columns) if self._apart.same else ():
            if found is None:
                continue
            own = codes(as_texts(found), nulls_not_distinct=False)
            counted &= own >= 0
            _, group = np.unique(group * (int(own.max(initial=0)) + 2) + own + 1, return_inverse=True)
        return group, counted, columns

    def _overlapping(self, group: Integers, counted: Mask, columns: dict[str, Values]) -> Mask:
        span, found = self._apart.span, np.zeros(len(group), dtype=bool)
        assert span is not None
        start, end, present = span.read(columns)
        rows = np.flatnonzero(counted & present)
        there_already = rows < self._state.first
        found[rows] = overlapping((group[rows], start[rows], end[rows]), there_already)
        found[rows] |= ~there_already & (start[rows] >= end[rows])
        return found

    def _differing(self, group: Integers, counted: Mask, columns: dict[str, Values]) -> Mask:
        """Tell which rows have another value than the first of their group."""
        own = codes(columns[self._apart.common], nulls_not_distinct=False)
        rows = np.flatnonzero(counted & (own >= 0))
        found = np.zeros(len(group), dtype=bool)
        _, first, place = np.unique(group[rows], return_index=True, return_inverse=True)
        found[rows] = own[rows] != own[rows[first]][place]
        return found

    def change(self, rows: Integers, attempt: Attempt) -> None:
        """Move rows to where there is room, give them what their group has, or take them out of the predicate."""
        state, apart = self._state, self._apart
        ways: list[Callable[[], None]] = []
        if apart.span is not None and not any(state.is_fixed(name) for name in apart.span.columns):
            ways += [lambda: self._move(rows, attempt)] * 3
        elif apart.common and not state.is_fixed(apart.common):
            ways += [lambda: self._agree(rows, attempt.usable)] * 2
        if self._negations:
            ways.append(lambda: self._leave(rows, attempt.label))
        ways.append(lambda: self._draw(rows, attempt.label))
        if attempt.number >= len(ways):
            ways.append(lambda: attempt.rearrange(rows, attempt.label))
        ways[attempt.number % len(ways)]()

    def _move(self, rows: Integers, attempt: Attempt) -> None:
        """Put the rows into gaps that the others leave: at first right behind, then anywhere, ever shorter.

        The others are made shorter too, so that there are gaps.
        """
        state, span = self._state, self._apart.span
        assert span is not None
        group, counted, columns = self._grouped(attempt.usable)
        start, end, present = span.read(columns)
        mine = rows + state.first
        counted[mine] = False
        others = np.flatnonzero(counted & present)
        length = _lengths(start[mine], end[mine], start[others], end[others], span.least)
        known = others if attempt.number else np.concatenate([others, mine])  # later they may lie anywhere
        share = _shares(group[known], start[known], group[mine])
        if not attempt.number:  # all together they may take some times as long as they lie apart now, not ages
            length = np.minimum(length, np.maximum(np.minimum(share, UNBOUNDED // _STRETCH) * _STRETCH, span.least))
        else:
            share //= 1 << (attempt.number // _PATIENCE)
            length = np.minimum(length, np.maximum(share, span.least))
            near = others[(others >= state.first) & np.isin(group[others], group[mine])] - state.first
            most = int(span.rounded(np.median(length, keepdims=True).astype(np.int64))[0])
            attempt.carefully(near, lambda some: self._shorten(some, most))
            start, end, present = span.read(self._grouped(attempt.usable)[2])
        length = span.rounded(length)
        key = stream_key(state.seed, state.key, "settle", "gap", attempt.label)
        wish = Wish(span.least, span.period, attempt.number, key)
        places = placed((group[others], start[others], end[others]), (group[mine], start[mine], length), wish)
        span.write(state, rows, *places)

    def _shorten(self, rows: Integers, most: int) -> None:
        span = self._apart.span
        assert span is not None
        start, end, _ = span.read({name: self._state.values(name, rows) for name in span.columns})
        long = (start > -UNBOUNDED) & (end < UNBOUNDED) & (end - start > most)
        span.write(self._state, rows[long], start[long], start[long] + most)

    def _agree(self, rows: Integers, usable: Mask) -> None:
        """Give each row the value that the first of its group has."""
        state, name = self._state, self._apart.common
        group, counted, columns = self._grouped(usable)
        counted[rows + state.first] = False
        models = np.flatnonzero(counted)
        if len(models) and state.owners[name] is None:
            known, first = np.unique(group[models], return_index=True)
            place = np.minimum(np.searchsorted(known, group[rows + state.first]), len(known) - 1)
            state.set_values(name, rows, columns[name].take(models[first][place]))

    def _leave(self, rows: Integers, label: str) -> None:
        chosen = to_index(self._state.bits("leave", label), len(self._negations))[rows]
        for place, way in enumerate(self._negations):
            for name, domain in way.items():
                some = rows[chosen == place]
                if len(some) and name in self._state.owners:
                    fit(self._state, name, domain, some)

    def _draw(self, rows: Integers, label: str) -> None:
        for name in self._drawn:
            if not self._state.is_fixed(name):
                self._state.borrow(name, rows, f"{label} {name}")


def _shares(group: Integers, start: Integers, mine: Integers) -> Integers:
    """Return for each group in `mine` how long its ranges may be, all the same, to lie where those there begin."""
    known, place = np.unique(np.concatenate([group, mine]), return_inverse=True)
    wanted = np.bincount(place, minlength=len(known))
    begun = start > -UNBOUNDED
    first, last = np.full(len(known), UNBOUNDED), np.full(len(known), -UNBOUNDED)
    np.minimum.at(first, place[: len(group)][begun], start[begun])
    np.maximum.at(last, place[: len(group)][begun], start[begun])
    shares = np.where(last > first, (last // 2 - first // 2) // wanted * 2, UNBOUNDED)
    return shares[place[len(group) :]]


def _lengths(start: Integers, end: Integers, starts: Integers, ends: Integers, least: int) -> Integers:
    """Return the lengths of ranges; those that have none, or no end, get that of most others."""
    others = (ends - starts)[(starts > -UNBOUNDED) & (ends < UNBOUNDED)]
    usual = int(np.median(others)) if len(others) else least
    bounded = (start > -UNBOUNDED) & (end < UNBOUNDED) & (start < end)
    return np.where(bounded, end - start, usual)
