"""Unique sets that hold for some rows only, that are made of expressions, or whose columns were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from syda.generation.engine import Engine
from syda.generation.settling.fitting import drawn, fit, shaped_source
from syda.generation.settling.state import Mask, State
from syda.planning.checks import Arm, Condition, Domain, columns_of, find_negations, is_plain, parse
from syda.planning.model import TablePlan
from syda.schema.model import Kind, Table, Unique
from syda.sources.linked import Ordinal
from syda.sources.stream import Integers, to_index
from syda.sources.values import Values, from_python, objects

_ATTEMPTS = 48
_ROOMY = 40
"""Letters from which on there is room for some more before a text."""
_LEAD = Domain(shortest=6, longest=8)
Rearrange = Callable[[Integers, str], None]
Holds = Callable[[Integers], Mask]


@dataclass(frozen=True, slots=True)
class UniqueSet:
    """A unique set with its expressions and its predicate read, and all columns that they mention.

    Generated columns are among the expressions; the others are `plain`.
    """

    unique: Unique
    plain: tuple[str, ...]
    expressions: tuple[Any, ...]
    predicate: Any
    columns: tuple[str, ...]

    def __str__(self) -> str:
        where = f" where {self.unique.predicate}" if self.unique.predicate else ""
        return f"({', '.join((*self.unique.columns, *self.unique.expressions))}){where}"


def tricky_uniques(table: Table, planned: TablePlan, conditions: Sequence[Condition]) -> list[UniqueSet]:
    """Return the unique sets that the plan of the columns does not keep for certain."""
    changed = {name for condition in conditions for name in condition.columns}
    found = []
    for unique in table.unique_sets:
        read = _read(table, unique)
        counted = any(isinstance(planned.columns[name].source, Ordinal) for name in unique.columns)
        steady = any(planned.columns[name].distinct and name not in changed for name in unique.columns)
        partial = not is_plain(table, unique) or bool(read.expressions)
        if counted or (steady and not read.expressions) or not (partial or changed & set(unique.columns)):
            continue
        if any(planned.columns[name].source.source == "database" for name in read.columns):
            continue
        found.append(read)
    return found


def _read(table: Table, unique: Unique) -> UniqueSet:
    generated = [table.column(name).computed for name in unique.columns]
    texts = (*unique.expressions, *(text for text in generated if text))
    expressions = tuple(parse(text, table.dialect) for text in texts)
    plain = tuple(name for name in unique.columns if not table.column(name).computed)
    predicate = parse(unique.predicate, table.dialect) if unique.predicate else None
    named = (name for node in (*expressions, predicate) if node is not None for name in columns_of(node, table))
    return UniqueSet(unique, plain, expressions, predicate, tuple(dict.fromkeys((*plain, *named))))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of several attempts to keep a rule; `label` keys its random numbers, `usable` are the rows that count."""

    state: State
    number: int
    label: str
    usable: Mask
    rearrange: Rearrange
    holds: Holds

    def carefully(self, rows: Integers, change: Callable[[Integers], None]) -> None:
        """Change the rows, and undo it for those that break a condition then."""
        if len(rows):
            saved = self.state.kept(rows)
            change(rows)
            self.state.put_back(rows, saved, ~self.holds(rows))


class Keeper(Protocol):
    """Keeps one rule that rows break together: they repeat, or are in the way of, others."""

    def repeated(self, usable: Mask) -> Mask:
        """Tell which of the usable rows have to be changed, or left out, for the others to stay."""
        ...

    def change(self, rows: Integers, attempt: Attempt) -> None:
        """Change the rows in one of several ways, others as far as the attempt keeps them whole."""
        ...


def settle_together(
    state: State, keepers: Sequence[Keeper], usable: Mask, rearrange: Rearrange, holds: Holds
) -> list[Mask]:
    """Change rows that break a rule together with others; return for each keeper which rows still do.

    What a change breaks instead, it is undone for.
    """
    for number in range(_ATTEMPTS if keepers else 0):
        if not any(keeper.repeated(usable).any() for keeper in keepers):
            break
        for place, keeper in enumerate(keepers):
            attempt = Attempt(state, number, f"unique {place} {number}", usable, rearrange, holds)
            attempt.carefully(np.flatnonzero(keeper.repeated(usable)), partial(keeper.change, attempt=attempt))
    return [keeper.repeated(usable) for keeper in keepers]


def repeated_rows(state: State, keepers: Sequence[Keeper], usable: Mask) -> Mask:
    """Tell which of the usable rows repeat another one, or are in its way."""
    found = [keeper.repeated(usable) for keeper in keepers]
    return np.any(found, axis=0) if found else np.zeros(state.rows, dtype=bool)


