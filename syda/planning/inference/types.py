"""Sources by type alone, and sources made to fit a column's length, precision and range."""

from __future__ import annotations

from dataclasses import replace

from syda.schema.model import Column, DefaultKind, Kind
from syda.sources.base import Source
from syda.sources.company import Company, Prose
from syda.sources.moment import Duration, Moment
from syda.sources.places import Place
from syda.sources.scalar import Choice, Code, Database, Flag, Identifier, Null, Number
from syda.sources.structured import Bytes, Items, JsonObject
from syda.sources.text import Pattern, Words

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_HEX = "0123456789abcdef"
_SHORT, _PHRASE, _CITY_CODE = 6, 40, 4
_NATIVE = {
    "inet": Company(part="ipv4"),
    "macaddr": Company(part="mac"),
    "cidr": Pattern(regex=r"10\.\d\d\.\d\d\.0/24"),
    "bit": Code(length=1, alphabet="01"),
    "money": Number(low=1, high=900, distribution="lognormal", places=2),
    "xml": Pattern(regex=r"<note>[a-z]{8}</note>"),
    "tsvector": Words(vocabulary="word"),
    "hstore": Pattern(regex=r'"[a-z]{4}"=>"[a-z]{6}"'),
    "point": Pattern(regex=r"\([1-8]\d\.\d{3},[1-8]\d\.\d{3}\)"),
    "int4range": Pattern(regex=r"\[[1-4]\d,[5-9]\d\)"),
    "int8range": Pattern(regex=r"\[[1-4]\d,[5-9]\d\)"),
    "numrange": Pattern(regex=r"\[[1-4]\d,[5-9]\d\)"),
    "daterange": Pattern(regex=r"\[2024-0[1-9]-1\d,2025-0[1-9]-1\d\)"),
}


def by_type(column: Column, *, unique: bool = False) -> Source | None:
    """Return the source of a column whose name says nothing; None when its type is unknown and a value required."""
    type_ = column.type
    match type_.kind:
        case Kind.BOOLEAN:
            return Flag(probability=0.5)
        case Kind.INTEGER | Kind.FLOAT | Kind.DECIMAL:
            return fitted(Number(low=0, high=100_000_000 if unique else 1_000), column)
        case Kind.TEXT:
            return _text(column)
        case Kind.ENUM:
            return Choice(values=type_.values)
        case Kind.DATE | Kind.DATETIME | Kind.TIME:
            return Moment(low="-2y", recent=0.5)
        case Kind.INTERVAL:
            return Duration()
        case Kind.UUID:
            return Identifier()
        case Kind.BINARY:
            return Bytes()
        case Kind.JSON:
            return JsonObject()
        case Kind.ARRAY:
            return Items()
    return _other(column)


def _text(column: Column) -> Source:
    length = column.type.length
    if column.type.fixed_length and length:
        return Code(length=length, alphabet=_HEX if length >= 32 else _LETTERS)
    if length is not None and length <= _SHORT:
        return Code(length=length, alphabet=_LETTERS)
    if length is not None and length <= _PHRASE:
        return Words(vocabulary="word")
    return Prose(topic="note", sentences=1 if length is not None and length < 200 else 2)


def _other(column: Column) -> Source | None:
    known = _NATIVE.get(column.type.native)
    if known is not None:
        return known
    if column.type.values:
        return Choice(values=column.type.values)
    if column.default_kind is DefaultKind.SERVER:
        return Database()
    return Null() if column.nullable else None


def fitted(source: Source, column: Column) -> Source:
    """Return the source changed so that its values fit the column's length, digits and range."""
    if isinstance(source, Number):
        return _number(source, column)
    length = column.type.length
    if length is None:
        return source
    if isinstance(source, Code):
        return replace(source, length=length if column.type.fixed_length else min(source.length, length))
    if isinstance(source, Place):
        return _place(source, length)
    if isinstance(source, Choice):
        return _choice(source, length)
    if isinstance(source, Pattern) and source.longest > length:
        return Code(length=length, alphabet=_LETTERS)
    return source


def _number(source: Number, column: Column) -> Number:
    type_ = column.type
    top = float(source.high)
    if type_.kind is Kind.INTEGER and type_.bits:
        top = min(top, float((1 << (type_.bits if type_.unsigned else type_.bits - 1)) - 1))
    elif type_.precision is not None and type_.kind is not Kind.INTEGER:
        scale = type_.scale or 0
        top = min(top, 10.0 ** (type_.precision - scale) - 10.0**-scale)
    low = max(float(source.low), 0.0 if type_.unsigned else -top if top >= 0 else top)
    return replace(source, low=min(low, top), high=top, ending=source.ending if type_.scale != 0 else None)


def _place(source: Place, length: int) -> Source:
    if source.part == "city" and length <= _CITY_CODE:
        return Pattern(regex=f"[A-Z]{{{length}}}")
    if source.part == "state" and length <= 3:
        return replace(source, part="state_code")
    if source.part in ("country", "country_code") and length <= 3:
        return replace(source, part="country_code" if length == 2 else "country_code3")
    return source


def _choice(source: Choice, length: int) -> Source:
    kept = [place for place, value in enumerate(source.values) if len(str(value)) <= length]
    if len(kept) == len(source.values):
        return source
    if not kept:
        return Code(length=length, alphabet=_LETTERS)
    weights = None if source.weights is None else tuple(source.weights[place] for place in kept)
    return Choice(values=tuple(source.values[place] for place in kept), weights=weights)
