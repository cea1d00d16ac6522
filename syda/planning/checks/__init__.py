"""What a table's CHECK constraints say, read by sqlglot in their own dialect.

Three answers, from the simplest to the fullest. `check_domains` gives what single columns may hold, so that their
sources make nothing else. `conditions_of` gives the rest: comparisons of columns, unions over a type code, patterns.
`find_arms` gives ways to satisfy them, and `syda.generation.engine` says whether rows do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syda.errors import ConstraintError
from syda.planning.checks.arms import Arm, find_arms, find_negations
from syda.planning.checks.domain import Domain
from syda.planning.checks.feasible import require_satisfiable
from syda.planning.checks.leaves import leaf
from syda.planning.checks.narrowing import apply_domain
from syda.planning.checks.orders import steps_of
from syda.planning.checks.plain import literal
from syda.planning.checks.reading import columns_in, columns_of, generated_required, parse, terms
from syda.planning.checks.texts import Found
from syda.planning.checks.uniques import is_escapable, is_plain
from syda.schema.model import MOMENTS, Check, Kind, Table

__all__ = [
    "Arm",
    "Condition",
    "Domain",
    "apply_domain",
    "check_domains",
    "columns_in",
    "columns_of",
    "conditions_of",
    "find_arms",
    "find_negations",
    "is_escapable",
    "is_plain",
    "named_values",
    "parse",
    "require_satisfiable",
    "steps_of",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a CHECK that has to hold, and the columns that it mentions; `node` is None where it cannot be read.

    `mentioned` are the columns of the whole CHECK.
    """

    check: Check
    node: Any
    columns: tuple[str, ...]
    mentioned: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.check.expression


def check_domains(table: Table) -> dict[str, Domain]:
    """Return the domain of each column that a check narrows; raise `ConstraintError` when none is left."""
    return dict(table.once(_domains_of))


def _domains_of(table: Table) -> dict[str, Domain]:
    domains: dict[str, Domain] = {}
    for check in table.checks:
        for term in terms(check, table):
            found = _alone(term, table)
            if found is not None and not found[1].is_timed:
                name, domain = found
                domains[name] = domains.get(name, Domain()).narrowed(replace(domain, text=check.expression))
    for column in table.columns:
        constant = literal(tree) if column.computed and (tree := parse(column.computed, table.dialect)) else None
        if constant is not None:
            domains[column.name] = Domain(values=(constant,), text=column.computed or "")
    for name, domain in domains.items():
        if domain.is_empty and table.column(name).nullable and not domain.required:
            domains[name] = Domain(null=True, text=domain.text)  # a comparison with NULL breaks no CHECK
        elif domain.is_empty or (domain.null and (domain.required or not table.column(name).nullable)):
            raise ConstraintError(f"no value of {table.key}.{name} satisfies {domain.text}")
    return domains


def conditions_of(table: Table) -> tuple[Condition, ...]:
    """Return the parts of the table's checks that `check_domains` does not say in full."""
    return table.once(_conditions_of)


def _conditions_of(table: Table) -> tuple[Condition, ...]:
    domains = check_domains(table)
    found = [condition for check in table.checks for condition in _conditions(check, table, domains)]
    for column, node in generated_required(table):
        check = Check(expression=f"({column.computed}) IS NOT NULL", dialect=table.dialect)
        columns = columns_of(node, table)
        found.append(Condition(check, node, columns, columns))
    return tuple(found)


def named_values(condition: Condition, table: Table) -> dict[str, tuple[Any, ...]]:
    """Return the values that a condition compares columns with."""
    from sqlglot import exp

    named: dict[str, tuple[Any, ...]] = {}
    for node in () if condition.node is None else condition.node.find_all(exp.EQ, exp.In):
        found = leaf(node, table)
        if found is not None and found[1].values:
            named[found[0]] = (*named.get(found[0], ()), *found[1].values)
    return named


def _conditions(check: Check, table: Table, domains: Mapping[str, Domain]) -> Iterator[Condition]:
    parts = terms(check, table)
    if not parts:
        named = tuple(column.name for column in table.columns if column.name.lower() in check.expression.lower())
        yield Condition(check, None, named, named)
    mentioned = tuple(dict.fromkeys(name for term in parts for name in columns_of(term, table)))
    for term in parts:
        alone = _alone(term, table)
        if alone is None or domains.get(alone[0], alone[1]).null or not _is_kept_by_sources(alone, table):
            yield Condition(check, term, columns_of(term, table), mentioned)


def _is_kept_by_sources(found: Found, table: Table) -> bool:
    """Tell whether a source narrowed to the domain makes nothing outside it."""
    name, domain = found
    if any(name in link.columns and (link.parent == table.key or domain.required) for link in table.foreign_keys):
        return False  # which parent a row has, and whether it has one, is decided without looking at CHECKs
    plain = not domain.is_shaped and not domain.is_timed and set(domain.excluded) <= {""}
    return plain and not (domain.values and table.column(name).type.kind in (*MOMENTS, Kind.JSON, Kind.OTHER))


def _alone(term: Any, table: Table) -> Found | None:
    """Return what a term says about one column; ``OR ... IS NULL`` adds nothing, since NULL satisfies a comparison."""
    from sqlglot import exp

    if not isinstance(term, exp.Or):
        return leaf(term, table)
    parts = [part.unnest() for part in term.flatten()]
    found = [leaf(part, table) for part in parts]
    demanding = [each for each in found if each is None or not each[1].null]
    names = {each[0] for each in found if each is not None}
    return demanding[0] if len(demanding) == 1 and len(names) == 1 else None
