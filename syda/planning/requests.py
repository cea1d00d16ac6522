"""What the user asks for, read and checked against the schema: numbers of rows, sources of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from syda.errors import PlanError, UnknownNameError, near
from syda.planning.model import Cardinality
from syda.schema.model import Column, ForeignKey, Kind, Schema, Table
from syda.sources.base import Source
from syda.sources.function import Function, function_name
from syda.sources.registry import Registry
from syda.sources.scalar import Choice, Constant, Null, Number

DEFAULT_ROWS = 10
_PYTHON_KINDS: dict[type, Kind] = {
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    Decimal: Kind.DECIMAL,
    str: Kind.TEXT,
    date: Kind.DATE,
    datetime: Kind.DATETIME,
    time: Kind.TIME,
    timedelta: Kind.INTERVAL,
    UUID: Kind.UUID,
    bytes: Kind.BINARY,
    dict: Kind.JSON,
    list: Kind.ARRAY,
}
_SQL_KINDS = {
    "string": Kind.TEXT,
    "unicode": Kind.TEXT,
    "unicode_text": Kind.TEXT,
    "varchar": Kind.TEXT,
    "numeric": Kind.DECIMAL,
    "double": Kind.FLOAT,
    "small_integer": Kind.INTEGER,
    "big_integer": Kind.INTEGER,
    "large_binary": Kind.BINARY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRequest:
    """`default` rows for tables not named; `named` by table; `classes` by table and class; `children` by link.

    Rows follow their parents in step along the links in `even`.
    """

    default: int = DEFAULT_ROWS
    named: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    children: Mapping[tuple[str, str], Cardinality] = field(default_factory=dict)
    even: frozenset[tuple[str, str]] = frozenset()


def read_rows(schema: Schema, rows: int | Mapping[Any, Any] | RowRequest | None) -> RowRequest:
    """Read ``50`` or ``{"Customer": 10, "Order.customer": between(0, 5)}``; what has been read stays.

    Raises `UnknownNameError` for names that are not in the schema and `PlanError` for numbers that cannot be.
    """
    if rows is None:
        return RowRequest()
    if isinstance(rows, RowRequest):
        return rows
    if not isinstance(rows, Mapping):
        return RowRequest(default=row_count(rows, "rows"))
    named: dict[str, int] = {}
    classes: dict[str, dict[str, int]] = {}
    children: dict[tuple[str, str], Cardinality] = {}
    for key, wanted in rows.items():
        name = key_name(key)
        if (link := _link(schema, name)) is not None:
            table, foreign_key = link
            children[table.key, foreign_key.name] = _cardinality(wanted, name)
            continue
        table = _fillable(schema, name)
        count = row_count(wanted, name)
        if _shares_table(table, name):
            classes.setdefault(table.key, {})[name] = count
            count += named.get(table.key, 0)
        elif table.key in named:
            raise PlanError(f"rows are given twice for table {table.key!r}")
        named[table.key] = count
    return RowRequest(named=named, classes=classes, children=children)


def key_name(key: Any) -> str:
    """Return the name that a class, ``Class.attr`` or string stands for."""
    if isinstance(key, str):
        return key
    if isinstance(owner := getattr(key, "class_", None), type) and isinstance(getattr(key, "key", None), str):
        return f"{owner.__name__}.{key.key}"
    if isinstance(key, type):
        return key.__name__
    if isinstance(name := getattr(key, "fullname", getattr(key, "key", None)), str):
        return name
    raise PlanError(f"expected a table, class, Class.attribute or name, got {type(key).__name__} {key!r}")


def _fillable(schema: Schema, name: str) -> Table:
    table = schema.table(name)
    if table.key in schema.external:
        raise PlanError(f"rows were asked for table {name!r}, which is only referred to; add its class to the models")
    return table


def row_count(wanted: Any, name: str) -> int:
    """Return a number of rows. Raises `PlanError` that names what it is for where it is none."""
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        raise PlanError(f"expected a whole number of rows for {name!r}, got {type(wanted).__name__} {wanted!r}")
    if wanted < 0:
        raise PlanError(f"expected 0 or more rows for {name!r}, got {wanted}")
    return wanted


def _cardinality(wanted: Any, name: str) -> Cardinality:
    if isinstance(wanted, Cardinality):
        return wanted
    count = row_count(wanted, name)
    return Cardinality(low=count, high=count)


def _link(schema: Schema, name: str) -> tuple[Table, ForeignKey] | None:
    """Return the foreign key that ``Order.customer``, ``orders.customer_id`` or ``Customer.orders`` names."""
    owner, _, label = name.rpartition(".")
    if not owner or name in schema.tables:
        return None
    table = schema.table(owner)
    for child in schema:
        for foreign_key in child.foreign_keys:
            if foreign_key.parent == table.key and foreign_key.collection == label:
                return child, foreign_key
    return table, table.foreign_key(label)


def _shares_table(table: Table, name: str) -> bool:
    """Tell whether the class `name` is one of several in its table."""
    inheritance = table.inheritance
    if inheritance is None:
        return False
    local = [identity.class_name for identity in inheritance.identities if identity.table == table.key]
    return len(local) > 1 and name in local[1:]


class Overrides:
    """The sources that the user gave, found by table and column; the most specific key wins."""

    def __init__(self, schema: Schema, registry: Registry) -> None:
        self._schema = schema
        self._registry = registry
        self._by_column: dict[tuple[str, str], Any] = {}
        self._by_name: dict[str, Any] = {}
        self._by_kind: dict[Kind, Any] = {}

    def add(self, overrides: Mapping[Any, Any]) -> None:
        """Read ``{Customer.email: ..., "customers.email": ..., "email": ..., Kind.TEXT: ...}``."""
        for key, wanted in overrides.items():
            kind = _kind_of(key)
            if kind is not None and not (isinstance(key, str) and self._has_column(key)):
                self._by_kind[kind] = wanted
            elif "." in (name := key_name(key)) and not self._has_column(name):
                owner, _, attribute = name.rpartition(".")
                self._by_column[self._locate(owner, attribute)] = wanted
            elif self._has_column(name):
                self._by_name[name] = wanted
            else:
                known = [name for table in self._schema for name in (*table.by_name, *table.attributes)]
                raise UnknownNameError(f"no column is called {name!r}{near(name, known)}")

    def add_generators(self, generators: Mapping[Any, Any]) -> None:
        """Read ``{"Customer": {"status": function}}``."""
        for owner, columns in generators.items():
            if not isinstance(columns, Mapping):
                came = type(columns).__name__
                raise PlanError(f"custom_generators[{key_name(owner)!r}]: expected a dict of columns, got {came}")
            for attribute, wanted in columns.items():
                name = key_name(attribute).rpartition(".")[2]
                self._by_column[self._locate(key_name(owner), name)] = wanted

    def _locate(self, owner: str, attribute: str) -> tuple[str, str]:
        table = _fillable(self._schema, owner)
        links = [link for link in table.foreign_keys if link.relationship == attribute and len(link.columns) == 1]
        if links and attribute not in table.by_name:
            return table.key, links[0].columns[0]
        return table.key, table.column(attribute).name

    def _has_column(self, name: str) -> bool:
        return any(name in table.by_name or name in table.attributes for table in self._schema)

    def find(self, table: Table, column: Column) -> tuple[Source, str] | None:
        """Return the user's source for the column and the reason to print, or None."""
        for found, reason in self._candidates(table, column):
            return to_source(found, column, f"{table.key}.{column.name}"), reason
        return None

    def _candidates(self, table: Table, column: Column) -> Iterable[tuple[Any, str]]:
        if (table.key, column.name) in self._by_column:
            yield self._by_column[table.key, column.name], "given for this column"
        attributes = [name for name, stored in table.attributes.items() if stored == column.name]
        for name in (column.name, *(name for name in attributes if name not in table.by_name)):
            if name in self._by_name:
                yield self._by_name[name], "given for this column name"
        referring = any(column.name in link.columns for link in table.foreign_keys)
        structural = column.name in table.primary_key or column.computed is not None
        registered = self._registry.find(column, foreign_key=referring, named_only=structural)
        if registered is not None:
            yield registered, "a registered generator"
        if column.type.kind in self._by_kind and not structural and not referring:
            yield self._by_kind[column.type.kind], f"given for {column.type.kind} columns"


