"""Groups of objects: of each, so many are made for each time that the whole is made; and objects that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syda.factories.blueprint import Blueprint, Relation, blueprint_of
from syda.factories.wanted import Wanted

Link: TypeAlias = tuple[str, str]
"""A foreign key, by table and name."""


@dataclass(slots=True, eq=False)
class There:
    """Objects that are there already: one for all, or one for each object that refers to them."""

    path: str
    blueprint: Blueprint
    objects: list[Any]

    @classmethod
    def of(cls, path: str, objects: list[Any]) -> There:
        """Return objects of which each stands for one that refers to it, or the one that all refer to."""
        one = objects[:1] if all(each is objects[0] for each in objects) else objects
        return cls(path, blueprint_of(type(one[0])), one)


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
    def there(self) -> Iterator[There]:
        """The parents that are there already."""
        return (parent for parent in self.parents.values() if isinstance(parent, There))

    def column(self, key: str) -> list[Any]:
        """Return what is said of an attribute, for each object."""
        return [each.values[key] for each in self.wanted]
