"""Loads rows into a database: one transaction, parents first, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles

from syda.errors import TargetError
from syda.load.binding import core_values, driver_values, overriding_identity
from syda.load.columns import named_columns
from syda.load.report import LoadReport
from syda.load.target import Target, one_transaction, rejections
from syda.planning.model import Plan
from syda.schema.model import ForeignKey, Table
from syda.sources.values import Values

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

BATCH_ROWS = 5_000
SQLITE_VARIABLES = 999  # what every version of SQLite takes in one statement
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class TableLoad:
    """One table to load: what it is, where it goes, and its columns."""

    table: Table
    target: sa.Table
    rows: int
    columns: Mapping[str, Values]


class _OverridingInsert(sa.sql.Insert):
    """An INSERT that may write identity columns that are always generated."""

    inherit_cache = True


@compiles(_OverridingInsert, "postgresql")
def _compile_overriding(element: _OverridingInsert, compiler: SQLCompiler, **options: Any) -> str:
    return overriding_identity(compiler.visit_insert(element, **options))  # type: ignore[no-untyped-call]


def load_tables(
    target: Target,
    plan: Plan,
    loads: list[TableLoad],
    *,
    create: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Insert all rows in one transaction; with `create`, first make the tables that do not exist.

    Raises `TargetError` when the database cannot be reached or lacks a table, `RejectedError` when it refuses a row;
    either way nothing is left behind (on MariaDB and MySQL, tables made by `create` are).
    """
    started = perf_counter()
    with one_transaction(target) as connection:
        with rejections("creating the tables"):
            _ensure_tables(connection, loads, create=create)
        _defer_constraints(connection, plan)
        updates = _updates(plan)
        for load in loads:
            with rejections(f"loading table {load.table.key!r}"):
                _insert(connection, load, updates.get(load.table.key, []), progress)
        for load in loads:
            for link in updates.get(load.table.key, []):
                with rejections(f"setting {load.table.key}.{', '.join(link.columns)}"):
                    _update(connection, load, link)
        with rejections("moving the sequences on"):
            _move_sequences(connection, loads)
        if plan.deferred:
            with rejections("checking deferred constraints"):
                _check_deferred(connection)
    rows = {load.table.key: load.rows for load in loads}
    return LoadReport(rows=rows, seconds=perf_counter() - started)


def _ensure_tables(connection: Connection, loads: list[TableLoad], *, create: bool) -> None:
    inspector = sa.inspect(connection)
    missing = [load for load in loads if not inspector.has_table(load.target.name, schema=load.target.schema)]
    if missing and create:
        missing[0].target.metadata.create_all(connection, tables=[load.target for load in missing])
    elif missing:
        names = ", ".join(repr(load.table.key) for load in missing)
        raise TargetError(
            f"the database has no table {names}; create the tables first (for example with "
            f"Base.metadata.create_all(engine) or your migrations) or pass create=True"
        )


