"""Evaluates conditions over columns in DuckDB, which reads the SQL that sqlglot writes from any dialect."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from syda.generation.translation import written
from syda.planning.checks.reading import Node
from syda.schema.model import Kind, LogicalType, Table
from syda.sources.values import Values, decimal_places

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Mask = NDArray[np.bool_]
_LOCAL = threading.local()
_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "BIGINT",
    Kind.FLOAT: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMP",
    Kind.TIME: "INTERVAL",
    Kind.INTERVAL: "INTERVAL",
    Kind.BINARY: "BLOB",
    Kind.JSON: "JSON",
}
_CASELESS = ("mysql", "mariadb")
_MICROSECONDS = {Kind.TIME: "to_microseconds({})", Kind.INTERVAL: "to_microseconds({})"}


class Engine:
    """Expressions of one table, each of which DuckDB can evaluate or cannot."""

    def __init__(self, table: Table, nodes: Sequence[Node | None]) -> None:
        self._table = table
        self._sql = [None if node is None else written(node, table) for node in nodes]
        for place, sql in enumerate(self._sql):
            if sql is not None and not self._binds(sql):
                self._sql[place] = None

    @property
    def decided(self) -> list[bool]:
        """Which of the expressions can be evaluated."""
        return [sql is not None for sql in self._sql]

    def conditions(self, columns: Mapping[str, Values]) -> list[Mask | None]:
        """Return for each expression which rows satisfy it, as a CHECK does: NULL counts as true.

        A row on which the expression fails (a text that is no number) does not satisfy it.
        """
        found = self._run(columns, _AS_CHECK)
        for place, sql in enumerate(self._sql):
            if found[place] is None and sql is not None:
                frame, typed = _frame(self._table, columns)
                found[place] = _select([_AS_TRIED_CHECK.format(sql)], typed, frame)[0]
        return [None if each is None else np.asarray(each, dtype=bool) for each in found]

    def predicates(self, columns: Mapping[str, Values]) -> list[Mask | None]:
        """Return for each expression which rows satisfy it, as a WHERE does: NULL counts as false."""
        return [None if found is None else np.asarray(found, dtype=bool) for found in self._run(columns, _AS_WHERE)]

    def texts(self, columns: Mapping[str, Values]) -> list[NDArray[np.object_] | None]:
        """Return each expression's value as text, None where it is NULL."""
        return self._run(columns, _AS_TEXT)

    def _binds(self, sql: str) -> bool:
        names = [column.name for column in self._table.columns if _quoted(column.name) in sql]
        types = {name: self._table.column(name).type for name in names}
        typed = ", ".join(
            f"NULL::{_type(type_)}{_collated(self._table, type_)} AS {_quoted(name)}" for name, type_ in types.items()
        )
        return _is_understood(f"SELECT {_AS_TEXT.format(sql)} FROM (SELECT {typed or '1 AS one'}) LIMIT 0")

    def _run(self, columns: Mapping[str, Values], form: str) -> list[NDArray[Any] | None]:
        asked = [form.format(sql) for sql in self._sql if sql is not None]
        if not asked:
            return [None for _ in self._sql]
        frame, typed = _frame(self._table, columns)
        answers = iter(_select(asked, typed, frame))
        return [None if sql is None else next(answers) for sql in self._sql]


@lru_cache(maxsize=1000)
def _is_understood(query: str) -> bool:
    """Tell whether DuckDB understands a query; factories ask of the same ones many times."""
    return _execute(query) is not None


_AS_CHECK = "coalesce(({}), TRUE)"
_AS_TRIED_CHECK = "coalesce(TRY(coalesce(({}), TRUE)), FALSE)"
"""Slower: a row on which the expression fails makes the whole query fail otherwise."""
_AS_WHERE = "coalesce(({}), FALSE)"
_AS_TEXT = "CAST(({}) AS VARCHAR)"


def _select(expressions: Sequence[str], typed: str, frame: Mapping[str, Any]) -> list[NDArray[Any] | None]:
    """Evaluate all at once; when one fails on a value, each by itself, so that only that one stays open."""
    found = _execute(f"SELECT {', '.join(expressions)} FROM (SELECT {typed} FROM frame)", frame)
    if found is not None:
        return list(found)
    if len(expressions) == 1:
        return [None]
    return [_select([one], typed, frame)[0] for one in expressions]


