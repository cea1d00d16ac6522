"""What the predicate of a partial unique index asks."""

from __future__ import annotations

from collections.abc import Collection

from syda.planning.checks.arms import find_negations
from syda.planning.checks.leaves import leaf
from syda.planning.checks.reading import conjuncts, parse
from syda.schema.model import Table, Unique


def is_plain(table: Table, unique: Unique) -> bool:
    """Tell whether a unique set is one of columns only, without a predicate that leaves out more than NULLs.

    Rows with a NULL among the members count nowhere, so a predicate that leaves these out adds nothing.
    """
    if unique.expressions or unique.nulls_not_distinct:
        return False
    if not unique.predicate:
        return True
    tree = parse(unique.predicate, table.dialect)
    found = [] if tree is None else [leaf(term, table) for term in conjuncts(tree)]
    return bool(found) and all(
        each is not None and each[0] in unique.columns and each[1].required and each[1].values is None for each in found
    )


def is_escapable(table: Table, unique: Unique, given: Collection[str]) -> bool:
    """Tell whether a row can be taken out of a partial unique index by changing columns that are free to change."""
    if not unique.predicate or is_plain(table, unique):
        return False
    tree = parse(unique.predicate, table.dialect)
    ways = [] if tree is None else find_negations(table, tree, {})
    fixed = {*given, *table.primary_key}
    return any(way and not fixed & set(way) for way in ways)
