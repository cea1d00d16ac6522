"""Scenarios by name: what users write in Python, and what is read from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from syda.errors import PlanError


class Stage(Protocol):
    """Where a scenario is played: the fixture `syda`, or what `syda seed` fills."""

    @property
    def models(self) -> Any: ...

    def make(self, class_: Any, /, *traits: str, **attributes: Any) -> Any: ...

    def make_many(self, number: int, class_: Any, /, *traits: str, **attributes: Any) -> Any: ...

    def seed(self, rows: Any = None, *, plan: Any = None, **options: Any) -> Any: ...


Function: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A state of the database: others that it begins with, rows or a plan to fill it by, objects, a function.

    `parameters` have their defaults; `makes` are the entries of a file's ``make``.
    """

    name: str
    extends: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rows: Any = None
    plan: Path | None = None
    makes: tuple[Mapping[str, Any], ...] = ()
    function: Function | None = None


_WRITTEN: dict[str, Scenario] = {}


def scenario(name: str, *, extends: str | Iterable[str] = ()) -> Callable[[Function], Function]:
    """Name a state of the database: the decorated function brings it about.

    It is given the stage, whose `make`, `make_many` and `seed` fill the database, and the scenario's parameters by
    name; their defaults are its own. It `extends` other scenarios, which are played before it. Raises `PlanError` for a
    name that another function has.
    """

    def register(function: Function) -> Function:
        known = _WRITTEN.get(name)
        if known is not None and known.function is not None and _place(known.function) != _place(function):
            raise PlanError(f"there is a scenario {name!r} already: {_place(known.function)}")
        taken = _parameters(function, name)
        defaults = {each.name: each.default for each in taken if each.kind is not Parameter.VAR_KEYWORD}
        bases = (extends,) if isinstance(extends, str) else tuple(extends)
        _WRITTEN[name] = Scenario(name=name, extends=bases, parameters=defaults, function=function)
        return function

    return register


def _parameters(function: Function, name: str) -> list[Parameter]:
    """Return what a function takes beside the stage. Raises `PlanError` where it cannot be called with that."""
    listed = list(signature(function).parameters.values())
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    expected = f"the scenario {name!r}: expected a function of the stage, and of parameters by name"
    if not listed or listed[0].kind not in positional:
        raise PlanError(f"{expected}; {_place(function)} takes no stage: def {function.__name__}(shop, ...)")
    for each in listed[1:]:
        if each.kind in (Parameter.POSITIONAL_ONLY, Parameter.VAR_POSITIONAL):
            raise PlanError(f"{expected}; {_place(function)} takes {each.name!r} by place only")
    return listed[1:]


def _place(function: Function) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def written() -> dict[str, Scenario]:
    """Return the scenarios that Python modules have named so far."""
    return dict(_WRITTEN)
