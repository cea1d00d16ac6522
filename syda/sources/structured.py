"""Sources of structured values: JSON, arrays, bytes and the databases' own types."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_128
from typing import Any, ClassVar, Literal

import numpy as np

from syda.schema.model import Column, Kind, LogicalType
from syda.sources.base import Context, Source, rows_of
from syda.sources.elements import element, record
from syda.sources.permutation import LARGEST
from syda.sources.stream import Integers, to_index
from syda.sources.values import Values, objects
from syda.sources.vocabulary import vocabulary

_COUNTED_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonObject(Source):
    """A small plain JSON object, or a list of words when `listed`."""

    source: Literal["json"] = "json"
    listed: bool = False
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        word = to_index(context.bits(), len(_words())).tolist()
        level = to_index(context.bits("level"), 10).tolist()
        numbers = [row + 1 for row in rows_of(context).tolist()]
        if not self.listed:
            return Values(objects(map(_object, numbers, word, level)))
        shown: list[list[str]] = [[str(number)] if context.distinct else [] for number in numbers]
        return Values(objects(_listed(*parts) for parts in zip(word, level, shown, strict=True)))

    def capacity(self, column: Column) -> int | None:
        return LARGEST

    def at(self, context: Context, index: Integers) -> Values:
        numbers = index.tolist()
        if self.listed:
            return Values(objects(_listed(number, 0, [str(number + 1)]) for number in numbers))
        return Values(objects(_object(number + 1, number, number % 10) for number in numbers))

    def describe(self) -> str:
        return "a list of words" if self.listed else "a small JSON object"


def _words() -> tuple[str, ...]:
    return vocabulary("word", ("en_US",)).entries


def _object(number: int, word: int, level: int) -> dict[str, Any]:
    return {"id": number, "label": _words()[word % len(_words())], "level": level, "enabled": level % 2 == 0}


def _listed(word: int, apart: int, more: list[str]) -> list[str]:
    words = _words()
    return [words[word % len(words)], words[(word + apart + 1) % len(words)], *more]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Source):
    """A list of up to `most` items of the array column's item type, nested as deep as the column has dimensions."""

    source: Literal["items"] = "items"
    most: int = 3

    def make(self, context: Context) -> Values:
        type_ = context.column.type
        item = type_.item or LogicalType(kind=Kind.TEXT)
        count = to_index(context.bits("count"), self.most + 1).tolist()
        drawn = [context.bits(str(place)).tolist() for place in range(self.most)]
        return Values(
            objects(
                [_nested(element(item, drawn[place][row]), type_.dimensions - 1) for place in range(size)]
                for row, size in enumerate(count)
            )
        )

    def describe(self) -> str:
        return f"up to {self.most} items"


def _nested(made: Any, depth: int) -> Any:
    return made if depth == 0 else [_nested(made, depth - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Source):
    """A value of a composite type, all of its fields filled, as PostgreSQL writes it."""

    source: Literal["record"] = "record"

    def make(self, context: Context) -> Values:
        return Values(objects(record(context.column.type, bits) for bits in context.bits().tolist()))

    def describe(self) -> str:
        return "a value for each field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes(Source):
    """`length` random bytes, fewer where the column is shorter."""

    source: Literal["bytes"] = "bytes"
    length: int = 16

    def make(self, context: Context) -> Values:
        length = min(self.length, context.column.type.length or self.length)
        words = [context.bits(str(place)) for place in range((length + 7) // 8)]
        raw = np.stack(words, axis=1).tobytes() if words else b""
        width = 8 * len(words)
        size = context.stop - context.start
        return Values(objects(raw[row * width : row * width + length] for row in range(size)))

    def capacity(self, column: Column) -> int | None:
        return int(min(256 ** min(self.length, column.type.length or self.length), LARGEST))

    def at(self, context: Context, index: Integers) -> Values:
        length = min(self.length, context.column.type.length or self.length)
        numbers = (number.to_bytes(min(length, _COUNTED_BYTES), "big") for number in index.tolist())
        if length <= _COUNTED_BYTES:
            return Values(objects(numbers))
        return Values(objects((number + shake_128(number).digest(length))[:length] for number in numbers))

    def describe(self) -> str:
        return "random bytes"
