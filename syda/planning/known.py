"""CHECKs of several columns, as they read where the user gives some of them: the others are drawn from what is left.

``lo < hi`` with ``hi=date(1990, 1, 1)`` reads ``lo < DATE '1990-01-01'``, which tells where `lo` may lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from syda.planning.checks import columns_of, parse
from syda.planning.checks.reading import Node
from syda.planning.model import ColumnPlan
from syda.schema.model import Check, Table
from syda.sources.base import Source
from syda.sources.scalar import Constant
from syda.sources.values import from_python, to_python


def given_literals(table: Table, columns: Mapping[str, ColumnPlan]) -> dict[str, Node]:
    """Return the columns of a plan to which the user gives one value, as SQL."""
    return literals_of(table, {name: each.source for name, each in columns.items() if each.author == "user"})


def literals_of(table: Table, sources: Mapping[str, Source]) -> dict[str, Node]:
    """Return the constants among sources as SQL, but for those that CHECKs do not compare."""
    found = {
        name: _literal(_stored(table, name, source.value))
        for name, source in sources.items()
        if isinstance(source, Constant)
    }
    return {name: node for name, node in found.items() if node is not None}


def with_known(table: Table, literals: Mapping[str, Node]) -> Table:
    """Return the table with its CHECKs, and beside them what these demand where columns have the given values."""
    checks = tuple(_narrowed(table, literals)) if literals else ()
    return replace(table, checks=(*table.checks, *checks)) if checks else table


def narrowed_node(node: Node, table: Table, literals: Mapping[str, Node]) -> Node:
    """Return a condition as it reads with the given values, where it names other columns too."""
    columns = columns_of(node, table)
    known = {name: literals[name] for name in columns if name in literals}
    if not known or len(known) == len(columns):
        return node
    return node.copy().transform(lambda part: _replaced(part, table, known))


def _narrowed(table: Table, literals: Mapping[str, Node]) -> Iterator[Check]:
    for check in table.checks:
        tree = parse(check.expression, check.dialect)
        written = tree if tree is None else narrowed_node(tree, table, literals)
        if written is not tree and written is not None:
            yield Check(expression=written.sql(dialect=check.dialect or None), dialect=check.dialect)


def _replaced(node: Node, table: Table, literals: Mapping[str, Node]) -> Node:
    from sqlglot import exp

    if not isinstance(node, exp.Column):
        return node
    found = columns_of(node, table)
    return literals[found[0]].copy() if found and found[0] in literals else node


def _stored(table: Table, name: str, value: Any) -> Any:
    """Return a value as the column has it; None for one that it does not take."""
    type_ = table.column(name).type
    try:
        return to_python(from_python([value], type_), type_)[0]
    except ValueError:
        return None


def _literal(value: Any) -> Node | None:
    """Return a value as SQL; None for one that CHECKs do not compare."""
    from sqlglot import exp

    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float | Decimal):
        number = exp.Literal.number(format(abs(value), "f") if isinstance(value, Decimal) else str(abs(value)))
        return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.replace(tzinfo=None).isoformat(" ")), "timestamp")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    return exp.Literal.string(value) if isinstance(value, str) else None
