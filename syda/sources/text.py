"""Sources of text: vocabularies, templates, patterns."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from syda.errors import PlanError
from syda.schema.model import Column, Kind
from syda.sources.base import Context, Source, rows_of
from syda.sources.pattern import LARGEST, Entropy, Language, is_unambiguous, parse_pattern
from syda.sources.permutation import permute
from syda.sources.stream import Integers, stream_key
from syda.sources.strings import Strings, fit, joined, lengths, numerals, shortened, slug, strings, with_number
from syda.sources.values import Values, from_python, to_python
from syda.sources.vocabulary import Vocabulary, vocabulary

_HOLDS_TEXT = (Kind.TEXT, Kind.OTHER, Kind.ENUM)


def from_text(text: Strings, context: Context) -> Values:
    """Return text as values of the context's column."""
    if context.column.type.kind in _HOLDS_TEXT:
        return Values(text)
    return from_python(text.tolist(), context.column.type)


def told_apart(text: Strings, context: Context, separator: str = " ") -> Strings:
    """Return the text with the row's number behind it where the column must be distinct."""
    return with_number(text, rows_of(context) + 1, context.column, separator) if context.distinct else text


def tails_of(context: Context) -> Strings:
    """Return the row's number where the column must be distinct, else nothing, to be worked into its text."""
    rows = rows_of(context) + 1
    return numerals(rows) if context.distinct else np.full(len(rows), "", dtype=object)


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
        return _worded(context, words.fitting(context.column.type.length))

    def describe(self) -> str:
        return f"vocabulary {self.vocabulary}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles(Source):
    """One of `values`; a distinct column goes through them as `Words` does, then again with a number behind each."""

    source: Literal["titles"] = "titles"
    values: tuple[str, ...]
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        return _worded(context, Vocabulary(self.values), self._separator)

    @property
    def _separator(self) -> str:
        """What stands before the number: codes such as A-1, and addresses, get a hyphen."""
        is_coded = any(value[-1:].isdecimal() or "@" in value for value in self.values)
        return "-" if is_coded and not any(" " in value for value in self.values) else " "

    def without_alike(self) -> Titles:
        """Return it without values that others are too: in another case, or with a number behind them."""
        known = {value.casefold(): value for value in reversed(self.values)}
        return Titles(values=tuple(value for value in reversed(known.values()) if not self._is_numbered(value, known)))

    def _is_numbered(self, value: str, known: Container[str]) -> bool:
        name, at, host = _parts_of_address(value)
        head, _, number = name.rpartition(self._separator)
        return number.isdecimal() and f"{head}{at}{host}".casefold() in known

    def has_room(self, column: Column, rows: int) -> bool:
        """Tell whether the longest value and the number behind it fit in the column."""
        digits = len(str(rows // len(self.values) + 1))
        return column.type.length is None or max(map(len, self.values)) + 1 + digits <= column.type.length

    def describe(self) -> str:
        shown = ", ".join(self.values[:5])
        return f"{shown}" + (f" and {len(self.values) - 5} more" if len(self.values) > 5 else "") + ", numbered"


def _worded(context: Context, words: Vocabulary, separator: str = " ") -> Values:
    """Return entries of a vocabulary; of a distinct column all in shuffled order, and again with their round."""
    if not context.distinct:
        return from_text(words.drawn(context.bits()), context)
    rows = rows_of(context)
    rounds, place = np.divmod(rows, len(words.entries))
    key = stream_key(context.settings.seed, context.table.key, context.column.name, "shuffle")
    index = permute(key, (place + rounds) % len(words.entries), len(words.entries))
    text = words.array[index]
    again = np.flatnonzero(rounds)
    if len(again):
        text[again] = _renumbered(text[again], rounds[again] + 1, rows[again] + 1, context.column, separator)
    return from_text(text, context)


def _renumbered(text: Strings, rounds: Integers, rows: Integers, column: Column, separator: str) -> Strings:
    """Put the round behind each entry; where that is too long, the row, which needs no room to tell entries apart."""
    numbered = _behind(text, rounds, None, separator)
    length = column.type.length
    if length is None:
        return numbered
    return np.where(lengths(numbered) <= length, numbered, with_number(text, rows, column, "-"))


def _behind(text: Strings, numbers: Integers, column: Column | None, separator: str) -> Strings:
    """Put a number behind each text, of an e-mail address before the ``@``, inside the length of a column."""
    tails = numerals(numbers, f"{separator}{{}}")
    if any("@" in item for item in text.tolist()):
        names, ats, hosts = (strings(part) for part in zip(*map(_parts_of_address, text.tolist()), strict=True))
        text, tails = names, joined(tails, ats, hosts)
    return joined(shortened(text, tails, column.type.length if column else None), tails)


def _parts_of_address(text: str) -> tuple[str, str, str]:
    name, at, host = text.rpartition("@")
    return (name, at, host) if at and " " not in text else (text, "", "")


def _occurrences(text: Strings) -> Integers:
    """Return how often each text came up to its row."""
    counts: Counter[str] = Counter()
    counts_so_far = []
    for item in text.tolist():
        counts[item] += 1
        counts_so_far.append(counts[item])
    return np.asarray(counts_so_far, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Source):
    """Text with fields in braces: columns of the row (``{first_name}``), of a parent (``{company.domain}``), ``{row}``.

    A field may carry a format (``{id:05d}``); ``{first_name!l}`` is lower case, ``!u`` upper case, ``!s`` a slug.
    In a distinct column what repeats gets a number: at the end, of an e-mail address before the ``@``.
    """

    source: Literal["template"] = "template"
    text: str

    def needs(self) -> tuple[str, ...]:
        fields = (name for _, name, _, _ in string.Formatter().parse(self.text))
        return tuple(dict.fromkeys(name for name in fields if name and name != "row"))

    def make(self, context: Context) -> Values:
        columns: dict[str, list[object]] = {}
        size = context.stop - context.start
        parts: list[list[str]] = []
        for literal, name, spec, conversion in string.Formatter().parse(self.text):
            parts.append([literal] * size)
            if name is not None:
                if name not in columns:
                    columns[name] = field_of(context, name)
                parts.append([formatted(item, spec or "", conversion) for item in columns[name]])
        text = strings(map("".join, zip(*parts, strict=True)) if parts else [""] * size)
        if context.distinct and context.offset:  # made again, since the same came before
            return from_text(self._numbered(text, context), context)
        return from_text(fit(text, context.column), context)

    def _numbered(self, text: Strings, context: Context) -> Strings:
        """Return the text with a number: how often it came so far, then the row's, then one that no row has."""
        attempt = context.offset // max(context.stop, 1)
        numbers = rows_of(context) + 1
        if attempt == 1:
            numbers = np.maximum(_occurrences(text), 2)
        elif attempt == 2:
            numbers -= context.offset
        return _behind(text, numbers, context.column, "" if "@" in self.text else " " if " " in self.text else "-")

    def length_at(self, row: int) -> int:
        """Return how long the text of a row is that has no other field than its number."""
        parts = string.Formatter().parse(self.text)
        return sum(len(text) + (len(formatted(row, spec or "", how)) if name else 0) for text, name, spec, how in parts)

    def describe(self) -> str:
        return repr(self.text)


def field_of(context: Context, name: str) -> list[object]:
    """Return what a field stands for: a column of the row or of a parent, or the row's number."""
    if name == "row":
        return list((rows_of(context) + 1).tolist())
    head, _, tail = name.partition(".")
    if not tail:
        column = context.table.column(head)
        return to_python(context.sibling(column.name), column.type)
    values, type_ = context.parent(context.table.foreign_key(head).name, tail)
    return to_python(values, type_)


def formatted(item: object, spec: str, conversion: str | None) -> str:
    """Return a field's value as the format and the conversion say; NULL is nothing."""
    text = "" if item is None else format(item, spec)
    if conversion == "l":
        return text.lower()
    if conversion == "u":
        return text.upper()
    return slug(text) if conversion == "s" else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern(Source):
    """A string that the regular expression matches from end to end, each length and branch alike.

    Countable where each string can be read in one way only: a distinct column then numbers the strings of the
    language. Unlimited repeats stop at 8.
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

    @property
    def longest(self) -> int:
        """The length of the longest string."""
        return self._language().longest

    def make(self, context: Context) -> Values:
        entropy = Entropy(lambda word: context.bits(str(word)))
        return from_text(self._language().pick(entropy), context)

    @property
    def countable(self) -> bool:
        return is_unambiguous(self.regex)

    def capacity(self, column: Column) -> int | None:
        return min(self._language().size, LARGEST) if self.countable else None

    def at(self, context: Context, index: Integers) -> Values:
        return from_text(self._language().at(index), context)

    def describe(self) -> str:
        return f"matches {self.regex}"
