"""The words for column types in dicts and files: ``text``, ``decimal(10, 2)``, ``email``, ``enum(new, paid)``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from syda.errors import SchemaError, near
from syda.schema.model import Kind, LogicalType

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANING = "meaning"
"""The key in `Column.info` under which a word such as ``email`` is kept."""

TYPES: Mapping[str, LogicalType] = {
    **{kind.value: LogicalType(kind=kind) for kind in Kind},
    "bool": LogicalType(kind=Kind.BOOLEAN),
    "number": LogicalType(kind=Kind.INTEGER),
    "int": LogicalType(kind=Kind.INTEGER),
    "tinyint": LogicalType(kind=Kind.INTEGER, bits=8),
    "smallint": LogicalType(kind=Kind.INTEGER, bits=16),
    "bigint": LogicalType(kind=Kind.INTEGER, bits=64),
    "double": LogicalType(kind=Kind.FLOAT),
    "real": LogicalType(kind=Kind.FLOAT),
    "numeric": LogicalType(kind=Kind.DECIMAL),
    "money": LogicalType(kind=Kind.DECIMAL, scale=2),
    "string": LogicalType(kind=Kind.TEXT),
    "str": LogicalType(kind=Kind.TEXT),
    "varchar": LogicalType(kind=Kind.TEXT),
    "char": LogicalType(kind=Kind.TEXT, fixed_length=True),
    "timestamp": LogicalType(kind=Kind.DATETIME),
    "timestamptz": LogicalType(kind=Kind.DATETIME, timezone=True),
    "guid": LogicalType(kind=Kind.UUID),
    "bytes": LogicalType(kind=Kind.BINARY),
    "blob": LogicalType(kind=Kind.BINARY),
}

MEANINGS = frozenset(
    [
        "email",
        "name",
        "first_name",
        "last_name",
        "full_name",
        "username",
        "phone",
        "url",
        "domain",
        "address",
        "street",
        "city",
        "state",
        "country",
        "postcode",
        "zip",
        "company",
        "job",
        "title",
        "description",
        "sentence",
        "paragraph",
        "comment",
        "slug",
        "color",
        "currency",
        "language",
        "ip",
        "hostname",
        "filename",
        "password",
    ]
)

_WORD = re.compile(r"\s*(?P<word>[^()?]+?)\s*(\((?P<arguments>.*)\))?\s*(?P<optional>\?)?\s*", re.DOTALL)


@dataclass(frozen=True)
class Word:
    """A type word taken apart; `reference` is the ``table.column`` that it names instead of a type."""

    type: LogicalType | None = None
    meaning: str | None = None
    reference: str | None = None
    optional: bool = False


def parse_word(text: str, where: str) -> Word:
    """Return what a type word says; a trailing ``?`` makes the column optional."""
    reference = text.strip()
    optional = reference.endswith("?")
    match = _WORD.fullmatch(text)
    known = match["word"].lower() if match else text
    if match and known in TYPES:
        return Word(type=_with_arguments(TYPES[known], match["arguments"], text, where), optional=optional)
    if match and known in MEANINGS:
        base = _with_arguments(LogicalType(kind=Kind.TEXT), match["arguments"], text, where)
        return Word(type=base, meaning=known, optional=optional)
    if "." in reference:
        return Word(reference=reference.removesuffix("?").strip(), optional=optional)
    raise SchemaError(f"{where}: unknown type {text!r}{near(known, [*TYPES, *MEANINGS])}")


def _with_arguments(base: LogicalType, arguments: str | None, text: str, where: str) -> LogicalType:
    if arguments is None:
        return base
    if base.kind is Kind.ENUM:
        return replace(base, values=tuple(part.strip().strip("'\"") for part in arguments.split(",")))
    if base.kind in {Kind.TEXT, Kind.BINARY}:
        (length,) = _numbers(arguments, 1, text, where)
        return replace(base, length=length)
    if base.kind is Kind.DECIMAL:
        precision, scale = _numbers(arguments, 2, text, where)
        return replace(base, precision=precision, scale=scale)
    raise SchemaError(f"{where}: {text!r}: {base.kind.value} takes no arguments")


def _numbers(arguments: str, most: int, text: str, where: str) -> list[int]:
    parts = [part.strip() for part in arguments.split(",")]
    if len(parts) > most or not all(part.isdecimal() for part in parts):
        raise SchemaError(f"{where}: {text!r} takes {'one whole number' if most == 1 else 'precision and scale'}")
    return [int(part) for part in parts] + [0] * (most - len(parts))
