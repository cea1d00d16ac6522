"""Rows at the edges of what a table permits, among believable ones: they show what a migration does not foresee."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.load.target import one_transaction
from syda.migrations.states import tables_of
from syda.schema import Reading
from syda.schema.model import Column, Kind, LogicalType, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

LEAST_ROWS = 6
"""One that is copied, and one each that repeats, is full, is empty, is zero, and is negative."""
_LONG = 300
_MODELS = 10
_EDGES, _FEWEST = LEAST_ROWS - 1, 3
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d:\d\d.*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""Texts that are moments, times or UUIDs."""
_LARGE = {8: 100, 16: 10_000, 24: 40_000, 32: 40_000, 64: 3_000_000_000}
"""Whole numbers that the next narrower type cannot hold, by bits; they leave room to calculate."""


def add_edges(engine: Engine, reading: Reading, keys: frozenset[str]) -> None:
    """Change up to five rows of each table: one repeats another, one is as full as the types permit, one as empty.

    Two more have numbers of 0 and of -1. Tables of fewer rows than that get the first of these.
    What the database refuses stays as it was. Keys and unique values are left alone, and all sorts of foreign keys,
    but for copies and NULL.
    """
    targets = tables_of(reading)
    with one_transaction(engine) as connection:
        for key in sorted(keys):
            _change(connection, reading.schema.tables[key], targets[key])


def _change(connection: Connection, table: Table, target: sa.Table) -> None:
    identity = [target.columns[name] for name in table.primary_key]
    if not identity:
        return
    first = _rows(connection, sa.select(target).order_by(*identity))
    last = _rows(connection, sa.select(target).order_by(*(each.desc() for each in identity)))
    others = {tuple(row[name] for name in table.primary_key): row for row in (*first, *last)}
    edges = last[: min(_EDGES, len(others) - 1)]
    for row in edges:
        others.pop(tuple(row[name] for name in table.primary_key), None)
    if not others or len(edges) < _FEWEST:
        return
    # rows that a column was added to have none of its values, and would be a poor model
    model = max(others.values(), key=lambda row: sum(value is not None for value in row.values()))
    kinds = (_twin(table, model), _full(table, last[1]), _empty(table), _number(table, 0), _number(table, -1))
    for row, values in zip(edges, kinds, strict=False):
        here = sa.and_(*(column == row[column.name] for column in identity))
        _update(connection, sa.update(target).where(here), dict(values))


def _rows(connection: Connection, query: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(query.limit(_MODELS + _EDGES)).mappings()]


def _update(connection: Connection, update: sa.Update, values: dict[str, Any]) -> None:
    """Set all values, or each that the database accepts by itself."""
    if not values or _accepted(connection, update.values(values)) or len(values) == 1:
        return
    for name, value in values.items():
        _accepted(connection, update.values({name: value}))


def _accepted(connection: Connection, update: sa.Update) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(update)
    except sa.exc.StatementError:
        return False
    return True


def _twin(table: Table, model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what makes a row like another one, as far as nothing in it has to be unique."""
    for column in _free(table):
        yield column.name, model[column.name]


def _full(table: Table, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    keys = {name for link in table.foreign_keys for name in link.columns}
    for column in _free(table):
        if column.name not in keys and (value := _large(column.type, row[column.name])) is not None:
            yield column.name, value


def _number(table: Table, number: int) -> Iterator[tuple[str, Any]]:
    """Yield a number for all columns that hold one."""
    keys = {name for link in table.foreign_keys for name in link.columns}
    for column in _free(table):
        if column.name not in keys and column.type.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT):
            yield column.name, number


def _empty(table: Table) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        if column.nullable and column.computed is None and column.name not in table.primary_key:
            yield column.name, None


def _free(table: Table) -> list[Column]:
    """Return the columns that may hold anything, as far as keys and unique sets are concerned."""
    bound = set(table.primary_key)
    texts: list[str] = []
    for each in table.uniques:
        bound |= set(each.columns)
        texts += each.expressions
    texts += [element for exclusion in table.exclusions for element, _ in exclusion.elements]
    return [
        column
        for column in table.columns
        if column.name not in bound and column.computed is None and not any(column.name in text for text in texts)
    ]


def _large(kind: LogicalType, value: Any) -> Any:
    """Return the largest value that a type permits, made of the one that is there; None where that says little."""
    if kind.kind is Kind.TEXT:
        return _long(str(value or "x"), kind.length or _LONG)
    if kind.kind is Kind.INTEGER:
        return _LARGE.get(kind.bits or 32)
    if kind.kind is Kind.DECIMAL and kind.precision is not None:
        return Decimal(10) ** (kind.precision - (kind.scale or 0)) - Decimal(10) ** -(kind.scale or 0)
    return None


def _long(text: str, length: int) -> str | None:
    """Return a text of the whole length that is of the same sort; None for one that would be of none."""
    if text.startswith(("{", "[")) or _MOMENT.fullmatch(text):
        return None
    name, at, domain = text.partition("@")
    if at and "@" not in domain and " " not in text:
        return f"{name}{'x' * (length - len(text))}{at}{domain}"
    if "://" in text:
        return f"{text}/{'x' * (length - len(text) - 1)}"[:length]
    gap = " " if " " in text else ""
    end = text[-1] if text[-1].isalnum() else "x"
    return (f"{text}{gap}" * (length // len(text) + 1))[: length - 1] + end
