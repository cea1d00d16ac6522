"""What a table's CHECK constraints say about single columns, read by sqlglot in their own dialect.

A check that says more than that (several columns, functions, OR) is left to the database, which decides it when the
rows are loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from syda.errors import ConstraintError
from syda.schema.model import NUMBERS, Check, Column, Kind, Table
from syda.sources.base import Source
from syda.sources.derived import Derived
from syda.sources.scalar import Choice, Constant, Number
from syda.sources.text import Words

if TYPE_CHECKING:
    from sqlglot import exp

_SPAN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values that the checks leave a column: a list, bounds (inclusive), values shut out, and whether NULL is."""

    values: tuple[Any, ...] | None = None
    low: float | None = None
    high: float | None = None
    excluded: tuple[Any, ...] = ()
    required: bool = False
    text: str = ""

    def narrowed(self, other: Domain) -> Domain:
        """Return the domain that satisfies both."""
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            values = tuple(value for value in self.values if value in other.values)
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Domain(
            values=values,
            low=max(lows, default=None),
            high=min(highs, default=None),
            excluded=self.excluded + other.excluded,
            required=self.required or other.required,
            text=" and ".join(dict.fromkeys(filter(None, (self.text, other.text)))),
        )

    def allowed(self) -> tuple[Any, ...] | None:
        """Return the listed values that the bounds and exclusions leave, None when there is no list."""
        if self.values is None:
            return None
        return tuple(value for value in self.values if value not in self.excluded and self.inside(value))

    @property
    def open_above(self) -> bool:
        """True when every number from some small one on is allowed."""
        return self.values is None and not self.excluded and self.high is None and (self.low is None or self.low <= 1)

    def inside(self, value: Any) -> bool:
        if not isinstance(value, int | float):
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def check_domains(table: Table) -> dict[str, Domain]:
    """Return the domain of each column that a check narrows; raise `ConstraintError` when none is left."""
    domains: dict[str, Domain] = {}
    for check in table.checks:
        for name, domain in _read(check, table):
            domains[name] = domains.get(name, Domain()).narrowed(domain)
    for name, domain in domains.items():
        empty_range = domain.low is not None and domain.high is not None and domain.low > domain.high
        if domain.allowed() == () or empty_range:
            raise ConstraintError(f"no value of {table.key}.{name} satisfies {domain.text}")
    return domains


def _read(check: Check, table: Table) -> Iterator[tuple[str, Domain]]:
    for term in _terms(check.expression, check.dialect or None):
        for name, domain in _domain(term, table):
            yield name, replace(domain, text=check.expression)


@lru_cache(maxsize=1_024)
def _terms(expression: str, dialect: str | None) -> tuple[Any, ...]:
    """Return the parts of a check that must all hold; none of one that sqlglot cannot read."""
    import sqlglot
    from sqlglot import exp

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        tree = sqlglot.parse_one(expression, dialect=dialect)
    except (sqlglot.errors.SqlglotError, ValueError):
        return ()
    return tuple(term.unnest() for term in (tree.flatten() if isinstance(tree, exp.And) else [tree]))


def _domain(term: Any, table: Table) -> Iterator[tuple[str, Domain]]:
    from sqlglot import exp

    if isinstance(term, exp.And):
        for part in term.flatten():
            yield from _domain(part.unnest(), table)
        return
    if isinstance(term, exp.Or):
        demanding = [part for part in (part.unnest() for part in term.flatten()) if not _allows_null(part)]
        if len(demanding) == 1:  # NULL satisfies every other demand, too
            yield from _domain(demanding[0], table)
        return
    column = _column(term.this, table) if isinstance(term.this, exp.Expression) else None
    if isinstance(term, exp.In) and column and term.expressions:
        values = [_literal(item) for item in term.expressions]
        if None not in values:
            yield column.name, Domain(values=tuple(values))
    elif isinstance(term, exp.Between) and column:
        low, high = _literal(term.args["low"]), _literal(term.args["high"])
        if isinstance(low, int | float) and isinstance(high, int | float):
            yield column.name, Domain(low=low, high=high)
    elif isinstance(term, exp.Not) and isinstance(term.this.unnest(), exp.Is):
        yield from _not_null(term.this.unnest(), table)
    elif isinstance(term, exp.Binary):
        yield from _comparison(term, table)


