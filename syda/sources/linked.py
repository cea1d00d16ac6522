"""Sources whose values come from the structure of the rows: keys of parents, places among siblings, classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from syda.schema.model import LogicalType
from syda.sources.base import Context, Source
from syda.sources.values import Values, dtype_of, from_python, objects, to_python


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Source):
    """The value of `column` in the parent row that `foreign_key` points to."""

    source: Literal["reference"] = "reference"
    foreign_key: str
    column: str

    def needs(self) -> tuple[str, ...]:
        return (f"{self.foreign_key}.{self.column}",)

    def make(self, context: Context) -> Values:
        values, type_ = context.parent(self.foreign_key, self.column)
        return cast_values(values, type_, context.column.type)

    def describe(self) -> str:
        return f"{self.column} of the parent"


def cast_values(values: Values, have: LogicalType, want: LogicalType) -> Values:
    """Return values of one type as a foreign key column of another takes them."""
    same_scale = have.scale == want.scale
    if have.kind is want.kind and same_scale:
        return values
    if {dtype_of(have.kind), dtype_of(want.kind)} == {np.dtype(object)}:
        return Values(objects(map(str, values.data)), values.null) if want.kind == "text" else values
    return from_python(to_python(values, have), want)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinal(Source):
    """`start`, ``start + 1``, ... among the rows that share the parent of `foreign_key`."""

    source: Literal["ordinal"] = "ordinal"
    foreign_key: str
    start: int = 1
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        numbers = context.ordinal(self.foreign_key) + self.start
        return from_python(numbers.tolist(), context.column.type)

    def describe(self) -> str:
        return f"{self.start}, {self.start + 1}, ... within each parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discriminator(Source):
    """The identity of the mapped class that each row belongs to."""

    source: Literal["discriminator"] = "discriminator"

    def make(self, context: Context) -> Values:
        inheritance = context.table.inheritance
        assert inheritance is not None
        values = [identity.value for identity in inheritance.identities]
        return from_python(values, context.column.type).take(context.identity())

    def describe(self) -> str:
        return "the class of the row"
