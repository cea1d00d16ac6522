"""Classes and attributes as files name them, made those of objects."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, registry

from syda.errors import PlanError, UnknownNameError, near
from syda.factories.blueprint import Blueprint, blueprint_of
from syda.factories.derived import as_attribute, as_values


def mapped_class(models: Any, name: str) -> Mapper[Any]:
    """Return the mapped class with a name among the models. Raises `UnknownNameError` where none has it."""
    found = {mapper.class_.__name__: mapper for mapper in _mappers(models)}
    if name not in found:
        raise UnknownNameError(f"no mapped class is called {name!r}{near(name, sorted(found))}")
    return found[name]


def _mappers(models: Any) -> list[Mapper[Any]]:
    if isinstance(models, list | tuple):
        mappers = [sa.inspect(each, raiseerr=False) for each in models]
        return [each for each in mappers if isinstance(each, Mapper)]
    own = models if isinstance(models, registry) else getattr(models, "registry", getattr(models, "_sa_registry", None))
    if not isinstance(own, registry):
        raise PlanError(f"objects are made of mapped classes; the models are {type(models).__name__} {models!r:.60}")
    return list(own.mappers)


def as_attributes(blueprint: Blueprint, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as objects have them: members of enums, decimals, dates, where a file has text and numbers."""
    return {name: _attribute(blueprint, name, value) for name, value in given.items()}


def _attribute(blueprint: Blueprint, name: str, value: Any) -> Any:
    if name in blueprint.relations:
        return _related(blueprint_of(blueprint.relations[name].target), value)
    head, deep, rest = name.partition("__")
    place = blueprint.columns.get(name)
    if place is None and deep and head in blueprint.relations:
        return _attribute(blueprint_of(blueprint.relations[head].target), rest, value)
    if place is None or value is None:
        return value
    value = _member(blueprint.target(place).type, value)
    if isinstance(value, bool | float) and isinstance(blueprint.target(place).type, sa.String):
        raise PlanError(f"{blueprint.mapper.class_.__name__}.{name}: expected text, got {value!r}; write it in quotes")
    return as_attribute(blueprint, place, as_values(blueprint, place, [value]))[0]


def _related(below: Blueprint, value: Any) -> Any:
    if isinstance(value, Mapping):
        return as_attributes(below, value)
    if isinstance(value, list):
        return [as_attributes(below, each) if isinstance(each, Mapping) else each for each in value]
    return value


def _member(type_: Any, value: Any) -> Any:
    """Return the member of an enum that text names, or is the value of."""
    if not isinstance(type_, sa.Enum) or type_.enum_class is None or not isinstance(value, str):
        return value
    members: dict[str, Enum] = dict(type_.enum_class.__members__)
    by_value = {member.value: member for member in members.values()}
    return members.get(value, by_value.get(value, value))
