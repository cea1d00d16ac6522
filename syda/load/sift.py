"""Rows that a trigger refuses: they are left out, told, and the others go in.

What a trigger does cannot be known before it is tried. It may refuse a row, change it so that another rule does, or
insert rows of other tables by itself, which are then in the way of those that were made for these tables.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, exc

from syda.errors import RejectedError
from syda.load import core
from syda.load.road import Road
from syda.load.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.load.target import first_line, refuses_rows

logger = logging.getLogger("syda.load")
_MOST = 10_000
"""Refused rows from which on the load is given up rather than sifted row by row."""


@dataclass(slots=True)
class Sifted:
    """`refused` rows of a table were left out; `reason` is what the database said of the first of them."""

    refused: int = 0
    reason: str = ""

    def note(self, load: TableLoad, *, redact: bool = False) -> str:
        """Return what was left out, without the words of the database, which hold values, when these are kept out."""
        said = "" if redact else f": {self.reason}"
        return f"{load.table.key}: the database refused {self.refused} of {load.rows} rows{said}"

    def add(self, error: exc.DBAPIError) -> None:
        self.refused += 1
        self.reason = self.reason or first_line(error.orig)


def may_sift(road: Road, load: TableLoad) -> bool:
    """Tell whether refused rows of a table are left out: where triggers are about, and nobody asked for its rows by
    name.
    """
    planned = road.plan.tables.get(load.table.key)
    asked = planned is not None and (planned.exact or planned.rows_from is not None)
    return (bool(load.table.exclusions) or road.has_effects) and not asked


def insert_sifted(road: Road, load: TableLoad, without: frozenset[str], progress: Progress | None) -> Sifted:
    """Insert a table's rows; when the database refuses some, all but these.

    Raises `RejectedError` when it refuses too many to try them one by one.
    """
    sifted = Sifted()
    savepoint = road.connection.begin_nested()
    try:
        road.insert(load, without, progress)
        savepoint.commit()
    except exc.DBAPIError as error:
        if not refuses_rows(error) or error.connection_invalidated:
            raise
        savepoint.rollback()
    else:
        return sifted
    bound = load.bindings(road.connection.dialect, without)
    for block in load.blocks():
        for part in _parts(block, bound):
            _insert(road.connection, load, bound, part, sifted)
    logger.warning("%s", sifted.note(load, redact=True))
    return sifted


def _parts(block: Block, bound: Bindings, rows: int = 1_000) -> Iterator[Block]:
    """Yield a block in parts that are not too long to be tried again and again."""
    for start in range(0, block_rows(block), rows):
        stop = min(start + rows, block_rows(block))
        yield {name: block[name].slice(start, stop) for name in bound}


def _insert(connection: Connection, load: TableLoad, bound: Bindings, block: Block, sifted: Sifted) -> None:
    """Insert a block; one that is refused in halves, down to the row that is."""
    rows = block_rows(block)
    savepoint = connection.begin_nested()
    try:
        core.insert(connection, load, bound, [block], None)
        savepoint.commit()
    except exc.DBAPIError as error:
        if not refuses_rows(error) or error.connection_invalidated:
            raise
        savepoint.rollback()
        if rows == 1:
            sifted.add(error)
            if sifted.refused > _MOST:
                message = f"loading table {load.table.key!r}: the database refused {sifted.refused:,} rows"
                raise RejectedError(f"{message}: {sifted.reason}", table=load.table.key) from error
            return
        for start, stop in ((0, rows // 2), (rows // 2, rows)):
            part = {name: values.slice(start, stop) for name, values in block.items()}
            _insert(connection, load, bound, part, sifted)
