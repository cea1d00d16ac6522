"""Sources of single values: constants, choices, numbers, booleans, identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID

import numpy as np

from syda.schema.model import Column, Kind, LogicalType
from syda.sources.base import Context, Source, rows_of
from syda.sources.stream import Floats, Integers, to_uniform, weighted_index
from syda.sources.values import Values, decimal_places, dtype_of, from_python, objects

_LETTERS_PER_WORD = 8
Distribution = Literal["uniform", "normal", "lognormal", "exponential", "zipf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Source):
    """The same value in every row."""

    source: Literal["constant"] = "constant"
    value: Any = None

    def make(self, context: Context) -> Values:
        return self.at(context, np.zeros(context.stop - context.start, dtype=np.int64))

    def capacity(self, column: Column) -> int | None:
        return 1

    def at(self, context: Context, index: Integers) -> Values:
        return from_python([self.value], context.column.type).take(index)

    def describe(self) -> str:
        return f"always {self.value!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Null(Source):
    """NULL in every row."""

    source: Literal["null"] = "null"

    def make(self, context: Context) -> Values:
        size = context.stop - context.start
        return Values(np.zeros(size, dtype=dtype_of(context.column.type.kind)), np.ones(size, dtype=bool))

    def describe(self) -> str:
        return "NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database(Source):
    """Left out of the INSERT: the database's default, identity or generated expression fills it."""

    source: Literal["database"] = "database"

    def describe(self) -> str:
        return "filled by the database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Source):
    """One of `values`, drawn with `weights` (any positive numbers; equal when left out)."""

    source: Literal["choice"] = "choice"
    values: tuple[Any, ...]
    weights: tuple[float, ...] | None = None

    def make(self, context: Context) -> Values:
        uniform = to_uniform(context.bits())
        if self.weights is None:
            return self.at(context, (uniform * len(self.values)).astype(np.int64))
        return self.at(context, weighted_index(uniform, self.weights))

    def capacity(self, column: Column) -> int | None:
        return len(self.values)

    def at(self, context: Context, index: Integers) -> Values:
        return from_python(self.values, context.column.type).take(index)

    def describe(self) -> str:
        shown = ", ".join(str(value) for value in self.values[:5])
        return f"one of {shown}" + (f" and {len(self.values) - 5} more" if len(self.values) > 5 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(Source):
    """`start`, ``start + step``, ... by row number."""

    source: Literal["sequence"] = "sequence"
    start: int = 1
    step: int = 1
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        return self.of_rows(context.column, rows_of(context))

    def of_rows(self, column: Column, rows: Integers) -> Values:
        """Return the values of any rows by their numbers."""
        numbers = self.start + rows * self.step
        if column.type.kind is Kind.INTEGER:
            return Values(numbers)
        return from_python(numbers.tolist(), column.type)

    def describe(self) -> str:
        return f"{self.start}, {self.start + self.step}, ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Source):
    """A number in [`low`, `high`], rounded to `places` digits after the point (the column's own when left out).

    `distribution`: ``uniform``; ``normal`` around the middle (a sixth of the range is one deviation);
    ``lognormal``, many small and few large (the median lies at the geometric mean of the range);
    ``exponential`` (a fifth of the range is the mean); ``zipf`` (whole numbers, `low` the commonest).
    `ending`, such as 0.99, replaces the digits after the point in most rows, as prices are written.
    """

    source: Literal["number"] = "number"
    low: int | float = 0
    high: int | float = 100
    distribution: Distribution = "uniform"
    places: int | None = None
    ending: float | None = None

    def make(self, context: Context) -> Values:
        drawn = self._draw(context)
        if self.ending is not None:
            tidy = to_uniform(context.bits("ending")) < 0.7
            drawn = np.where(tidy, np.maximum(np.floor(drawn), np.ceil(self.low - self.ending)) + self.ending, drawn)
        places = self._places(context.column.type)
        scaled = np.rint(drawn * 10.0**places)
        lowest, highest = self._bounds(places)
        return self._stored(context.column.type, np.clip(scaled, lowest, highest).astype(np.int64), places)

    def _draw(self, context: Context) -> Floats:
        uniform = to_uniform(context.bits())
        low, span = float(self.low), float(self.high) - float(self.low)
        if self.distribution == "uniform":
            return np.asarray(low + uniform * span)
        if self.distribution == "exponential":
            return np.asarray(low - np.log1p(-uniform) * span / 5)
        if self.distribution == "zipf":
            return np.asarray(low + np.floor(np.minimum((1 - uniform) ** -0.8 - 1, span)))
        normal = standard_normal(uniform, to_uniform(context.bits("angle")))
        if self.distribution == "normal":
            return np.asarray(low + span / 2 + normal * span / 6)
        if low + span <= 0:  # no logarithm
            return np.asarray(low + uniform * span)
        floor = max(low, span * 1e-4, 1e-9)
        centre, width = np.log(floor * (low + span)) / 2, np.log((low + span) / floor) / 6
        return np.asarray(np.exp(centre + normal * width))

    def _places(self, type_: LogicalType) -> int:
        if type_.kind is Kind.INTEGER:
            return 0
        own = decimal_places(type_) if type_.kind is Kind.DECIMAL and type_.scale is not None else 2
        return own if self.places is None else min(self.places, own) if type_.scale is not None else self.places

    def _bounds(self, places: int) -> tuple[int, int]:
        return int(np.ceil(self.low * 10**places - 1e-6)), int(np.floor(self.high * 10**places + 1e-6))

    @staticmethod
    def _stored(type_: LogicalType, scaled: Integers, places: int) -> Values:
        if type_.kind is Kind.INTEGER:
            return Values(scaled)
        if type_.kind is Kind.DECIMAL:
            return Values(scaled * 10 ** (decimal_places(type_) - places))
        numbers = scaled / 10.0**places
        if type_.kind is Kind.FLOAT:
            return Values(numbers)
        return from_python(numbers.tolist() if places else scaled.tolist(), type_)

    def capacity(self, column: Column) -> int | None:
        lowest, highest = self._bounds(self._places(column.type))
        return max(highest - lowest + 1, 0)

    def at(self, context: Context, index: Integers) -> Values:
        places = self._places(context.column.type)
        return self._stored(context.column.type, index + self._bounds(places)[0], places)

    def describe(self) -> str:
        shape = "" if self.distribution == "uniform" else f", {self.distribution}"
        return f"{self.low:g} to {self.high:g}{shape}"


def standard_normal(first: Floats, second: Floats) -> Floats:
    """Return standard normal numbers from two uniforms (Box and Muller 1958)."""
    return np.asarray(np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * np.pi * second))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Source):
    """True with the given `probability`."""

    source: Literal["flag"] = "flag"
    probability: float = 0.5

    def make(self, context: Context) -> Values:
        return self.at(context, (to_uniform(context.bits()) < self.probability).astype(np.int64))

    def capacity(self, column: Column) -> int | None:
        return 2

    def at(self, context: Context, index: Integers) -> Values:
        if context.column.type.kind is Kind.BOOLEAN:
            return Values(index.astype(bool))
        return from_python(index.tolist(), context.column.type)

    def describe(self) -> str:
        return f"true in {self.probability:.0%}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier(Source):
    """A random UUID (version 4 layout), as an object, a string or bytes, as the column asks."""

    source: Literal["uuid"] = "uuid"
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        high, low = context.bits("high").tolist(), context.bits("low").tolist()
        made = [
            UUID(int=((first & ~0xF000) | 0x4000) << 64 | (second & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
            for first, second in zip(high, low, strict=True)
        ]
        type_ = context.column.type
        if type_.kind is Kind.BINARY:
            return Values(objects(item.bytes for item in made))
        if type_.kind is Kind.UUID:
            return Values(objects(made))
        short = type_.length is not None and type_.length < 36
        return Values(objects(item.hex[: type_.length] if short else str(item) for item in made))

    def describe(self) -> str:
        return "random UUID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Source):
    """`length` characters drawn from `alphabet` after a `prefix`: tokens, hashes, serial numbers."""

    source: Literal["code"] = "code"
    length: int = 8
    alphabet: str = "0123456789ABCDEF"
    prefix: str = ""

    def make(self, context: Context) -> Values:
        size = context.stop - context.start
        digits = np.empty((size, self.length), dtype=np.int64)
        for place in range(self.length):
            if place % _LETTERS_PER_WORD == 0:
                word = context.bits(str(place))
            word, digits[:, place] = np.divmod(word, np.uint64(len(self.alphabet)))
        return self._spelled(context, digits)

    def _spelled(self, context: Context, digits: Integers) -> Values:
        letters = np.array(list(self.alphabet), dtype="U1")
        size, length = digits.shape
        joined = np.ascontiguousarray(letters[digits]).view(f"U{length}").reshape(size) if length else digits
        text = [self.prefix + item for item in joined.tolist()] if length else [self.prefix] * size
        if context.column.type.kind is Kind.TEXT:
            return Values(objects(text))
        return from_python(text, context.column.type)

    def capacity(self, column: Column) -> int | None:
        return min(int(len(self.alphabet) ** self.length), 2**62)

    def at(self, context: Context, index: Integers) -> Values:
        digits = np.zeros((len(index), self.length), dtype=np.int64)
        rest = index.copy()
        for place in range(self.length - 1, -1, -1):
            rest, digits[:, place] = np.divmod(rest, len(self.alphabet))
        return self._spelled(context, digits)

    def describe(self) -> str:
        return f"{self.prefix}{'#' * min(self.length, 12)}"
