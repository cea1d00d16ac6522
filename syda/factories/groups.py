"""Groups of objects: of each, so many are made for each time that the whole is made; and objects that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.wanted import Wanted
from syda.schema.model import ForeignKey

Link: TypeAlias = tuple[str, str]
"""A foreign key, by table and name."""


@dataclass(slots=True, eq=False)
class There:
    """Objects that are there already: one for all, or one for each object that refers to them."""

    path: str
    blueprint: Blueprint
    objects: list[Any]
    is_found: bool = False
    """Whether nothing is said of it, so that another may stand in its place."""

    @classmethod
    def of(cls, path: str, objects: list[Any]) -> There:
        """Return objects of which each stands for one that refers to it, or the one that all refer to."""
        one = objects[:1] if all(each is objects[0] for each in objects) else objects
        return cls(path, blueprint_of(type(one[0])), one)

    def value(self, number: int, place: tuple[str, str]) -> Any:
        """Return what the object that one refers to has in a column, None where that is not known."""
        key = self.blueprint.attributes.get(place)
        return getattr(self.objects[number % len(self.objects)], key) if key else None


@dataclass(slots=True, eq=False)
class Group:
    """Objects of one class that are alike in what is said of them: `wanted` says it of each.

    `owner` are the objects in whose relationship `into` these stand, each of which has as many of them.
    """

    path: str
    blueprint: Blueprint
    wanted: list[Wanted]
    owner: Group | None = None
    into: Relation | None = None
    parents: dict[Link, Group | There] = field(default_factory=dict)
    missing: set[Link] = field(default_factory=set)
    """Foreign keys that stay NULL."""
    given: set[Link] = field(default_factory=set)
    """Foreign keys whose columns are given by value, of rows that nothing is known of."""
    attached: dict[str, list[list[Any]]] = field(default_factory=dict)
    """Objects that are there already, as children: by relationship, for each object a list."""

    loose: dict[str, Group | There] = field(default_factory=dict)
    """Parents along relationships that follow no foreign key."""

    @property
    def times(self) -> int:
        return len(self.wanted)

    @property
    def said(self) -> tuple[str, ...]:
        """The attributes that something is said of."""
        return tuple(self.wanted[0].values)

    @property
    def has_siblings(self) -> bool:
        """Tell whether objects of other groups stand in the same relationship of the same owner."""
        if self.owner is None or self.into is None:
            return False
        return len(self.owner.wanted[0].children[self.into.key]) > 1

    @property
    def refers(self) -> bool:
        """Tell whether objects that are there already are parents or children of these."""
        loose = any(isinstance(parent, There) for parent in self.loose.values())
        return bool(self.attached) or loose or any(True for _ in self.there)

    def relation_of(self, link: ForeignKey) -> Relation | None:
        """Return the relationship that follows a foreign key: of several the one of which something is said."""
        found = self.blueprint.relations_of(link)
        return next((each for each in found if each.key in self.wanted[0].parents), found[0] if found else None)

    @property
    def there(self) -> Iterator[There]:
        """The parents that are there already."""
        return (parent for parent in self.parents.values() if isinstance(parent, There))

    def column(self, key: str) -> list[Any]:
        """Return what is said of an attribute, for each object."""
        return [each.values[key] for each in self.wanted]
