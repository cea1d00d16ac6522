"""What a plan cannot do, found before a row is made: templates, vocabularies and values that do not fit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from syda.errors import PlanError, SydaError, UnknownNameError
from syda.planning.circles import find_circle, told
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.planning.rules import check_rule, check_stages, require_values
from syda.schema.model import Column, Table
from syda.sources.base import Settings, Source
from syda.sources.moment import Moment, resolve_moment
from syda.sources.scalar import Choice, Constant, Null, Number
from syda.sources.sentence import Sentence
from syda.sources.text import Words
from syda.sources.vocabulary import check_locale, vocabulary


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
            if read or column.author in ("user", "model"):
                _check_column(plan, table, table.column(name), column)
        if read:
            check_stages(plan.schema, table, planned)
    if read and (circle := find_circle(plan.schema, plan.tables)):
        raise PlanError(told(circle))


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
    check_rule(plan.schema, table, column, source)
    if isinstance(source, Words):
        _check_vocabulary(where, source.vocabulary, plan.settings)
    elif isinstance(source, Number) and source.low > source.high:
        raise PlanError(f"{where}: expected low <= high, got {source.low} and {source.high}")
    elif isinstance(source, Moment):
        _check_moments(where, source, plan.settings, ordered=planned.is_rule)
    elif isinstance(source, Null | Constant | Choice):
        _check_values(where, column, source)
    elif isinstance(source, Sentence):
        for words in source.words.values():
            if isinstance(words, Words):
                _check_vocabulary(where, words.vocabulary, plan.settings)


def _check_moments(where: str, source: Moment, settings: Settings, *, ordered: bool) -> None:
    try:
        low, high = (resolve_moment(text, settings) for text in (source.low, source.high))
    except ValueError as error:
        raise PlanError(f"{where}: {error}") from error
    if ordered and low > high:
        raise PlanError(
            f"{where}: expected low <= high, got {source.low} and {source.high}, of data that end {settings.as_of}"
        )


def _check_values(where: str, column: Column, source: Null | Constant | Choice) -> None:
    values: tuple[Any, ...] = (None,) if isinstance(source, Null) else ()
    if isinstance(source, Constant):
        values = (source.value,)
    elif isinstance(source, Choice):
        values = source.values
    require_values(where, column, values)


def _check_vocabulary(where: str, name: str, settings: Settings) -> None:
    try:
        vocabulary(name, settings.locale)
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    except SydaError:
        raise
    except Exception as error:  # whatever a method of Faker raises that gives no value without arguments
        raise PlanError(f"{where}: {name!r} makes no values: {type(error).__name__}: {error}") from error
