"""What is left to the defaults of models and tables: functions, and what only the database computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from syda.factories.blueprint import Blueprint
from syda.factories.derived import default_of, key_of, reads_of
from syda.factories.groups import Group
from syda.planning.checks import conditions_of
from syda.planning.model import Plan
from syda.schema.model import Column, DefaultKind, Table

Place: TypeAlias = tuple[str, str]
Left: TypeAlias = Mapping[str, Callable[[], Any] | None]
"""Attributes that a new object is not told, with the function that gives them where it is Python's."""


def left_to_defaults(groups: Sequence[Group], plan: Plan, made: Iterable[str]) -> Mapping[str, Left]:
    """Return for each group, by path, what its objects are not told.

    These have a default, and neither a condition of several columns nor another column of the row depends on them: what
    has to agree with others is made, whatever its default.
    """
    kept = {(table.key, name) for table in plan.schema for each in conditions_of(table) for name in each.columns}
    kept |= {(table.key, name) for table in plan.schema for link in table.foreign_keys for name in link.columns}
    found = {place: each for place, each in _defaults(groups) if place not in kept and not _is_said(plan, place)}
    own = {key: plan.tables[key] for key in made}
    while read := found.keys() & reads_of(_without(own, found), plan.schema):
        found = {place: each for place, each in found.items() if place not in read}
    by_path: dict[str, dict[str, Callable[[], Any] | None]] = {}
    for path, attribute, function in found.values():
        by_path.setdefault(path, {})[attribute] = function
    return by_path


def _without(tables: Mapping[str, Any], found: Mapping[Place, Any]) -> dict[str, Any]:
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
