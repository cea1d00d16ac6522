"""Columns that CHECKs put in an order which has no beginning: ``a < b`` and ``b < a``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syda.planning.checks.reading import Node, column_of, terms
from syda.schema.model import Check, Kind, Table


@dataclass(frozen=True, slots=True)
class Step:
    """The first column is at most the second, less than it where `strict`."""

    low: str
    high: str
    strict: bool
    check: Check


def circle(terms: Sequence[tuple[Check, Node]], table: Table) -> tuple[Check, ...]:
    """Return the checks that put columns in a circle of which one step is strict; none when there is no circle.

    Only columns that are never NULL are looked at: NULL satisfies every comparison.
    """
    steps = [step for check, node in terms for step in _steps(check, node, table)]
    for step in steps:
        back = _path(step.high, step.low, steps) if step.strict else None
        if back is not None:
            return tuple(dict.fromkeys((step.check, *(each.check for each in back))))
    return _unequal(terms, steps, table)


def _unequal(terms: Sequence[tuple[Check, Node]], steps: Sequence[Step], table: Table) -> tuple[Check, ...]:
    """Return the checks by which two columns are equal and are not."""
    from sqlglot import exp

    for check, node in terms:
        pair = _pair(node.this, node.expression, table) if isinstance(node, exp.NEQ) else None
        if pair is not None:
            there, back = (_path(*ends, steps) for ends in (pair, (pair[1], pair[0])))
            if there is not None and back is not None:
                return tuple(dict.fromkeys((check, *(each.check for each in (*there, *back)))))
    return ()


def steps_of(table: Table) -> list[Step]:
    """Return the order in which the table's checks put pairs of columns, where these are not NULL."""
    return [
        step
        for check in table.checks
        for term in terms(check, table)
        for step in _steps(check, term, table, nulls=True)
    ]


def _steps(check: Check, node: Node, table: Table, *, nulls: bool = False) -> Iterator[Step]:
    from sqlglot import exp

    if isinstance(node, exp.Between):
        for low, high in ((node.args["low"], node.this), (node.this, node.args["high"])):
            if (pair := _pair(low, high, table, nulls=nulls)) is not None:
                yield Step(*pair, strict=False, check=check)
        return
    pair = _pair(node.this, node.expression, table, nulls=nulls) if isinstance(node, exp.Binary) else None
    if pair is None:
        return
    if isinstance(node, exp.LT | exp.LTE | exp.EQ):
        yield Step(*pair, strict=isinstance(node, exp.LT), check=check)
    if isinstance(node, exp.GT | exp.GTE | exp.EQ):
        yield Step(pair[1], pair[0], strict=isinstance(node, exp.GT), check=check)


def _pair(left: Node, right: Node, table: Table, *, nulls: bool = False) -> tuple[str, str] | None:
    """Return two columns that are compared as they are: what a cast or a collation makes of them has another order."""
    from sqlglot import exp

    found = []
    for side in (left.unnest(), right.unnest()):
        column = column_of(side, table) if isinstance(side, exp.Column) else None
        if column is None or (column.nullable and not nulls) or column.type.kind is Kind.OTHER:
            return None
        found.append(column.name)
    return found[0], found[1]


def _path(start: str, end: str, steps: Sequence[Step]) -> tuple[Step, ...] | None:
    """Return the steps that lead up from one column to another; None where none do."""
    paths: dict[str, tuple[Step, ...]] = {start: ()}
    queue = [start]
    for name in queue:
        for step in steps:
            if step.low == name and step.high not in paths:
                paths[step.high] = (*paths[name], step)
                queue.append(step.high)
    return paths.get(end)
