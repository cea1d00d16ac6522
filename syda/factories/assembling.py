"""Objects of rows: each group's objects are made, told their parents and put into their owners' relationships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.collections import collection_adapter

from syda.errors import GenerateError
from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.groups import Group, There
from syda.factories.sessions import flushed
from syda.factories.stock import Row
from syda.schema.model import ForeignKey, Table

_MUTABLE = (dict, list, set, bytearray)


@dataclass(slots=True)
class Assembly:
    """One copy of what a call asks for, while its objects are made. `session` is None where none is to know them.

    With `loads` all collections are there from the beginning, since an AsyncSession does not load them later.
    """

    session: Any
    loads: bool = False
    made: dict[str, list[Any]] = field(default_factory=dict)
    objects: list[Any] = field(default_factory=list)
    kinds: Sequence[Group] = ()
    by_wanted: dict[int, Any] = field(default_factory=dict)

    def assemble(self, groups: Sequence[Group], rows: Mapping[str, Sequence[Row]]) -> Any:
        """Return the object itself, with all around it."""
        self.kinds = [group for group in groups if group.owner is not None]
        for group in groups:
            ways = _Ways.of(group)
            if ways.late and self.session is not None:
                flushed(self.session, self.objects)
            self.made[group.path] = [
                self._object(group, number, row, ways) for number, row in enumerate(rows[group.path])
            ]
            self._attach(group)
        self._order(groups)
        return self.made[""][0]

    def _order(self, groups: Sequence[Group]) -> None:
        """Put children that are of several groups, or were there, in the order in which they are given."""
        for group in groups:
            for number, wanted in enumerate(group.wanted):
                for key, listed in wanted.children.items():
                    collection = getattr(self.made[group.path][number], key)
                    if isinstance(collection, list) and self._is_mixed(group, key):
                        places = {id(self.by_wanted.get(id(each), each)): place for place, each in enumerate(listed)}
                        collection.sort(key=lambda each: places.get(id(each), -1))

    def _is_mixed(self, group: Group, key: str) -> bool:
        below = [each for each in self.kinds if each.owner is group and each.into and each.into.key == key]
        return len(below) + (key in group.attached) > 1

    def _object(self, group: Group, number: int, row: Row, ways: _Ways) -> Any:
        wanted = group.wanted[number]
        values = {key: deepcopy(value) if isinstance(value, _MUTABLE) else value for key, value in row.items()}
        for key, parent in ways.related:
            values[key] = self._of(group, parent, number)
        for table, link in ways.late:
            parent = self._of(group, group.parents[table.key, link.name], number)
            values |= _keys_of(group.blueprint, table, link, parent)
        values |= wanted.others
        if group.owner is not None and group.into is not None:
            owner = self._of(group, group.owner, number)
            ordered = getattr(getattr(owner, group.into.key), "ordering_attr", None)
            if ordered is not None and wanted.values.get(ordered) is None:
                values.pop(ordered, None)  # an ordering list numbers what is put into it
        made = _construct(group.blueprint, values, wanted.where)
        self.objects.append(made)
        if self.loads:
            for key in group.blueprint.collections:
                if key not in vars(made):
                    set_committed_value(made, key, [])
        self.by_wanted[id(wanted)] = made
        if group.into is not None and not ways.is_told:
            _put(owner, group.into, made)
        return made

    def _of(self, group: Group, parent: Group | There, number: int) -> Any:
        """Return the parent of one of the group's objects."""
        if isinstance(parent, There):
            return parent.objects[number % len(parent.objects)]
        return self.made[parent.path][number * parent.times // group.times]

    def _attach(self, group: Group) -> None:
        for key, listed in group.attached.items():
            relation = group.blueprint.relations[key]
            for owner, children in zip(self.made[group.path], listed, strict=True):
                for child in children:
                    _put(owner, relation, child)


@dataclass(frozen=True, slots=True)
class _Ways:
    """How the objects of a group are told their parents.

    `related` are told by relationships; for the foreign keys `late`, which none follows, the parents' keys are needed.
    `is_told` says that SQLAlchemy tells the owner of its children.
    """

    related: Sequence[tuple[str, Group | There]]
    late: Sequence[tuple[Table, ForeignKey]]
    is_told: bool

    @classmethod
    def of(cls, group: Group) -> _Ways:
        related, late = dict(group.loose), []
        into = group.into if group.owner is not None else None
        for table in group.blueprint.tables:
            for link in table.foreign_keys:
                parent = group.parents.get((table.key, link.name))
                relation = group.relation_of(link) if parent is not None else None
                if parent is not None and relation is not None:
                    related[relation.key] = parent
                elif parent is not None and (into is None or into.side != "children" or not into.follows(link)):
                    late.append((table, link))
        return cls(list(related.items()), late, into is not None and _is_told(into, group, related))


def _keys_of(blueprint: Blueprint, table: Table, link: ForeignKey, parent: Any) -> dict[str, Any]:
    above, found = blueprint_of(type(parent)), {}
    for name, column in link.pairs:
        key = blueprint.attributes.get((table.key, name))
        if key is not None:
            found[key] = getattr(parent, above.attributes[link.parent, column])
    return found


def _is_told(into: Relation, group: Group, related: Mapping[str, Any]) -> bool:
    """Tell whether the object was told its owner, and SQLAlchemy tells the owner."""
    if not into.mutual or into.side != "children":
        return False
    back = [each for each in group.blueprint.relations.values() if each.pairs == into.pairs]
    return any(each.side == "parent" and each.mutual and each.key in related for each in back)


def _put(owner: Any, relation: Relation, child: Any) -> None:
    """Put a child into a relationship of its owner."""
    if not relation.many:
        setattr(owner, relation.key, child)
        return
    collection = getattr(owner, relation.key)
    if hasattr(collection, "append"):
        collection.append(child)
    elif hasattr(collection, "add"):
        collection.add(child)
    else:
        collection_adapter(collection).append_with_event(child)


def _construct(blueprint: Blueprint, values: dict[str, Any], where: str) -> Any:
    """Call the constructor with what it takes, and set the rest, as well as what it does not take care of."""
    class_, named = blueprint.mapper.class_, blueprint.parameters
    values = _composed(blueprint, values)
    passed = values if blueprint.takes_any else {key: value for key, value in values.items() if key in named}
    try:
        made = class_(**passed)
    except TypeError as error:
        lacking = [key for key, needed in named.items() if needed and key not in passed]
        hint = f"; give {', '.join(lacking)}" if lacking else ""
        raise GenerateError(f"{where}: {blueprint.name}(...) cannot be called: {error}{hint}") from error
    for key, value in values.items():
        if key not in passed or (named and key not in named and key not in vars(made)):
            setattr(made, key, value)
    return made


def _composed(blueprint: Blueprint, values: dict[str, Any]) -> dict[str, Any]:
    """Put the parts of composites together, whose constructors want them whole."""
    found = dict(values)
    for name, composite in blueprint.composites.items():
        keys = [attribute.key for attribute in composite.props]
        parts = [found.pop(key, None) for key in keys]
        if any(part is not None for part in parts):
            found[name] = composite.composite_class(*parts)
    return found
