"""Sources of structured values: JSON, arrays, bytes and the databases' own types."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_128
from typing import Any, ClassVar, Literal

import numpy as np

from syda.schema.model import Column, Kind, LogicalType
from syda.sources.base import Context, Source, rows_of
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
        words = vocabulary("word", ("en_US",))
        index = to_index(context.bits(), len(words.entries)).tolist()
        level = to_index(context.bits("level"), 10).tolist()
        rows = rows_of(context).tolist()
        made: list[Any] = []
        for row, one, number in zip(rows, index, level, strict=True):
            if self.listed:
                numbers = [str(row + 1)] if context.distinct else []
                made.append([words.entries[one], words.entries[(one + number + 1) % len(words.entries)], *numbers])
            else:
                made.append({"id": row + 1, "label": words.entries[one], "level": number, "enabled": number % 2 == 0})
        return Values(objects(made))

    def describe(self) -> str:
        return "a list of words" if self.listed else "a small JSON object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Items(Source):
    """A list of up to `most` items of the array column's item type."""

    source: Literal["items"] = "items"
    most: int = 3

    def make(self, context: Context) -> Values:
        item = context.column.type.item or LogicalType(kind=Kind.TEXT)
        count = to_index(context.bits("count"), self.most + 1).tolist()
        drawn = [context.bits(str(place)).tolist() for place in range(self.most)]
        return Values(
            objects([_item(item, drawn[place][row]) for place in range(size)] for row, size in enumerate(count))
        )

    def describe(self) -> str:
        return f"up to {self.most} items"


def _item(type_: LogicalType, bits: int) -> Any:
    if type_.values:
        return type_.values[bits % len(type_.values)]
    if type_.kind is Kind.INTEGER:
        return bits % 100
    if type_.kind in (Kind.FLOAT, Kind.DECIMAL):
        return bits % 10_000 / 100
    if type_.kind is Kind.BOOLEAN:
        return bool(bits & 1)
    words = vocabulary("word", ("en_US",)).fitting(type_.length)
    return words.entries[bits % len(words.entries)]


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
