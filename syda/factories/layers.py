"""What is said of an object in several places, traits and the call itself, brought together: the later wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syda.errors import PlanError
from syda.factories.blueprint import Blueprint

Attributes: TypeAlias = Mapping[str, Any]
_ARGUMENTS = ("reuse", "commit", "traits")


@dataclass(slots=True)
class Layers:
    """What is said of an object's attributes.

    `given` is what is said of each, of a related object its attributes as a dict; `every` what is said of all children
    of a relationship (``items__quantity=5``), layer by layer.
    """

    blueprint: Blueprint
    where: str
    given: dict[str, Any] = field(default_factory=dict)
    every: dict[str, list[Attributes]] = field(default_factory=dict)

    def add(self, layer: Attributes) -> None:
        """Add a layer, which wins over those before. Raises a `SydaError` where it says one thing twice."""
        names, given, nested = dict[str, str](), dict[str, Any](), dict[str, dict[str, Any]]()
        for name, value in layer.items():
            key, rest = self._resolved(name)
            if rest:
                nested.setdefault(key, {})[rest] = value
                continue
            if key in names:
                raise PlanError(f"{self.where}: {names[key]} and {name} are both given, and are the same")
            names[key], given[key] = name, value
        for key, below in nested.items():
            if self.blueprint.relations[key].many:
                self.every.setdefault(key, []).append(below)
            else:
                given[key] = self._beside(key, given.get(key, True), below)
        for key, value in given.items():
            for rival in self.blueprint.rivals.get(key, ()):
                if rival not in given:
                    self.given.pop(rival, None)
            before = self.given.get(key)
            is_merged = isinstance(value, Mapping) and isinstance(before, Mapping) and key in self.blueprint.relations
            self.given[key] = {**before, **value} if is_merged else value  # type: ignore[dict-item]

    def _resolved(self, name: str) -> tuple[str, str]:
        """Return the attribute that a name means, and what follows it after ``__``."""
        known, own = self.blueprint.known, name.removesuffix("_")
        if name not in known and own in _ARGUMENTS and own in known:
            return own, ""  # told from an argument by an underscore
        head, deep, rest = (name, "", "") if name in known else name.partition("__")
        key = self.blueprint.require(head, self.where)
        if deep and key not in self.blueprint.relations:
            raise PlanError(f"{self.where}: {name!r} goes through {key!r}, which is no relationship")
        if deep and not rest:
            raise PlanError(f"{self.where}: {name!r} names no attribute after the underscores")
        return key, rest

    def _beside(self, key: str, value: Any, below: Attributes) -> Any:
        """Return what is said of a related object in both ways, as a dict and by ``__``."""
        shown = ", ".join(f"{key}__{name}" for name in below)
        if value is True:
            return dict(below)
        if not isinstance(value, Mapping):
            raise PlanError(
                f"{self.where}: {shown} and {key}={value!r:.60} are both given; change the object, or have one made"
            )
        twice = [name for name in below if name in value]
        if twice:
            raise PlanError(f"{self.where}: {key}__{twice[0]} is given twice, by itself and in {key}={value!r:.60}")
        return {**value, **below}