def _allows_null(term: Any) -> bool:
    """Tell whether a part of an OR is ``column IS NULL``."""
    from sqlglot import exp

    return isinstance(term, exp.Is) and isinstance(term.expression, exp.Null)


def _not_null(term: exp.Is, table: Table) -> Iterator[tuple[str, Domain]]:
    from sqlglot import exp

    column = _column(term.this, table)
    if column is not None and isinstance(term.expression, exp.Null):
        yield column.name, Domain(required=True)


def _comparison(term: exp.Binary, table: Table) -> Iterator[tuple[str, Domain]]:
    from sqlglot import exp

    listed = _bare(term.expression.this) if isinstance(term.expression, exp.Any) else None
    if isinstance(term, exp.EQ) and isinstance(listed, exp.Array) and (owner := _column(term.this, table)):
        values = [_literal(item) for item in listed.expressions]
        if values and None not in values:
            yield owner.name, Domain(values=tuple(values))
        return
    mirrored = {exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.GTE: exp.LTE}
    column, value, kind = _column(term.this, table), _literal(term.expression), type(term)
    if column is None:
        column, value, kind = _column(term.expression, table), _literal(term.this), mirrored.get(kind, kind)
    if column is None or value is None:
        return
    if kind is exp.EQ:
        yield column.name, Domain(values=(value,))
    elif kind is exp.NEQ:
        yield column.name, Domain(excluded=(value,))
    elif isinstance(value, int | float) and column.type.kind in NUMBERS:
        step = _step(column)
        bounds = {
            exp.GT: Domain(low=value + step),
            exp.GTE: Domain(low=value),
            exp.LT: Domain(high=value - step),
            exp.LTE: Domain(high=value),
        }
        if kind in bounds:
            yield column.name, bounds[kind]


def _step(column: Column) -> float:
    if column.type.kind is Kind.INTEGER:
        return 1
    return float(10.0 ** -(column.type.scale if column.type.scale is not None else 2))


def _column(node: Any, table: Table) -> Column | None:
    from sqlglot import exp

    node = _bare(node)
    if not isinstance(node, exp.Column):
        return None
    lowered = {column.name.lower(): column for column in table.columns}
    return table.by_name.get(node.name) or lowered.get(node.name.lower())


def _bare(node: Any) -> Any:
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def _literal(node: Any) -> Any:
    from sqlglot import exp

    node = _bare(node)
    if isinstance(node, exp.Neg):
        inner = _literal(node.this)
        return -inner if isinstance(inner, int | float) else None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.this)
    text = str(node.this)
    return int(text) if text.isdigit() else float(text)


def apply_domain(source: Source, column: Column, domain: Domain) -> Source:
    """Return the source narrowed to the domain, or another one where it has no value in it."""
    allowed = domain.allowed()
    if allowed is not None:
        return _from_list(source, allowed)
    if isinstance(source, Choice):
        kept = tuple(value for value in source.values if domain.inside(value) and value not in domain.excluded)
        return _from_list(source, kept) if kept else source
    if isinstance(source, Derived):
        heeded = (domain.low, domain.high) == (source.low, source.high) and not domain.excluded
        return source if heeded else apply_domain(source.otherwise, column, domain)
    if column.type.kind in NUMBERS and (domain.low is not None or domain.high is not None):
        return _within(source if isinstance(source, Number) else Number(), domain)
    if isinstance(source, Constant) and source.value in domain.excluded:
        return Words(vocabulary="word")
    return source


def _from_list(source: Source, allowed: tuple[Any, ...]) -> Source:
    if len(allowed) == 1:
        return Constant(value=allowed[0])
    if isinstance(source, Choice) and source.weights and set(source.values) >= set(allowed):
        weights = dict(zip(source.values, source.weights, strict=True))
        return Choice(values=allowed, weights=tuple(weights[value] for value in allowed))
    return Choice(values=allowed)


def _within(source: Number, domain: Domain) -> Source:
    low = source.low if domain.low is None else max(source.low, domain.low)
    high = source.high if domain.high is None else min(source.high, domain.high)
    if low > high:
        low = domain.low if domain.low is not None else (domain.high or 0) - _SPAN
        high = domain.high if domain.high is not None else low + _SPAN
    return replace(source, low=low, high=high)
