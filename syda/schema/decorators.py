"""What an application's own types say of the values that they take: members of an enum, text to be encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from sqlalchemy import TypeDecorator
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import Mapped

from syda.schema.model import Kind, LogicalType

_LEAST_ROOM = 4
_FORMS: Mapping[Any, Kind] = {str: Kind.TEXT, dict: Kind.JSON, Decimal: Kind.DECIMAL}
_OVER = {Kind.BINARY: (Kind.TEXT, Kind.JSON), Kind.INTEGER: (Kind.DECIMAL,)}
"""What types of applications take and store as another kind: text as bytes, amounts as numbers of cents."""
_DIGITS = {16: 4, 32: 9, 64: 18}
_OTHER_CLASS = (AttributeError, TypeError)
"""How code refuses a value that is of another class than it expects; one of the right class it refuses otherwise."""


def as_stored(type_: TypeDecorator[Any], implementation: LogicalType) -> LogicalType:
    """Return the type that a decorator is implemented by, limited to what the decorator can store in it.

    Of one that stores text or documents as bytes, or decimals as whole numbers, it is the type of what it takes.
    """
    if not converts(type_):
        return implementation
    if implementation.kind is Kind.BINARY:
        return as_taken(type_, implementation, _taken(type_))
    if implementation.kind in {Kind.INTEGER, Kind.TEXT}:
        stored = _members(type_)
        if stored and implementation.kind is Kind.TEXT and all(isinstance(each, str) for each in stored):
            return replace(implementation, kind=Kind.ENUM, values=stored)
        if stored and implementation.kind is Kind.INTEGER and all(isinstance(each, int) for each in stored):
            return replace(implementation, values=tuple(map(str, stored)))
    if implementation.kind is Kind.INTEGER:
        return as_taken(type_, implementation, _said(type_))
    if implementation.kind is Kind.TEXT and implementation.length:
        return replace(implementation, length=_room(type_, implementation.length))
    return implementation


def converts(type_: TypeDecorator[Any]) -> bool:
    """Tell whether a type has code of its own for the values that it is given."""
    return type(type_).process_bind_param is not TypeDecorator.process_bind_param


def as_taken(type_: TypeDecorator[Any], stored: LogicalType, taken: Any) -> LogicalType:
    """Return the type of what a decorator takes, given the class of it, or of what is stored."""
    kind = _FORMS.get(taken, stored.kind)
    if kind not in _OVER.get(stored.kind, ()):
        return stored
    if kind is Kind.DECIMAL:
        return _as_decimal(type_, stored)
    length = _room(type_, stored.length) if kind is Kind.TEXT and stored.length else None
    return replace(stored, kind=kind, length=length, fixed_length=False)


def _as_decimal(type_: TypeDecorator[Any], stored: LogicalType) -> LogicalType:
    """Return the type of decimals that are stored as numbers of their smallest part; what is stored for others."""
    parts = str(_bound(type_, Decimal(1)))
    scale, precision = len(parts) - 1, _DIGITS.get(stored.bits or 32, 0)
    if parts != f"1{'0' * scale}" or not 0 < scale < precision:
        return stored
    return replace(stored, kind=Kind.DECIMAL, bits=None, precision=precision, scale=scale)


def _taken(type_: TypeDecorator[Any]) -> Any:
    """Return the class of the values that a type over bytes takes, as it says, or as it takes and refuses them."""
    said = _said(type_)
    if said is not None:
        return said
    if not isinstance(_refusal(type_, b"x" * 16), _OTHER_CLASS) or isinstance(_refusal(type_, "x" * 16), _OTHER_CLASS):
        return bytes
    return str if _refusal(type_, {"x": 1}) else dict  # what writes JSON takes both


def _said(type_: TypeDecorator[Any]) -> Any:
    return form_of(_python_type(type_)) or form_of(_read_hint(type_))


def form_of(annotation: Any) -> Any:
    """Return the class of text, documents or decimals in an annotation such as ``Mapped[str | None]``; else None."""
    if get_origin(annotation) in _FORMS or annotation in _FORMS:
        return get_origin(annotation) or annotation
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType, Mapped) else ()
    return next(filter(None, map(form_of, parts)), None)


def _python_type(type_: TypeDecorator[Any]) -> Any:
    try:
        return type_.python_type
    except NotImplementedError:
        return None


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
    read = _read_hint(type_)
    return (read, *get_args(read))


def _read_hint(type_: TypeDecorator[Any]) -> Any:
    try:
        return get_type_hints(type(type_).process_result_value).get("return")
    except Exception:  # noqa: BLE001 - names that only a type checker knows
        return None


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


def _refusal(type_: TypeDecorator[Any], value: Any) -> Exception | None:
    try:
        type_.process_bind_param(value, DefaultDialect())
    except Exception as error:  # noqa: BLE001 - a user's code, which may want anything
        return error
    return None
