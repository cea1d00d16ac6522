"""Columns that follow one of a parent: the price of a line is that of its product, and no order is older than its customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.planning.checks import Domain, check_domains
from syda.planning.inference.naming import words_of
from syda.planning.inference.patterns import name_pattern
from syda.schema.model import MOMENTS, NUMBERS, Column, ForeignKey, Schema, Table
from syda.sources.base import Source
from syda.sources.linked import Reference
from syda.sources.moment import After, Before, Moment
from syda.sources.scalar import Number

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess

_PRICE = name_pattern(r"((unit|item|sale|selling|purchase|product)_)?price|price_(each|paid|per_unit|(at|when)_\w+)")
_PARENTS_PRICE = name_pattern(r"((unit|item|sale|selling|product|list|retail|base|current|catalog|catalogue)_)?price")


_MADE = name_pattern(
    r"(\w+_)?(created|inserted|registered|added|joined|signed_up|opened|ordered|order|placed|booked|purchased|issued|posted"
    r"|submitted|sent|requested|uploaded|published|started|invoice|enrolled|received|logged|recorded)"
    r"(_(at|on|date|time|datetime|timestamp|ts))?|date|timestamp|time_?stamp"
)
_ENTERED = name_pattern(
    r"(created|inserted|registered|added|joined|signed_up|opened|ordered|placed|order|booked)(_(at|on|date|time|ts|timestamp))?|date_(created|joined|added)"
)
_DAYS = 500.0


def inherited(
    table: Table, schema: Schema, guesses: Mapping[str, Guess], domains: Mapping[str, Domain]
) -> dict[str, Guess]:
    """Return the guesses with prices taken from the one parent that has a price, and moments put after the parents'."""
    return _after_parents(table, schema, _priced(table, schema, guesses, domains))


def _after_parents(table: Table, schema: Schema, guesses: Mapping[str, Guess]) -> dict[str, Guess]:
    bound = dict(guesses)
    entered: list[str] | None = None
    for name, guess in guesses.items():
        source = guess.source
        if not _is_open(source) or table.column(name).type.kind not in MOMENTS:
            continue
        if not _MADE.covers(words_of(name)) or name in table.key_columns:
            continue
        entered = _entered(table, schema) if entered is None else entered
        if entered:
            after: After | Before = After(column=entered[0], also=tuple(entered[1:]), days=_DAYS)
            if isinstance(source, Before):
                after = replace(source, since=(*source.since, *entered))
            bound[name] = replace(guess, source=after, reason=f"{guess.reason}, not before {', '.join(entered)}")
    return bound


def _is_open(source: Source | None) -> bool:
    """Tell whether nothing says yet what a moment comes after."""
    return isinstance(source, Before) or (isinstance(source, Moment) and source.high == "now")


def _entered(table: Table, schema: Schema) -> list[str]:
    """Return, for each parent that every row has, the column that says since when it is there: `fk.created_at`."""
    found = []
    for link in table.foreign_keys:
        if table.is_optional(link) or link.name == table.inherits or _refers_to(schema, link.parent, table.key):
            continue
        parent = schema.tables[link.parent]
        known = [
            column.name
            for column in parent.columns
            if column.type.kind in MOMENTS and not column.nullable and _ENTERED.covers(words_of(column.name))
        ]
        found += [f"{link.columns[0] if len(link.columns) == 1 else link.name}.{name}" for name in known[:1]]
    return found


def _refers_to(schema: Schema, table: str, other: str) -> bool:
    """Tell whether `table` is `other` or refers to it, directly or through more tables."""
    seen, open_tables = set(), [table]
    while open_tables:
        key = open_tables.pop()
        if key == other:
            return True
        if key not in seen:
            seen.add(key)
            open_tables += [link.parent for link in schema.tables[key].foreign_keys]
    return False


def _priced(
    table: Table, schema: Schema, guesses: Mapping[str, Guess], domains: Mapping[str, Domain]
) -> dict[str, Guess]:
    bound = dict(guesses)
    for name, guess in guesses.items():
        column = table.column(name)
        if not isinstance(guess.source, Number) or not _PRICE.covers(words_of(name)) or name in table.key_columns:
            continue
        found = list(_parents_price(table, column, schema, domains.get(name)))
        if len(found) == 1:
            link, price = found[0]
            source = Reference(foreign_key=link.name, column=price.name)
            bound[name] = replace(guess, source=source, reason=f"the {price.name} of {link.parent}")
    return bound


def _parents_price(
    table: Table, column: Column, schema: Schema, rule: Domain | None
) -> Iterator[tuple[ForeignKey, Column]]:
    for link in table.foreign_keys:
        if table.is_optional(link) or link.parent == table.key or link.name == table.inherits:
            continue
        parent = schema.tables[link.parent]
        prices = [other for other in parent.columns if _PARENTS_PRICE.covers(words_of(other.name))]
        fitting = [other for other in prices if _fits(parent, other, column, rule)]
        if fitting:
            yield link, fitting[0]


def _fits(parent: Table, price: Column, column: Column, rule: Domain | None) -> bool:
    """Tell whether every value of the parent's column may stand in the child's."""
    if price.nullable or price.type.kind not in NUMBERS or price.type.kind is not column.type.kind:
        return False
    mine, theirs = column.type, price.type
    if mine.precision is not None and (theirs.precision is None or theirs.precision > mine.precision):
        return False
    if (mine.scale, mine.bits, mine.unsigned) != (theirs.scale, theirs.bits, theirs.unsigned):
        return False
    return rule is None or rule == check_domains(parent).get(price.name)
