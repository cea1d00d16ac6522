"""Says when no row can satisfy a table's CHECKs, and only when that is certain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from syda.errors import ConstraintError
from syda.planning.checks.arms import Demand, has_way
from syda.planning.checks.domain import Domain
from syda.planning.checks.orders import circle
from syda.planning.checks.reading import Node, columns_of, connected, terms
from syda.schema.model import MOMENTS, Check, Kind, Table

_DAY = np.timedelta64(1, "D")
_Term = tuple[Check, Node]


def require_satisfiable(table: Table) -> None:
    """Raise `ConstraintError` when CHECKs that share columns contradict each other, with their expressions."""
    read = [(check, node) for check in table.checks for node in terms(check, table) if _is_understood(node)]
    if circular := circle(read, table):
        raise ConstraintError(_none_satisfies(table, circular))
    for group in connected(read, lambda term: set(columns_of(term[1], table))):
        if not has_way(table, [node for _, node in group], lambda demand: _certain(table, demand)):
            raise ConstraintError(_none_satisfies(table, [check for check, _ in group]))


def _none_satisfies(table: Table, checks: Iterable[Check]) -> str:
    listed = " and ".join(dict.fromkeys(f"CHECK ({check.expression})" for check in checks))
    return f"no row of {table.key!r} satisfies {listed}"


def _is_understood(node: Node) -> bool:
    """Tell whether the search takes every way of a condition: a CASE or COALESCE may have more."""
    from sqlglot import exp

    return node.find(exp.Case, exp.If, exp.Coalesce) is None


def _certain(table: Table, demand: Demand) -> Demand | None:
    """Weaken what a comparison asks of a column to what holds for certain, however the database compares.

    Of a column that may be NULL, only whether it is: NULL satisfies every comparison.
    """
    name, domain = demand
    column = table.by_name.get(name)
    if column is None:
        return None
    null = Domain(null=domain.null, required=domain.required)
    if column.nullable:
        return name, null
    kind = column.type.kind
    numbers = kind is Kind.INTEGER or (kind is Kind.DECIMAL and column.type.scale is not None)
    if domain.is_timed and kind in MOMENTS:
        low, high = (
            None if domain.low is None else domain.low - _DAY,
            None if domain.high is None else domain.high + _DAY,
        )
        return name, replace(null, low=low, high=high)
    if numbers or kind is Kind.BOOLEAN:
        listed = all(isinstance(value, int | float) for value in (*(domain.values or ()), *domain.excluded))
        certain = replace(null, low=domain.low, high=domain.high)
        return name, replace(certain, values=domain.values, excluded=domain.excluded) if listed else certain
    cased = table.dialect not in ("mysql", "mariadb") and column.type.native.lower() != "citext"
    if kind in (Kind.TEXT, Kind.ENUM) and cased and all(isinstance(value, str) for value in domain.values or ()):
        return name, replace(null, values=domain.values, excluded=domain.excluded)
    return name, null
