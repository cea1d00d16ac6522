"""Columns that repeat one of the row's parent: the price of a line is the price of its product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.planning.checks import check_domains
from syda.planning.inference.meaning import NUMBERS
from syda.planning.inference.naming import words_of
from syda.planning.inference.patterns import name_pattern
from syda.schema.model import Column, ForeignKey, Schema, Table
from syda.sources.linked import Reference
from syda.sources.scalar import Number

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess

_PRICE = name_pattern(r"((unit|item|sale|selling|purchase|product)_)?price|price_(each|paid|per_unit|(at|when)_\w+)")
_PARENTS_PRICE = name_pattern(r"((unit|item|sale|selling|product|list|retail|base|current|catalog|catalogue)_)?price")


def inherited(table: Table, schema: Schema, guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    """Return the guesses with prices taken from the one parent that has a price."""
    bound = dict(guesses)
    for name, guess in guesses.items():
        column = table.column(name)
        if not isinstance(guess.source, Number) or not _PRICE.covers(words_of(name)) or _is_bound(table, name):
            continue
        found = list(_parents_price(table, column, schema))
        if len(found) == 1:
            link, price = found[0]
            source = Reference(foreign_key=link.name, column=price.name)
            bound[name] = replace(guess, source=source, reason=f"the {price.name} of {link.parent}")
    return bound


def _is_bound(table: Table, name: str) -> bool:
    """Tell whether a unique set or a foreign key has the column."""
    return any(name in unique.columns for unique in table.unique_sets) or any(
        name in link.columns for link in table.foreign_keys
    )


def _parents_price(table: Table, column: Column, schema: Schema) -> Iterator[tuple[ForeignKey, Column]]:
    for link in table.foreign_keys:
        optional = any(table.column(name).nullable for name in link.columns)
        if optional or link.parent == table.key or link.name == table.inherits:
            continue
        parent = schema.tables[link.parent]
        prices = [other for other in parent.columns if _PARENTS_PRICE.covers(words_of(other.name))]
        fitting = [other for other in prices if _fits(parent, other, table, column)]
        if fitting:
            yield link, fitting[0]


def _fits(parent: Table, price: Column, table: Table, column: Column) -> bool:
    """Tell whether every value of the parent's column may stand in the child's."""
    if price.nullable or price.type.kind not in NUMBERS or price.type.kind is not column.type.kind:
        return False
    mine, theirs = column.type, price.type
    if mine.precision is not None and (theirs.precision is None or theirs.precision > mine.precision):
        return False
    if (mine.scale, mine.bits, mine.unsigned) != (theirs.scale, theirs.bits, theirs.unsigned):
        return False
    rule, known = check_domains(table).get(column.name), check_domains(parent).get(price.name)
    return rule is None or rule == known
