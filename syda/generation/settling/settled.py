"""What settling leaves of a table's rows: all of them at once, or a part at a time as they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from syda.generation.joint import JointRows
from syda.planning.model import Joint
from syda.sources.stream import Integers
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.generation.settling.draft import Draft

PART_ROWS = 65_536
"""Rows that are settled at once, where each row can be settled without looking at the others."""
_HELD = 4
"""Parts that are held: all of a table that is not streamed, and of any other what a few blocks in a row ask for."""


class Settled(Protocol):
    """The rows of a table that satisfy its conditions; rows are counted from its first new one."""

    @property
    def rows(self) -> int: ...
    @property
    def note(self) -> str:
        """Why rows were left out, and what nobody has checked."""

    @property
    def judged(self) -> frozenset[str]:
        """The CHECKs that the target database has judged, which DuckDB would read otherwise."""

    def settles(self, name: str) -> bool:
        """Tell whether a column's values are decided here."""

    def values(self, name: str, start: int, stop: int) -> Values: ...
    def parents(self, foreign_key: str, start: int, stop: int, *, nulls: bool) -> Integers:
        """Return the parents with -1 for NULL or, without `nulls`, those that NOT NULL columns agree with."""

    def identity(self) -> Integers:
        """Return the index of each row's class in the table's inheritance."""

    def joint(self, joint: Joint) -> JointRows: ...


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All rows that are left of a table and what stands in them; `kept` numbers them among the drafted ones."""

    draft: Draft
    table: str
    kept: Integers
    columns: Mapping[str, Values] = field(default_factory=dict)
    links: Mapping[str, Integers] = field(default_factory=dict)
    base: Mapping[str, Integers] = field(default_factory=dict)
    note: str = ""
    judged: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        return len(self.kept)

    def settles(self, name: str) -> bool:
        return name in self.columns

    def values(self, name: str, start: int, stop: int) -> Values:
        return self.columns[name].slice(start, stop)

    def parents(self, foreign_key: str, start: int, stop: int, *, nulls: bool) -> Integers:
        return (self.links if nulls else self.base)[foreign_key][start:stop]

    def identity(self) -> Integers:
        return self.draft.identity(self.table)[self.kept]

    def joint(self, joint: Joint) -> JointRows:
        return self.draft.joint(self.table, joint).take(self.kept)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Rows that are settled `PART_ROWS` at a time, of which none is left out; `settle` settles those of a range."""

    draft: Draft
    table: str
    rows: int
    names: frozenset[str]
    settle: Callable[[int, int], Whole]
    note: str
    judged: frozenset[str] = frozenset()
    _made: OrderedDict[int, Whole] = field(default_factory=OrderedDict)

    def settles(self, name: str) -> bool:
        return name in self.names

    def values(self, name: str, start: int, stop: int) -> Values:
        return Values.concatenate([part.values(name, *inside) for part, inside in self._covering(start, stop)])

    def parents(self, foreign_key: str, start: int, stop: int, *, nulls: bool) -> Integers:
        parts = [part.parents(foreign_key, *inside, nulls=nulls) for part, inside in self._covering(start, stop)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def identity(self) -> Integers:
        return self.draft.identity(self.table)

    def joint(self, joint: Joint) -> JointRows:
        return self.draft.joint(self.table, joint)

    def _covering(self, start: int, stop: int) -> Iterator[tuple[Whole, tuple[int, int]]]:
        """Yield the parts in which rows of a range stand, each with the range within it."""
        for number in range(start // PART_ROWS, max(-(-stop // PART_ROWS), start // PART_ROWS + 1)):
            first = number * PART_ROWS
            yield self._part(number), (max(start - first, 0), min(stop - first, PART_ROWS))

    def _part(self, number: int) -> Whole:
        if number not in self._made:
            first = number * PART_ROWS
            self._made[number] = self.settle(first, min(first + PART_ROWS, self.rows))
            if len(self._made) > _HELD:
                self._made.popitem(last=False)
        return self._made[number]
