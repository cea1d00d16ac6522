"""Rows that the database refuses: they are left out, told, and the others go in.

What a trigger does cannot be known before it is tried. It may refuse a row, change it so that another rule does, or
insert rows of other tables by itself, which are then in the way of those that were made for these tables.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, exc

from syda.errors import RejectedError
from syda.load.refused.salvage import is_elsewhere, is_endless, others, patience, without_triggers
from syda.load.roads import core
from syda.load.roads.road import Road
from syda.load.roads.table_load import Bindings, Block, Progress, TableLoad, block_rows
from syda.load.target import first_line, refuses_rows

logger = logging.getLogger("syda.load")
Mask = NDArray[np.bool_]
_FEW = 8
"""How many rows show whether a table takes rows made in another way."""
_HOPELESS = 100
"""Rows after which a table that takes none of them is given up; so many are tried first, then ever more at once."""
_MOST = 10_000
"""Refused rows from which on the load is given up rather than sifted row by row."""


@dataclass(slots=True)
class Sifted:
    """`refused` rows of a table were left out; `reason` is what the database said of the first of them."""

    refused: int = 0
    reason: str = ""
    elsewhere: bool = False
    """Whether all that was refused is what triggers wrote into other tables."""
    how: str = ""
    """How rows went in all the same, after all had been refused."""
    given: bool = False
    """Whether columns hold values of the user's: then only what a trigger raises leaves rows out."""

    def note(self, load: TableLoad, *, redact: bool = False) -> str:
        """Return what was left out, without the words of the database, which hold values, when these are kept out."""
        said = "" if redact else f": {self.reason}"
        if self.how:
            return f"{load.table.key}: {load.rows - self.refused} of {load.rows} rows went in {self.how}{said}"
        return f"{load.table.key}: the database refused {self.refused} of {load.rows} rows{said}"

    def may_leave_out(self, error: exc.DBAPIError, load: TableLoad) -> bool:
        """Tell whether the rows that were refused may be left out, rather than be an error."""
        ours = isinstance(error, exc.IntegrityError | exc.DataError) and not is_elsewhere(error, load)
        return refuses_rows(error) and not (self.given and ours)

    def add(self, error: exc.DBAPIError, load: TableLoad) -> None:
        self.elsewhere = is_elsewhere(error, load) and (self.elsewhere or not self.refused)
        self.refused += 1
        self.reason = self.reason or first_line(error.orig)


def may_sift(road: Road, load: TableLoad) -> bool:
    """Tell whether refused rows of a table are left out: where triggers are about, or the schema is the database's own;
    and nobody asked for the rows by name.
    """
    planned = road.plan.tables.get(load.table.key)
    asked = planned is not None and (planned.exact or planned.rows_from is not None)
    foreseen = not (load.table.exclusions or road.has_effects)
    return not asked and not (foreseen and (_is_given(road, load) or not road.plan.schema.dialect))


def _is_given(road: Road, load: TableLoad) -> bool:
    """Tell whether columns of the table hold values of the user's: these are neither dropped nor changed in silence."""
    planned = road.plan.tables.get(load.table.key)
    return planned is not None and any(column.author == "user" for column in planned.columns.values())


def insert_sifted(road: Road, load: TableLoad, without: frozenset[str], progress: Progress | None) -> Sifted:
    """Insert a table's rows; when the database refuses some, all but these.

    Raises the driver's error where what is refused may be the user's own values, `RejectedError` when the database
    refuses too many rows to try them one by one.
    """
    sifted = Sifted(given=_is_given(road, load))
    savepoint = road.connection.begin_nested()
    try:
        with patience(road.connection, load):
            road.insert(load, without, progress)
        savepoint.commit()
    except exc.DBAPIError as error:
        endless = is_endless(error, load)
        if not (endless or sifted.may_leave_out(error, load)) or error.connection_invalidated:
            raise
        savepoint.rollback()
        if endless:
            stopped = Sifted(refused=load.rows, reason=first_line(error.orig))
            return _untriggered(road, load, ("", load), without, stopped)
    else:
        return sifted
    _insert_parts(road.connection, load, without, sifted)
    if sifted.refused == load.rows and not sifted.given:
        sifted = _salvaged(road, load, without, sifted)
    if sifted.refused or sifted.how:
        logger.warning("%s", sifted.note(load, redact=True))
    return sifted


