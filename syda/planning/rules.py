"""The rules by which columns depend on each other, as users and language models write them: what they may say.

A rule names columns as people do (``customer.country``); `bound` returns it with the names that its source reads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from syda.errors import PlanError, UnknownNameError, near
from syda.planning.model import TablePlan
from syda.planning.names import Found, find_children, find_column
from syda.planning.templates import check_template
from syda.schema.model import MOMENTS, NUMBERS, Column, Kind, Schema, Table
from syda.sources.base import Source
from syda.sources.conditional import Case
from syda.sources.derived import Share
from syda.sources.moment import After
from syda.sources.scalar import Choice
from syda.sources.sentence import Sentence
from syda.sources.text import Template
from syda.sources.totals import Total
from syda.sources.values import from_python
from syda.sources.workflow import Stage, Workflow


def require_values(where: str, column: Column, values: Sequence[Any]) -> None:
    """Raise `PlanError` for a value that the column cannot hold."""
    if not column.nullable and any(value is None for value in values):
        raise PlanError(f"{where}: expected a value, because the column is NOT NULL, got None")
    for value in values:
        try:
            from_python([value], column.type)
        except ValueError as error:
            raise PlanError(f"{where}: {str(error).removeprefix('row 0: ')}") from error


def check_rule(schema: Schema, table: Table, column: Column, source: Source) -> None:
    """Raise a `PlanError` or `UnknownNameError` for a rule that the column cannot have."""
    bound(schema, table, column, source)


def bound(schema: Schema, table: Table, column: Column, source: Source) -> Source:
    """Return the source with the names of the columns that it reads; raise for what it cannot say of the column."""
    binder = _Binder(schema, table, column)
    match source:
        case Case():
            return binder.case(source)
        case Share():
            return binder.share(source)
        case After():
            return binder.after(source)
        case Total():
            return binder.total(source)
        case Workflow():
            return binder.workflow(source)
        case Stage():
            return binder.stage(source)
        case Sentence():
            return binder.sentence(source)
        case Template():
            check_template(schema, table, column, source.text)
    return source


def with_stages(schema: Schema, table: Table, given: Mapping[str, tuple[Source, str]]) -> dict[str, tuple[Source, str]]:
    """Return what the user gave with the dates that workflows set."""
    found = dict(given)
    for status, (source, _) in given.items():
        if not isinstance(source, Workflow):
            continue
        for name in source.dates():
            if name in found:
                raise PlanError(f"{table.key}.{name}: the workflow of {status!r} sets it, and it is given a source too")
            stage = bound(schema, table, table.column(name), source.stage(status, name))
            found[name] = (stage, f"the workflow of {status}")
    return found


def check_stages(schema: Schema, table: Table, planned: TablePlan) -> None:
    """Raise `PlanError` for dates of a saved plan that are not made as their workflow says."""
    statuses = {name: each.source for name, each in planned.columns.items() if isinstance(each.source, Workflow)}
    for status, workflow in statuses.items():
        staged = {
            name
            for name, each in planned.columns.items()
            if isinstance(each.source, Stage) and each.source.status == status
        }
        for name in dict.fromkeys((*workflow.dates(), *sorted(staged))):
            where, says = f"tables.{table.key}.columns.{name}", f"the workflow of {status!r} says"
            if name not in workflow.dates():
                raise PlanError(f"{where}: {says} that no state sets it; give it another source, such as null")
            expected = bound(schema, table, table.column(name), workflow.stage(status, name))
            found: Source = planned.columns[name].source
            if _told(expected) != _told(found):
                raise PlanError(
                    f"{where}: {says} {expected.describe()!r}, and it is {found.describe()!r}; make them agree"
                )


def _told(source: Source) -> tuple[Any, ...]:
    """Return what a workflow tells a date: the states, what it comes after, and within how many days."""
    if not isinstance(source, Stage):
        return (source,)
    days = source.moment.days if isinstance(source.moment, After) else None
    return {*map(str, source.states)}, source.needs(), days


class _Binder:
    """Binds the rule of one column."""

    def __init__(self, schema: Schema, table: Table, column: Column) -> None:
        self._schema, self._table, self._column = schema, table, column
        self._where = f"{table.key}.{column.name}"

    def case(self, rule: Case) -> Case:
        read = self._find(rule.column)
        if not rule.when:
            raise PlanError(f"{self._where}: expected values of {rule.column!r} and what to choose then, got none")
        if read.column.type.kind in (Kind.JSON, Kind.ARRAY):
            raise PlanError(f"{self._where}: expected a column of plain values, but {rule.column!r} holds JSON")
        _require_known(f"{self._where}: the case for {rule.column!r}", read.column, list(rule.when))
        for choice in (*rule.when.values(), *([rule.otherwise] if rule.otherwise else [])):
            require_values(self._where, self._column, choice.values)
            _require_known(self._where, self._column, choice.values)
        if rule.otherwise is None and not self._column.nullable and not _covered(read.column, rule.when):
            message = f"expected otherwise=, what to choose for other values of {rule.column!r}, because the column"
            raise PlanError(f"{self._where}: {message} is NOT NULL")
        return replace(rule, column=read.name)

    def share(self, rule: Share) -> Share:
        self._require(self._column.type.kind in NUMBERS, "a column of numbers", self._column)
        read = self._read(rule.column, NUMBERS, "numbers")
        if not rule.least <= rule.most:
            raise PlanError(f"{self._where}: expected least <= most, got {rule.least:g} and {rule.most:g}")
        return replace(rule, column=read)

    def after(self, rule: After) -> After:
        if not 0 <= rule.at_least_days <= rule.days:
            shown = f"{rule.at_least_days:g} and {rule.days:g}"
            raise PlanError(f"{self._where}: expected 0 <= at_least <= at_most days, got {shown}")
        self._require(self._column.type.kind in MOMENTS, "a column of dates", self._column)
        columns = [self._read(name, MOMENTS, "dates") for name in (rule.column, *rule.also)]
        return replace(rule, column=columns[0], also=tuple(columns[1:]))

    def total(self, rule: Total) -> Total:
        child, link = find_children(self._schema, self._table, rule.children, rule.foreign_key, self._where)
        if child.key in self._schema.external:
            raise PlanError(f"{self._where}: the rows of {child.key!r} are not made here, so nothing can be added up")
        try:
            factors = [child.column(name) for name in rule.factors]
        except UnknownNameError as error:
            raise UnknownNameError(f"{self._where}: {error}") from error
        if bool(factors) == (rule.how == "count") and not (factors and rule.how == "count"):
            raise PlanError(f"{self._where}: expected a column of {child.key!r} to take the {rule.how} of, got none")
        for factor in factors:
            self._require_made(factor)
        self._check_amounts(rule, child, factors)
        names = tuple(factor.name for factor in factors)
        return replace(rule, children=child.key, foreign_key=link.name, factors=names)

    def _check_amounts(self, rule: Total, child: Table, factors: Sequence[Column]) -> None:
        latest = rule.how in ("min", "max") and len(factors) == 1 and factors[0].type.kind in MOMENTS
        kinds, held = (MOMENTS, "dates") if latest else (NUMBERS, "numbers")
        self._require(self._column.type.kind in kinds, f"a column of {held}", self._column)
        if latest and not self._column.nullable:
            raise PlanError(f"{self._where}: expected a column that may be NULL, for rows without {child.key!r}")
        if rule.how != "count":
            for factor in factors:
                self._require(factor.type.kind in kinds, f"a column of {held}", factor)

    def workflow(self, rule: Workflow) -> Workflow:
        values = [state.value for state in rule.states]
        if len(set(map(str, values))) < len(values) or not values:
            raise PlanError(f"{self._where}: expected different states, got {values}")
        require_values(self._where, self._column, values)
        _require_known(self._where, self._column, values)
        for name in rule.dates():
            found = find_column(self._schema, self._table, name, self._where)
            self._require(found.owner is self._table and found.name == name, "a column of the same row", found.column)
            self._require(found.column.type.kind in MOMENTS, "a column of dates", found.column)
            if name in rule.all_before(name):
                raise PlanError(
                    f"{self._where}: {name!r} comes before and after the same dates: {rule.all_before(name)}"
                )
            unset = [state.value for state in rule.states if name not in state.dates]
            if unset and not found.column.nullable:
                raise PlanError(f"{self._where}: {name!r} is NOT NULL, and the state {unset[0]!r} does not set it")
        return rule if rule.after is None else replace(rule, after=self._read(rule.after, MOMENTS, "dates"))

    def stage(self, rule: Stage) -> Stage:
        status = find_column(self._schema, self._table, rule.status, self._where)
        require_values(self._where, status.column, rule.states)
        moment = self.after(rule.moment) if isinstance(rule.moment, After) else rule.moment
        return replace(rule, status=status.name, moment=moment)

    def sentence(self, rule: Sentence) -> Sentence:
        self._require(self._column.type.kind is Kind.TEXT, "a column of text", self._column)
        if not rule.patterns:
            raise PlanError(f"{self._where}: expected at least one pattern, got none")
        for pattern in rule.patterns:
            check_template(self._schema, self._table, self._column, pattern, rule.words)
        return rule

    def _read(self, name: str, kinds: Collection[Kind], held: str) -> str:
        found = self._find(name)
        self._require(found.column.type.kind in kinds, f"a column of {held}", found.column, name)
        return found.name

    def _find(self, name: str) -> Found:
        found = find_column(self._schema, self._table, name, self._where)
        if found.name == self._column.name:
            raise PlanError(f"{self._where}: expected another column, got the column itself")
        self._require_made(found.column)
        return found

    def _require_made(self, column: Column) -> None:
        if column.computed is not None:
            raise PlanError(
                f"{self._where}: expected a column that is made here, but the database makes {column.name!r}"
            )

    def _require(self, holds: bool, expected: str, column: Column, name: str = "") -> None:
        if not holds:
            native = column.type.native or column.type.kind
            raise PlanError(f"{self._where}: expected {expected}, got {name or column.name!r} of type {native}")


def _require_known(where: str, column: Column, values: Sequence[Any]) -> None:
    """Raise `UnknownNameError` for a value that an enum does not list."""
    require_values(where, replace(column, nullable=True), values)
    if column.type.kind is not Kind.ENUM or not column.type.values:
        return
    for item in from_python([value for value in values if value is not None], column.type).data.tolist():
        if item not in column.type.values:
            raise UnknownNameError(f"{where}: {column.name!r} has no value {item!r}{near(item, column.type.values)}")


def _covered(column: Column, when: Mapping[Any, Choice]) -> bool:
    """Tell whether there is a choice for all that a column can hold, as far as that is known."""
    if column.nullable and None not in when:
        return False
    known = len([value for value in when if value is not None])
    if column.type.kind is Kind.BOOLEAN:
        return known == 2
    return column.type.kind is Kind.ENUM and known == len(column.type.values)
