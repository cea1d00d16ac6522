"""Columns of text as NumPy arrays of objects: joined, numbered and cut for all rows at once.

Adding object arrays joins the strings of each row without a loop in Python; entries of vocabularies are shared, so
that a column of a million words costs a pointer for each row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import add
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Column
from syda.sources.stream import Integers

Strings: TypeAlias = NDArray[np.object_]

_TRANSLITERATION = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "\u0131": "i"}
)
_NO_LETTER = re.compile(r"[^a-z0-9]+")


def strings(items: Iterable[str]) -> Strings:
    """Return strings as an object array."""
    return np.array(list(items), dtype=object)


def joined(*parts: Strings | str) -> Strings:
    """Return the parts of each row as one string; a plain string stands in every row."""
    result: Any = reduce(add, parts)
    text: Strings = result
    return text


def numerals(numbers: NDArray[np.integer[Any]], pattern: str = "{}") -> Strings:
    """Return whole numbers as text; `pattern` is a format such as ``"-{:05d}"``."""
    listed = numbers.tolist()
    return strings(map(str, listed) if pattern == "{}" else map(pattern.format, listed))


def lengths(text: Strings) -> Integers:
    """Return the number of characters of each string."""
    return np.fromiter(map(len, text.tolist()), dtype=np.int64, count=len(text))


def fit(text: Strings, column: Column) -> Strings:
    """Cut each string to the column's length, without leaving a space at the end."""
    length = column.type.length
    if length is None:
        return text
    long = np.flatnonzero(lengths(text) > length)
    if len(long):
        text = text.copy()
        text[long] = strings(item[:length].rstrip() or item[:length] for item in text[long].tolist())
    return text


def with_number(text: Strings, numbers: Integers, column: Column, separator: str = " ") -> Strings:
    """Append a number to each string, inside the column's length; the number after the last separator is unique."""
    tails = numerals(numbers, separator + "{}")
    return joined(shortened(text, tails, column.type.length), tails)


def shortened(text: Strings, tails: Strings, length: int | None) -> Strings:
    """Cut each string so that there is room for its tail within `length`."""
    if length is None:
        return text
    room = np.maximum(length - lengths(tails), 0)
    long = np.flatnonzero(lengths(text) > room)
    if len(long):
        text = text.copy()
        text[long] = strings(item[:size] for item, size in zip(text[long].tolist(), room[long].tolist(), strict=True))
    return text


@lru_cache(maxsize=1 << 16)
def slug(text: str) -> str:
    """Return the text in lower-case ASCII letters and digits, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(_TRANSLITERATION).lower())
    return _NO_LETTER.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")


def slugs(text: Strings) -> Strings:
    """Return the slug of each string."""
    return strings(map(slug, text.tolist()))
