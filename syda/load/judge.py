"""Asks the target database which rows satisfy CHECKs that only it can evaluate: functions of the user's own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection, exc

from syda.load.roads.binding import Binding, bindings
from syda.load.roads.search_path import SearchPath
from syda.load.target import first_line, without_repeated_errors
from syda.schema.model import Table
from syda.sources.values import Values

_TEMPORARY = "syda_judged"
logger = logging.getLogger("syda.load")


class DatabaseJudge:
    """Evaluates conditions in a temporary table that has the columns of the real one and none of its constraints."""

    def __init__(self, connection: Connection, targets: Mapping[str, sa.Table]) -> None:
        self._connection, self._targets = connection, targets
        self._place = ""

    def holds(
        self, table: Table, expressions: Sequence[str], columns: Mapping[str, Values], rows: int
    ) -> NDArray[np.bool_]:
        """Return which rows satisfy all of the expressions; what the server cannot evaluate either is taken to hold.

        Nothing is left behind, and a row on which an expression fails does not satisfy it.
        """
        bound = bindings(table, self._targets[table.key], self._connection.dialect)
        known = {name: bound[name] for name in columns}
        self._place = _free_name("syda_row", (binding.target.name for binding in known.values()))
        fits = np.ones(rows, dtype=bool)
        savepoint = self._connection.begin_nested()
        try:
            self._lead_to(table)
            judged = self._temporary(table, known)
            if not self._insert(judged, known, columns, rows):
                return np.zeros(rows, dtype=bool)  # the types refuse values, or some of them
            for expression in expressions:
                fits &= self._evaluated(expression, 0, rows) if self._is_known(expression) else True
        except exc.SQLAlchemyError as error:
            why = first_line(getattr(error, "orig", None) or error)
            logger.warning("%s: the database could not be asked which rows satisfy its CHECKs: %s", table.key, why)
            return np.ones(rows, dtype=bool)
        finally:
            savepoint.rollback()
            if self._connection.dialect.name in ("mysql", "mariadb"):  # where a rollback leaves temporary tables
                self._connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {_TEMPORARY}")
        return fits

    def _lead_to(self, table: Table) -> None:
        """Have functions find the tables that they name; the end of the savepoint undoes it."""
        if self._connection.dialect.name == "postgresql":
            schemas = (target.schema for target in self._targets.values())
            SearchPath(self._connection, schemas).lead_to(self._targets[table.key].schema)

    def _is_known(self, expression: str) -> bool:
        """Tell whether the expression can be evaluated at all: it may name a column that only the database makes."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.text(f"SELECT ({_escaped(expression)}) FROM {_TEMPORARY} WHERE 1 = 0"))
        except exc.SQLAlchemyError:
            return False
        return True

    def _temporary(self, table: Table, known: Mapping[str, Binding]) -> sa.Table:
        """Make the table: as a query of the real one, so that its columns have the very types, domains aside."""
        target = self._targets[table.key]
        columns = [sa.Column(binding.target.name, binding.target.type) for binding in known.values()]
        judged = sa.Table(
            _TEMPORARY, sa.MetaData(), sa.Column(self._place, sa.Integer), *columns, prefixes=["TEMPORARY"]
        )
        if not sa.inspect(self._connection).has_table(target.name, schema=target.schema):  # the load makes it
            judged.create(self._connection)
            return judged
        quote = self._connection.dialect.identifier_preparer
        names = ", ".join(quote.quote(binding.target.name) for binding in known.values())
        query = f"SELECT 0 AS {self._place}, {names} FROM {quote.format_table(target)} WHERE 1 = 0"
        self._connection.execute(sa.text(_escaped(f"CREATE TEMPORARY TABLE {_TEMPORARY} AS {query}")))
        return judged

    def _insert(self, judged: sa.Table, known: Mapping[str, Binding], columns: Mapping[str, Values], rows: int) -> bool:
        """Insert the rows; tell whether the types of the columns take them."""
        cells = {binding.target.name: binding.core(columns[name]) for name, binding in known.items()}
        cells[self._place] = list(range(rows))
        records = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
        if not records:
            return True
        try:
            with without_repeated_errors(self._connection), self._connection.begin_nested():
                self._connection.execute(sa.insert(judged), records)
        except exc.SQLAlchemyError:
            return False
        return True

    def _evaluated(self, expression: str, start: int, stop: int) -> NDArray[np.bool_]:
        """Evaluate for the rows ``start..stop``; where that fails, for ever smaller parts of them."""
        fits = np.zeros(stop - start, dtype=bool)
        query = sa.text(
            f"SELECT {self._place} FROM {_TEMPORARY} WHERE coalesce(({_escaped(expression)}), 1 = 1) "
            f"AND {self._place} >= :start AND {self._place} < :stop"
        )
        try:
            with self._connection.begin_nested():
                found = self._connection.scalars(query, {"start": start, "stop": stop}).all()
        except exc.SQLAlchemyError:
            if stop - start <= 1:
                return fits
            middle = (start + stop) // 2
            return np.concatenate(
                [self._evaluated(expression, start, middle), self._evaluated(expression, middle, stop)]
            )
        fits[np.asarray(found, dtype=np.int64) - start] = True
        return fits


def _free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that no column has."""
    known = {each.lower() for each in taken}
    while name in known:
        name += "_"
    return name


def _escaped(expression: str) -> str:
    """Return the text with its colons marked as no parameters of SQLAlchemy's."""
    return expression.replace(":", r"\:")
