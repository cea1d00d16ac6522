"""Columns that CHECKs compare with one that a rule makes: they follow it, since the rule does not bend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from syda.planning.checks import Domain, steps_of
from syda.planning.model import ColumnPlan
from syda.schema.model import MOMENTS, NUMBERS, Column, Kind, Table
from syda.sources.base import Source
from syda.sources.derived import Share
from syda.sources.function import Function
from syda.sources.moment import After, Before, Moment
from syda.sources.scalar import Database, Null, Number
from syda.sources.totals import Total
from syda.sources.workflow import Stage

_SECOND = 1 / 86_400
_MARGIN = 0.1
"""How far from the other, as a share of it, a number is at least that must not be equal."""


def is_rule(planned: ColumnPlan) -> bool:
    """Tell whether somebody said how the column depends on others, or how large it is."""
    return planned.is_rule and bool(planned.source.needs() or isinstance(planned.source, Total | Number))


def looks_at_no_other(source: Source) -> bool:
    """Tell whether a source of the user's gives values that no other column of the row decides: functions may ask."""
    return not source.needs() and not isinstance(source, Function | Null | Total | Database)


def _leads(planned: ColumnPlan, column: Column) -> bool:
    """Tell whether other columns follow a column: a rule, or moments that the user gives."""
    given = planned.author == "user" and column.type.kind in MOMENTS and looks_at_no_other(planned.source)
    return is_rule(planned) or given


def following_rules(
    table: Table, columns: Mapping[str, ColumnPlan], domains: Mapping[str, Domain]
) -> dict[str, ColumnPlan]:
    """Return the columns with those that were inferred bound to the rules and values that CHECKs compare them with."""
    found = dict(columns)
    if not any(_leads(planned, table.column(name)) for name, planned in columns.items()):
        return found
    for step in steps_of(table):
        low, high = found[step.low], found[step.high]
        margin = _MARGIN if step.strict else 0.0
        if is_rule(high) and step.low in high.source.needs():
            if step.strict:
                found[step.high] = _later(high, table.column(step.high))
        elif _leads(high, table.column(step.high)) and _is_free(table, step.low, low, step.high):
            kept = Share(column=step.high, least=0.0, most=1.0 - margin)
            found[step.low] = _bound(table.column(step.low), table.column(step.high), low, kept, domains)
        elif _leads(low, table.column(step.low)) and _is_free(table, step.high, high, step.low):
            kept = Share(column=step.low, least=1.0 + margin, most=2.0)
            found[step.high] = _bound(table.column(step.high), table.column(step.low), high, kept, domains)
    return found


def _is_free(table: Table, name: str, planned: ColumnPlan, other: str) -> bool:
    """Tell whether a column may be bound to another one, and is not yet."""
    return (
        planned.author == "inference"
        and isinstance(planned.source, Number | Moment | Share)
        and other not in planned.source.needs()
        and not planned.distinct
        and name not in table.key_columns
    )


def _bound(
    column: Column, other: Column, planned: ColumnPlan, kept: Share, domains: Mapping[str, Domain]
) -> ColumnPlan:
    reason = f"{planned.reason}, {'not above' if kept.most <= 1 else 'not below'} {kept.column}"
    kinds, source = (column.type.kind, other.type.kind), planned.source
    if isinstance(source, Number | Share) and all(kind in NUMBERS for kind in kinds):
        domain = domains.get(column.name, Domain())
        own = source if isinstance(source, Number) else source.otherwise
        kept = replace(kept, otherwise=own, low=domain.low, high=domain.high)
        return replace(planned, source=kept, reason=reason)
    if isinstance(source, Moment) and all(kind in MOMENTS for kind in kinds):
        strict = kept.least > 1 or kept.most < 1
        made = After(column=kept.column) if kept.least >= 1 else Before(column=kept.column)
        moment = replace(planned, source=made, reason=reason)
        return _later(moment, column) if strict else moment
    return planned


def _later(planned: ColumnPlan, column: Column) -> ColumnPlan:
    """Leave at least the smallest step of time between a date and what it follows, which a CHECK asks for."""
    step, source = 1.0 if column.type.kind is Kind.DATE else _SECOND, planned.source
    if isinstance(source, Stage):
        moment = source.moment
        return (
            replace(planned, source=replace(source, moment=_apart(moment, step)))
            if isinstance(moment, After)
            else planned
        )
    return replace(planned, source=_apart(source, step)) if isinstance(source, After | Before) else planned


def _apart(moment: After | Before, step: float) -> Any:
    return replace(moment, at_least_days=step) if moment.at_least_days < step <= moment.days else moment
