"""What a test asks of an object and of those around it, read and checked against the mapped classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from syda.errors import PlanError
from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.layers import Attributes, Layers
from syda.factories.traits import Numbered, Numbers, layers_of
from syda.factories.turns import UNSAID
from syda.sources.base import Source


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

    @property
    def said(self) -> Iterator[Any]:
        """The values that are said, those of columns and others."""
        yield from self.values.values()
        yield from self.others.values()

    def signature(self) -> tuple[Any, ...]:
        """Return what is the same for objects that can be made together: of what something is said, not what."""
        return (
            self.blueprint.mapper,
            tuple(sorted(self.values)),
            tuple(sorted((key, repr(value)) for key, value in self.values.items() if isinstance(value, Source))),
            tuple(sorted(self.others)),
            tuple((key, _signature(parent)) for key, parent in sorted(self.parents.items())),
            tuple((key, tuple(map(_signature, listed))) for key, listed in sorted(self.children.items())),
        )


def _signature(wanted: Any) -> Any:
    if isinstance(wanted, Wanted):
        return wanted.signature()
    return None if wanted is None else "there"


def read_wanted(class_: Any, layers: Iterable[Attributes], numbers: Numbers, where: str = "") -> Wanted:
    """Return what is asked of an object of the class, by layers of attributes of which later ones win.

    Raises `UnknownNameError` for attributes that are none, `PlanError` for what cannot be meant.
    """
    blueprint = blueprint_of(class_)
    if blueprint.is_abstract:
        below = [blueprint_of(each) for each in blueprint.mapper.self_and_descendants]
        names = ", ".join(each.name for each in below if not each.is_abstract)
        raise PlanError(f"{where or blueprint.name}: {blueprint.name} is abstract; make an object of {names or 'none'}")
    wanted = Wanted(blueprint, where or blueprint.name)
    reader = _Reader(wanted, numbers)
    said = Layers(blueprint, wanted.where)
    for layer in layers:
        said.add(layer)
    for key in dict.fromkeys((*said.given, *said.every)):
        reader.take(key, said.given.get(key, [{}]), said.every.get(key, ()))
    return wanted


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes the attributes of one object."""

    wanted: Wanted
    numbers: Numbers

    def take(self, key: str, value: Any, every: Sequence[Attributes]) -> None:
        """Take what is said of an attribute, of each of several children what `every` says."""
        wanted, blueprint = self.wanted, self.wanted.blueprint
        if isinstance(value, Numbered):
            value = self.numbers.next(blueprint.mapper, key, value)
        if key in blueprint.relations:
            self._relate(blueprint.relations[key], value, every)
        elif key in blueprint.composites:
            self._compose(key, value)
        elif key in blueprint.columns and not _is_opaque(value):
            wanted.values[key] = value
        else:
            wanted.others[key] = value

    def _relate(self, relation: Relation, value: Any, every: Sequence[Attributes]) -> None:
        where = f"{self.wanted.where}.{relation.key}"
        if relation.side == "parent":
            self.wanted.parents[relation.key] = self._one(relation, value, where)
            return
        if not relation.many:
            is_count = isinstance(value, int) and value in (0, 1)
            one = self._one(relation, bool(value) if is_count else value, where)
            self.wanted.children[relation.key] = [] if one is None else [one]
            return
        if isinstance(value, bool) or not isinstance(value, int | Iterable) or isinstance(value, str | Mapping):
            came = f"{type(value).__name__} {value!r:.60}"
            raise PlanError(f"{where}: expected a number of children, or a list of dicts or objects, got {came}")
        if isinstance(value, int) and value < 0:
            raise PlanError(f"{where}: expected 0 children or more, got {value}")
        listed: list[Any] = [{} for _ in range(value)] if isinstance(value, int) else list(value)
        objects = [id(item) for item in listed if not isinstance(item, Mapping)]
        if len(set(objects)) < len(objects):
            raise PlanError(f"{where}: an object is given twice")
        self.wanted.children[relation.key] = [
            self._below(relation, item, f"{where}[{place}]", every) for place, item in enumerate(listed)
        ]

    def _one(self, relation: Relation, value: Any, where: str) -> Any:
        if value is None or value is False:
            return None
        if value is True:
            value = {}
        if not isinstance(value, Mapping) and not is_object(value):
            columns = ", ".join(self.wanted.blueprint.columns_of(relation))
            hint = f"; a key is given as {columns}" if columns and isinstance(value, int | str | UUID) else ""
            raise PlanError(
                f"{where}: expected an object of {relation.target.class_.__name__}, a dict of its attributes, "
                f"True or None, got {type(value).__name__} {value!r:.60}{hint}"
            )
        return self._below(relation, value, where, ())

    def _below(self, relation: Relation, item: Any, where: str, every: Sequence[Attributes]) -> Any:
        if isinstance(item, Mapping):
            return _read_below(relation, (*every, item), self.numbers, where)
        expected = relation.target.class_.__name__
        if not isinstance(item, relation.target.class_):
            raise PlanError(f"{where}: expected an object of {expected} or a dict, got {type(item).__name__}")
        if every:
            shown = ", ".join(f"{relation.key}__{name}" for layer in every for name in layer)
            raise PlanError(f"{where}: {shown} cannot change the object {item!r:.60} that is given")
        return item

    def _compose(self, key: str, value: Any) -> None:
        """Take a composite apart: its parts are columns, and stay columns until the object is made."""
        composite = self.wanted.blueprint.composites[key]
        keys = [attribute.key for attribute in composite.props]
        values = [None] * len(keys) if value is None else _parts(value)
        self.wanted.values.update(zip(keys, values, strict=True))


