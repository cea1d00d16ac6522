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
class Numbered:
    """A value that depends on how many the class has had: 1, 2, 3, ... in each session."""

    function: Callable[[int], Any]


def sequence(function: Callable[[int], Any] | str) -> Numbered:
    """Return a value that is another for each object: ``sequence("INV-{:04d}")`` or ``sequence(lambda n: n * 10)``.

    Numbers begin at 1 in each session, and in each test.
    """
    if isinstance(function, str):
        return Numbered(function.format)
    if not callable(function):
        raise PlanError(f"sequence: expected a function or a format, got {type(function).__name__} {function!r}")
    return Numbered(function)


@dataclass(slots=True)
class Numbers:
    """How many values each sequence has given."""

    given: dict[tuple[Any, str], int] = field(default_factory=dict)

    def next(self, mapper: Mapper[Any], key: str, sequence: Numbered) -> Any:
        number = self.given[mapper, key] = self.given.get((mapper, key), 0) + 1
        try:
            return sequence.function(number)
        except (LookupError, ValueError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise PlanError(f"{mapper.class_.__name__}.{key}: its sequence fails for {number}: {reason}") from error


def trait(class_: type, name: str) -> Callable[[Callable[[], Mapping[str, Any]]], Callable[[], Mapping[str, Any]]]:
    """Name attributes that belong together: the decorated function returns them as a dict.

    ``syda.make(session, Order, "cancelled")`` sets them; those of subclasses may use the traits of their bases, and
    what is given beside a trait wins over it. Raises `PlanError` for a name that the class has already.
    """

    def register(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
        _require_class("trait", class_)
        if not isinstance(name, str) or not callable(function):
            raise PlanError(f"trait: expected a class, a name and a function, got {name!r} and {function!r}")
        known = _TRAITS.get((class_, name))
        if known is not None and not _is_again(known, function):
            raise PlanError(f"trait: {class_.__name__} has a trait {name!r} already")
        _TRAITS[class_, name] = function
        return function

    return register


def after_make(class_: type) -> Callable[[Hook], Hook]:
    """Have ``function(object, session)`` called for each object of the class that was made, in the order of making.

    Of objects that were built the session is None. Hooks of base classes come first.
    """

    def register(function: Hook) -> Hook:
        _require_class("after_make", class_)
        if not callable(function):
            raise PlanError(f"after_make: expected a function of an object and a session, got {function!r:.60}")
        hooks = _HOOKS.setdefault(class_, [])
        hooks[:] = [each for each in hooks if not _is_again(each, function)]
        hooks.append(function)
        return function

    return register


def _require_class(what: str, class_: Any) -> None:
    if not isinstance(class_, type):
        raise PlanError(f"{what}: expected a class first, got {type(class_).__name__} {class_!r:.60}")


def _is_again(known: Any, function: Any) -> bool:
    """Tell whether a function is one that is known, of a module that was loaded once more."""
    names = [(getattr(each, "__module__", None), getattr(each, "__qualname__", "<")) for each in (known, function)]
    codes = [getattr(each, "__code__", None) for each in (known, function)]
    is_top = "<" not in names[0][1]  # lambdas, and functions within others, may be many of one name
    return known is function or (names[0] == names[1] and (is_top or (codes[0] is not None and codes[0] == codes[1])))


def layers_of(mapper: Mapper[Any], traits: Iterable[str], attributes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the attributes of the traits, one after the other, and last what is said beside them."""
    names = [traits] if isinstance(traits, str) else traits
    return [*(_attributes_of(mapper, name) for name in names), attributes]


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


def call_hooks(made: Iterable[Any], session: Any) -> bool:
    """Call what is to be done after objects are made; tell whether there was anything."""
    called = False
    for each in made if _HOOKS else ():
        for class_ in reversed(type(each).__mro__):
            for hook in _HOOKS.get(class_, ()):
                hook(each, session)
                called = True
    return called
