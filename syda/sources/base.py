"""What a column source is, and what it is given.

A source says how one column is made. It is a small frozen dataclass whose fields are plain values, so that a plan can
be saved as YAML, and it makes a block of rows at a time. There are three ways in which a source can make values that
are all distinct:

* it is *countable*: `capacity` is a number and `at` gives the value with a given index. The engine then hands it a
  permutation of the indexes (or its share of a combination with other columns);
* `numbered` is True: `make` works the row number into the value when `context.distinct` is set;
* otherwise the engine makes the column again, with other random numbers, for the rows that repeat a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Column, LogicalType, Table
from syda.sources.stream import Bits, Integers
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.sources.totals import Gathered, Total

Mask: TypeAlias = NDArray[np.bool_]
DATA_ENDS = "2026-01-01T00:00:00"
"""Default end of every time window: a constant, so that the same seed gives the same rows on every day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What all columns of a plan share: `seed`, `locale` (Faker's names, one or more), `as_of` (ISO date-time)."""

    seed: int = 0
    locale: tuple[str, ...] = ("en_US",)
    as_of: str = DATA_ENDS

    @property
    def now(self) -> np.datetime64:
        return np.datetime64(self.as_of, "us")


class Context(Protocol):
    """The rows ``start..stop`` of one column while it is made. Row numbers count from 0 within the table."""

    @property
    def settings(self) -> Settings: ...
    @property
    def table(self) -> Table: ...
    @property
    def column(self) -> Column: ...
    @property
    def start(self) -> int: ...
    @property
    def stop(self) -> int: ...
    @property
    def distinct(self) -> bool:
        """True when no two rows of the table may get the same value."""
        ...

    @property
    def offset(self) -> int:
        """What `rows_of` adds to row numbers, so that a value made again gets a number that no row has."""
        ...

    def bits(self, salt: str = "", scope: str | None = None) -> Bits:
        """Return a random word per row, keyed by seed, table, `scope` (default: this column), `salt` and row.

        Columns that must agree (a first name and an e-mail address) pass the same `scope`.
        """
        ...

    def sibling(self, name: str) -> Values:
        """Return another column of the same rows; it is made first when it is not there yet."""
        ...

    def parent(self, foreign_key: str, column: str) -> tuple[Values, LogicalType]:
        """Return a column of the parent rows that `foreign_key` points to (NULL where it is NULL), and its type."""
        ...

    def ordinal(self, foreign_key: str) -> Integers:
        """Return the place of each row among the rows with the same parent: 0, 1, 2, ..."""
        ...

    def written(self) -> Values:
        """Return what a language model wrote for the rows of this column."""
        ...

    def identity(self) -> Integers:
        """Return the index of each row's class in the table's `Inheritance.identities`."""
        ...

    def gathered(self, total: Total) -> Gathered:
        """Return what the children of each row come to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Base of every column source."""

    source: str = ""
    """The tag under which it stands in a saved plan; each class fixes its own."""

    numbered: ClassVar[bool] = False

    def make(self, context: Context) -> Values:
        """Return the values of the context's rows."""
        raise NotImplementedError

    @property
    def scope(self) -> str | None:
        """The name under which columns share one permutation of their indexes; None for one of the column's own."""
        return None

    @property
    def countable(self) -> bool:
        """True when `at` can give each of `capacity` values by its index."""
        return type(self).at is not Source.at

    def capacity(self, column: Column) -> int | None:
        """Return how many distinct values `at` can give, or None when the source is not countable."""
        return None

    def at(self, context: Context, index: Integers) -> Values:
        """Return the values with the given indexes, each in ``[0, capacity)``."""
        raise NotImplementedError

    def needs(self) -> tuple[str, ...]:
        """Return the columns that it reads: of the row, or of a parent as ``customer_id.country``."""
        return ()

    def broken(self, context: Context, made: Values) -> Mask | None:
        """Tell which of the values are not as the source says; None when it says nothing that can be checked.

        The `context` shows the rows as they are, which need not be as they were made.
        """
        return None

    def describe(self) -> str:
        """Return a few words for `plan.explain()`."""
        return self.source


def read(context: Context, name: str) -> tuple[Values, LogicalType]:
    """Return a column of the row, or of a parent (``customer_id.country``), and its type."""
    link, _, column = name.rpartition(".")
    if link and name not in context.table.by_name:
        return context.parent(link, column)
    own = context.table.column(name)
    return context.sibling(own.name), own.type


def rows_of(context: Context) -> Integers:
    """Return the row numbers of the context, to be worked into its values."""
    return np.arange(context.start + context.offset, context.stop + context.offset, dtype=np.int64)
