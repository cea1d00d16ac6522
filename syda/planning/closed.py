"""Tables that take no row: they stay empty and are told, and the rest of the database is filled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from syda.errors import ConstraintError
from syda.planning.checks import parse
from syda.planning.inference.types import is_unknown
from syda.planning.model import Plan
from syda.planning.requests import Overrides, RowRequest
from syda.schema.model import Check, Column, Schema, Table


def without_closed_tables(schema: Schema, rows: RowRequest) -> tuple[Schema, dict[str, str]]:
    """Return the schema without the CHECKs of tables that say that they take no row, and why each of these does not.

    A parent whose rows are all in tables that inherit it has ``CHECK (false)``. CHECKs that merely contradict each
    other are an error of the plan.

    Raises `ConstraintError` where such a table's rows were asked for by name, or no other table is there to fill.
    """
    found = {table.key: check for table in schema for check in table.checks if _is_false(check)}
    there = {table.key for table in schema if table.key not in schema.external}
    told = {key: f"no row of {key!r} satisfies CHECK ({check.expression})" for key, check in found.items()}
    for key in found:
        if key in _asked(schema, rows) or found.keys() >= there:
            raise ConstraintError(told[key])
    tables = {key: replace(table, checks=()) if key in found else table for key, table in schema.tables.items()}
    return (replace(schema, tables=tables) if found else schema), told


def unmade_tables(schema: Schema, rows: RowRequest, overrides: Overrides) -> dict[str, str]:
    """Return why tables stay empty that need values of a type of which nothing is known.

    None of them has to get rows, and there are others: everything else is an error of the plan.
    """
    found = {
        table.key: f"{column.name} has type {column.type.native!r}, for which syda has no generator"
        for table in schema
        for column in table.columns
        if is_unknown(column) and not _is_linked(table, column) and overrides.find(table, column) is None
    }
    there = {table.key for table in schema if table.key not in schema.external}
    return {} if found.keys() & _asked(schema, rows) or found.keys() >= there else found


def _is_linked(table: Table, column: Column) -> bool:
    return any(column.name in link.columns for link in table.foreign_keys)


def _is_false(check: Check) -> bool:
    from sqlglot import exp
    from sqlglot.optimizer.simplify import simplify

    tree = parse(check.expression, check.dialect)
    if tree is None or tree.find(exp.Column, exp.Func, exp.Subquery):
        return False
    simple = simplify(tree.copy())
    return isinstance(simple, exp.Boolean) and not simple.this


def _asked(schema: Schema, rows: RowRequest) -> frozenset[str]:
    """Return the tables that have to get rows: those named, and those that share each row with another table."""
    named = {key for key, count in rows.named.items() if count} | {key for key, _ in rows.children}
    shared = {key for table in schema if table.base_table for key in (table.key, table.base_table)}
    return frozenset(named | shared)


def without_rows(plan: Plan, key: str, why: str, there: Collection[str] = ()) -> Plan | None:
    """Return the plan with a table left empty, and the reason; None where its rows or values are the user's wish.

    Tables that need a row of it are left empty too, unless it is one of those that have some rows already, `there`.
    """
    planned, table = plan.tables[key], plan.schema.tables[key]
    wished = planned.exact or planned.rows_from or any(column.author == "user" for column in planned.columns.values())
    shared = table.base_table or any(other.base_table == key for other in plan.schema)
    if wished or shared or not planned.rows:
        return None
    emptied = replace(planned, rows=0, notes=(f"0 rows instead of {planned.rows}: {why}",))
    left: Plan | None = replace(plan, tables={**plan.tables, key: emptied})
    for child in [] if key in there else _needing(plan, key):
        if left is not None and left.tables[child].rows:
            left = without_rows(left, child, f"{key!r} has none", there)
    return left


def _needing(plan: Plan, key: str) -> list[str]:
    """Return the tables each of whose rows refers to a row of the table."""
    return [
        child
        for child in plan.tables
        if any(
            link.parent == key and not plan.schema.tables[child].is_optional(link)
            for link in plan.schema.tables[child].foreign_keys
        )
    ]
