"""Keys and unique constraints told apart, whatever they were read from."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from syda.schema.model import ForeignKey, Unique


def named_apart(keys: Iterable[ForeignKey]) -> tuple[ForeignKey, ...]:
    """Drop repeated foreign keys and number those that share a name."""
    first: dict[object, ForeignKey] = {}
    for key in keys:
        first.setdefault((key.pairs, key.parent), key)
    named: dict[str, ForeignKey] = {}
    for key in first.values():
        numbered = (f"{key.name}_{number}" for number in count(2))
        name = next(name for name in chain([key.name], numbered) if name not in named)
        named[name] = replace(key, name=name)
    return tuple(named.values())


def distinct_uniques(uniques: Iterable[Unique], primary_key: Collection[str]) -> tuple[Unique, ...]:
    """Drop the unique constraints that say what the primary key or another one says already."""
    kept: dict[tuple[frozenset[str], frozenset[str], str | None], Unique] = {}
    for unique in uniques:
        kept.setdefault((frozenset(unique.columns), frozenset(unique.expressions), unique.predicate), unique)
    kept.pop((frozenset(primary_key), frozenset(), None), None)
    return tuple(kept.values())
