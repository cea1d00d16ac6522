"""Sources by type alone, and sources made to fit a column's length, precision and range."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from syda.schema.model import NUMBERS, Column, DefaultKind, Kind
from syda.sources.base import Source
from syda.sources.company import Company, Prose
from syda.sources.elements import has_elements
from syda.sources.moment import Duration, Moment
from syda.sources.native import PATTERNS
from syda.sources.person import Person, Phone
from syda.sources.places import Place
from syda.sources.scalar import Choice, Code, Database, Flag, Identifier, Null, Number
from syda.sources.standards import Standard
from syda.sources.structured import Bytes, Items, JsonObject, Record
from syda.sources.text import Pattern, Words

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_EACH = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""For values that are told apart by one character: none of the few is left out because it looks like another."""
_HEX, _DIGITS = "0123456789abcdef", "123456789"
_UUID_LENGTHS = (32, 36)
_SHORT, _PHRASE, _CITY_CODE, _ALPHA_3 = 6, 40, 4, 3
_COORDINATE, _ROUGH = 11, 5
_ANY = 1e15
_DEGREES = {"latitude": 90, "longitude": 180}
_FEW = ("gender", "prefix", "initials")
_NAMES: dict[str, Source] = {
    "city": Words(vocabulary="faker:city"),
    "state": Words(vocabulary="faker:city"),
    "country": Words(vocabulary="country"),
    "country_code": Pattern(regex="[A-Z]{2}"),
    "country_code3": Pattern(regex="[A-Z]{3}"),
    "state_code": Pattern(regex="[A-Z]{2,3}"),
    "street_name": Words(vocabulary="street_name"),
    "unit": Pattern(regex=r"Apt\. [1-9]\d{0,3}"),
    "building": Pattern(regex=r"[1-9]\d{0,4}"),
    "timezone": Pattern(regex=r"Etc/GMT[+-](\d|1[0-4])"),
    "currency": Words(vocabulary="currency_code"),
    "latitude": Number(low=-60, high=70, places=6),
    "longitude": Number(low=-180, high=180, places=6),
}
_WHOLE = {"ipv4": 15, "ipv6": 24, "mac": 17, "website": 20, "domain": 12, "phone": 10}
"""The characters that addresses need which cannot be cut."""
_DAY = 10
_DATES = {4: r"20[12]\d", 7: r"20(1\d|2[0-5])-(0[1-9]|1[0-2])", 8: r"20(1\d|2[0-5])(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])"}
"""How days are written where ten characters have no room."""
_NATIVE: dict[str, Source] = {
    "inet": Company(part="ipv4"),
    "macaddr": Company(part="mac"),
    "money": Number(low=1, high=900, distribution="lognormal", places=2),
}
_BITS = ("bit", "bit varying", "varbit")
_LISTED = re.compile(r"\b(list|array)\b", re.IGNORECASE)
_EMPTY_LIST = re.compile(r"""\W*(\[\s*\]|json_?array\(\)|jsonb?_build_array\(\))\W*(::\w+)?\W*""", re.IGNORECASE)
_EMPTY_OBJECT = re.compile(r"""\W*(\{\s*\}|json_?object\(\)|jsonb?_build_object\(\))\W*(::\w+)?\W*""", re.IGNORECASE)


def by_type(column: Column, *, unique: bool = False) -> Source | None:
    """Return the source of a column whose name says nothing; None when its type is unknown and a value required."""
    type_ = column.type
    match type_.kind:
        case Kind.BOOLEAN:
            return Flag(probability=0.5)
        case Kind.INTEGER if type_.values:
            return Choice(values=tuple(map(int, type_.values)))
        case Kind.INTEGER | Kind.FLOAT | Kind.DECIMAL:
            return fitted(Number(low=0, high=100_000_000 if unique else 1_000), column)
        case Kind.TEXT:
            return roomiest(_text(column), column) if unique else _text(column)
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
            return JsonObject(listed=is_listed(column))
        case Kind.ARRAY if type_.item is None or has_elements(type_.item):
            return Items()
    return _other(column)


def _text(column: Column) -> Source:
    length = column.type.length
    if column.type.fixed_length and length:
        if length in _UUID_LENGTHS:
            return Identifier()
        return Code(length=length, alphabet=_HEX if length > 32 else _LETTERS)
    if length is not None and length <= _SHORT:
        return Code(length=length, alphabet=_LETTERS)
    if length is not None and length <= _PHRASE:
        return Words(vocabulary="word")
    return Prose(topic="note", sentences=1 if length is not None and length < 200 else 2)


def is_listed(column: Column) -> bool:
    """Tell whether the default or the comment of a JSON column says that it holds lists."""
    written = next((text for text in (column.comment, column.doc) if text), "")
    return bool(_LISTED.search(written)) or bool(_EMPTY_LIST.fullmatch(str(column.default)))


def has_empty_default(column: Column) -> bool:
    """Tell whether the default of a JSON column is an empty list or object, which shows the shape and no more."""
    default = str(column.default)
    return column.type.kind is Kind.JSON and bool(_EMPTY_LIST.fullmatch(default) or _EMPTY_OBJECT.fullmatch(default))


def native_source(column: Column) -> Source | None:
    """Return the source of a type that only some databases have; None where nothing is known of it."""
    type_ = column.type
    if type_.native in _BITS:
        return Code(length=type_.length or (1 if type_.native == "bit" else 8), alphabet="01")
    if type_.native in _NATIVE:
        return _NATIVE[type_.native]
    if type_.native in PATTERNS:
        return Pattern(regex=PATTERNS[type_.native])
    if type_.fields and has_elements(type_):
        return Record()
    return Choice(values=type_.values) if type_.values else None


