"""What one call asks for, laid out as groups of objects: parents before what refers to them, children after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from syda.errors import CycleError, PlanError
from syda.factories.agreement import forced_parents, parent_in_common
from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.groups import Group, Link, There
from syda.factories.wanted import Wanted, fill_unsaid
from syda.schema.model import ForeignKey, Table

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

Found: TypeAlias = Callable[[Blueprint], Any]
"""Gives an object that is there already to serve as a parent, or None."""
Looked: TypeAlias = Callable[[Blueprint, Mapping[str, Any], str], Any]
"""Gives the object with the values of attributes, or None where there is nobody to ask."""


@dataclass(slots=True)
class Grouping:
    """Lays out the groups of a call: parents before what refers to them, children after.

    `share` says that objects of one call have required parents in common, `found` gives those that are there, and
    `looked` those whose keys are given.
    """

    share: bool
    found: Found
    looked: Looked
    needed: frozenset[Link] = frozenset()
    """Optional foreign keys that a CHECK wants to have parents."""
    groups: list[Group] = field(default_factory=list)
    _shared: dict[Mapper[Any], Group] = field(default_factory=dict)
    _under_way: list[Blueprint] = field(default_factory=list)

    def lay_out(self, wanted: Wanted) -> Group:
        """Return the group of the object itself. Raises a `SydaError` for parents that cannot be made."""
        return self._group("", [wanted])

    def _group(
        self,
        path: str,
        wanted: list[Wanted],
        *,
        owner: Group | None = None,
        into: Relation | None = None,
        forced: Mapping[Link, Group | There] | None = None,
    ) -> Group:
        blueprint = wanted[0].blueprint
        group = Group(path, blueprint, wanted, owner, into, parents=dict(forced or {}))
        self._require_new(blueprint, wanted[0])
        self._under_way.append(blueprint)
        self._link_all(group)
        self._under_way.pop()
        self.groups.append(group)
        if group.times == 1:
            self._shared.setdefault(blueprint.mapper, group)
        for relation, listed in self._children_of(group):
            self._add_children(group, relation, listed)
        return group

    def _require_new(self, blueprint: Blueprint, wanted: Wanted) -> None:
        if any(each is blueprint for each in self._under_way) and wanted.where.endswith(_IMPLIED):
            names = " -> ".join(each.name for each in (*self._under_way, blueprint))
            raise CycleError(
                f"{names}: each requires the next, so that none can be made first; give one of them, such as "
                f"{self._under_way[-1].name}'s {blueprint.name}, as an object or as None"
            )

    # -- parents --------------------------------------------------------------------------------------------------

    def _link_all(self, group: Group) -> None:
        """Give the group its parents: first those that something is said of, which the others have to agree with."""
        links = [
            (table, link)
            for table in group.blueprint.tables
            for link in table.foreign_keys
            if table.inherits != link.name and (table.key, link.name) not in group.parents
        ]
        links.sort(key=lambda each: self._rank(group, *each))
        for table, link in [each for each in links if not self._link(group, *each)]:
            group.parents[table.key, link.name] = self._implied(group, table, link)

    def _rank(self, group: Group, table: Table, link: ForeignKey) -> tuple[bool, bool, int]:
        """Put owners first, then objects that are there, and foreign keys of few columns before those of many."""
        relation = group.blueprint.relation_of(link)
        said = group.wanted[0].parents.get(relation.key) if relation else None
        is_there = said is not None and not isinstance(said, Wanted)
        return not self._is_child_by(group, table, link), not is_there, len(link.columns)

    def _link(self, group: Group, table: Table, link: ForeignKey) -> bool:
        """Decide a foreign key by what is said; tell whether that was possible."""
        key, relation = (table.key, link.name), group.blueprint.relation_of(link)
        if self._is_child_by(group, table, link):
            assert group.owner is not None
            group.parents[key] = group.owner
            return True
        said = relation.key if relation and relation.key in group.wanted[0].parents else None
        columns = [group.blueprint.attributes.get((table.key, name)) for name in link.columns]
        valued = [name for name in columns if name in group.said]
        if said and valued:
            raise PlanError(f"{group.wanted[0].where}: {said} and {valued[0]} are both given, and say the same")
        if said:
            self._link_said(group, table, link, said)
        elif valued:
            self._link_valued(group, table, link)
        elif table.is_optional(link) and key not in self.needed:
            group.missing.add(key)
        else:
            return False
        return True

    @staticmethod
    def _is_child_by(group: Group, table: Table, link: ForeignKey) -> bool:
        if group.owner is None or group.into is None or group.into.side != "children":
            return False
        found = group.owner.blueprint.collection_of(group.blueprint, group.into)
        return found is not None and (found[0].key, found[1].name) == (table.key, link.name)

    def _link_said(self, group: Group, table: Table, link: ForeignKey, said: str) -> None:
        key, parents = (table.key, link.name), [each.parents[said] for each in group.wanted]
        path = _below(group.path, said)
        if parents[0] is None:
            if not table.is_optional(link):
                columns = ", ".join(link.columns)
                raise PlanError(f"{group.wanted[0].where}.{said} is None, but {table.key}.{columns} is NOT NULL")
            group.missing.add(key)
            return
        self._require_agreement(group, table, link, parents)
        if isinstance(parents[0], Wanted):
            forced = forced_parents(group, table, link, parents[0].blueprint)
            group.parents[key] = self._group(path, parents, forced=forced)
        else:
            group.parents[key] = There.of(path, parents)

    @staticmethod
    def _require_agreement(group: Group, table: Table, link: ForeignKey, parents: Sequence[Any]) -> None:
        common = parent_in_common(group, table, link)
        same = isinstance(common, There) and all(each in common.objects for each in parents)
        if common is not None and not same:
            relation = group.blueprint.relation_of(link)
            columns = ", ".join(link.columns)
            raise PlanError(
                f"{group.wanted[0].where}.{relation.key if relation else columns}: another parent has one already, and "
                f"they share {columns}; say it of one of them"
            )

    def _link_valued(self, group: Group, table: Table, link: ForeignKey) -> None:
        """Find the parents whose keys are given; a key of which only a part is given is taken as it is."""
        key, target = (table.key, link.name), self._target(group, link, group.blueprint.relation_of(link))
        own = {down: group.blueprint.attributes.get((table.key, down)) for down, _ in link.pairs}
        above = {down: target.attributes.get((link.parent, up)) for down, up in link.pairs}
        if any(name not in group.said for name in own.values()) or None in above.values():
            group.given.add(key)
            return
        objects = []
        for wanted in group.wanted:
            values = {str(above[down]): wanted.values[str(name)] for down, name in own.items()}
            objects.append(None if None in values.values() else self.looked(target, values, wanted.where))
        if None in objects:
            group.given.add(key)
        else:
            group.parents[key] = There.of(_below(group.path, "_".join(link.columns)), objects)

    def _implied(self, group: Group, table: Table, link: ForeignKey) -> Group | There:
        """Return a parent that nothing is said of: one that is there, one of this call, or a new one."""
        relation = group.blueprint.relation_of(link)
        target = self._target(group, link, relation)
        agreeing = parent_in_common(group, table, link)
        if agreeing is not None:
            return agreeing
        forced = forced_parents(group, table, link, target)
        there = self.found(target)
        label = relation.key if relation else "_".join(link.columns)
        path = _below(group.path, label)
        if there is not None:
            return There(path, target, [there])
        shared = self._shared.get(target.mapper)
        taken = shared in group.parents.values() or not self._may_share(group, table, link)
        agrees = isinstance(shared, Group) and all(shared.parents.get(key) is each for key, each in forced.items())
        if self.share and shared is not None and agrees and not taken:
            return shared
        # a parent that all share is one for the whole call; one that may not be shared is each object's own
        times = 1 if self.share and self._may_share(group, table, link) else group.times
        where = f"{group.wanted[0].where}.{label}{_IMPLIED}"
        times = max([times, *(each.times for each in forced.values() if isinstance(each, Group))])
        return self._group(path, [Wanted(target, where) for _ in range(times)], forced=forced)

    def _target(self, group: Group, link: ForeignKey, relation: Relation | None) -> Blueprint:
        if relation is not None:
            return blueprint_of(relation.target)
        for mapper in group.blueprint.mapper.registry.mappers:
            blueprint = blueprint_of(mapper)
            if blueprint.tables[-1].key == link.parent and not mapper.inherits:
                return blueprint
        raise PlanError(
            f"{group.wanted[0].where}: {link.parent!r} has no mapped class, and its rows are required; "
            f"give a value for {', '.join(link.columns)}"
        )

    @staticmethod
    def _may_share(group: Group, table: Table, link: ForeignKey) -> bool:
        """Tell whether several objects of the group may have one parent along the foreign key.

        They may not where it is unique, by itself or together with others that they have in common.
        """
        if group.times == 1 and not group.has_siblings:
            return True
        keys = {name for each in table.foreign_keys for name in each.columns}
        sets = [set(unique.columns) for unique in table.unique_sets if not unique.expressions]
        return not any(set(link.columns) & each and each <= keys for each in sets)

    # -- children -------------------------------------------------------------------------------------------------

    @staticmethod
    def _children_of(group: Group) -> Iterator[tuple[Relation, list[list[Any]]]]:
        for key in group.wanted[0].children:
            yield group.blueprint.relations[key], [each.children[key] for each in group.wanted]

    def _add_children(self, group: Group, relation: Relation, listed: Sequence[list[Any]]) -> None:
        """Add the children of all objects of a group, which have equally many, alike in what is said of them."""
        for children in listed:
            fill_unsaid(children)
        places = zip(*listed, strict=True)
        alike = groupby(places, key=lambda row: row[0].signature() if isinstance(row[0], Wanted) else None)
        for number, (signature, rows) in enumerate(alike):
            columns = list(zip(*rows, strict=True))  # for each owner its children of this kind
            if signature is None:
                attached = group.attached.setdefault(relation.key, [[] for _ in group.wanted])
                for own, ready in zip(attached, columns, strict=True):
                    own.extend(ready)
                continue
            path = _below(group.path, relation.key) + (f"[{number}]" if number else "")
            self._group(path, [child for own in columns for child in own], owner=group, into=relation)


_IMPLIED = " (required)"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
