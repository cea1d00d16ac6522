"""The words for column types in dicts and files: ``text``, ``decimal(10, 2)``, ``email``, ``enum(new, paid)``.

Any other text is a hint: a word says what the column means, and a phrase is the column's comment.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from syda.errors import SchemaError
from syda.schema.model import Kind, LogicalType

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANING = "meaning"
"""The key in `Column.info` under which a word such as ``email`` is kept."""

TYPES: Mapping[str, LogicalType] = {
    **{kind.value: LogicalType(kind=kind) for kind in Kind},
    "bool": LogicalType(kind=Kind.BOOLEAN),
    "number": LogicalType(kind=Kind.DECIMAL, scale=2),
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

_WORD = re.compile(r"(?P<word>[^()]+?)(?P<gap>\s*)(\((?P<arguments>.*)\))?", re.DOTALL)
_REFERENCE = re.compile(r"[^\W\d]\w*(\.\w+)+")
_PHRASE = re.compile(r"[\s/]")
_FIRST = re.compile(r"[a-z]+")
_SPOKEN = frozenset(
    ["boolean", "number", "integer", "int", "float", "decimal", "numeric", "text", "string", "date", "datetime", "uuid"]
)
"""Types that a phrase may begin with; "real estate" and "time zone" are no numbers and times."""
_NEAR = 0.8


@dataclass(frozen=True)
class Word:
    """A type word taken apart; `reference` is the ``table.column`` that it names instead of a type.

    `meaning` and `comment` are what a hint says: one word, or more. `is_number` says that only the column's name can
    tell what kind of number is meant.
    """

    type: LogicalType | None = None
    meaning: str | None = None
    comment: str | None = None
    reference: str | None = None
    optional: bool = False
    is_number: bool = False


def parse_word(text: str, where: str, *, tables: Collection[str] = (), misspelled: bool = False) -> Word:
    """Return what a type word says; a trailing ``?`` makes the column optional.

    `tables` are those that references may name. What is no type is a hint; raises `SchemaError` for a word that nearly
    is a type, unless it may be `misspelled`.
    """
    said = text.strip()
    optional = said.endswith("?")
    said = said.removesuffix("?").strip()
    if not said:
        raise SchemaError(f"{where}: the type is empty; write a word such as 'text', or what the column holds")
    match = _WORD.fullmatch(said)
    known = match["word"].lower() if match else said
    if match and known in (TYPES.keys() | MEANINGS) and not _is_prose(match, lenient=misspelled):
        base = _with_arguments(TYPES.get(known, LogicalType(kind=Kind.TEXT)), match["arguments"], text, where)
        meaning = known if known in MEANINGS else None
        return Word(type=base, meaning=meaning, optional=optional, is_number=known == "number")
    if said.rpartition(".")[0] in tables or _REFERENCE.fullmatch(said):
        return Word(reference=said, optional=optional)
    if match is None or _PHRASE.search(known + match["gap"]) or _is_prose(match, lenient=True):
        return _phrase(said, optional=optional)
    if not misspelled and (meant := _nearly(known)):
        raise SchemaError(f"{where}: unknown type {text!r}; did you mean {meant!r}?")
    base = _with_arguments(LogicalType(kind=Kind.TEXT), match["arguments"], text, where)
    return Word(type=base, meaning=match["word"], optional=optional)


def _nearly(word: str) -> str | None:
    """Return the known word that another one nearly is, letters changed or swapped."""
    word = word.lower()
    known = sorted(TYPES.keys() | MEANINGS)
    closest = max(known, key=lambda each: SequenceMatcher(None, word, each).ratio())
    if SequenceMatcher(None, word, closest).ratio() >= _NEAR:
        return closest
    return next((each for each in known if sorted(each) == sorted(word)), None)


def _is_prose(match: re.Match[str], *, lenient: bool) -> bool:
    """Tell whether what stands in brackets is a remark, as in ``name (short)``, and not a length."""
    arguments = match["arguments"]
    if arguments is None or match["word"].lower() == "enum" or not re.search(r"[^\W\d]", arguments):
        return False
    return lenient or bool(match["gap"])


def _phrase(said: str, *, optional: bool) -> Word:
    """Return what a phrase says of a column: its comment, and its type where the first word is one."""
    first = _FIRST.match(said.lower())
    spoken = first[0] if first and first[0] in _SPOKEN else "text"
    whole = said.lower().startswith("number of ")
    return Word(
        type=TYPES["integer" if whole else spoken],
        comment=said,
        optional=optional,
        is_number=spoken == "number" and not whole,
    )


def _with_arguments(base: LogicalType, arguments: str | None, text: str, where: str) -> LogicalType:
    if base.kind is Kind.ENUM:
        values = tuple(part.strip().strip("'\"") for part in (arguments or "").split(","))
        if arguments is not None and not any(values):
            raise SchemaError(f"{where}: an enum needs its values: write 'enum(a, b)' or a list of them")
        return base if arguments is None else replace(base, values=values)
    if arguments is None:
        return base
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
