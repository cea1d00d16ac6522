"""A plan as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.schema.model import Column, Table


def explain(plan: Plan) -> str:
    """Return the load order with rows, children per parent and notes, then every column's source and reason."""
    settings = plan.settings
    lines = [
        f"seed {settings.seed}, locale {', '.join(settings.locale)}, data end {settings.as_of}",
        *([f"made for revision {plan.revision}"] if plan.revision else []),
        "",
        *_columns(["#", "table", "rows"], [_order_row(number, plan, key) for number, key in enumerate(plan.tables, 1)]),
    ]
    if plan.usage is not None:
        lines += ["", *plan.usage.lines()]
    for item in plan.deferred:
        late = "inserted as NULL, then updated" if item.how == "update" else "checked at the end of the transaction"
        lines.append(f"circle: {item.table}.{item.foreign_key} is {late}")
    for key, planned in plan.tables.items():
        lines += ["", *_table(plan, plan.schema.tables[key], planned)]
    return "\n".join(lines) + "\n"


def _order_row(number: int, plan: Plan, key: str) -> list[str]:
    return [str(number), key, describe_rows(plan, key)]


def describe_rows(plan: Plan, key: str) -> str:
    """Return how many rows the table gets: a number, or children per parent; rows of joined subclasses on top."""
    planned = plan.tables[key]
    if planned.rows_from:
        children = planned.links[planned.rows_from].children
        return f"{children.describe() if children else '?'} per {planned.rows_from}"
    above = "".join(f" + those of {child}" for child in _subclass_tables(plan, key))
    return f"{planned.rows:,}{above}"


def _subclass_tables(plan: Plan, key: str) -> list[str]:
    """Return the tables whose rows each need one in table `key`, as joined inheritance has it."""
    return [child for child in plan.tables if plan.schema.tables[child].base_table == key]


def _table(plan: Plan, table: Table, planned: TablePlan) -> Iterator[str]:
    names = f" ({', '.join(table.class_names)})" if table.class_names else ""
    yield f"{table.key}{names}: {describe_rows(plan, table.key)} rows"
    for name, link in planned.links.items():
        foreign_key = table.foreign_key(name)
        share = f", NULL in {link.null_fraction:.0%}" if link.null_fraction else ""
        average = _children_per_parent(plan, planned, foreign_key.parent) if link.draw in ("free", "joint") else ""
        yield f"  -> {foreign_key.parent} by ({', '.join(foreign_key.columns)}): {link.reason}{average}{share}"
    for joint in planned.joints:
        sets = ", ".join(f"({', '.join(columns)})" for columns in joint.unique)
        yield f"  drawn together so that no {sets} repeats"
    for note in planned.notes:
        yield f"  note: {note}"
    rows = [_column_row(table.column(name), column) for name, column in planned.columns.items()]
    yield from (f"  {line}" for line in _columns(["column", "source", "null", "why"], rows))


def _children_per_parent(plan: Plan, planned: TablePlan, parent: str) -> str:
    parents = plan.tables[parent].rows if parent in plan.tables else 0
    if not parents or planned.rows_from:
        return ""
    return f", {planned.rows / parents:.3g} children per parent on average"


def _column_row(column: Column, planned: ColumnPlan) -> list[str]:
    null = f"{planned.null_fraction:.0%}" if planned.null_fraction else ""
    distinct = ", distinct" if planned.distinct else ""
    author = "" if planned.author in ("inference", "structure") else f" ({planned.author})"
    return [column.name, planned.source.describe() + distinct, null, planned.reason + author]


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(max(len(row[place]) for row in (header, *rows)), 48) for place in range(len(header))]
    listed = (header, ["-" * width for width in widths], *rows)
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed]
