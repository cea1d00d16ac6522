"""The road into MariaDB and MySQL: LOAD DATA where both sides allow it, else INSERTs as long as the server takes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from syda.errors import RejectedError, TargetError
from syda.load.roads import core
from syda.load.roads.columns import quoted_names, quoted_table
from syda.load.roads.mysql_text import fields, literals
from syda.load.roads.road import Road
from syda.load.roads.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.schema.model import ForeignKey

_LOCAL_FILES = 128  # the client's capability in MySQL's protocol
_NO_BACKSLASHES = 512  # the server's status: backslashes are plain characters
_STATEMENT_BYTES = 4 * 1024 * 1024  # longer ones are not faster
_LEAST_FILE_ROWS = 5_000  # below, a file of its own costs more than it saves
_ENGINES = sa.text(
    "SELECT t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t JOIN information_schema.ENGINES e"
    " ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = COALESCE(:schema, DATABASE()) AND t.TABLE_NAME IN :names"
    " AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'"
).bindparams(sa.bindparam("names", expanding=True))


class MysqlRoad(Road):
    """Writes rows as text of the server's own, through pymysql; other drivers' rows go by Core."""

    def prepare(self) -> None:
        super().prepare()
        self._late = self.unchecked()

    def require_loadable(self) -> None:
        if not self.options.allow_nontransactional:
            self._refuse_nontransactional()

    def hindrances(self, large: Sequence[TableLoad], emptied: Collection[str]) -> Mapping[str, str]:
        why = "MariaDB and MySQL end the transaction where an index is made"
        return {load.table.key: why for load in large}

    def _refuse_nontransactional(self) -> None:
        schemas = {load.target.schema for load in self.loads if load.rows}
        for schema in schemas:
            names = [load.target.name for load in self.loads if load.rows and load.target.schema == schema]
            found = self.connection.execute(_ENGINES, {"schema": schema, "names": names}).first()
            if found:
                raise TargetError(
                    f"table {found[0]!r} is of the engine {found[1]}, which has no transactions: a load that fails "
                    f"would leave rows in it; convert it to InnoDB, or accept that with allow_nontransactional=True "
                    f"(--allow-nontransactional on the command line)"
                )

    def insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        if any(late is load for late, _ in self._late):
            with self._without_checks():
                self._insert(load, without, progress)
        else:
            self._insert(load, without, progress)

    @contextmanager
    def _without_checks(self) -> Iterator[None]:
        """Have the server not check foreign keys inside the block; `restore` does it instead."""
        before = self.connection.exec_driver_sql("SELECT @@foreign_key_checks").scalar()
        self.connection.exec_driver_sql("SET foreign_key_checks = 0")
        try:
            yield
        finally:
            if not self.connection.invalidated:
                self.connection.exec_driver_sql(f"SET foreign_key_checks = {int(bool(before))}")

    def restore(self) -> None:
        """Look for rows without a parent in tables whose foreign keys were not checked."""
        for load in {late.table.key: late for late, _ in self._late}.values():
            for link in load.table.foreign_keys:
                self._require_parents(load, link)

    def _require_parents(self, load: TableLoad, link: ForeignKey) -> None:
        quote = self.connection.dialect.identifier_preparer
        parent = next((each.target for each in self.loads if each.table.key == link.parent), None)
        if parent is None:
            return
        pairs = [(quote.quote_identifier(child), quote.quote_identifier(other)) for child, other in link.pairs]
        lost = self._run(
            f"SELECT count(*) FROM {self._name(load)} c LEFT JOIN {quote.format_table(parent)} p"
            f" ON {' AND '.join(f'c.{child} = p.{other}' for child, other in pairs)}"
            f" WHERE p.{pairs[0][1]} IS NULL AND {' AND '.join(f'c.{child} IS NOT NULL' for child, _ in pairs)}",
        ).scalar()
        if lost:
            raise RejectedError(
                f"loading table {load.table.key!r}: {lost} rows have no parent in {link.parent!r} for "
                f"({', '.join(link.columns)})"
            )

    def _insert(self, load: TableLoad, without: frozenset[str], progress: Progress | None) -> None:
        bound = load.bindings(self.connection.dialect, without)
        blocks = load.blocks()
        simple = bound and not load.leaves_defaults() and not any(each.needs_core() for each in bound.values())
        if not simple or self.connection.dialect.driver != "pymysql":
            core.insert(self.connection, load, bound, blocks, progress)
            return
        by_file = load.rows >= _LEAST_FILE_ROWS and self._takes_files()
        done = 0
        for block in blocks:
            if not (by_file and self._load_file(load, bound, block)):
                self._insert_block(load, bound, block, progress)
            done += block_rows(block)
            if progress:
                progress(load.table.key, done, load.rows)

    def _takes_files(self) -> bool:
        driver: Any = self.connection.connection.driver_connection
        allowed = getattr(driver, "client_flag", 0) & _LOCAL_FILES
        return bool(allowed and self.connection.exec_driver_sql("SELECT @@local_infile").scalar())

    def _load_file(self, load: TableLoad, bound: Bindings, block: Block) -> bool:
        """Load a block from a file; False, with nothing loaded, where the server took a row otherwise than it is.

        LOAD DATA LOCAL makes warnings of errors: what is not loaded cleanly is taken back, for INSERT to tell why.
        """
        written = fields(bound, block)
        if written is None:
            return False
        rows = block_rows(block)
        savepoint = self.connection.begin_nested()
        with tempfile.TemporaryDirectory(prefix="syda-") as folder:
            file = Path(folder) / "rows"
            file.write_bytes(written)
            done = self._run(self._load_data(load, bound, file))
            warnings = self.connection.exec_driver_sql("SELECT @@warning_count").scalar()
        if done.rowcount == rows and not warnings:
            savepoint.commit()
            return True
        savepoint.rollback()
        return False

    def _load_data(self, load: TableLoad, bound: Bindings, file: Path) -> str:
        # every mark as a number, so that no sql_mode reads it otherwise
        return (
            f"LOAD DATA LOCAL INFILE {self._literal()(str(file))} INTO TABLE {self._name(load)} CHARACTER SET utf8mb4"
            " FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A"
            f" ({self._columns(bound)})"
        )

    def _insert_block(self, load: TableLoad, bound: Bindings, block: Block, progress: Progress | None) -> None:
        written = literals(bound, block, self._literal())
        if written is None:
            core.insert(self.connection, load, bound, [block], None)
            return
        head = f"INSERT INTO {self._name(load)} ({self._columns(bound)}) VALUES "
        for rows in _bundles(written, self._statement_bytes() - len(head.encode())):
            self._run(head + ",".join(rows))

    def _literal(self) -> Callable[[str], str]:
        """Return what writes text as a literal under the sql_mode that the session has."""
        driver: Any = self.connection.connection.driver_connection
        if driver.server_status & _NO_BACKSLASHES:
            return lambda text: "'" + text.replace("'", "''") + "'"
        return lambda text: "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    def _run(self, statement: str) -> sa.CursorResult[Any]:
        return core.execute_as_written(self.connection, statement)

    def _statement_bytes(self) -> int:
        allowed = self.connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar() or _STATEMENT_BYTES
        return min(_STATEMENT_BYTES, int(allowed) - 1024)

    def _name(self, load: TableLoad) -> str:
        return quoted_table(load.target, self.connection.dialect)

    def _columns(self, bound: Bindings) -> str:
        return quoted_names(bound, self.connection.dialect)


def _bundles(rows: Iterable[str], most: int) -> Iterator[list[str]]:
    """Group rows so that each group, joined by commas, has at most `most` bytes, but for a row that has more."""
    bundle: list[str] = []
    size = 0
    for row in rows:
        length = (len(row) if row.isascii() else len(row.encode())) + 1
        if bundle and size + length > most:
            yield bundle
            bundle, size = [], 0
        bundle.append(row)
        size += length
    if bundle:
        yield bundle