def _defer_constraints(connection: Connection, plan: Plan) -> None:
    if not any(item.how == "constraint" for item in plan.deferred):
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def _check_deferred(connection: Connection) -> None:
    """Have PostgreSQL check deferred constraints now, inside the load, rather than at the caller's COMMIT."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


def _updates(plan: Plan) -> dict[str, list[ForeignKey]]:
    updates: dict[str, list[ForeignKey]] = {}
    for item in plan.deferred:
        if item.how == "update":
            updates.setdefault(item.table, []).append(plan.schema.tables[item.table].foreign_key(item.foreign_key))
    return updates


def _late_columns(table: Table, links: list[ForeignKey]) -> set[str]:
    """Return the columns that are inserted as NULL and set once their parents are there."""
    columns = {column for link in links for column in link.columns}
    return {name for name in columns if table.column(name).nullable and name not in table.primary_key}


def _insert(connection: Connection, load: TableLoad, late: list[ForeignKey], progress: Progress | None) -> None:
    skipped = _late_columns(load.table, late)
    names = [name for name in load.columns if name not in skipped]
    if not load.rows:
        return
    send = _driver_insert if connection.dialect.name == "sqlite" and names else _core_insert
    for start in range(0, load.rows, BATCH_ROWS):
        stop = min(start + BATCH_ROWS, load.rows)
        send(connection, load, names, start, stop)
        if progress:
            progress(load.table.key, stop, load.rows)


def _driver_insert(connection: Connection, load: TableLoad, names: list[str], start: int, stop: int) -> None:
    """Insert by prepared statements of many rows each, which skips SQLAlchemy's and SQLite's work on each row."""
    quote = connection.dialect.identifier_preparer
    targets = named_columns(load.target)
    columns = ", ".join(quote.quote_identifier(name) for name in names)
    one = f"({', '.join('?' * len(names))})"
    head = f"INSERT INTO {quote.format_table(load.target)} ({columns}) VALUES "
    listed = [
        driver_values(load.columns[name].slice(start, stop), load.table.column(name), targets[name], connection.dialect)
        for name in names
    ]
    cells = _row_by_row(listed, stop - start)
    width = max(1, SQLITE_VARIABLES // len(names)) * len(names)
    whole = len(cells) - len(cells) % width
    bundles = [cells[first : first + width] for first in range(0, whole, width)]
    for group in (bundles, [cells[whole:]]):
        if group and group[0]:
            connection.exec_driver_sql(head + ", ".join([one] * (len(group[0]) // len(names))), group)


def _row_by_row(columns: list[list[Any]], rows: int) -> tuple[Any, ...]:
    """Return the cells of all rows in one tuple, row after row."""
    cells: list[Any] = [None] * (rows * len(columns))
    for place, column in enumerate(columns):
        cells[place :: len(columns)] = column
    return tuple(cells)


def _core_insert(connection: Connection, load: TableLoad, names: list[str], start: int, stop: int) -> None:
    always = any(load.table.column(name).identity == "always" for name in names)
    statement = _OverridingInsert(load.target) if always else sa.insert(load.target)
    connection.execute(statement, _records(load, names, start, stop))


def _records(load: TableLoad, names: list[str], start: int, stop: int) -> list[dict[str, Any]]:
    if not names:
        return [{} for _ in range(start, stop)]
    targets = named_columns(load.target)
    keys = [targets[name].key for name in names]
    listed = [
        core_values(load.columns[name].slice(start, stop), load.table.column(name), targets[name]) for name in names
    ]
    return [dict(zip(keys, row, strict=True)) for row in zip(*listed, strict=True)]


def _update(connection: Connection, load: TableLoad, link: ForeignKey) -> None:
    late = sorted(_late_columns(load.table, [link]))
    keys = list(load.table.primary_key)
    present = np.ones(load.rows, dtype=bool)
    for name in late:
        null = load.columns[name].null
        if null is not None:
            present &= ~null
    rows = np.flatnonzero(present)
    if not len(rows):
        return
    targets = named_columns(load.target)
    statement = (
        sa.update(load.target)
        .where(*(targets[name] == sa.bindparam(f"key_{place}") for place, name in enumerate(keys)))
        .values({targets[name]: sa.bindparam(f"value_{place}") for place, name in enumerate(late)})
    )
    labels = [f"key_{place}" for place in range(len(keys))] + [f"value_{place}" for place in range(len(late))]
    listed = [
        core_values(load.columns[name].take(rows), load.table.column(name), targets[name]) for name in (*keys, *late)
    ]
    records = [dict(zip(labels, row, strict=True)) for row in zip(*listed, strict=True)]
    for start in range(0, len(records), BATCH_ROWS):
        connection.execute(statement, records[start : start + BATCH_ROWS])


def _move_sequences(connection: Connection, loads: list[TableLoad]) -> None:
    """Set PostgreSQL's sequences behind the numbers that were inserted; the other databases do so by themselves."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer
    for load in loads:
        for column in load.table.columns:
            if not load.rows or column.name not in load.columns or not (column.autoincrement or column.identity):
                continue
            named = sa.select(sa.func.pg_get_serial_sequence(quote.format_table(load.target), column.name))
            sequence = connection.scalar(named)
            if sequence:
                highest = sa.select(sa.func.max(named_columns(load.target)[column.name])).scalar_subquery()
                connection.execute(sa.select(sa.func.setval(sequence, highest)))
