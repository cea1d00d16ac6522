"""The `Context` that sources see: one column of one block of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syda.schema.model import Column, LogicalType, Table
from syda.sources.base import Settings
from syda.sources.stream import Bits, Integers, random_bits, stream_key
from syda.sources.totals import Gathered, Total
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.maker import Maker


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows ``start..stop`` of one column; implements `syda.sources.base.Context`."""

    maker: Maker
    table: Table
    column: Column
    start: int
    stop: int
    distinct: bool = False
    attempt: int = 0
    offset: int = 0

    @property
    def settings(self) -> Settings:
        return self.maker.plan.settings

    def bits(self, salt: str = "", scope: str | None = None) -> Bits:
        path = [self.table.key, self.column.name if scope is None else f"group {scope}", salt]
        if self.attempt:
            path.append(f"attempt {self.attempt}")
        return random_bits(stream_key(self.settings.seed, *path), self.start, self.stop)

    def sibling(self, name: str) -> Values:
        return self.maker.values(self.table.key, name, self.start, self.stop)

    def parent(self, foreign_key: str, column: str) -> tuple[Values, LogicalType]:
        link = self.table.foreign_key(foreign_key)
        parent = self.maker.plan.schema.tables[link.parent]
        wanted = parent.column(column)
        rows = self.maker.parents(self.table.key, link.name, self.start, self.stop, nulls=self.column.nullable)
        return self.maker.at(parent.key, wanted.name, rows), wanted.type

    def ordinal(self, foreign_key: str) -> Integers:
        return self.maker.ordinals(self.table.key, self.table.foreign_key(foreign_key).name, self.start, self.stop)

    def written(self) -> Values:
        return self.maker.written(self.table.key, self.column.name).slice(self._own.start, self._own.stop)

    def identity(self) -> Integers:
        return self.maker.identity(self.table.key)[self._own]

    def gathered(self, total: Total) -> Gathered:
        first = self.maker.first(self.table.key)
        return self.maker.tally(self.table.key, total).part(self.start - first, self.stop - first)

    @property
    def _own(self) -> slice:
        first = self.maker.first(self.table.key)
        return slice(self.start - first, self.stop - first)
