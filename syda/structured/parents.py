"""The tables that one table needs: the one that it extends, and those that it refers to."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from syda.planning.existing import Existing
from syda.schema import ForeignKey, Reading, Schema, Table, read_schema
from syda.structured.memory import Memory

_FEW = 10


def with_parents(reading: Reading, table: Table, given: Any, memory: Memory, *, make: bool) -> Reading:
    """Return the reading with the tables that a class or Table refers to.

    These are those that have rows, so that all columns of these are known, and with `make` required ones that have
    none.
    """
    whole = _neighbours(given)
    if whole is None:
        return reading
    every = read_schema(whole)
    there = {key for key, made in memory.existing(every).items() if made.rows}
    return read_schema(whole, tables=sorted(_needed(every.schema, table.key, there, make=make)))


def _needed(schema: Schema, key: str, there: Collection[str], *, make: bool) -> set[str]:
    needed, left = {key}, [key]
    while left:
        owner = schema.tables[left.pop()]
        for link in owner.foreign_keys:
            wanted = link.name == owner.inherits or link.parent in there or (make and not owner.is_optional(link))
            if wanted and link.parent not in needed:
                needed.add(link.parent)
                left.append(link.parent)
    return needed


def _neighbours(given: Any) -> Any:
    """Return all that is declared beside a mapped class or Table."""
    registry = getattr(given, "registry", None) or getattr(given, "_sa_registry", None)
    if isinstance(given, type) and registry is not None:
        return [mapper.class_ for mapper in registry.mappers]
    return getattr(given, "metadata", None)


def parents_to_make(schema: Schema, table: Table, existing: Existing, rows: int) -> dict[str, int]:
    """Return how many rows of required parents are missing for so many rows of a table, and of their parents."""
    found: dict[str, int] = {}
    left = [(table, rows)]
    while left:
        owner, count = left.pop()
        for link in owner.foreign_keys:
            if owner.is_optional(link) or link.parent in {owner.key, *schema.external}:
                continue
            parent = schema.tables[link.parent]
            if link.name == owner.inherits:
                left.append((parent, count))
                continue
            missing = _missing(owner, link, _rows(existing, owner) + count, _rows(existing, parent))
            if missing > found.get(parent.key, 0):
                found[parent.key] = missing
                left.append((parent, missing))
    return found


def _rows(existing: Existing, table: Table) -> int:
    return existing[table.key].rows if table.key in existing else 0


def _missing(owner: Table, link: ForeignKey, rows: int, there: int) -> int:
    """Return how many parents are missing: as many as children where each may have one, else a few."""
    fewest = [1 if there else min(rows, _FEW)]
    for unique in owner.unique_sets:
        within = [each for each in owner.foreign_keys if set(each.columns) <= set(unique.columns)]
        if link in within and {name for each in within for name in each.columns} == set(unique.columns):
            fewest.append(math.ceil(rows ** (1 / len(within))))
    return max(0, max(fewest) - there)
