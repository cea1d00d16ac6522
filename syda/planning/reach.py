"""How far the numbers of a column can go, as far as the plan tells before a row is made.

A few rows on trial say little of what 50,000 children add up to; what a model decided is held to these bounds instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, sqrt
from typing import Any, TypeAlias

from syda.errors import UntenableError
from syda.planning.checks import Domain, check_domains
from syda.planning.model import TablePlan
from syda.planning.names import find_column
from syda.prompting.facts import type_name
from syda.schema.model import NUMBERS, Schema, Table
from syda.sources.base import Source
from syda.sources.conditional import Case
from syda.sources.derived import Product, Share, limits_of
from syda.sources.scalar import Choice, Number
from syda.sources.totals import Total

Span: TypeAlias = tuple[float, float]
_SPREAD = 4
"""How many standard deviations above the mean the most children of one parent are taken to be."""


@dataclass(frozen=True, slots=True)
class Reaches:
    """The bounds of numbers in planned tables without circles; `new_rows` tells how many rows a table will get."""

    schema: Schema
    tables: Mapping[str, TablePlan]
    new_rows: Callable[[str], int]

    def check(self) -> None:
        """Raise `UntenableError` for numbers of a language model's that the column's type or CHECK cannot hold."""
        for key, planned in self.tables.items():
            ruled = [name for name, column in planned.columns.items() if column.author == "model"]
            domains = check_domains(self.schema.tables[key]) if ruled else {}
            for name in ruled:
                self._check_column(self.schema.tables[key], name, domains.get(name, Domain()))

    def _check_column(self, table: Table, name: str, domain: Domain) -> None:
        column, source = table.column(name), self.tables[table.key].columns[name].source
        if column.type.kind not in NUMBERS or (span := self._span(table, source)) is None:
            return
        least, most = limits_of(column.type)
        low, high = (
            limit if bound is None else float(bound) for limit, bound in ((least, domain.low), (most, domain.high))
        )
        clipped = isinstance(source, Share)  # to what the column holds
        if span[1] < low or span[0] > high or (not clipped and (span[0] < low or span[1] > high)):
            held = f"{domain.text or type_name(column.type)} leaves {low:,.12g} to {high:,.12g}"
            raise UntenableError(
                table.key, name, f"{source.describe()} may be {span[0]:,.12g} to {span[1]:,.12g}, and {held}"
            )

    def _of(self, table: Table, name: str) -> Span | None:
        """Return the bounds of a column of the row or of a parent, None where they are not known."""
        found = find_column(self.schema, table, name, "")
        planned = self.tables.get(found.owner.key)
        if planned is None or found.column.name not in planned.columns or found.column.type.kind not in NUMBERS:
            return None
        return self._span(found.owner, planned.columns[found.column.name].source)

    def _span(self, table: Table, source: Source) -> Span | None:
        match source:
            case Number():
                return float(source.low), float(source.high)
            case Choice():
                return _around(source.values)
            case Case():
                choices = (*source.when.values(), *([source.otherwise] if source.otherwise else []))
                return _around(value for choice in choices for value in choice.values)
            case Share():
                base = self._of(table, source.column)
                shares = (source.least, source.most, *([0] if source.none else []), *([1] if source.whole else []))
                return (
                    None if base is None else _around(end + abs(end) * (share - 1) for end in base for share in shares)
                )
            case Product():
                span = self._product(table, source.factors)
                less = source.percent_off or source.rate_off or source.less
                return (min(span[0], 0), span[1]) if span and less else span
            case Total():
                return self._total(table, source)
        return None

    def _product(self, table: Table, factors: Iterable[str]) -> Span | None:
        span: Span = (1, 1)
        for name in factors:
            factor = self._of(table, name)
            if factor is None:
                return None
            ends = [one * other for one in span for other in factor]
            span = min(ends), max(ends)
        return span

    def _total(self, parent: Table, total: Total) -> Span | None:
        child = self.schema.tables[total.children]
        fewest, most = self._children(parent, child, child.foreign_key(total.foreign_key).name)
        if total.how == "count":
            return fewest, most
        each = self._product(child, total.factors)
        if each is None:
            return None
        if total.how == "sum":
            ends = [number * children for number in each for children in (fewest, most)]
            return min(ends), max(ends)
        return each if fewest else (min(each[0], 0), max(each[1], 0))

    def _children(self, parent: Table, child: Table, link: str) -> Span:
        """Return the fewest and about the most children that one parent has."""
        drawn, rows = self.tables[child.key].links[link], self.new_rows(child.key)
        if drawn.children is not None:
            return drawn.children.low, rows if drawn.children.high is None else drawn.children.high
        if drawn.draw in ("unique", "span", "chain"):
            return 0, 1
        mean = rows / max(self.new_rows(parent.key), 1)
        return 0, rows if drawn.draw == "given" else min(ceil(mean + _SPREAD * sqrt(mean) + _SPREAD), rows)


def _around(values: Iterable[Any]) -> Span | None:
    numbers = [float(value) for value in values if isinstance(value, int | float | Decimal)]
    return (min(numbers), max(numbers)) if numbers else None
