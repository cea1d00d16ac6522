"""The road into SQLite: prepared statements of many rows; for large loads, indexes and checks after the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from syda.errors import RejectedError
from syda.load.roads import core
from syda.load.roads.road import Road
from syda.load.roads.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.load.roads.timing import Constraints, least_rows
from syda.schema.model import ForeignKey, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

VARIABLES = 999  # what every version of SQLite takes in one statement
_LARGE_CACHE_KB = 64 * 1024
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
_LISTED = (
    "SELECT 1 FROM pragma_index_list(?) l, pragma_index_info(l.name) i"
    " WHERE NOT l.partial AND i.seqno = 0 AND i.name = ? LIMIT 1"
)
_TRIGGERS = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' LIMIT 1"


class SqliteRoad(Road):
    """Inserts by the driver; large empty tables get their indexes back when they are full."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._indexes: list[tuple[str, str]] = []
        self._cache: int | None = None
        self._unchecked = False

    def require_loadable(self) -> None:
        """Nothing is refused: SQLite defers any foreign key."""

    def hindrances(self, large: Sequence[TableLoad], emptied: Collection[str]) -> Mapping[str, str]:
        if self._first(_TRIGGERS):
            return {load.table.key: "the database has triggers, which may need them" for load in large}
        found = {load.table.key: self._hindrance(load, is_emptied=load.table.key in emptied) for load in large}
        return {key: why for key, why in found.items() if why}

    def _hindrance(self, load: TableLoad, *, is_emptied: bool) -> str:
        if load.target.schema is not None:
            return "it is in an attached database"
        if is_emptied or not self._first("SELECT 1 FROM sqlite_master WHERE name = ?", (load.target.name,)):
            return ""
        name = self.connection.dialect.identifier_preparer.format_table(load.target)
        return "it has rows already" if self._first(f"SELECT 1 FROM {name} LIMIT 1") else ""

    def prepare(self) -> None:
        super().prepare()
        checks = bool(self.connection.exec_driver_sql("PRAGMA foreign_keys").scalar())
        self._unchecked = not checks and _MARK in self.connection.info
        if (self.defers() or self.unchecked()) and checks:
            self.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        last = self.last()
        if not last:
            return
        self._cache = self.connection.exec_driver_sql("PRAGMA cache_size").scalar()
        self.connection.exec_driver_sql(f"PRAGMA cache_size = -{_LARGE_CACHE_KB}")
        for load in last:
            self._take_indexes(load, checks=checks)

    def _take_indexes(self, load: TableLoad, *, checks: bool) -> None:
        quote = self.connection.dialect.identifier_preparer
        name = quote.format_table(load.target)
        unique = {row[1] for row in self.connection.exec_driver_sql(f"PRAGMA index_list({name})") if row[2]}
        for index, statement in self.connection.exec_driver_sql(_INDEXES, (load.target.name,)).all():
            # children's rows are checked by unique indexes; ANALYZE's numbers would be dropped with their index
            if (checks and index in unique) or self._has_statistics(index):
                continue
            self.connection.exec_driver_sql(f"DROP INDEX {quote.quote_identifier(index)}")
            self._indexes.append((index, statement))

    def _has_statistics(self, index: str) -> bool:
        there = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
        return bool(self._first(there)) and bool(self._first("SELECT 1 FROM sqlite_stat1 WHERE idx = ?", (index,)))

    def _first(self, statement: str, parameters: tuple[Any, ...] = ()) -> Any:
        return self.connection.exec_driver_sql(statement, parameters).first()

    def is_unchecked(self, table: str, foreign_key: str) -> bool:
        return self._unchecked

    def insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        bound = load.bindings(self.connection.dialect, without)
        if not bound or any(each.needs_core() for each in bound.values()):
            core.insert(self.connection, load, bound, load.blocks(), progress)
            return
        done = 0
        for block in load.blocks():
            self._insert_block(load, bound, block)
            done += block_rows(block)
            if progress:
                progress(load.table.key, done, load.rows)

    def _insert_block(self, load: TableLoad, bound: Bindings, block: Block) -> None:
        """Insert by prepared statements of many rows each, which skips SQLAlchemy's and SQLite's work on each row."""
        quote = self.connection.dialect.identifier_preparer
        columns = ", ".join(map(quote.quote_identifier, bound))
        one = f"({', '.join('?' * len(bound))})"
        head = f"INSERT INTO {quote.format_table(load.target)} ({columns}) VALUES "
        cells = _row_by_row([binding.driver(block[name]) for name, binding in bound.items()], block_rows(block))
        width = max(1, VARIABLES // len(bound)) * len(bound)
        whole = len(cells) - len(cells) % width
        bundles = [cells[first : first + width] for first in range(0, whole, width)]
        for group in (bundles, [cells[whole:]]):
            if group and group[0]:
                self.connection.exec_driver_sql(head + ", ".join([one] * (len(group[0]) // len(bound))), group)

    def restore(self) -> None:
        for _, statement in self._indexes:
            self.connection.exec_driver_sql(statement)
        if self._unchecked:
            self._check_foreign_keys()
        if self._cache is not None:
            self.connection.exec_driver_sql(f"PRAGMA cache_size = {self._cache}")

    def _check_foreign_keys(self) -> None:
        quote = self.connection.dialect.identifier_preparer
        for load in self.loads:
            if not load.rows or all(self._finds_parents(load, link) for link in load.table.foreign_keys):
                continue
            schema = f"{quote.quote_identifier(load.target.schema)}." if load.target.schema else ""
            named = quote.quote_identifier(load.target.name)
            broken = self._first(f"PRAGMA {schema}foreign_key_check({named})")
            if broken:
                raise RejectedError(
                    f"loading table {load.table.key!r}: the database refused it: FOREIGN KEY constraint failed: "
                    f"the row with rowid {broken[1]} refers to a row of {broken[2]!r} that is not there"
                )

    def _finds_parents(self, load: TableLoad, link: ForeignKey) -> bool:
        """Tell whether all rows surely have their parent, by their different numbers where an index lists these.

        That takes a fraction of the time of SQLite's own check, which looks up the parent of each row.
        """
        parent = next((each for each in self.loads if each.table.key == link.parent), None)
        if parent is None or len(link.pairs) != 1 or load.target.schema or parent.target.schema:
            return False
        child, other = link.pairs[0]
        kinds = {load.table.column(child).type.kind, parent.table.column(other).type.kind}
        if kinds != {Kind.INTEGER} or not self._first(_LISTED, (load.target.name, child)):
            return False
        quote = self.connection.dialect.identifier_preparer
        child, other = quote.quote_identifier(child), quote.quote_identifier(other)
        lost = (
            f"SELECT 1 FROM (SELECT DISTINCT {child} AS number FROM {quote.format_table(load.target)}) c"
            f" WHERE c.number IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 FROM {quote.format_table(parent.target)} p WHERE p.{other} = c.number) LIMIT 1"
        )
        return self._first(lost) is None


_MARK = "syda checks foreign keys after the rows"


def _row_by_row(columns: list[list[Any]], rows: int) -> tuple[Any, ...]:
    """Return the cells of all rows in one tuple, row after row."""
    cells: list[Any] = [None] * (rows * len(columns))
    for place, column in enumerate(columns):
        cells[place :: len(columns)] = column
    return tuple(cells)


@contextmanager
def unchecked_foreign_keys(
    connection: Connection, loads: Sequence[TableLoad], constraints: Constraints
) -> Iterator[None]:
    """Have SQLite not look up each row's parents inside the block, for a large load that begins its own transaction.

    The load checks all rows before it commits. Only for empty tables: old rows may break their keys already.
    """
    driver: Any = connection.connection.driver_connection
    if not _can_check_later(connection, loads, constraints, driver):
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    connection.info[_MARK] = True
    try:
        yield
    finally:
        connection.info.pop(_MARK, None)  # gone already where the connection was given up
        with suppress(sqlite3.ProgrammingError):  # an interrupt closes the connection, and the setting goes with it
            driver.execute("PRAGMA foreign_keys = ON")


def _can_check_later(connection: Connection, loads: Sequence[TableLoad], constraints: Constraints, driver: Any) -> bool:
    least = least_rows(constraints)
    if connection.dialect.name != "sqlite" or connection.in_transaction() or least is None:
        return False
    if connection.dialect.driver != "pysqlite" or getattr(driver, "in_transaction", True):
        return False
    if all(load.rows < least for load in loads) or driver.execute(_TRIGGERS).fetchone():
        return False
    if not driver.execute("PRAGMA foreign_keys").fetchone()[0]:
        return False
    quote = connection.dialect.identifier_preparer
    there = {row[0] for row in driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return all(
        load.target.schema is None
        and (
            load.target.name not in there
            or not driver.execute(f"SELECT 1 FROM {quote.format_table(load.target)} LIMIT 1").fetchone()
        )
        for load in loads
    )
