"""Rows for the tables of one revision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syda.arguments import Wishes
from syda.errors import SydaError
from syda.filling import Filling
from syda.load.options import LoadOptions
from syda.migrations.edges import LEAST_ROWS, add_edges
from syda.migrations.states import State, wider_tables
from syda.schema import Reading, Schema, read_schema

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Stock:
    """Fills tables that have no rows with `rows` each, and adds to those that have got columns."""

    rows: int
    seed: int
    hosts: tuple[str, ...]

    def fill(self, engine: Engine, state: State, earlier: Schema | None) -> list[str]:
        """Fill the tables as they stand, and return what could not be filled, and why."""
        empty = frozenset(key for key, rows in state.rows.items() if not rows)
        wider = wider_tables(earlier, state.schema) - empty if earlier else frozenset()
        said = [*self._load(engine, state.reading, empty, self.rows)]
        said += self._load(engine, state.reading, wider, max(LEAST_ROWS, self.rows // 2))
        add_edges(engine, state.reading, empty | wider)
        return said

    def _load(self, engine: Engine, reading: Reading, keys: frozenset[str], rows: int) -> Iterator[str]:
        if not keys:
            return
        try:
            yield from self._seed(engine, reading, keys, rows)
        except SydaError:
            # One that cannot be filled must not leave the others empty, nor hide their faults.
            for key in (each for each in reading.schema.tables if each in keys):
                try:
                    yield from self._seed(engine, reading, frozenset({key}), rows)
                except SydaError as error:
                    yield f"{key} has no rows, so that nothing is learned of it: {error}"

    def _seed(self, engine: Engine, reading: Reading, keys: frozenset[str], rows: int) -> tuple[str, ...]:
        chosen = read_schema(reading, tables=keys)
        options = LoadOptions(mode="append", allow_hosts=(*self.hosts, str(engine.url.database)))
        return Filling(chosen, Wishes(rows=rows, seed=self.seed), options).fill(engine).notes