def _kind_of(key: Any) -> Kind | None:
    if isinstance(key, str):
        return Kind(key) if key in Kind._value2member_map_ else None
    if isinstance(key, type):
        visit_name = str(getattr(key, "__visit_name__", "")).lower()
        known = _SQL_KINDS.get(visit_name) or (Kind(visit_name) if visit_name in Kind._value2member_map_ else None)
        return _PYTHON_KINDS.get(key) or known
    return None


def to_source(wanted: Any, column: Column, where: str) -> Source:
    """Return the source that a user's value stands for.

    A source is itself; a callable a `Function`; a list or tuple a `Choice`; a dict of numbers a weighted `Choice`
    (for a JSON column lists and dicts are values); an enum class a `Choice` of its names; `between` a whole number;
    None is NULL; anything else is the same value in every row.
    """
    if isinstance(wanted, Source):
        return wanted
    if isinstance(wanted, Cardinality):
        return Number(low=wanted.low, high=wanted.high if wanted.high is not None else wanted.low)
    if wanted is None:
        return Null()
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return Choice(values=tuple(member.name for member in wanted))
    if callable(wanted):
        return Function(name=function_name(wanted), function=wanted)
    if column.type.kind in (Kind.JSON, Kind.ARRAY):
        return Constant(value=wanted)
    if isinstance(wanted, Mapping):
        return _weighted(wanted, where)
    if isinstance(wanted, list | tuple | set | frozenset | range):
        if not wanted:
            raise PlanError(f"{where}: expected at least one value to choose from, got none")
        return Choice(values=tuple(sorted(wanted, key=repr) if isinstance(wanted, set | frozenset) else wanted))
    return Constant(value=wanted)


def _weighted(wanted: Mapping[Any, Any], where: str) -> Choice:
    weights = tuple(wanted.values())
    if not all(isinstance(weight, int | float) and weight >= 0 for weight in weights) or not any(weights):
        raise PlanError(f"{where}: expected a dict of value -> weight, the weights 0 or more and not all 0")
    return Choice(values=tuple(wanted), weights=tuple(map(float, weights)))
