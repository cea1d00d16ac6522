"""What one call asks for, laid out as groups of objects: parents before what refers to them, children after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from syda.errors import CycleError, PlanError
from syda.factories.agreement import forced_parents, hand_up, parent_in_common, related
from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.groups import Group, Link, There
from syda.factories.turns import Unsaid
from syda.factories.wanted import Wanted, fill_unsaid
from syda.planning.checks import check_domains
from syda.schema.model import ForeignKey, Table
from syda.sources.base import Source

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

Found: TypeAlias = Callable[[Blueprint], Sequence[Any]]
"""Gives objects that are there already to serve as parents."""
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
        self._link_loosely(
            group, {relation.key for _, link in links for relation in group.blueprint.relations_of(link)}
        )

    def _link_loosely(self, group: Group, followed: Collection[str]) -> None:
        """Give the group the parents that it is told of relationships which follow no foreign key."""
        for key in group.wanted[0].parents:
            parents = [each.parents[key] for each in group.wanted]
            if key in followed or parents[0] is None:
                continue
            path = _below(group.path, key)
            is_new = isinstance(parents[0], Wanted)
            group.loose[key] = self._group(path, parents) if is_new else There.of(path, parents)

    def _rank(self, group: Group, table: Table, link: ForeignKey) -> tuple[bool, bool, int]:
        """Put owners first, then objects that are there, and foreign keys of few columns before those of many."""
        relation = group.relation_of(link)
        said = group.wanted[0].parents.get(relation.key) if relation else None
        is_there = said is not None and not isinstance(said, Wanted)
        return not self._is_child_by(group, table, link), not is_there, len(link.columns)

    def _link(self, group: Group, table: Table, link: ForeignKey) -> bool:
        """Decide a foreign key by what is said; tell whether that was possible."""
        key, relation = (table.key, link.name), group.relation_of(link)
        twice = [each.key for each in group.blueprint.relations_of(link) if each.key in group.wanted[0].parents]
        if len(twice) > 1:
            raise PlanError(f"{group.wanted[0].where}: {twice[0]} and {twice[1]} are both given, and are the same")
        said = relation.key if relation and relation.key in group.wanted[0].parents else None
        columns = [group.blueprint.attributes.get((table.key, name)) for name in link.columns]
        valued = [name for name in columns if name in group.said]
        is_valued = len(valued) == len(columns) or any(name in group.blueprint.own_keys for name in valued)
        if self._is_child_by(group, table, link):
            own = said or next((name for name in valued if name in group.blueprint.rivals), None)
            if own is not None:
                raise PlanError(f"{group.wanted[0].where}: {own} is given, but it is the object to which this belongs")
            assert group.owner is not None
            group.parents[key] = group.owner
            return True
        if said and is_valued:
            raise PlanError(f"{group.wanted[0].where}: {said} and {valued[0]} are both given, and say the same")
        if said:
            self._link_said(group, table, link, said)
        elif is_valued:
            self._link_valued(group, table, link)
        elif _is_optional(table, link) and (key not in self.needed or self._is_above_itself(group)):
            group.missing.add(key)
        else:
            return False
        return True

    def _is_above_itself(self, group: Group) -> bool:
        """Tell whether a group is made as a parent of its own class, of which one is enough."""
        return group.wanted[0].where.endswith(_NEEDED) and self._under_way.count(group.blueprint) > 1

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
            for number, above in enumerate(parents):
                hand_up(group, number, above, table, link, forced)
            group.parents[key] = self._group(path, parents, forced=forced)
        else:
            group.parents[key] = There.of(path, parents)

    @staticmethod
    def _require_agreement(group: Group, table: Table, link: ForeignKey, parents: Sequence[Any]) -> None:
        common = parent_in_common(group, table, link)
        same = isinstance(common, There) and all(each in common.objects for each in parents)
        if common is not None and not same:
            relation = group.relation_of(link)
            columns = ", ".join(link.columns)
            raise PlanError(
                f"{group.wanted[0].where}.{relation.key if relation else columns}: another parent has one already, and "
                f"they share {columns}; say it of one of them"
            )

    def _link_valued(self, group: Group, table: Table, link: ForeignKey) -> None:
        """Find the parents whose keys are given, or so much of them as tells which these are."""
        key, target = (table.key, link.name), self._target(group, link, group.relation_of(link))
        own = {down: group.blueprint.attributes.get((table.key, down)) for down, _ in link.pairs}
        above = {down: target.attributes.get((link.parent, up)) for down, up in link.pairs if own[down] in group.said}
        objects = []
        known = self._known(group, table, link)
        for number, wanted in enumerate(group.wanted):
            values = {str(above[down]): wanted.values[str(own[down])] for down in above}
            values |= {key: parent.value(number, place) for key, (parent, place) in known.items() if key not in values}
            is_plain = None not in above.values() and not any(
                value is None or isinstance(value, Source | Unsaid) for value in values.values()
            )
            objects.append(self.looked(target, values, wanted.where) if is_plain else None)
        if None in objects:
            group.given.add(key)
        else:
            group.parents[key] = There.of(_below(group.path, "_".join(link.columns)), objects)

    @staticmethod
    def _known(group: Group, table: Table, link: ForeignKey) -> dict[str, tuple[There, tuple[str, str]]]:
        """Return what parents that are there say of columns which the foreign key shares with theirs."""
        relation = group.relation_of(link)
        attributes = blueprint_of(relation.target).attributes if relation else {}
        found: dict[str, tuple[There, tuple[str, str]]] = {}
        for other in table.foreign_keys:
            parent, pairs = group.parents.get((table.key, other.name)), dict(other.pairs)
            for down, up in link.pairs if isinstance(parent, There) else ():
                key = attributes.get((link.parent, up))
                if key is not None and isinstance(parent, There) and down in pairs:
                    found[key] = (parent, (other.parent, pairs[down]))
        return found

    def _implied(self, group: Group, table: Table, link: ForeignKey) -> Group | There:
        """Return a parent that nothing is said of: one that is there, one of this call, or a new one."""
        relation = group.relation_of(link)
        target = self._target(group, link, relation)
        agreeing = parent_in_common(group, table, link)
        if agreeing is not None:
            return agreeing
        forced = forced_parents(group, table, link, target)
        handed = self._handed(group, table, link, target.concrete, forced)
        found = self._there(group, target, handed)
        there = self._above(group, table, link, target, handed) if found is None else found
        target = target.concrete
        label = relation.key if relation else "_".join(link.columns)
        path = _below(group.path, label)
        if there is not None:
            return There(path, target, [there], is_found=there is found)
        shared = self._shared.get(target.mapper)
        taken = shared in group.parents.values() or not self._may_share(group, table, link)
        agrees = isinstance(shared, Group) and all(shared.parents.get(key) is each for key, each in forced.items())
        if self.share and shared is not None and agrees and not taken and _has(shared.wanted[0].values, handed):
            return shared
        # a parent that all share is one for the whole call; one that may not be shared is each object's own
        is_one = self.share and self._may_share(group, table, link) and all(each == handed[0] for each in handed)
        where = f"{group.wanted[0].where}.{label}{_NEEDED if _is_optional(table, link) else _IMPLIED}"
        times = max(
            [1 if is_one else group.times, *(each.times for each in forced.values() if isinstance(each, Group))]
        )
        wanted = [Wanted(target, where, values=dict(handed[place * group.times // times])) for place in range(times)]
        return self._group(path, wanted, forced=forced)

    @staticmethod
    def _handed(
        group: Group, table: Table, link: ForeignKey, target: Blueprint, forced: Mapping[Link, Group | There]
    ) -> list[dict[str, Any]]:
        """Return for each object what a new parent along `link` has to have, so that it agrees with the others."""
        wanted = [Wanted(target, group.path) for _ in group.wanted]
        for number, above in enumerate(wanted):
            hand_up(group, number, above, table, link, forced)
        known = set.intersection(*(set(above.values) for above in wanted))
        return [{key: above.values[key] for key in above.values if key in known} for above in wanted]

    def _there(self, group: Group, target: Blueprint, handed: Sequence[Mapping[str, Any]]) -> Any:
        """Return an object that is there already, another one than those that the group has as parents, if there is."""
        found = [each for each in self.found(target) if _has(each, handed)]
        taken = {id(each) for parent in group.there for each in parent.objects}
        return next((each for each in found if id(each) not in taken), next(iter(found), None))

    def _above(
        self, group: Group, table: Table, link: ForeignKey, target: Blueprint, handed: Sequence[Mapping[str, Any]]
    ) -> Any:
        """Return a parent of an object that is there: what belongs together mostly has the same one."""
        if not self.share or group.times > 1 or _is_once(table, link):
            return None
        taken = {id(each) for parent in group.there for each in parent.objects}
        for parent in group.there:
            for relation in parent.blueprint.relations.values():
                if relation.side == "parent" and relation.target is target.mapper:
                    found = related(parent.objects[0], relation)
                    if found is not None and id(found) not in taken and _has(found, handed):
                        return found
        return None

    def _target(self, group: Group, link: ForeignKey, relation: Relation | None) -> Blueprint:
        if relation is not None:
            return blueprint_of(relation.target)
        for mapper in group.blueprint.mapper.registry.mappers:
            blueprint = blueprint_of(mapper)
            is_base = mapper.inherits is None or mapper.inherits.local_table is not mapper.local_table
            if is_base and blueprint.tables[-1].key == link.parent:
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
        return (group.times == 1 and not group.has_siblings) or not _is_once(table, link)

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


def _is_optional(table: Table, link: ForeignKey) -> bool:
    """Tell whether a row needs no parent: neither its columns nor a CHECK want one."""
    domains = check_domains(table) if table.is_optional(link) else {}
    return table.is_optional(link) and not any(domains[name].required for name in link.columns if name in domains)


def _has(parent: Any, handed: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether an object, or what is said of one, agrees with what every object hands up to its parent."""
    read = parent.get if isinstance(parent, Mapping) else partial(getattr, parent)
    return all(read(key, None) == value for each in handed for key, value in each.items())


def _is_once(table: Table, link: ForeignKey) -> bool:
    """Tell whether a parent may have only one row along the foreign key, by itself or together with other parents."""
    keys = {name for each in table.foreign_keys for name in each.columns}
    sets = [set(unique.columns) for unique in table.unique_sets if not unique.expressions]
    return any(set(link.columns) & each and each <= keys for each in sets)


_IMPLIED = " (required)"
_NEEDED = " (for a CHECK)"


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
