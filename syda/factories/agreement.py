"""Parents that have to agree: where foreign keys share a column, such as a tenant, both parents have the same one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from syda.factories.blueprint import Blueprint, Relation
from syda.factories.groups import Group, Link, There
from syda.factories.turns import Unsaid
from syda.factories.wanted import Wanted
from syda.schema.model import ForeignKey, Table
from syda.sources.base import Source


def parent_in_common(group: Group, table: Table, link: ForeignKey) -> Group | There | None:
    """Return the parent along `link` that another parent has too; None where none decides it."""
    for other, parent, shared in _decided(group, table, link):
        above = parent.blueprint.table(other.parent)
        columns = {dict(other.pairs)[down]: dict(link.pairs)[down] for down in shared}
        for further in above.foreign_keys:
            if further.parent == link.parent and columns.items() <= dict(further.pairs).items():
                return _parent_of(parent, above, further)
    return None


def forced_parents(group: Group, table: Table, link: ForeignKey, target: Blueprint) -> dict[Link, Group | There]:
    """Return the parents that a new parent along `link` must have itself, so that it agrees with the others."""
    forced: dict[Link, Group | There] = {}
    own = target.table(link.parent)
    for other, parent, shared in _decided(group, table, link):
        for down in shared:
            up, beside = dict(link.pairs)[down], dict(other.pairs)[down]
            for further in own.foreign_keys:
                column = dict(further.pairs).get(up)
                found = None if column is None else _with_key(parent, other, beside, (further.parent, column))
                if found is not None:
                    forced[own.key, further.name] = found
    return forced


def hand_up(group: Group, number: int, above: Wanted, table: Table, link: ForeignKey, forced: Iterable[Link]) -> None:
    """Have a parent that is to be made keep what is known of the columns that an object of the group shares with it.

    Those of its foreign keys whose parents are `forced` have it from these, others from parents that are said.
    """
    parent = above.blueprint.table(link.parent)
    followed = {name for key, further in forced if key == parent.key for name in parent.foreign_key(further).columns}
    said = [each.key for each in above.blueprint.relations.values() if each.key in above.parents]
    followed |= {down for key in said for down, _ in above.blueprint.relations[key].pairs}
    for down, up in link.pairs:
        key, own = above.blueprint.attributes.get((parent.key, up)), group.blueprint.attributes.get((table.key, down))
        if key is None or up in followed:
            continue
        values = group.wanted[number].values
        value = values[own] if own in values else _agreed(group, number, table, link, down)
        if value is not None or own in values:
            above.values.setdefault(key, value)


def _agreed(group: Group, number: int, table: Table, link: ForeignKey, column: str) -> Any:
    """Return what another parent of an object has in a column that both share, None where that is not known yet."""
    for other, parent, shared in _decided(group, table, link):
        if column in shared:
            value = _value(parent, number, group.times, (other.parent, dict(other.pairs)[column]))
            if value is not None:
                return value
    return None


def _value(parent: Group | There, number: int, of: int, place: tuple[str, str]) -> Any:
    """Return what is known of a column of the parent that one of so many objects has."""
    if isinstance(parent, There):
        return parent.value(number, place)
    number, table = number * parent.times // of, parent.blueprint.table(place[0])
    said = parent.wanted[number].values.get(parent.blueprint.attributes.get(place, ""))
    if said is not None:
        return None if isinstance(said, Source | Unsaid) else said
    for link in table.foreign_keys:
        above = parent.parents.get((table.key, link.name))
        if above is not None and place[1] in link.columns:
            return _value(above, number, parent.times, (link.parent, dict(link.pairs)[place[1]]))
    return None


def _with_key(parent: Group | There, other: ForeignKey, column: str, wanted: tuple[str, str]) -> Group | There | None:
    """Return what the wanted column of a table is of, seen from a parent: that one itself, or a parent of it."""
    if (other.parent, column) == wanted:
        return parent
    above = parent.blueprint.table(other.parent)
    for further in above.foreign_keys:
        if further.parent == wanted[0] and dict(further.pairs).get(column) == wanted[1]:
            return _parent_of(parent, above, further)
    return None


def _decided(
    group: Group, table: Table, link: ForeignKey
) -> Iterator[tuple[ForeignKey, Group | There, frozenset[str]]]:
    """Yield the foreign keys that share columns with `link` and have their parents, and these columns."""
    for other in table.foreign_keys:
        parent = group.parents.get((table.key, other.name))
        shared = frozenset(dict(link.pairs)) & frozenset(dict(other.pairs))
        if parent is not None and other is not link and shared:
            yield other, parent, shared


def _parent_of(parent: Group | There, table: Table, link: ForeignKey) -> Group | There | None:
    if isinstance(parent, Group):
        return parent.parents.get((table.key, link.name))
    relation = parent.blueprint.relation_of(link)
    objects = [related(each, relation) for each in parent.objects] if relation else [None]
    return None if None in objects else There.of(f"{parent.path}.{link.name}", objects)


def related(each: Any, relation: Relation) -> Any:
    """Return the parent of an object that is there; None where it has none, or may not be asked for it."""
    if relation.key in vars(each):
        return vars(each)[relation.key]
    is_silent = relation.lazy in ("raise", "raise_on_sql", "noload") or sa.inspect(each).detached
    return None if is_silent else getattr(each, relation.key)
