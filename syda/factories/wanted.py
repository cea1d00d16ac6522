"""What a test asks of an object and of those around it, read and checked against the mapped classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from syda.errors import PlanError
from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.traits import Numbers, Sequence, expanded
from syda.factories.turns import UNSAID

Attributes: TypeAlias = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Wanted:
    """One object to be made: what is said of its columns, of other attributes, of its parents and children."""

    blueprint: Blueprint
    where: str
    values: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    parents: dict[str, Any] = field(default_factory=dict)
    """By relationship: a `Wanted`, an object that is there, or None."""
    children: dict[str, list[Any]] = field(default_factory=dict)
    """By relationship: a `Wanted` or an object for each child."""

    def signature(self) -> tuple[Any, ...]:
        """Return what is the same for objects that can be made together: of what something is said, not what."""
        return (
            self.blueprint.mapper,
            tuple(sorted(self.values)),
            tuple(sorted(self.others)),
            tuple((key, _signature(parent)) for key, parent in sorted(self.parents.items())),
            tuple((key, tuple(map(_signature, listed))) for key, listed in sorted(self.children.items())),
        )


def _signature(wanted: Any) -> Any:
    if isinstance(wanted, Wanted):
        return wanted.signature()
    return None if wanted is None else "there"


def read_wanted(
    class_: Any, traits: Iterable[str], attributes: Attributes, numbers: Numbers, where: str = ""
) -> Wanted:
    """Return what is asked of an object of the class.

    Raises `UnknownNameError` for attributes and traits that are none, `PlanError` for what cannot be meant.
    """
    blueprint = blueprint_of(class_)
    wanted = Wanted(blueprint, where or blueprint.name)
    nested: dict[str, dict[str, Any]] = {}
    for name, value in expanded(blueprint.mapper, traits, attributes).items():
        head, deep, rest = (name, "", "") if name in blueprint.known else name.partition("__")
        key = blueprint.require(head, wanted.where)
        if deep and key not in blueprint.relations:
            raise PlanError(f"{wanted.where}: {name!r} goes through {key!r}, which is no relationship")
        if deep:
            nested.setdefault(key, {})[rest] = value
        else:
            _Reader(wanted, numbers).take(key, value)
    for key, below in nested.items():
        _Reader(wanted, numbers).take_nested(blueprint.relations[key], below)
    return wanted


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes the attributes of one object."""

    wanted: Wanted
    numbers: Numbers

    def take(self, key: str, value: Any) -> None:
        wanted, blueprint = self.wanted, self.wanted.blueprint
        if isinstance(value, Sequence):
            value = self.numbers.next(blueprint.mapper, key, value)
        if key in blueprint.relations:
            self._relate(blueprint.relations[key], value)
        elif key in blueprint.composites:
            self._compose(key, value)
        elif key in blueprint.columns:
            wanted.values[key] = value
        else:
            wanted.others[key] = value

    def take_nested(self, relation: Relation, below: Mapping[str, Any]) -> None:
        """Take what is said of a related object, or of all children of a relationship."""
        given = self.wanted.parents if relation.side == "parent" else self.wanted.children
        there = given.get(relation.key)
        shown = ", ".join(f"{relation.key}__{name}" for name in below)
        if relation.key in given and (there is None or _is_object(there)):
            raise PlanError(
                f"{self.wanted.where}: {shown} and {relation.key}={there!r:.60} are both given; "
                f"change the object, or have one made"
            )
        if relation.side == "parent":
            self._relate(relation, below)
            return
        listed = there if there is not None else [{}]
        merged = []
        for item in listed:
            if not isinstance(item, Wanted | dict):
                raise PlanError(f"{self.wanted.where}: {shown} cannot change the object {item!r:.60} that is given")
            merged.append(_merged(item, below) if isinstance(item, Wanted) else below)
        self._relate(relation, [self._below(relation, each, place) for place, each in enumerate(merged)])

    def _relate(self, relation: Relation, value: Any) -> None:
        where = f"{self.wanted.where}.{relation.key}"
        if relation.side == "parent" or not relation.many:
            one = self._one(relation, value, where)
            if relation.side == "parent":
                self.wanted.parents[relation.key] = one
            else:
                self.wanted.children[relation.key] = [] if one is None else [one]
            return
        if isinstance(value, bool) or not isinstance(value, int | Iterable) or isinstance(value, str | Mapping):
            came = f"{type(value).__name__} {value!r:.60}"
            raise PlanError(f"{where}: expected a number of children, or a list of dicts or objects, got {came}")
        if isinstance(value, int) and value < 0:
            raise PlanError(f"{where}: expected 0 children or more, got {value}")
        listed = [{} for _ in range(value)] if isinstance(value, int) else list(value)
        self.wanted.children[relation.key] = [self._below(relation, item, place) for place, item in enumerate(listed)]

    def _one(self, relation: Relation, value: Any, where: str) -> Any:
        if value is None or value is False or (value == 0 and isinstance(value, int) and value is not True):
            return None
        if value is True or (isinstance(value, int) and value == 1):
            value = {}
        if not isinstance(value, Mapping | Wanted) and not _is_object(value):
            raise PlanError(
                f"{where}: expected an object of {relation.target.class_.__name__}, a dict of its attributes, "
                f"True or None, got {type(value).__name__} {value!r:.60}"
            )
        return self._below(relation, value, None)

    def _below(self, relation: Relation, item: Any, place: int | None) -> Any:
        where = f"{self.wanted.where}.{relation.key}" + ("" if place is None else f"[{place}]")
        if isinstance(item, Wanted):
            return item
        if isinstance(item, Mapping):
            return _read_below(relation, item, self.numbers, where)
        if not isinstance(item, relation.target.class_):
            expected = relation.target.class_.__name__
            raise PlanError(f"{where}: expected an object of {expected} or a dict, got {type(item).__name__}")
        return item

    def _compose(self, key: str, value: Any) -> None:
        """Take a composite apart: its parts are columns, and stay columns until the object is made."""
        composite = self.wanted.blueprint.composites[key]
        keys = [attribute.key for attribute in composite.props]
        values = [None] * len(keys) if value is None else _parts(value)
        self.wanted.values.update(zip(keys, values, strict=True))