def is_unknown(column: Column) -> bool:
    """Tell whether a value is required of a type of which nothing is known."""
    return not column.computed and by_type(column) is None


def _other(column: Column) -> Source | None:
    known = native_source(column)
    if known is not None:
        return known
    if column.default_kind is DefaultKind.SERVER:
        return Database()
    return Null() if column.nullable else None


def fitted(source: Source, column: Column) -> Source:
    """Return the source changed so that its values fit the column's length, digits and range."""
    if column.type.kind in NUMBERS:
        return _in_range(source, column)
    length = column.type.length
    if length is None:
        return source
    if isinstance(source, Number) and len(f"{source.high:.0f}") > length:
        return Code(length=length, alphabet=_DIGITS)
    if isinstance(source, Code) and length in _UUID_LENGTHS and len(source.alphabet) >= len(_HEX):
        return Identifier()
    if isinstance(source, Code):
        return replace(source, length=length if column.type.fixed_length else min(source.length, length))
    if isinstance(source, Place):
        return _place(source, length)
    if isinstance(source, Standard):
        return _standard(source, length)
    if isinstance(source, Company | Phone) and length < _WHOLE.get(getattr(source, "part", "phone"), 0):
        return Code(length=length, alphabet=_DIGITS if isinstance(source, Phone) else _HEX)
    if isinstance(source, Moment) and length < _DAY:
        return Pattern(regex=_DATES[length]) if length in _DATES else Code(length=length, alphabet=_DIGITS)
    if isinstance(source, Choice):
        return _choice(source, length)
    if isinstance(source, Pattern) and source.longest > length:
        return Code(length=length, alphabet=_LETTERS)
    return source


def _standard(source: Standard, length: int) -> Source:
    if source.part == "code" and source.list != "currency" and length == _ALPHA_3:
        return replace(source, part="code3")
    if source.longest <= length:
        return source
    return Words(vocabulary="country") if source.part in ("name", "capital") else Code(length=length, alphabet=_LETTERS)


def _in_range(source: Source, column: Column) -> Source:
    """Return the source within the digits of a column of numbers."""
    type_ = column.type
    if isinstance(source, Number):
        return _number(source, column)
    top = _number(Number(low=0, high=_ANY), column).high
    if isinstance(source, Duration):
        whole = math.floor(top)
        shorter = replace(source, low=min(source.low, whole), high=min(source.high, whole))
        return shorter if whole else _number(Number(low=0, high=top), column)
    if isinstance(source, Choice):
        kept = _kept(source, lambda value: value <= top)
        return kept or _number(Number(low=0, high=top), column)
    if isinstance(source, Place) and type_.precision is not None and top < _DEGREES.get(source.part, 0):
        return _number(Number(low=-top, high=top), column)
    return source


def _number(source: Number, column: Column) -> Number:
    type_ = column.type
    top = float(source.high)
    if type_.kind is Kind.INTEGER and type_.bits:
        top = min(top, float((1 << (type_.bits if type_.unsigned else type_.bits - 1)) - 1))
    elif type_.precision is not None and type_.kind is not Kind.INTEGER:
        scale = type_.scale or 0
        top = min(top, 10.0 ** (type_.precision - scale) - 10.0**-scale)
    top = math.floor(top) if source.places == 0 else top
    low = max(float(source.low), 0.0 if type_.unsigned else -top if top >= 0 else top)
    return replace(source, low=min(low, top), high=top, ending=source.ending if type_.scale != 0 else None)


def _place(source: Place, length: int) -> Source:
    if source.part in ("latitude", "longitude") and length < _COORDINATE:
        return Pattern(regex=r"[1-8]\d\.\d\d") if length >= _ROUGH else Code(length=length, alphabet=_DIGITS)
    if source.part == "city" and length <= _CITY_CODE:
        return Pattern(regex=f"[A-Z]{{{length}}}")
    if source.part == "state" and length <= 3:
        return replace(source, part="state_code")
    if source.part in ("country", "country_code") and length <= 3:
        return replace(source, part="country_code" if length == 2 else "country_code3")
    return source


def _choice(source: Choice, length: int) -> Source:
    return _kept(source, lambda value: len(str(value)) <= length) or Code(length=length, alphabet=_LETTERS)


def _kept(source: Choice, fits: Callable[[Any], bool]) -> Choice | None:
    """Return the choice among the values that fit, None when there is none."""
    kept = [place for place, value in enumerate(source.values) if fits(value)]
    if len(kept) == len(source.values):
        return source
    weights = None if source.weights is None else tuple(source.weights[place] for place in kept)
    return Choice(values=tuple(source.values[place] for place in kept), weights=weights) if kept else None


def roomiest(source: Source, column: Column) -> Source:
    """Return a code for a unique column with as many letters as one character can be, where it has no more."""
    is_one = isinstance(source, Code) and column.type.kind is Kind.TEXT and column.type.length == 1
    return Code(length=1, alphabet=_EACH) if is_one else source


def endless(source: Source) -> Source | None:
    """Return a source for a unique column that does not run out of places, None where its values are but a few."""
    few = isinstance(source, Choice | Flag) or (isinstance(source, Person) and source.part in _FEW)
    if few or (isinstance(source, Standard) and not source.countable):
        return None
    return _NAMES.get(source.part, source) if isinstance(source, Place) else source
