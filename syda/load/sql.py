"""Loads rows into a database: one transaction, parents first, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, exc
from sqlalchemy.ext.compiler import compiles

from syda.errors import MissingTableError, TargetError
from syda.load.binding import Binding, bindings, overriding_identity
from syda.load.columns import named_columns
from syda.load.guard import require_development, require_unprotected
from syda.load.modes import Mode, make_room
from syda.load.present import PresentTables
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
Bindings = Mapping[str, Binding]


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
    mode: Mode = "if_empty",
    allow_hosts: Iterable[str] = (),
) -> LoadReport:
    """Insert all rows in one transaction; with `create`, first make the tables that do not exist.

    Raises `TargetError` when the database cannot be reached or lacks a table, `MissingTableError` when a table to be
    made refers to one that is neither given nor there, `RejectedError` when it refuses a row;
    either way nothing is left behind (on MariaDB and MySQL, tables made by `create` are).
    """
    started = perf_counter()
    require_development(target, allow_hosts)
    with one_transaction(target) as connection:
        require_unprotected(connection, allow_hosts)
        with rejections("creating the tables"):
            _ensure_tables(connection, plan, loads, create=create)
        loads = make_room(connection, plan, loads, mode)
        _defer_constraints(connection, plan)
        updates = _updates(plan)
        for load in loads:
            with rejections(f"loading table {load.table.key!r}", table=load.table.key):
                _insert(connection, load, updates.get(load.table.key, []), progress)
        for load in loads:
            for link in updates.get(load.table.key, []):
                with rejections(f"setting {load.table.key}.{', '.join(link.columns)}", table=load.table.key):
                    _update(connection, load, link)
        with rejections("moving the sequences on"):
            _move_sequences(connection, loads)
        if plan.deferred:
            with rejections("checking deferred constraints"):
                _check_deferred(connection)
    rows = {load.table.key: load.rows for load in loads}
    return LoadReport(rows=rows, seconds=perf_counter() - started)


def _ensure_tables(connection: Connection, plan: Plan, loads: list[TableLoad], *, create: bool) -> None:
    present = PresentTables(connection)
    missing = [load for load in loads if not present.has(load.target.name, load.target.schema)]
    if missing and create:
        _require_parents(present, plan, missing)
        missing[0].target.metadata.create_all(connection, tables=[load.target for load in missing])
    elif missing:
        names = ", ".join(repr(load.table.key) for load in missing)
        raise TargetError(
            f"the database has no table {names}; create the tables first (for example with "
            f"Base.metadata.create_all(engine) or your migrations) or pass create=True"
        )


def _require_parents(present: PresentTables, plan: Plan, missing: list[TableLoad]) -> None:
    """Raise `MissingTableError` where a table to be made refers to one that is not there and was not given."""
    for load in missing:
        for link in load.table.foreign_keys:
            parent = plan.schema.tables[link.parent]
            if parent.key in plan.schema.external and not present.has(parent.name, parent.schema):
                raise MissingTableError(
                    f"{load.table.key}.{', '.join(link.columns)} refers to table {link.parent!r}, which was not given "
                    f"and is not in the database; add its class to the models, or create the table first"
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
    known = bindings(load.table, load.target, connection.dialect)
    bound = {name: known[name] for name in names}
    direct = connection.dialect.name == "sqlite" and bound and not any(each.needs_core() for each in bound.values())
    send = _driver_insert if direct else _core_insert
    for start in range(0, load.rows, BATCH_ROWS):
        stop = min(start + BATCH_ROWS, load.rows)
        send(connection, load, bound, start, stop)
        if progress:
            progress(load.table.key, stop, load.rows)


def _driver_insert(connection: Connection, load: TableLoad, bound: Bindings, start: int, stop: int) -> None:
    """Insert by prepared statements of many rows each, which skips SQLAlchemy's and SQLite's work on each row."""
    quote = connection.dialect.identifier_preparer
    columns = ", ".join(map(quote.quote_identifier, bound))
    one = f"({', '.join('?' * len(bound))})"
    head = f"INSERT INTO {quote.format_table(load.target)} ({columns}) VALUES "
    listed = [binding.driver(load.columns[name].slice(start, stop)) for name, binding in bound.items()]
    cells = _row_by_row(listed, stop - start)
    width = max(1, SQLITE_VARIABLES // len(bound)) * len(bound)
    whole = len(cells) - len(cells) % width
    bundles = [cells[first : first + width] for first in range(0, whole, width)]
    for group in (bundles, [cells[whole:]]):
        if group and group[0]:
            connection.exec_driver_sql(head + ", ".join([one] * (len(group[0]) // len(bound))), group)


def _row_by_row(columns: list[list[Any]], rows: int) -> tuple[Any, ...]:
    """Return the cells of all rows in one tuple, row after row."""
    cells: list[Any] = [None] * (rows * len(columns))
    for place, column in enumerate(columns):
        cells[place :: len(columns)] = column
    return tuple(cells)


def _core_insert(connection: Connection, load: TableLoad, bound: Bindings, start: int, stop: int) -> None:
    always = any(binding.column.identity == "always" for binding in bound.values())
    statement = _OverridingInsert(load.target) if always else sa.insert(load.target)
    columns = [load.columns[name].slice(start, stop) for name in bound]
    keys = [binding.target.key for binding in bound.values()]
    _execute(connection, statement, keys, list(bound.values()), columns, stop - start)


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


def _update(connection: Connection, load: TableLoad, link: ForeignKey) -> None:
    late = sorted(_late_columns(load.table, [link]))
    keys = list(load.table.primary_key)
    present = np.ones(load.rows, dtype=bool)
    for name in late:
        null = load.columns[name].null
        if null is not None:
            present &= ~null
    rows = np.flatnonzero(present)
    known = bindings(load.table, load.target, connection.dialect)
    bound = [known[name] for name in (*keys, *late)]
    labels = [f"key_{place}" for place in range(len(keys))] + [f"value_{place}" for place in range(len(late))]
    cells = {label: binding.target for label, binding in zip(labels, bound, strict=True)}
    statement = (
        sa.update(load.target)
        .where(*(cells[label] == sa.bindparam(label) for label in labels[: len(keys)]))
        .values({cells[label]: sa.bindparam(label) for label in labels[len(keys) :]})
    )
    for start in range(0, len(rows), BATCH_ROWS):
        some = rows[start : start + BATCH_ROWS]
        columns = [load.columns[name].take(some) for name in (*keys, *late)]
        _execute(connection, statement, labels, bound, columns, len(some))


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
