"""Tables that no row can satisfy: they stay empty and are told, and the rest of the database is filled."""

from __future__ import annotations

from dataclasses import replace

from syda.errors import ConstraintError
from syda.planning.checks import check_domains, require_satisfiable
from syda.planning.model import Plan
from syda.planning.requests import RowRequest
from syda.schema.model import Schema, Table


def without_contradictions(schema: Schema, rows: RowRequest) -> tuple[Schema, dict[str, str]]:
    """Return the schema without the CHECKs of tables that cannot have rows, and why each of these cannot.

    Raises `ConstraintError` where such a table's rows were asked for by name, or no other table is there to fill.
    """
    found = {table.key: error for table in schema if (error := _contradiction(table)) is not None}
    there = [table.key for table in schema if table.key not in schema.external]
    for key, error in found.items():
        if key in _asked(schema, rows) or found.keys() >= set(there):
            raise error
    tables = {key: replace(table, checks=()) if key in found else table for key, table in schema.tables.items()}
    return (replace(schema, tables=tables) if found else schema), {key: str(error) for key, error in found.items()}


def _contradiction(table: Table) -> ConstraintError | None:
    try:
        check_domains(table)
        require_satisfiable(table)
    except ConstraintError as error:
        return error
    return None


def _asked(schema: Schema, rows: RowRequest) -> frozenset[str]:
    """Return the tables that have to get rows: those named, and those that share each row with another table."""
    named = {key for key, count in rows.named.items() if count} | {key for key, _ in rows.children}
    shared = {key for table in schema if table.base_table for key in (table.key, table.base_table)}
    return frozenset(named | shared)


def without_rows(plan: Plan, key: str, why: str) -> Plan | None:
    """Return the plan with a table left empty, and the reason; None where its rows or values are the user's wish."""
    planned, table = plan.tables[key], plan.schema.tables[key]
    wished = planned.exact or planned.rows_from or any(column.author == "user" for column in planned.columns.values())
    shared = table.base_table or any(other.base_table == key for other in plan.schema)
    if wished or shared or not planned.rows:
        return None
    emptied = replace(planned, rows=0, notes=(f"0 rows instead of {planned.rows}: {why}",))
    return replace(plan, tables={**plan.tables, key: emptied})
