"""What users say once of a class, for all its objects: traits, sequences, and what is done after an object is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from syda.errors import PlanError, UnknownNameError, near

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

Hook: TypeAlias = Callable[[Any, Any], object]
_TRAITS: dict[tuple[type, str], Callable[[], Mapping[str, Any]]] = {}
_HOOKS: dict[type, list[Hook]] = {}


@dataclass(frozen=True, slots=True)
class Sequence:
    """A value that depends on how many the class has had: 1, 2, 3, ... in each session."""

    function: Callable[[int], Any]


def sequence(function: Callable[[int], Any] | str) -> Sequence:
    """Return a value that is another for each object: ``sequence("INV-{:04d}")`` or ``sequence(lambda n: n * 10)``.

    Numbers begin at 1 in each session, and in each test.
    """
    if isinstance(function, str):
        return Sequence(function.format)
    if not callable(function):
        raise PlanError(f"sequence: expected a function or a format, got {type(function).__name__} {function!r}")
    return Sequence(function)


@dataclass(slots=True)
class Numbers:
    """How many values each sequence has given."""

    given: dict[tuple[Any, str], int] = field(default_factory=dict)

    def next(self, mapper: Mapper[Any], key: str, sequence: Sequence) -> Any:
        number = self.given[mapper, key] = self.given.get((mapper, key), 0) + 1
        return sequence.function(number)


def trait(class_: type, name: str) -> Callable[[Callable[[], Mapping[str, Any]]], Callable[[], Mapping[str, Any]]]:
    """Name attributes that belong together: the decorated function returns them as a dict.

    ``syda.make(session, Order, "cancelled")`` sets them; those of subclasses may use the traits of their bases, and
    what is given beside a trait wins over it. Raises `PlanError` for a name that the class has already.
    """

    def register(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
        if not isinstance(name, str) or not callable(function):
            raise PlanError(f"trait: expected a class, a name and a function, got {name!r} and {function!r}")
        known = _TRAITS.get((class_, name))
        if known is not None and known.__qualname__ != function.__qualname__:
            raise PlanError(f"trait: {class_.__name__} has a trait {name!r} already")
        _TRAITS[class_, name] = function
        return function

    return register


def after_make(class_: type) -> Callable[[Hook], Hook]:
    """Have ``function(object, session)`` called for each object of the class that was made, in the order of making.

    Of objects that were built the session is None. Hooks of base classes come first.
    """

    def register(function: Hook) -> Hook:
        hooks = _HOOKS.setdefault(class_, [])
        hooks[:] = [each for each in hooks if each.__qualname__ != function.__qualname__]
        hooks.append(function)
        return function

    return register


def expanded(mapper: Mapper[Any], traits: Iterable[str], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes with those of the traits, later ones and the attributes themselves winning."""
    found: dict[str, Any] = {}
    for name in [traits] if isinstance(traits, str) else traits:
        found |= _attributes_of(mapper, name)
    return found | dict(attributes)


def _attributes_of(mapper: Mapper[Any], name: str) -> Mapping[str, Any]:
    own = {
        label: (class_, label) for class_ in reversed(mapper.class_.__mro__) for of, label in _TRAITS if of is class_
    }
    if name not in own:
        shown = f" of {mapper.class_.__name__}: {', '.join(sorted(own))}" if own else ""
        raise UnknownNameError(f"{mapper.class_.__name__} has no trait {name!r}{near(str(name), own) or shown}")
    given = _TRAITS[own[name]]()
    if not isinstance(given, Mapping):
        raise PlanError(f"the trait {name!r} of {mapper.class_.__name__} has to return a dict, got {given!r:.60}")
    return given


def call_hooks(made: Iterable[Any], session: Any) -> None:
    """Call what is to be done after objects are made."""
    if not _HOOKS:
        return
    for each in made:
        for class_ in reversed(type(each).__mro__):
            for hook in _HOOKS.get(class_, ()):
                hook(each, session)