def _salvaged(road: Road, load: TableLoad, without: frozenset[str], refused: Sifted) -> Sifted:
    """Insert the rows of a table that stayed empty in another way, when there is one that the database takes."""
    unjournaled = ("", load) if refused.elsewhere else None
    for how, other in others(road.plan, load):
        tried = _try(road.connection, other, without)
        if tried.refused < min(_FEW, load.rows):
            return _insert_anew(road.connection, other, without, Sifted(reason=refused.reason, how=how))
        unjournaled = unjournaled or ((how, other) if tried.elsewhere else None)
    if unjournaled is None or road.connection.dialect.name != "postgresql":
        return refused
    return _untriggered(road, load, unjournaled, without, refused)


def _untriggered(
    road: Road, load: TableLoad, way: tuple[str, TableLoad], without: frozenset[str], refused: Sifted
) -> Sifted:
    """Insert the rows while the table's own triggers are off, where that may be done."""
    how, other = way
    sifted = Sifted(reason=refused.reason, how=f"{how} while its triggers were off".strip())
    try:
        with road.connection.begin_nested(), without_triggers(road.connection, load):
            return _insert_anew(road.connection, other, without, sifted)
    except exc.DBAPIError:
        return refused  # whoever loads may not switch them off, or something waits for the end of the transaction


def _try(connection: Connection, load: TableLoad, without: frozenset[str]) -> Sifted:
    """Return which of the first rows the database refuses; none of them stays."""
    savepoint = connection.begin_nested()
    sifted = Sifted()
    _insert_parts(connection, replace(load, blocks=lambda: _first(load)), without, sifted)
    savepoint.rollback()
    return sifted


def _first(load: TableLoad) -> Iterator[Block]:
    for block in load.blocks():
        yield {name: values.slice(0, min(_FEW, block_rows(block))) for name, values in block.items()}
        return


def _insert_anew(connection: Connection, load: TableLoad, without: frozenset[str], sifted: Sifted) -> Sifted:
    _insert_parts(connection, load, without, sifted)
    return sifted


def _insert_parts(connection: Connection, load: TableLoad, without: frozenset[str], sifted: Sifted) -> None:
    """Insert all rows but those that are refused; no more are tried when none of very many was taken."""
    bound = load.bindings(connection.dialect, without)
    tried = 0
    for block in load.blocks():
        for part in _parts(block, bound):
            if tried >= _HOPELESS and sifted.refused >= tried:
                sifted.refused = load.rows
                return
            _insert_part(connection, load, bound, part, sifted)
            tried += block_rows(part)


def _parts(block: Block, bound: Bindings) -> Iterator[Block]:
    """Yield a block in parts that are not too long to be tried again and again."""
    rows = block_rows(block)
    for start in (0, *range(_HOPELESS, rows, 1_000)):
        stop = min(start + (1_000 if start else _HOPELESS), rows)
        yield {name: block[name].slice(start, stop) for name in bound}


def _insert_part(connection: Connection, load: TableLoad, bound: Bindings, part: Block, sifted: Sifted) -> None:
    """Insert the rows that the database takes, in one piece: a server keeps every savepoint until the load ends."""
    refused = sifted.refused
    savepoint = connection.begin_nested()
    taken = _taken(connection, load, bound, part, sifted)
    if taken.all():
        savepoint.commit()
        return
    savepoint.rollback()
    if not taken.any():
        return
    savepoint = connection.begin_nested()
    whole = {name: values.take(np.flatnonzero(taken)) for name, values in part.items()}
    if _taken(connection, load, bound, whole, Sifted()).all():
        savepoint.commit()
        return
    savepoint.rollback()  # without the others a trigger takes these no longer: one by one, then
    sifted.refused = refused
    _taken(connection, load, bound, part, sifted)


def _taken(connection: Connection, load: TableLoad, bound: Bindings, block: Block, sifted: Sifted) -> Mask:
    """Insert a block, one that is refused in halves, down to the row that is; return which rows were taken."""
    rows = block_rows(block)
    savepoint = connection.begin_nested()
    try:
        core.insert(connection, load, bound, [block], None)
        savepoint.commit()
    except exc.DBAPIError as error:
        if not sifted.may_leave_out(error, load) or error.connection_invalidated:
            raise
        savepoint.rollback()
        if rows == 1:
            sifted.add(error, load)
            if sifted.refused > _MOST:
                message = f"loading table {load.table.key!r}: the database refused {sifted.refused:,} rows"
                raise RejectedError(f"{message}: {sifted.reason}", table=load.table.key) from error
            return np.zeros(1, dtype=bool)
        halves = ((0, rows // 2), (rows // 2, rows))
        parts = ({name: values.slice(start, stop) for name, values in block.items()} for start, stop in halves)
        return np.concatenate([_taken(connection, load, bound, part, sifted) for part in parts])
    return np.ones(rows, dtype=bool)