class UniqueKeeper:
    """Keeps one unique set."""

    def __init__(self, state: State, each: UniqueSet) -> None:
        self._state, self._set = state, each
        self._expressions = Engine(state.table, each.expressions)
        self._predicate = Engine(state.table, [each.predicate])
        self._ways = [] if each.predicate is None else find_negations(state.table, each.predicate, {})
        self._optional = [name for name in each.plain if state.may_be_null(name)]
        if each.unique.nulls_not_distinct:
            self._optional = []
        named = [name for node in each.expressions if node is not None for name in columns_of(node, state.table)]
        self._spelled = [name for name in dict.fromkeys((*each.plain, *named)) if self._is_text(name)]

    def __str__(self) -> str:
        return f"{self._set} must be unique"

    def repeated(self, usable: Mask) -> Mask:
        """Tell which rows repeat an earlier one, or one that is there already."""
        state, unique = self._state, self._set.unique
        columns = {name: Values.concatenate([*there(state, name), state.values(name)]) for name in self._set.columns}
        counted = np.concatenate([np.ones(state.first, dtype=bool), usable])
        if self._set.predicate is not None:
            inside = self._predicate.predicates(columns)[0]
            counted &= True if inside is None else inside
        members = [columns[name] for name in self._set.plain]
        for node, found in zip(self._set.expressions, self._expressions.texts(columns), strict=True):
            if node is None:
                return np.zeros(state.rows, dtype=bool)  # nobody here knows what it is: the database has to say
            # of an expression that only the database evaluates: other columns most likely give another value
            unknown = [] if found is not None else columns_of(node, state.table)
            members += [columns[name] for name in unknown] if found is None else [as_texts(found)]
        return _later(members, counted, unique.nulls_not_distinct)[state.first :]

    def change(self, rows: Integers, attempt: Attempt) -> None:
        """Take the rows out of the predicate, make an optional member NULL, or draw the members again."""
        label = attempt.label
        ways: list[Callable[[], None]] = [lambda: self._leave(rows, label)] if self._ways else []
        ways.append(lambda: self._draw(rows, label))
        if self._spelled:
            ways.append(lambda: self._renew(rows, label))
        if self._optional:
            ways.append(lambda: self._omit(rows, label))
        ways.append(lambda: attempt.rearrange(rows, label))
        ways[attempt.number % len(ways)]()

    def _leave(self, rows: Integers, label: str) -> None:
        chosen = to_index(self._state.bits("leave", label), len(self._ways))[rows]
        for place, way in enumerate(self._ways):
            self._fit(way, rows[chosen == place])

    def _fit(self, way: Arm, rows: Integers) -> None:
        for name, domain in way.items():
            if len(rows) and name in self._state.owners:
                fit(self._state, name, domain, rows)

    def _draw(self, rows: Integers, label: str) -> None:
        for name in self._set.columns:
            if not self._state.is_fixed(name):
                self._state.borrow(name, rows, f"{label} {name}")

    def _is_text(self, name: str) -> bool:
        state = self._state
        return state.owners[name] is None and not state.is_fixed(name) and state.column(name).type.kind is Kind.TEXT

    def _renew(self, rows: Integers, label: str) -> None:
        """Write a text of random letters, or have the one that there is begin with some where it has room for them."""
        state = self._state
        domains = state.draft.domains(state.key)
        for name in self._spelled:
            domain, column = domains.get(name, Domain()), state.column(name)
            lead = not domain.is_shaped and (column.type.length or _ROOMY) >= _ROOMY
            source = shaped_source(_LEAD if lead else domain, column)
            made = None if source is None else drawn(state, name, source, label, rows)
            if made is None:
                continue
            if lead:
                texts = zip(made.data.tolist(), state.drafted[name].data[rows].tolist(), strict=True)
                made = Values(objects(f"{code} {text}"[: column.type.length] for code, text in texts))
            state.set_values(name, rows, made)

    def _omit(self, rows: Integers, label: str) -> None:
        chosen = to_index(self._state.bits("omit", label), len(self._optional))[rows]
        for place, name in enumerate(self._optional):
            self._state.set_null(name, rows[chosen == place])


def there(state: State, name: str) -> list[Values]:
    """Return the column of the rows that are in the database already, when there are any."""
    table = state.draft.existing.get(state.key)
    if table is None or not table.rows:
        return []
    found = table.column(name)
    return [from_python([None] * table.rows, state.column(name).type) if found is None else found]


def as_texts(found: NDArray[np.object_]) -> Values:
    null = np.fromiter((item is None for item in found.tolist()), dtype=bool, count=len(found))
    return Values(found, null if null.any() else None)


def _later(members: Sequence[Values], counted: Mask, nulls_not_distinct: bool) -> Mask:
    """Tell which of the counted rows equal an earlier counted one in all members."""
    code = np.zeros(len(counted), dtype=np.int64)
    for values in members:
        own = codes(values, nulls_not_distinct=nulls_not_distinct)
        counted = counted & (own >= 0)
        _, code = np.unique(code * (int(own.max(initial=0)) + 2) + own + 1, return_inverse=True)
    rows = np.flatnonzero(counted)
    _, first = np.unique(code[rows], return_index=True)
    later = np.zeros(len(counted), dtype=bool)
    later[rows] = True
    later[rows[first]] = False
    return later


def codes(values: Values, *, nulls_not_distinct: bool) -> NDArray[np.int64]:
    """Return a number from 1 per value, the same for equal ones; -1 for NULL where it equals nothing, else 0."""
    data = values.data
    if data.dtype == object:
        data = np.asarray([str(item) for item in data.tolist()], dtype=object)
    _, code = np.unique(data, return_inverse=True)
    code = code.astype(np.int64) + 1
    if values.null is None:
        return code
    return np.where(values.null, 0 if nulls_not_distinct else -1, code)
