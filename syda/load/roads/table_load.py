"""One table to load: its rows come in blocks, from memory or while they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from syda.load.roads.binding import Binding, bindings
from syda.schema.model import Table
from syda.sources.values import Values

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.engine import Dialect

BLOCK_ROWS = 50_000
Block: TypeAlias = Mapping[str, Values]
Bindings: TypeAlias = Mapping[str, Binding]
Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TableLoad:
    """One table to load: what it is, where it goes, its columns' names, and its rows.

    `blocks` is called for the rows, again for each time that they are needed; the blocks hold all `columns` and
    `rows` rows together.
    """

    table: Table
    target: sa.Table
    rows: int
    columns: tuple[str, ...]
    blocks: Callable[[], Iterator[Block]]

    @staticmethod
    def of(table: Table, target: sa.Table, rows: int, columns: Block) -> TableLoad:
        """Return the load of whole columns."""

        def blocks() -> Iterator[Block]:
            for start in range(0, rows, BLOCK_ROWS):
                stop = min(start + BLOCK_ROWS, rows)
                yield {name: values.slice(start, stop) for name, values in columns.items()}

        return TableLoad(table, target, rows, tuple(columns), blocks)

    def bindings(self, dialect: Dialect, without: frozenset[str] = frozenset()) -> Bindings:
        """Return the bindings of the load's columns, but for those in `without`."""
        known = bindings(self.table, self.target, dialect)
        return {name: known[name] for name in self.columns if name not in without}

    def leaves_defaults(self) -> bool:
        """Tell whether SQLAlchemy has to fill columns that the load does not have."""
        return any(
            column.default is not None and not column.default.is_sequence and str(column.name) not in self.columns
            for column in self.target.columns
        )


def block_rows(block: Block) -> int:
    """Return the number of rows of a block that has columns."""
    return len(next(iter(block.values())))
