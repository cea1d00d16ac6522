"""What an application's own types say of the values that they store: the members of an enum, room for encryption."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Any, get_args, get_type_hints

from sqlalchemy import TypeDecorator
from sqlalchemy.engine.default import DefaultDialect

from syda.schema.model import Kind, LogicalType

_LEAST_ROOM = 4


def as_stored(type_: TypeDecorator[Any], implementation: LogicalType) -> LogicalType:
    """Return the type that a decorator is implemented by, limited to what the decorator can store in it."""
    if type(type_).process_bind_param is TypeDecorator.process_bind_param:
        return implementation
    if implementation.kind in {Kind.INTEGER, Kind.TEXT}:
        stored = _members(type_)
        if stored and implementation.kind is Kind.TEXT and all(isinstance(each, str) for each in stored):
            return replace(implementation, kind=Kind.ENUM, values=stored)
        if stored and implementation.kind is Kind.INTEGER and all(isinstance(each, int) for each in stored):
            return replace(implementation, values=tuple(map(str, stored)))
    if implementation.kind is Kind.TEXT and implementation.length:
        return replace(implementation, length=_room(type_, implementation.length))
    return implementation


def _members(type_: TypeDecorator[Any]) -> tuple[Any, ...]:
    """Return what the type stores for the members of the enum that it is of, nothing when it is of none."""
    known = [*vars(type_).values(), *vars(type(type_)).values(), *_annotated(type_)]
    found = next((each for each in known if isinstance(each, type) and issubclass(each, Enum)), None)
    stored = [_bound(type_, member) for member in found or ()]
    # A subclass of a number, which an IntEnum is, is stored as the number.
    plain = [int(each) if isinstance(each, int) else each for each in stored]
    return () if None in plain else tuple(dict.fromkeys(plain))


def _annotated(type_: TypeDecorator[Any]) -> tuple[Any, ...]:
    """Return the parts of the annotation of what the type reads: ``Priority | None`` has two."""
    try:
        read = get_type_hints(type(type_).process_result_value).get("return")
    except Exception:  # noqa: BLE001 - names that only a type checker knows
        return ()
    return (read, *get_args(read))


def _room(type_: TypeDecorator[Any], length: int) -> int:
    """Return how long a text may be for what is stored of it to fit, as encryption makes text longer."""
    room = length
    while room > _LEAST_ROOM:
        stored = _bound(type_, "x" * room)
        if not isinstance(stored, str | bytes) or len(stored) <= length:
            return room
        room = room * 3 // 4
    return room


def _bound(type_: TypeDecorator[Any], value: Any) -> Any:
    try:
        return type_.process_bind_param(value, DefaultDialect())
    except Exception:  # noqa: BLE001 - a user's code, which may want anything
        return None
