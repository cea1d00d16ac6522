"""Equations between columns, solved for one of them: ``a + b + c = 100`` says what c is once a and b are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from syda.generation.engine import Engine
from syda.generation.settling.state import State
from syda.planning.checks.plain import bare, literal
from syda.planning.checks.reading import Node, column_of, columns_of
from syda.schema.model import NUMBERS, Column, Kind, Table
from syda.sources.stream import Integers
from syda.sources.values import from_python


@dataclass(frozen=True, slots=True)
class Equation:
    """What a column has to be: an expression of the `others`. `total` is the number that they add up to, if any."""

    column: str
    engine: Engine
    others: tuple[str, ...]
    total: int | None = None


def equations_of(nodes: Sequence[Node], table: Table) -> list[Equation]:
    """Return the equations among numbers, each solved for every column that stands in it once."""
    from sqlglot import exp

    return [found for node in nodes for each in node.find_all(exp.EQ) for found in _solved(each, table)]


def _solved(node: Node, table: Table) -> Iterator[Equation]:
    from sqlglot import exp

    names = columns_of(node, table)
    mentioned = [column_of(each, table) for each in node.find_all(exp.Column)]
    for column in {each.name: each for each in mentioned if each is not None}.values():
        if column.type.kind not in NUMBERS or len(names) < len(("one", "other")):
            continue
        if sum(each is column for each in mentioned) > 1:
            continue
        for side, other in ((node.this, node.expression), (node.expression, node.this)):
            found = _isolated(side, other, column, table) if column.name in columns_of(side, table) else None
            if found is not None:
                total = literal(other)
                others = tuple(name for name in names if name != column.name)
                yield Equation(column.name, Engine(table, [found]), others, total if isinstance(total, int) else None)


def _isolated(side: Node, other: Node, column: Column, table: Table) -> Node | None:
    """Return the expression that the column equals where `side`, which it is in, equals `other`."""
    from sqlglot import exp

    side, other = bare(side), exp.paren(other.copy())
    if isinstance(side, exp.Column):
        return other
    if isinstance(side, exp.Neg):
        return _isolated(side.this, exp.Neg(this=other), column, table)
    if not isinstance(side, exp.Add | exp.Sub | exp.Mul | exp.Div):
        return None
    on_left = column.name in columns_of(side.this, table)
    mine, beside = (side.this, side.expression) if on_left else (side.expression, side.this)
    beside = exp.paren(beside.copy())
    if isinstance(side, exp.Sub | exp.Div) and not on_left:
        return _isolated(mine, type(side)(this=beside, expression=other), column, table)
    inverses: dict[type, type] = {exp.Add: exp.Sub, exp.Mul: exp.Div, exp.Sub: exp.Add, exp.Div: exp.Mul}
    return _isolated(mine, inverses[type(side)](this=other, expression=beside), column, table)


def solve(state: State, equation: Equation, rows: Integers, *, shared: bool) -> None:
    """Give the column what the others leave for it; where `shared`, these first become small parts of the total."""
    if shared and equation.total:
        for name in equation.others:
            _share(state, name, abs(equation.total) // (len(equation.others) + 1) + 1, rows)
    names = equation.others
    found = equation.engine.texts({name: state.values(name, rows) for name in names})[0]
    if found is None:
        return
    column = state.column(equation.column)
    listed = [_number(text, column) for text in found.tolist()]
    known = np.fromiter((item is not None for item in listed), dtype=bool, count=len(listed))
    items = [item for item in listed if item is not None]
    try:
        state.set_values(equation.column, rows[known], from_python(items, column.type))
    except (ValueError, OverflowError):
        return


def _share(state: State, name: str, size: int, rows: Integers) -> None:
    if state.owners[name] is None and not state.is_fixed(name) and state.data[name].dtype.kind in "if":
        state.data[name][rows] = np.abs(state.data[name][rows]) % size


def _number(text: str | None, column: Column) -> int | float | Decimal | None:
    """Return a number that the column can hold as it is; None of another."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if column.type.kind is Kind.INTEGER:
        nearest = round(number)
        return nearest if abs(number - nearest) < Decimal("1e-9") else None
    return float(number) if column.type.kind is Kind.FLOAT else number
