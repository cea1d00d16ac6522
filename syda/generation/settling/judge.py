"""Says which rows satisfy conditions: DuckDB first, the target database for what DuckDB cannot read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from syda.generation.domains import inside
from syda.generation.engine import Engine
from syda.generation.settling.state import Mask, State
from syda.planning.checks import Condition, Domain
from syda.schema.model import Column, Kind, Table
from syda.sources.stream import Integers

if TYPE_CHECKING:
    from syda.generation.maker import Maker


def _limits(column: Column) -> Domain:
    """Return what the column's type says of its values."""
    type_ = column.type
    values = type_.values or None if type_.kind is Kind.ENUM else None
    required = not column.nullable
    return Domain(
        values=values, required=required, longest=type_.length if type_.kind in (Kind.TEXT, Kind.BINARY) else None
    )


_MOST_ASKED = 50_000
"""Rows of a table beyond which the database is not asked about what DuckDB can say."""


class Judgement:
    """Evaluates the conditions of one table."""

    def __init__(self, maker: Maker, table: Table, conditions: Sequence[Condition]) -> None:
        self._judge, self._table = maker.judge, table
        self._domains = {column.name: _limits(column) for column in table.columns}
        for name, domain in maker.domains(table.key).items():
            self._domains[name] = self._domains[name].narrowed(domain)
        self.judged: set[str] = set()
        """The CHECKs that are left to the database."""
        self._engines = {id(each): Engine(table, [each.node]) for each in conditions}

    def holds(self, state: State, conditions: Sequence[Condition], rows: Integers, columns: Iterable[str] = ()) -> Mask:
        """Return which of the rows satisfy all of the conditions, and what is said of their columns and of `columns`.

        What nobody can evaluate is taken to hold.
        """
        fits = np.ones(len(rows), dtype=bool)
        for name in dict.fromkeys((*columns, *(name for each in conditions for name in each.columns))):
            if self._is_made(state, name) and not self._domains[name].says_nothing:
                fits &= inside(self._domains[name], self._table.column(name), state.values(name, rows))
        left: list[Condition] = []
        for condition in conditions:
            if condition.text in self.judged:
                left.append(condition)
                continue
            data = {name: state.values(name, rows) for name in condition.columns if self._is_made(state, name)}
            found = self._engines[id(condition)].conditions(data)[0] if len(data) == len(condition.columns) else None
            if found is None:
                left.append(condition)
            else:
                fits &= found
        if left and self._judge is not None:
            fits &= self._by_database(state, left, rows)
        return fits

    def asks_database(self, state: State, conditions: Sequence[Condition]) -> bool:
        """Tell whether the database judges some of the conditions."""
        return self._judge is not None and bool(self._undecided(state, conditions))

    def unchecked(self, state: State, conditions: Sequence[Condition]) -> list[Condition]:
        """Return the conditions that nobody evaluates."""
        return [] if self._judge is not None else self._undecided(state, conditions)

    def _undecided(self, state: State, conditions: Sequence[Condition]) -> list[Condition]:
        known = {name for name in state.owners if self._is_made(state, name)}
        return [
            each
            for each in conditions
            if each.text in self.judged or not (all(self._engines[id(each)].decided) and known.issuperset(each.columns))
        ]

    def trust_database(self, state: State, conditions: Sequence[Condition], broken: Mask) -> bool:
        """Leave conditions to the target database where it does not judge rows as DuckDB does; tell whether any is.

        It pads text, orders enums and knows functions in its own way.
        """
        decided = [each for each in conditions if each.text not in self.judged]
        if self._judge is None or not decided or state.rows > _MOST_ASKED:
            return False
        fits = self._by_database(state, decided, np.arange(state.rows))
        if (fits == ~broken).all():
            return False
        self.judged.update(each.text for each in decided)
        return True

    def _is_made(self, state: State, name: str) -> bool:
        return state.source(name).source.source != "database"

    def _by_database(self, state: State, conditions: Sequence[Condition], rows: Integers) -> Mask:
        assert self._judge is not None
        names = dict.fromkeys(name for each in conditions for name in each.mentioned)
        columns = {name: state.values(name, rows) for name in names if self._is_made(state, name)}
        return self._judge.holds(self._table, [each.text for each in conditions], columns, len(rows))
