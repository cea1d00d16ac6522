"""What has changed in the tables since a plan was made, and the plan for the tables as they are, with the old edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from syda.errors import SydaError
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.planning.validation import check_plan
from syda.schema import from_mapping, to_mapping
from syda.schema.model import Column, Schema, Table
from syda.sources.scalar import Choice

_REMARKS = ("comment", "doc", "info")
"""What says nothing of the values that a column can hold."""
_AUTHORS = ("user", "model")
_ANEW = "made anew: what the old plan said of it does not fit the table as it is"
_PARTS = ("primary_key", "foreign_keys", "uniques", "checks", "exclusions")


@dataclass(frozen=True, slots=True)
class Change:
    """A table that is ``"new"``, ``"gone"`` or ``"changed"``, and what is different in it."""

    table: str
    how: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        listed = f": {'; '.join(self.details)}" if self.details else ""
        return f"{self.table} is {self.how}{listed}" if self.how != "changed" else f"{self.table} has changed{listed}"


def changes_since(plan: Plan, schema: Schema) -> tuple[Change, ...]:
    """Return what is different in the tables from those that the plan was made for."""
    old, new = _plain(plan.schema), _plain(schema)
    return tuple(_changes(old, new))


def _plain(schema: Schema) -> Schema:
    """Return a schema as a file holds it, so that one that was saved compares equal to itself."""
    return from_mapping(to_mapping(schema))


def _changes(old: Schema, new: Schema) -> Iterator[Change]:
    for key in {**old.tables, **new.tables}:
        if key not in new.tables:
            yield Change(key, "gone")
        elif key not in old.tables:
            yield Change(key, "new")
        elif details := tuple(_details(old.tables[key], new.tables[key])):
            yield Change(key, "changed", details)


def _details(old: Table, new: Table) -> Iterator[str]:
    for name in {**old.by_name, **new.by_name}:
        if name not in new.by_name:
            yield f"column {name} is gone"
        elif name not in old.by_name:
            yield f"column {name} is new"
        else:
            different = _different(old.by_name[name], new.by_name[name])
            if different:
                yield f"column {name} has another {' and '.join(different)}"
    for part in _PARTS:
        if _as_set(getattr(old, part)) != _as_set(getattr(new, part)):
            yield f"other {part.replace('_', ' ')}"


def _different(old: Column, new: Column) -> list[str]:
    names = [each.name for each in fields(Column) if each.name not in _REMARKS]
    return [name.replace("_", " ") for name in names if getattr(old, name) != getattr(new, name)]


def _as_set(items: tuple[Any, ...]) -> set[str]:
    return {repr(item) for item in items}


def updated(plan: Plan, fresh: Plan) -> Plan:
    """Return a fresh plan, made for the tables as they are, with what the old one says of all that is still there.

    Rows, children and the sources of columns that have not changed are those of the old plan; of a column that has
    changed its source is kept where a person or a model gave it and it still fits.
    """
    tables = dict(fresh.tables)
    old_schema, new_schema = _plain(plan.schema), _plain(fresh.schema)
    for key, now in fresh.tables.items():
        if key in plan.tables and key in old_schema.tables:
            tables[key] = _merged(old_schema.tables[key], new_schema.tables[key], plan.tables[key], now)
    merged = replace(fresh, tables=tables, settings=plan.settings)
    for key, now in fresh.tables.items():
        if not _holds(merged, key):
            tables = {**tables, key: _noted(now)}
            merged = replace(merged, tables=tables)
    check_plan(merged, read=True)
    return merged


def _merged(old: Table, new: Table, before: TablePlan, now: TablePlan) -> TablePlan:
    if not tuple(_details(old, new)):
        return before
    columns = {name: _kept(old, new, name, before.columns, column) for name, column in now.columns.items()}
    lost = [name for name, was in before.columns.items() if was.author in _AUTHORS and columns.get(name) != was]
    links = {name: before.links.get(name, link) if link.draw == "free" else link for name, link in now.links.items()}
    rows_from = before.rows_from if before.rows_from in now.links else now.rows_from
    if rows_from is not None and rows_from in before.links:
        links[rows_from] = before.links[rows_from]
    return replace(
        now,
        rows=before.rows,
        classes=before.classes,
        exact=before.exact,
        rows_from=rows_from,
        columns=columns,
        links=links,
        notes=(*now.notes, *(f"{name}: {_ANEW}" for name in lost)),
    )


def _kept(old: Table, new: Table, name: str, before: Mapping[str, ColumnPlan], now: ColumnPlan) -> ColumnPlan:
    """Return what the old plan says of a column, as far as it can be kept; its structure is always the new one's."""
    was = before.get(name)
    if was is None or "structure" in (was.author, now.author) or was.distinct != now.distinct:
        return now
    same = not _different(old.by_name[name], new.by_name[name])
    return was if same or (was.author in _AUTHORS and _fits(was, new.column(name))) else now


def _fits(planned: ColumnPlan, column: Column) -> bool:
    """Tell whether a column still has room for what is chosen from."""
    values = planned.source.values if isinstance(planned.source, Choice) else ()
    length = column.type.length
    return length is None or all(len(value) <= length for value in values if isinstance(value, str))


def _holds(plan: Plan, key: str) -> bool:
    alone = replace(plan, tables={key: plan.tables[key]})
    try:
        check_plan(alone, read=True)
    except SydaError:
        return False
    return True


def _noted(table: TablePlan) -> TablePlan:
    return replace(table, notes=(*table.notes, _ANEW))