def _execute(sql: str, frame: Mapping[str, Any] | None = None) -> list[NDArray[Any]] | None:  # noqa: ARG001
    """Return the columns of a query, None when DuckDB refuses it; it finds `frame` by its name in this function."""
    import duckdb

    try:
        fetched = _connection().execute(sql).fetchnumpy()
    except duckdb.Error:
        return None
    return [_filled(column) for column in fetched.values()]


def _filled(column: Any) -> NDArray[Any]:
    """Return a fetched column with None where DuckDB masks a NULL; NumPy's `filled` would put a filler there."""
    if not np.ma.isMaskedArray(column):
        return np.asarray(column)
    items = np.asarray(column.data, dtype=object)
    items[np.ma.getmaskarray(column)] = None
    return items


def _connection() -> DuckDBPyConnection:
    """Return this thread's connection: to open one costs more than to evaluate a hundred rows."""
    import duckdb

    made: DuckDBPyConnection | None = getattr(_LOCAL, "connection", None)
    if made is None:
        settings: dict[str, Any] = {
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        made = _LOCAL.connection = duckdb.connect(":memory:", config=settings)
    return made


# -- from columns to DuckDB ---------------------------------------------------------------------------------------


def _frame(table: Table, columns: Mapping[str, Values]) -> tuple[Mapping[str, Any], str]:
    """Return the arrays of the columns, and the SQL that gives each of them its name, type and NULLs."""
    data: dict[str, Any] = {}
    typed = []
    for place, (name, values) in enumerate(columns.items()):
        type_ = table.column(name).type
        data[f"c{place}"] = _plain(values, type_)
        shown = _MICROSECONDS.get(type_.kind, "{}").format(f"c{place}")
        value = _scaled(shown, type_)
        if values.null is not None:
            data[f"n{place}"] = values.null
            value = f"CASE WHEN n{place} THEN NULL ELSE {value} END"
        typed.append(f"CAST({value} AS {_type(type_)}){_collated(table, type_)} AS {_quoted(name)}")
    if not typed:
        return {"c0": np.zeros(1, dtype=np.int64)}, "c0"
    return data, ", ".join(typed)


def _plain(values: Values, type_: LogicalType) -> Any:
    data = values.data
    if data.dtype.kind == "m":
        return data.astype("timedelta64[us]").astype(np.int64)
    if data.dtype.kind == "M":
        return data.astype("datetime64[us]")
    if data.dtype != object:
        return data
    items: list[Any] = data.tolist()
    null = values.null
    for place, item in enumerate(items):
        if null is not None and null[place]:
            items[place] = None
        elif type_.kind is Kind.JSON or (type_.kind is Kind.ARRAY and not isinstance(item, str)):
            items[place] = json.dumps(item, default=str)
        elif not isinstance(item, str | bytes):
            items[place] = str(item)
    listed = np.empty(len(items), dtype=object)
    listed[:] = items
    return listed


def _scaled(shown: str, type_: LogicalType) -> str:
    if type_.kind is Kind.DECIMAL:
        places = decimal_places(type_)
        return f"CAST({shown} AS DECIMAL(19, 0)) * CAST('1e-{places}' AS DECIMAL({places + 1}, {places}))"
    if type_.kind is Kind.ARRAY:
        return f"CAST({shown} AS JSON)"
    return shown


def _collated(table: Table, type_: LogicalType) -> str:
    """MariaDB and MySQL compare texts without regard to case, unless they are told otherwise."""
    caseless = table.dialect in _CASELESS and _type(type_) == "VARCHAR"
    return " COLLATE NOCASE" if caseless else ""


def _type(type_: LogicalType) -> str:
    if type_.kind is Kind.DECIMAL:
        places = decimal_places(type_)
        return f"DECIMAL({min(19 + places, 38)}, {places})"
    if type_.kind is Kind.ARRAY:
        item = _type(type_.item) if type_.item is not None else "VARCHAR"
        return item + "[]" * max(type_.dimensions, 1)
    return _TYPES.get(type_.kind, "VARCHAR")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
