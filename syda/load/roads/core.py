"""Inserts and updates by SQLAlchemy Core: for every database, and for types that only Core can write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, exc
from sqlalchemy.ext.compiler import compiles

from syda.load.roads.binding import Binding, bindings, overriding_identity
from syda.load.roads.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.schema.model import ForeignKey, Table
from syda.sources.values import Values

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

BATCH_ROWS = 5_000


class _OverridingInsert(sa.sql.Insert):
    """An INSERT that may write identity columns that are always generated."""

    inherit_cache = True


@compiles(_OverridingInsert, "postgresql")
def _compile_overriding(element: _OverridingInsert, compiler: SQLCompiler, **options: Any) -> str:
    return overriding_identity(compiler.visit_insert(element, **options))  # type: ignore[no-untyped-call]


def execute_as_written(connection: Connection, statement: str) -> sa.CursorResult[Any]:
    """Execute a statement whose colons and percent signs neither SQLAlchemy nor the driver may read."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def insert(
    connection: Connection, load: TableLoad, bound: Bindings, blocks: Iterable[Block], progress: Progress | None
) -> None:
    """Insert the blocks' rows."""
    always = any(binding.column.identity == "always" for binding in bound.values())
    statement = _OverridingInsert(load.target) if always else sa.insert(load.target)
    keys = [binding.target.key for binding in bound.values()]
    for block in blocks:
        for start, stop in _batches(block, load):
            columns = [block[name].slice(start, stop) for name in bound]
            _execute(connection, statement, keys, list(bound.values()), columns, stop - start)
            if progress:
                progress(load.table.key, stop, load.rows)


def _batches(block: Block, load: TableLoad) -> Iterator[tuple[int, int]]:
    rows = block_rows(block) if block else load.rows
    for start in range(0, rows, BATCH_ROWS):
        yield start, min(start + BATCH_ROWS, rows)


def _execute(
    connection: Connection,
    statement: sa.Insert | sa.Update,
    keys: list[str],
    bound: list[Binding],
    columns: list[Values],
    rows: int,
) -> None:
    """Execute for all rows; when a type refuses a value, once more with values as that type wants them."""
    try:
        connection.execute(statement, _records(keys, [*map(Binding.core, bound, columns)], rows))
    except exc.DBAPIError:
        raise
    except exc.StatementError:
        connection.execute(statement, _records(keys, [*map(Binding.accepted, bound, columns)], rows))


def _records(keys: list[str], listed: list[list[Any]], rows: int) -> list[dict[str, Any]]:
    if not keys:
        return [{} for _ in range(rows)]
    return [dict(zip(keys, row, strict=True)) for row in zip(*listed, strict=True)]


def late_columns(table: Table, links: Iterable[ForeignKey]) -> frozenset[str]:
    """Return the columns that are inserted as NULL and set once their parents are there."""
    columns = {column for link in links for column in link.columns}
    return frozenset(name for name in columns if table.column(name).nullable and name not in table.primary_key)


def update(connection: Connection, load: TableLoad, link: ForeignKey) -> None:
    """Set the foreign key's late columns in all rows that have it."""
    late = sorted(late_columns(load.table, [link]))
    keys = list(load.table.primary_key)
    known = bindings(load.table, load.target, connection.dialect)
    bound = [known[name] for name in (*keys, *late)]
    labels = [f"key_{place}" for place in range(len(keys))] + [f"value_{place}" for place in range(len(late))]
    cells = {label: binding.target for label, binding in zip(labels, bound, strict=True)}
    statement = (
        sa.update(load.target)
        .where(*(cells[label] == sa.bindparam(label) for label in labels[: len(keys)]))
        .values({cells[label]: sa.bindparam(label) for label in labels[len(keys) :]})
    )
    for block in load.blocks():
        rows = _present(block, late)
        for start in range(0, len(rows), BATCH_ROWS):
            some = rows[start : start + BATCH_ROWS]
            columns = [block[name].take(some) for name in (*keys, *late)]
            _execute(connection, statement, labels, bound, columns, len(some))


def _present(block: Block, names: list[str]) -> Any:
    present = np.ones(block_rows(block), dtype=bool)
    for name in names:
        null = block[name].null
        if null is not None:
            present &= ~null
    return np.flatnonzero(present)
