"""Sources of text: vocabularies, templates, patterns."""

from __future__ import annotations

import re
import string
import struct
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from syda.errors import PlanError
from syda.schema.model import Column, Kind
from syda.sources.base import Context, Source, rows_of
from syda.sources.pattern import Language, parse_pattern
from syda.sources.permutation import permute
from syda.sources.scalar import weighted_index
from syda.sources.stream import Integers, stream_key, to_uniform
from syda.sources.values import Values, from_python, objects, to_python
from syda.sources.vocabulary import Vocabulary, vocabulary

_PATTERN_WORDS = 4
_PACKED = f"{_PATTERN_WORDS}Q"


def fit(text: list[str], column: Column) -> list[str]:
    """Cut each string to the column's length, without leaving a space at the end."""
    length = column.type.length
    if length is None:
        return text
    return [item if len(item) <= length else item[:length].rstrip() or item[:length] for item in text]


def with_number(text: list[str], numbers: list[int], column: Column, separator: str = " ") -> list[str]:
    """Append a number to each string, inside the column's length; the number after the last separator is unique."""
    length = column.type.length or 1_000_000
    tails = [f"{separator}{number}" for number in numbers]
    return [item[: max(length - len(tail), 0)] + tail for item, tail in zip(text, tails, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Source):
    """An entry of a named vocabulary, e.g. ``job`` or ``faker:color_name``, that fits the column's length.

    A distinct column goes through the whole vocabulary in shuffled order, then again with a number behind each entry.
    """

    source: Literal["words"] = "words"
    vocabulary: str
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        words = vocabulary(self.vocabulary, context.settings.locale)
        words = words.fitting(context.column.type.length)
        if context.distinct:
            return self._distinct(context, words)
        uniform = to_uniform(context.bits())
        if words.weights is None:
            index = (uniform * len(words.entries)).astype(np.int64)
        else:
            index = weighted_index(uniform, words.weights)
        return self._stored(context, words, index)

    @staticmethod
    def _stored(context: Context, words: Vocabulary, index: Integers) -> Values:
        if context.column.type.kind in (Kind.TEXT, Kind.OTHER, Kind.ENUM):
            return Values(words.array[index])
        return from_python(words.array[index].tolist(), context.column.type)

    def _distinct(self, context: Context, words: Vocabulary) -> Values:
        rounds, place = np.divmod(rows_of(context), len(words.entries))
        key = stream_key(context.settings.seed, context.table.key, context.column.name, "shuffle")
        index = permute(key, (place + rounds) % len(words.entries), len(words.entries))
        text = words.array[index].tolist()
        again = np.flatnonzero(rounds).tolist()
        numbered = [f"{text[row]} {rounds[row] + 1}" for row in again]
        length = context.column.type.length
        for row, item in zip(again, numbered, strict=True):
            fits = length is None or len(item) <= length
            text[row] = item if fits else with_number([text[row]], [context.start + row + 1], context.column, "-")[0]
        return from_python(text, context.column.type)

    def describe(self) -> str:
        return f"vocabulary {self.vocabulary}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Source):
    """Text with fields in braces: columns of the row (``{first_name}``), of a parent (``{company.domain}``), ``{row}``.

    A field may carry a format (``{id:05d}``); ``{first_name!l}`` is lower case, ``!u`` upper case, ``!s`` a slug.
    """

    source: Literal["template"] = "template"
    text: str

    def make(self, context: Context) -> Values:
        columns: dict[str, list[object]] = {}
        size = context.stop - context.start
        parts: list[list[str]] = []
        for literal, name, spec, conversion in string.Formatter().parse(self.text):
            parts.append([literal] * size)
            if name is not None:
                if name not in columns:
                    columns[name] = _field(context, name)
                parts.append([_formatted(item, spec or "", conversion) for item in columns[name]])
        text = fit(["".join(pieces) for pieces in zip(*parts, strict=True)] if parts else [""] * size, context.column)
        return (
            Values(objects(text)) if context.column.type.kind is Kind.TEXT else from_python(text, context.column.type)
        )

    def describe(self) -> str:
        return repr(self.text)


def _field(context: Context, name: str) -> list[object]:
    if name == "row":
        return list((rows_of(context) + 1).tolist())
    head, _, tail = name.partition(".")
    if not tail:
        column = context.table.column(head)
        return to_python(context.sibling(column.name), column.type)
    values, type_ = context.parent(context.table.foreign_key(head).name, tail)
    return to_python(values, type_)


def _formatted(item: object, spec: str, conversion: str | None) -> str:
    text = "" if item is None else format(item, spec)
    if conversion == "l":
        return text.lower()
    if conversion == "u":
        return text.upper()
    return slug(text) if conversion == "s" else text


def slug(text: str) -> str:
    """Return the text in lower-case ASCII letters and digits, joined by hyphens."""
    plain = text.translate(_TRANSLITERATION).lower()
    return re.sub(r"[^a-z0-9]+", "-", _ascii(plain)).strip("-")


_TRANSLITERATION = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "\u0131": "i"}
)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(Source):
    """A string that the regular expression matches from end to end, each length and branch alike.

    Countable: a distinct column numbers the strings of the language. Unlimited repeats stop at 8.
    Raises `PlanError` for look-around, back-references and other constructs that describe no finite list.
    """

    source: Literal["pattern"] = "pattern"
    regex: str

    def __post_init__(self) -> None:
        self._language()

    def _language(self) -> Language:
        try:
            return parse_pattern(self.regex)
        except (re.error, ValueError) as error:
            raise PlanError(f"cannot make strings from the regular expression {self.regex!r}: {error}") from error

    def at_length(self) -> str:
        """Return the last string of the language, which is one of its longest."""
        language = self._language()
        return language.at(language.size - 1)

    def make(self, context: Context) -> Values:
        language = self._language()
        words = zip(*(context.bits(str(place)).tolist() for place in range(_PATTERN_WORDS)), strict=True)
        drawn = [language.pick(int.from_bytes(struct.pack(_PACKED, *word)))[0] for word in words]
        return from_python(drawn, context.column.type)

    def capacity(self, column: Column) -> int | None:
        return min(self._language().size, 2**62)

    def at(self, context: Context, index: Integers) -> Values:
        language = self._language()
        return from_python([language.at(number) for number in index.tolist()], context.column.type)

    def describe(self) -> str:
        return f"matches {self.regex}"
