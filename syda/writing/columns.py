"""Which columns a model writes, and which it is told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.schema.model import NUMBERS, Column, Kind, Table
from syda.sources.base import Source
from syda.sources.company import Company, Prose
from syda.sources.conditional import Case
from syda.sources.person import Person
from syda.sources.places import Place
from syda.sources.scalar import Choice, Constant, Flag, Number
from syda.sources.text import Pattern, Template, Words
from syda.sources.totals import Total
from syda.sources.workflow import Workflow
from syda.sources.written import Form, Written

_WORDED = (Company, Person, Place, Prose, Template, Words)
_TOLD = (Kind.BOOLEAN, Kind.ENUM, Kind.DATE, Kind.DATETIME, *NUMBERS)
_ADDRESSES = ("ipv4", "ipv6", "mac", "path")
_FOLLOWING = ("email", "username", "initials")
_FORMS: Mapping[str, Form] = {"email": "email", "website": "url", "domain": "host"}
_NAMES = re.compile(r"\w+")
_LONGEST_CODE = 4
_PARENT_COLUMNS = 6
"""Columns of a parent that are told: the first words and numbers of it say what it is."""


def _may_be_written(table: Table, name: str, columns: Mapping[str, ColumnPlan], joined: frozenset[str]) -> bool:
    """Tell whether a model may write a column: words and numbers that inference made up, and nothing else follows.

    Keys, codes, dates and yes or no are syda's own; so is what is one of a list, and is told to the model instead. A
    list that is a guess by the column's name is the model's all the same, where the column is described.
    """
    column, planned = table.column(name), columns[name]
    free = planned.author == "inference" and not planned.demanded and planned.alike is None and name not in joined
    if not free:
        return False
    if column.type.kind is Kind.TEXT:
        return _is_worded(planned) or _is_described(table, name, columns)
    return column.type.kind in NUMBERS and type(planned.source) is Number and not planned.distinct


def _is_worded(planned: ColumnPlan) -> bool:
    source = planned.source
    if isinstance(source, Company) and source.part in _ADDRESSES:
        return False
    if isinstance(source, Person) and source.part in _FOLLOWING and source.needs():
        return False  # made of the name that the model writes
    return isinstance(source, _WORDED) or (isinstance(source, Pattern) and not planned.distinct)


def _is_described(table: Table, name: str, columns: Mapping[str, ColumnPlan]) -> bool:
    """Tell whether a column is one of a list that inference made up, although somebody says what stands in it."""
    column = table.column(name)
    listed = type(columns[name].source) is Choice and not columns[name].distinct and not _is_code(column)
    followed = any(name in _reads(each.source, table) for each in columns.values())
    said = any(names_any(check.expression, [name]) for check in table.checks)
    return listed and not said and not followed and not _is_key(table, name) and bool(column.comment or column.doc)


def _is_code(column: Column) -> bool:
    return column.type.length is not None and column.type.length <= _LONGEST_CODE


def written_source(planned: ColumnPlan) -> Written:
    """Return what a column becomes that a model writes, with the form that its text has to have."""
    if isinstance(planned.source, Prose):
        return Written(form="sentences")
    part = planned.source.part if isinstance(planned.source, Person | Company) else ""
    return Written(form=_FORMS.get(part, ""))


def writable(plan: Plan, table: str) -> tuple[str, ...]:
    """Return the columns of a table that a model may write."""
    owner, planned = plan.schema.tables[table], plan.tables[table]
    joined = frozenset(name for joint in planned.joints for name in joint.columns)
    return tuple(name for name in planned.columns if _may_be_written(owner, name, planned.columns, joined))


@dataclass(frozen=True, slots=True)
class Roles:
    """What becomes of the columns of one table: `sources` are those written, `told` those of the row that are told."""

    sources: Mapping[str, Written]
    told: tuple[str, ...]
    parents: tuple[tuple[str, tuple[str, ...]], ...]
    """Foreign keys with the columns of the parent that are told."""


def roles_of(plan: Plan, table: str) -> Roles | None:
    """Return the roles of a table's columns; None where a model writes none of them."""
    planned, owner = plan.tables[table], plan.schema.tables[table]
    written = _written(planned)
    if not written:
        return None
    later = _following(owner, planned.columns, written)
    told = tuple(
        name for name, column in planned.columns.items() if name not in later and _says_something(owner, name, column)
    )
    parents = tuple(
        (link.name, shown)
        for link in owner.foreign_keys
        if link.parent != table
        and link.parent in plan.tables
        and link.parent != owner.base_table
        and (shown := _shown(plan.schema.tables[link.parent], plan))
    )
    return Roles(written, told, parents)


def unknown_columns(plan: Plan, key: str) -> frozenset[str]:
    """Return the columns of a table that nobody knows before a model has written: in it, or in its children."""
    planned, table = plan.tables[key], plan.schema.tables[key]
    sources = {name: column.source for name, column in planned.columns.items()}
    totals = {
        name for name, each in sources.items() if isinstance(each, Total) and _written(plan.tables[each.children])
    }
    found = _following(table, planned.columns, {*_written(planned), *totals})
    while more := {
        each.name for each in table.columns if each.name not in found and names_any(each.computed or "", found)
    }:
        found |= more
    return frozenset(found)


def _written(planned: TablePlan) -> dict[str, Written]:
    return {name: column.source for name, column in planned.columns.items() if isinstance(column.source, Written)}


def names_any(rule: str, names: Collection[str]) -> bool:
    """Tell whether the text of a rule may speak of a column: one more that is taken for a name does no harm."""
    return not {each.casefold() for each in names}.isdisjoint(_NAMES.findall(rule.casefold()))


def _says_something(table: Table, name: str, planned: ColumnPlan) -> bool:
    if _is_key(table, name) or planned.source.source == "database" or isinstance(planned.source, Constant):
        return False
    listed = isinstance(planned.source, Case | Choice | Flag | Workflow)
    return listed or table.column(name).type.kind in _TOLD


def _is_key(table: Table, name: str) -> bool:
    return name in table.primary_key or any(name in link.columns for link in table.foreign_keys)


def _following(table: Table, columns: Mapping[str, ColumnPlan], written: Collection[str]) -> set[str]:
    """Return the columns that are made of what the model writes, themselves included: they are not known before."""
    found = set(written)
    while more := {name for name, each in columns.items() if name not in found and _reads(each.source, table) & found}:
        found |= more
    return found


def _reads(source: Source, table: Table) -> set[str]:
    """Return the columns of the row that a source names in its fields."""
    named: set[str] = set()
    for field in fields(source):
        value = getattr(source, field.name)
        named.update(each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, str))
    return named & table.by_name.keys()


def _shown(parent: Table, plan: Plan) -> tuple[str, ...]:
    columns = plan.tables[parent.key].columns
    good = [
        name
        for name in columns
        if not _is_key(parent, name)
        and columns[name].source.source != "database"
        and parent.column(name).type.kind in (Kind.TEXT, *_TOLD)
    ]
    return tuple(sorted(good, key=lambda name: parent.column(name).type.kind is not Kind.TEXT)[:_PARENT_COLUMNS])
