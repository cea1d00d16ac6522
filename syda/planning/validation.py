"""What a plan cannot do, found before a row is made: templates, vocabularies and values that do not fit."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from syda.errors import PlanError, SydaError, UnknownNameError
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.schema.model import Column, Kind, LogicalType, Schema, Table
from syda.sources.base import Settings, Source
from syda.sources.scalar import Choice, Constant, Null, Number
from syda.sources.text import Template, Words
from syda.sources.values import from_python
from syda.sources.vocabulary import check_locale, vocabulary

_CONVERSIONS = {"l": "lower case", "u": "upper case", "s": "a slug"}
_SAMPLES: dict[Kind, Any] = {
    Kind.BOOLEAN: True,
    Kind.INTEGER: 1,
    Kind.FLOAT: 1.0,
    Kind.DECIMAL: Decimal(1),
    Kind.TEXT: "a",
    Kind.ENUM: "a",
    Kind.DATE: date(2000, 1, 1),
    Kind.DATETIME: datetime(2000, 1, 1),
    Kind.TIME: time(1),
    Kind.INTERVAL: timedelta(1),
    Kind.UUID: UUID(int=1),
    Kind.BINARY: b"a",
    Kind.JSON: {},
    Kind.ARRAY: [],
}


def check_plan(plan: Plan, *, read: bool = False) -> None:
    """Raise a `PlanError` or `UnknownNameError` for what a user asked for, or wrote, and no row can have.

    Of a plan that was `read`, all columns are looked at; of one that was just made, those that the user gave.
    """
    if read:
        _check_settings(plan.settings)
    for key, planned in plan.tables.items():
        table = plan.schema.tables[key]
        if read:
            _check_table(table, planned)
        for name, column in planned.columns.items():
            if read or column.author == "user":
                _check_column(plan, table, table.column(name), column)


def _check_settings(settings: Settings) -> None:
    try:
        datetime.fromisoformat(settings.as_of)
    except ValueError as error:
        raise PlanError(f"settings.as_of: expected an ISO date, got {settings.as_of!r}") from error
    for locale in settings.locale:
        if locale not in Settings().locale:
            check_locale(locale)


def _check_table(table: Table, planned: TablePlan) -> None:
    counts = {"rows": planned.rows, **{f"classes.{name}": rows for name, rows in planned.classes.items()}}
    for name, rows in counts.items():
        if rows < 0:
            raise PlanError(f"tables.{table.key}.{name}: expected 0 or more rows, got {rows}")
    if planned.rows_from is not None:
        table.foreign_key(planned.rows_from)
    for name, link in planned.links.items():
        table.foreign_key(name)
        _check_fraction(f"tables.{table.key}.links.{name}", link.null_fraction)
    for name, column in planned.columns.items():
        _check_fraction(f"tables.{table.key}.columns.{name}", column.null_fraction)


def _check_fraction(where: str, fraction: float) -> None:
    if not 0 <= fraction <= 1:
        raise PlanError(f"{where}.null_fraction: expected a number from 0 to 1, got {fraction:g}")


def _check_column(plan: Plan, table: Table, column: Column, planned: ColumnPlan) -> None:
    where = f"{table.key}.{column.name}"
    source: Source = planned.source
    if isinstance(source, Template):
        _check_template(plan.schema, table, column, source.text)
    elif isinstance(source, Words):
        _check_vocabulary(where, source.vocabulary, plan.settings)
    elif isinstance(source, Number) and source.low > source.high:
        raise PlanError(f"{where}: expected low <= high, got {source.low} and {source.high}")
    elif isinstance(source, Null | Constant | Choice):
        _check_values(where, column, source)


def _check_values(where: str, column: Column, source: Null | Constant | Choice) -> None:
    values: tuple[Any, ...] = (None,) if isinstance(source, Null) else ()
    if isinstance(source, Constant):
        values = (source.value,)
    elif isinstance(source, Choice):
        values = source.values
    if not column.nullable and any(value is None for value in values):
        raise PlanError(f"{where}: expected a value, because the column is NOT NULL, got None")
    for value in values:
        try:
            from_python([value], column.type)
        except ValueError as error:
            raise PlanError(f"{where}: {str(error).removeprefix('row 0: ')}") from error


def _check_vocabulary(where: str, name: str, settings: Settings) -> None:
    try:
        vocabulary(name, settings.locale)
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    except SydaError:
        raise
    except Exception as error:  # whatever a method of Faker raises that gives no value without arguments
        raise PlanError(f"{where}: {name!r} makes no values: {type(error).__name__}: {error}") from error


def _check_template(schema: Schema, table: Table, column: Column, text: str) -> None:
    where = f"{table.key}.{column.name}: the template {text!r}"
    for name, spec, conversion in _fields(text, where):
        if conversion is not None and conversion not in _CONVERSIONS:
            known = ", ".join(f"!{letter} ({meaning})" for letter, meaning in _CONVERSIONS.items())
            raise PlanError(f"{where}: expected one of {known}, got !{conversion} in the field {name!r}")
        type_ = _field_type(schema, table, column, name, where)
        sample = 1 if type_ is None else _SAMPLES.get(type_.kind)
        try:
            format("" if sample is None else sample, spec)
        except (TypeError, ValueError) as error:
            held = "a row number" if type_ is None else f"{type_.kind} values"
            message = f"{where}: the field {name!r} holds {held}, which the format {spec!r} does not fit: {error}"
            raise PlanError(message) from error


def _fields(text: str, where: str) -> Iterator[tuple[str, str, str | None]]:
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise PlanError(f"{where} has braces that do not pair: {error}; a brace itself is written twice") from error
    for _, name, spec, conversion in parts:
        if name is not None:
            yield name, spec or "", conversion


def _field_type(schema: Schema, table: Table, column: Column, name: str, where: str) -> LogicalType | None:
    """Return the type of what a field stands for, None for the row number."""
    if name == "row":
        return None
    head, _, tail = name.partition(".")
    try:
        if tail:
            owner = schema.tables[table.foreign_key(head).parent]
        else:
            owner, tail = table, head
        read = owner.column(tail)
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    if owner.key == table.key and read.name == column.name:
        raise PlanError(f"{where} refers to its own column")
    return read.type
