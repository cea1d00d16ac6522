"""What is left to the defaults of models and tables: functions, and what only the database computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from syda.factories.blueprint import Blueprint
from syda.factories.derived import default_of, key_of, reads_of
from syda.factories.groups import Group
from syda.generation.store import TableRows
from syda.planning.checks import conditions_of
from syda.planning.checks.reading import column_of
from syda.planning.model import Plan
from syda.schema.model import Column, DefaultKind, Table
from syda.sources.values import Values

Place: TypeAlias = tuple[str, str]
Left: TypeAlias = Mapping[str, Callable[[], Any] | None]
"""Attributes that a new object is not told, with the function that gives them where it is Python's."""


def left_to_defaults(groups: Sequence[Group], plan: Plan, made: Mapping[str, TableRows]) -> Mapping[str, Left]:
    """Return for each group, by path, what its objects are not told.

    These have a default, and neither a condition of several columns nor another column of the `made` rows depends on
    them: what has to agree with others is made, whatever its default. Columns that are all NULL depend on none.
    """
    empty = {(key, name) for key, rows in made.items() for name, values in rows.columns.items() if _is_empty(values)}
    kept = {(table.key, name) for table in plan.schema for name in _conditioned(table, empty)}
    kept |= {(table.key, name) for table in plan.schema for link in table.foreign_keys for name in link.columns}
    found = {place: each for place, each in _defaults(groups) if place not in kept and not _is_said(plan, place)}
    own = _without({key: plan.tables[key] for key in made}, empty)
    while read := found.keys() & reads_of(_without(own, found), plan.schema):
        found = {place: each for place, each in found.items() if place not in read}
    by_path: dict[str, dict[str, Callable[[], Any] | None]] = {}
    for path, attribute, function in found.values():
        by_path.setdefault(path, {})[attribute] = function
    return by_path


def _is_empty(values: Values) -> bool:
    return values.null is not None and bool(values.null.all())


def _conditioned(table: Table, empty: Collection[Place]) -> Iterator[str]:
    """Yield the columns that conditions compare with others or with values; with NULL there is nothing to compare."""
    from sqlglot import exp

    for condition in conditions_of(table):
        for name in condition.columns:
            mentions = () if condition.node is None else condition.node.find_all(exp.Column)
            found = [each for each in mentions if _named(each, table) == name]
            if not found or not all(_is_void(each.parent, table, empty) for each in found):
                yield name


def _is_void(comparison: Any, table: Table, empty: Collection[Place]) -> bool:
    """Tell whether a comparison is NULL, as one of the columns that it compares is, whatever the others are."""
    from sqlglot import exp

    compares = isinstance(comparison, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.EQ | exp.NEQ)
    sides = (comparison.this, comparison.expression) if compares else ()
    return any((table.key, _named(side, table)) in empty for side in sides)


def _named(node: Any, table: Table) -> str:
    column = column_of(node, table)
    return "" if column is None else column.name


def _without(tables: Mapping[str, Any], found: Collection[Place]) -> dict[str, Any]:
    """Return the tables of a plan without the columns that are left out."""
    return {
        key: dataclasses.replace(
            table, columns={name: column for name, column in table.columns.items() if (key, name) not in found}
        )
        for key, table in tables.items()
    }


def _is_said(plan: Plan, place: Place) -> bool:
    key, name = place
    return plan.tables[key].columns[name].author == "user"


def _defaults(groups: Iterable[Group]) -> Iterator[tuple[Place, tuple[str, str, Callable[[], Any] | None]]]:
    for group in groups:
        for table in group.blueprint.tables:
            for column in table.columns:
                attribute = group.blueprint.attributes.get((table.key, column.name))
                if attribute is None or attribute in group.said or column.computed:
                    continue
                found = _default(group.blueprint, table, column, attribute)
                if found is not None:
                    yield (key_of(group.path, table), column.name), (group.path, attribute, found or None)


def _default(blueprint: Blueprint, table: Table, column: Column, attribute: str) -> Any:
    """Return the function that gives an attribute, False where the database gives it; None for one without default."""
    factory = blueprint.factories.get(attribute)
    if factory is not None:
        return factory
    if column.default_kind is DefaultKind.CLIENT_FUNCTION:
        default: Any = blueprint.target((table.key, column.name)).default
        return (lambda: default.arg(None)) if default.is_callable else False
    return False if column.default_kind is DefaultKind.SERVER and default_of(table, column) is None else None


def given_by(left: Left, row: Mapping[str, Any], *, is_written: bool) -> dict[str, Any]:
    """Return a row without what is left to defaults; for an object that no session knows with what these give."""
    found = {key: value for key, value in row.items() if key not in left}
    if is_written:
        return found
    for key, function in left.items():
        try:
            found[key] = row.get(key) if function is None else function()
        except Exception:  # noqa: BLE001 - one that wants to know the statement, of which there is none
            found[key] = row.get(key)
    return found