def _parts(value: Any) -> Any:
    if hasattr(value, "__composite_values__"):
        return value.__composite_values__()
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in fields(value)]
    raise PlanError(f"expected a composite value, a dataclass or a class with __composite_values__, got {value!r:.60}")


def fill_unsaid(children: Iterable[Any]) -> None:
    """Make children alike in what is said of them, as far as can be: so they are rows of one table to the engine."""
    by_class: dict[Any, list[Wanted]] = {}
    for child in children:
        if isinstance(child, Wanted):
            by_class.setdefault(child.blueprint.mapper, []).append(child)
    for alike in by_class.values():
        blueprint = alike[0].blueprint
        values = dict.fromkeys(key for child in alike for key in child.values)
        parents = dict.fromkeys(key for child in alike for key in child.parents)
        for child in alike:
            child.values = {key: child.values.get(key, UNSAID) for key in values}
        for key in parents:
            if all(isinstance(child.parents.get(key, child), Wanted) for child in alike) and blueprint.requires(key):
                for child in alike:
                    target = blueprint_of(blueprint.relations[key].target)
                    child.parents.setdefault(key, Wanted(target, f"{child.where}.{key}"))
                fill_unsaid(child.parents[key] for child in alike)


def _merged(wanted: Wanted, below: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of a child itself with what is said of all of them: the former wins."""
    own = {**wanted.others, **wanted.values, **wanted.parents, **wanted.children}
    return {**below, **own}


def _read_below(relation: Relation, attributes: Attributes, numbers: Numbers, where: str) -> Wanted:
    given = dict(attributes)
    class_ = given.pop("class_", relation.target)
    mapper = blueprint_of(class_).mapper
    if not mapper.isa(relation.target):
        raise PlanError(
            f"{where}: expected a class_ that is a {relation.target.class_.__name__}, got {mapper.class_.__name__}"
        )
    return read_wanted(mapper, given.pop("traits", ()), given, numbers, where)


_FROZEN = (str, int, float, bool, Decimal, date, time, timedelta, Enum, UUID, bytes, type(None))


def frozen(attributes: Attributes) -> Any:
    """Return attributes as a key, when they are nothing but plain values, numbers and lists of such; else None."""
    found = _frozen(attributes)
    return None if found is _LOOSE else found


_LOOSE = object()


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = [] if "traits" in value or "class_" in value else [(key, _frozen(each)) for key, each in value.items()]
        return _LOOSE if len(items) < len(value) or any(each is _LOOSE for _, each in items) else tuple(items)
    if isinstance(value, list | tuple):
        listed = [_frozen(each) for each in value]
        return _LOOSE if any(each is _LOOSE for each in listed) else (type(value), *listed)
    return (type(value), value) if isinstance(value, _FROZEN) else _LOOSE


def _is_object(value: Any) -> bool:
    """Tell whether a value is an object of a mapped class."""
    return not isinstance(value, type | Mapper | Wanted) and sa.inspect(value, raiseerr=False) is not None