def _is_opaque(value: Any) -> bool:
    """Tell whether a value is for the database alone: an expression, or a number of more digits than plans hold."""
    return isinstance(value, sa.ClauseElement) or (
        isinstance(value, Decimal) and len(value.as_tuple().digits) > _DIGITS
    )


_DIGITS = 18


def _parts(value: Any) -> Any:
    if hasattr(value, "__composite_values__"):
        return value.__composite_values__()
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in fields(value)]
    raise PlanError(f"expected a composite value, a dataclass or a class with __composite_values__, got {value!r:.60}")


def fill_unsaid(children: Iterable[Any]) -> None:
    """Make children alike in what is said of them, as far as can be: so they are rows of one table to the engine.

    Those that differ in what conditions depend on stay apart, since these have to hold around what is said of each.
    """
    by_class: dict[Any, list[Wanted]] = {}
    for child in children:
        if isinstance(child, Wanted):
            by_class.setdefault(child.blueprint.mapper, []).append(child)
    for alike in by_class.values():
        blueprint = alike[0].blueprint
        values = dict.fromkeys(key for child in alike for key in child.values)
        parents = dict.fromkeys(key for child in alike for key in child.parents)
        partly = {key for key in values if any(key not in child.values for child in alike)}
        if partly & blueprint.conditioned:
            continue
        for child in alike:
            child.values = {key: child.values.get(key, UNSAID) for key in values}
        for key in parents:
            if all(isinstance(child.parents.get(key, child), Wanted) for child in alike) and blueprint.requires(key):
                for child in alike:
                    target = blueprint_of(blueprint.relations[key].target)
                    child.parents.setdefault(key, Wanted(target, f"{child.where}.{key}"))
                fill_unsaid(child.parents[key] for child in alike)


def _read_below(relation: Relation, layers: Sequence[Attributes], numbers: Numbers, where: str) -> Wanted:
    """Return what is asked of a related object, of a class and with traits that the layers may name."""
    class_: Any = blueprint_of(relation.target).concrete.mapper
    for layer in layers:
        class_ = layer["class_"] if _names_class(layer, relation) else class_
    mapper = blueprint_of(class_).mapper
    if not mapper.isa(relation.target):
        raise PlanError(
            f"{where}: expected a class_ that is a {relation.target.class_.__name__}, got {mapper.class_.__name__}"
        )
    expanded = []
    for layer in layers:
        skipped = {"traits", "class_"} if _names_class(layer, relation) else {"traits"}
        expanded += layers_of(mapper, layer.get("traits", ()), {k: v for k, v in layer.items() if k not in skipped})
    return read_wanted(mapper, expanded, numbers, where)


def _names_class(layer: Attributes, relation: Relation) -> bool:
    """Tell whether a dict names the class of the object; an attribute may be called so too."""
    own = "class_" in blueprint_of(relation.target).known
    return "class_" in layer and (isinstance(layer["class_"], type) or not own)


_FROZEN = (str, int, float, bool, Decimal, date, time, timedelta, Enum, UUID, bytes, type(None))


def frozen(attributes: Attributes) -> Any:
    """Return attributes as a key, when they are nothing but plain values, numbers and lists of such; else None."""
    found = _frozen(attributes)
    return None if found is _LOOSE else found


def is_constant(value: Any) -> bool:
    """Tell whether a value stays what it is, whoever has it."""
    return value is UNSAID or isinstance(value, _FROZEN)


_LOOSE = object()


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        items = [] if "traits" in value or "class_" in value else [(key, _frozen(each)) for key, each in value.items()]
        return _LOOSE if len(items) < len(value) or any(each is _LOOSE for _, each in items) else tuple(items)
    if isinstance(value, list | tuple):
        listed = [_frozen(each) for each in value]
        return _LOOSE if any(each is _LOOSE for each in listed) else (type(value), *listed)
    return (type(value), value) if isinstance(value, _FROZEN) else _LOOSE


def is_object(value: Any) -> bool:
    """Tell whether a value is an object of a mapped class."""
    return not isinstance(value, type | Mapper | Wanted) and sa.inspect(value, raiseerr=False) is not None
