"""What has changed in the tables since a plan was made, and the plan for the tables as they are, with the old edits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from syda.errors import SydaError
from syda.planning.builder import build_plan
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.planning.requests import Overrides, read_rows
from syda.planning.validation import check_plan
from syda.schema import Reading, from_mapping, read_schema, to_mapping
from syda.schema.model import Column, Schema, Table
from syda.sources.registry import DEFAULT_REGISTRY
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


def without_notes(reading: Reading) -> Reading:
    """Return a reading without the table in which alembic keeps the revision, and which no plan is for."""
    kept = [table.key for table in reading.schema if not _is_notes(table)]
    return reading if len(kept) == len(reading.schema.tables) else read_schema(reading, tables=kept)


def _is_notes(table: Table) -> bool:
    return table.name == "alembic_version" and [column.name for column in table.columns] == ["version_num"]


def changes_since(plan: Plan, schema: Schema) -> tuple[Change, ...]:
    """Return what is different in the tables from those that the plan was made for."""
    old, new = _plain(plan.schema), _plain(schema)
    return tuple(_changes(old, new))


def _plain(schema: Schema) -> Schema:
    """Return a schema as a file holds it, so that one that was saved compares equal to itself."""
    return from_mapping(to_mapping(schema))


def _changes(old: Schema, new: Schema) -> Iterator[Change]:
    for key, table in {**old.tables, **new.tables}.items():
        if _is_notes(table):
            continue
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
    changed, or has got another name alone, its source is kept where a person or a model gave it and it still fits. What
    syda would not have chosen for the old tables was given by somebody, too. What cannot be kept is in the notes.
    """
    edits = edited(plan)
    tables = dict(fresh.tables)
    old_schema, new_schema = _plain(plan.schema), _plain(fresh.schema)
    for key, now in fresh.tables.items():
        if key in plan.tables and key in old_schema.tables:
            tables[key] = _merged(
                old_schema.tables[key], new_schema.tables[key], plan.tables[key], now, edits.get(key, frozenset())
            )
    merged = replace(fresh, tables=tables, settings=plan.settings)
    for key, now in fresh.tables.items():
        if not _holds(merged, key):
            tables = {**tables, key: _noted(now)}
            merged = replace(merged, tables=tables)
    check_plan(merged, read=True)
    return merged


def edited(plan: Plan) -> Mapping[str, frozenset[str]]:
    """Return the columns of each table whose source somebody gave: it says so, or syda would have chosen another."""
    alone = _chosen(plan)
    found: dict[str, frozenset[str]] = {}
    for key, table in plan.tables.items():
        own = alone.tables[key].columns if alone and key in alone.tables else {}
        found[key] = frozenset(
            name
            for name, column in table.columns.items()
            if column.author in _AUTHORS or (name in own and own[name].source != column.source)
        )
    return found


def _chosen(plan: Plan) -> Plan | None:
    """Return what syda chooses for the plan's tables by itself; None where it can choose nothing."""
    counts = {key: table.rows for key, table in plan.tables.items() if table.rows_from is None}
    overrides = Overrides(plan.schema, DEFAULT_REGISTRY)
    try:
        rows = read_rows(plan.schema, counts)
        return Plan.from_yaml(build_plan(plan.schema, settings=plan.settings, rows=rows, overrides=overrides).to_yaml())
    except SydaError:
        return None


def unkept(plan: Plan, fresh: Plan, merged: Plan) -> list[str]:
    """Return what an updated plan does not keep of the old one's edits, a line for each."""
    edits = edited(plan)
    said = [
        f"{key}: {note}"
        for key, table in merged.tables.items()
        for note in table.notes
        if note not in fresh.tables[key].notes and _ANEW in note
    ]
    gone = [key for key in plan.tables if key not in merged.tables and edits[key]]
    return [*said, *(f"{key} is gone, and with it what was said of {', '.join(sorted(edits[key]))}" for key in gone)]


def _renamed(old: Table, new: Table) -> dict[str, str]:
    """Return the one column that has got another name and nothing else, by its new name."""
    gone = [column for name, column in old.by_name.items() if name not in new.by_name]
    come = [column for name, column in new.by_name.items() if name not in old.by_name]
    if len(gone) == len(come) == 1 and not _different(replace(gone[0], name=come[0].name), come[0]):
        return {come[0].name: gone[0].name}
    return {}


def _merged(old: Table, new: Table, before: TablePlan, now: TablePlan, edits: Collection[str]) -> TablePlan:
    if not tuple(_details(old, new)):
        return before
    names = _renamed(old, new)
    columns = {}
    for name, column in now.columns.items():
        was = names.get(name, name)
        columns[name] = _kept(old.by_name.get(was), new, before.columns.get(was), name, column, edited=was in edits)
    kept = {names.get(name, name): column for name, column in columns.items()}
    lost = [name for name, was in before.columns.items() if name in edits and kept.get(name) != was]
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


def _kept(
    old: Column | None, new: Table, was: ColumnPlan | None, name: str, now: ColumnPlan, *, edited: bool
) -> ColumnPlan:
    """Return what the old plan says of a column, as far as it can be kept; its structure is always the new one's."""
    if old is None or was is None or "structure" in (was.author, now.author) or was.distinct != now.distinct:
        return now
    same = not _different(replace(old, name=name), new.by_name[name])
    return was if same or (edited and _fits(was, new.column(name))) else now


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
