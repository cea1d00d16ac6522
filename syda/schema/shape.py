"""Checks of plain data: each returns its argument in the shape asked for, or says where it is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from syda.errors import SchemaError, near

T = TypeVar("T")


def mapping_of(value: object, where: str, *, what: str = "a mapping") -> dict[str, Any]:
    """Return a mapping whose keys are text."""
    if not isinstance(value, Mapping):
        raise SchemaError(f"{where}: expected {what}, found {_shown(value)}")
    for key in value:
        if not isinstance(key, str):
            raise SchemaError(f"{where}: the name {key!r} is not text; put it in quotes")
    return dict(value)


def known_keys(value: object, known: Collection[str], where: str) -> dict[str, Any]:
    """Return a mapping that has no other keys than those known."""
    mapping = mapping_of(value, where)
    for key in mapping:
        if key not in known:
            raise SchemaError(f"{where}: unknown key {key!r}{near(key, known)}")
    return mapping


def list_of(value: object, where: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, (list, tuple)):
        raise SchemaError(f"{where}: expected a list, found {_shown(value)}")
    return list(value)


def names_of(value: object, where: str) -> tuple[str, ...]:
    """Return one name, or a list of them, as a tuple."""
    names = [value] if isinstance(value, str) else list_of(value, where)
    return tuple(typed(name, str, where) for name in names)


def typed(value: object, class_: type[T], where: str) -> T:
    """Return a value of the class given; a bool is not a number."""
    if not isinstance(value, class_) or (isinstance(value, bool) and class_ is not bool):
        raise SchemaError(f"{where}: expected {_NAMES.get(class_.__name__, class_.__name__)}, found {_shown(value)}")
    return value


def optional(mapping: Mapping[str, Any], key: str, class_: type[T], where: str) -> T | None:
    """Return the value under a key, or None when there is none."""
    value = mapping.get(key)
    return None if value is None else typed(value, class_, f"{where}, {key}")


def flag(mapping: Mapping[str, Any], key: str, where: str, *, default: bool = False) -> bool:
    """Return a yes or no."""
    return typed(mapping.get(key, default), bool, f"{where}, {key}")


def known_name(name: str, known: Collection[str], where: str) -> str:
    """Return a column's name that the table has."""
    if name not in known:
        raise SchemaError(f"{where}: there is no column {name!r}{near(name, known)}")
    return name


def known_names(names: Collection[str], known: Collection[str], where: str) -> tuple[str, ...]:
    """Return the names of columns that the table has."""
    return tuple(known_name(name, known, where) for name in names)


_NAMES = {"str": "text", "int": "a whole number", "bool": "true or false"}


def _shown(value: object) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
