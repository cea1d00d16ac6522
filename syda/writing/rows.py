"""What stands in rows before a model writes the rest, read from the maker that will make them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from syda.errors import ConstraintError, GenerateError
from syda.generation.joint import rank_within
from syda.generation.maker import Maker, Written
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.quality.row_rules import RowRules
from syda.schema.model import Table
from syda.sources.stream import random_bits, stream_key
from syda.sources.values import Values, to_python
from syda.sources.vocabulary import vocabulary
from syda.writing.columns import Roles, names_any

_LONGEST = 200
"""Characters of a parent's text that are told."""


def drafted(plan: Plan, unknown: Mapping[str, Collection[str]]) -> Plan:
    """Return the plan without the rules that name a column which is `unknown` until the model has written."""
    tables = {key: _without_rules_on(unknown.get(key, ()), table) for key, table in plan.schema.tables.items()}
    return replace(plan, schema=replace(plan.schema, tables=tables))


def _without_rules_on(names: Collection[str], table: Table) -> Table:
    if not names:
        return table
    return replace(
        table,
        checks=tuple(each for each in table.checks if not names_any(each.expression, names)),
        exclusions=tuple(each for each in table.exclusions if not names_any(repr(each), names)),
        uniques=tuple(each for each in table.uniques if not names_any(repr(each), names)),
        columns=tuple(
            # what a generated column of these must not be is a rule too
            replace(each, nullable=True) if each.computed and each.name in names else each
            for each in table.columns
        ),
    )


def maker_of(plan: Plan, unknown: Mapping[str, Collection[str]], table: str, settled: Maker) -> Maker:
    """Return who makes what a model is told of a table: `settled` rows, or drafts where settling leaves some out."""
    every = {**unknown, table: plan.schema.tables[table].by_name}
    bare = Maker(drafted(plan, every), existing=settled.existing, written=settled.by_model)
    try:
        return settled if settled.settled(table) is None or settled.rows(table) == bare.rows(table) else bare
    except GenerateError:  # its rules need what is written later, in another table
        return bare


def can_be_settled(plan: Plan, table: str, existing: Existing, written: Written) -> bool:
    """Tell whether all rows of a table keep its rules, once those that do not are settled."""
    maker, rules = Maker(plan, existing=existing, written=written), RowRules(plan.schema.tables[table])
    try:
        whole = maker.rows(table) == len(next(iter(written[table].values())))
        return whole and not any(any(rules.breaches(block)) for block in maker.blocks(table))
    except ConstraintError:
        return False
    except GenerateError:  # what is written later decides it
        return True


@dataclass(frozen=True, slots=True)
class Rows:
    """The new rows of one table, numbered from 0."""

    maker: Maker
    table: str
    roles: Roles

    @property
    def number(self) -> int:
        return self.maker.rows(self.table)

    def told(self, places: Iterable[int]) -> list[dict[str, Any]]:
        """Return for each row what a model is told: its own columns, and its parents' under their tables' names."""
        rows = np.asarray(list(places), dtype=np.int64)
        entries: list[dict[str, Any]] = [{"row": number} for number in range(1, len(rows) + 1)]
        for entry, word in zip(entries, self._sparks(rows), strict=True):
            entry["spark"] = word
        for name, values in self.own(rows).items():
            _put(entries, name, self._plain(self.table, name, values))
        for link, columns in self.roles.parents:
            self._put_parents(entries, link, columns, rows)
        return entries

    def own(self, rows: Any) -> dict[str, Values]:
        """Return the columns of the rows that are known before the model writes the others."""
        first = self.maker.first(self.table)
        found = {}
        for name in self.roles.told:
            try:
                found[name] = self.maker.at(self.table, name, rows + first)
            except GenerateError:
                continue  # it follows from a column of a circle that is written later
        return found

    def values(self, name: str, rows: Any) -> list[Any]:
        """Return a column of the rows as JSON can hold it."""
        return self._plain(self.table, name, self.maker.at(self.table, name, rows + self.maker.first(self.table)))

    def _put_parents(self, entries: list[dict[str, Any]], link: str, columns: tuple[str, ...], rows: Any) -> None:
        foreign_key = self.maker.table(self.table).foreign_key(link)
        parents = self.maker.link(self.table, link)[rows]
        label = foreign_key.relationship or foreign_key.parent
        about: list[dict[str, Any]] = [{} for _ in entries]
        for name in columns:
            try:
                values = self.maker.at(foreign_key.parent, name, parents)
            except GenerateError:
                continue
            _put(about, name, self._plain(foreign_key.parent, name, values))
        for entry, facts in zip(entries, about, strict=True):
            if facts:
                entry[label] = facts

    def _plain(self, table: str, name: str, values: Values) -> list[Any]:
        return [_json(item) for item in to_python(values, self.maker.table(table).column(name).type)]

    def _sparks(self, rows: Any) -> list[str]:
        """Return a word for each row, two where an earlier one has the same: no row has that of another, old or new."""
        settings, rows = self.maker.plan.settings, rows + self.maker.first(self.table)
        words = vocabulary("word", settings.locale)
        drawn = words.draw(random_bits(stream_key(settings.seed, self.table, "spark"), 0, int(rows.max()) + 1))
        again = rank_within(drawn)
        entries = words.entries
        return [
            entries[drawn[row]] + (f" {entries[(drawn[row] + again[row]) % len(entries)]}" if again[row] else "")
            for row in rows.tolist()
        ]


def _put(entries: list[dict[str, Any]], name: str, items: list[Any]) -> None:
    for entry, item in zip(entries, items, strict=True):
        if item is not None:
            entry[name] = item


def _json(item: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(item, str):
        return item[:_LONGEST]
    if item is None or isinstance(item, bool | int | float):
        return item
    if isinstance(item, Decimal):
        return int(item) if item == int(item) else float(item)
    try:
        return json.loads(json.dumps(item))
    except (TypeError, ValueError):
        return str(item)[:_LONGEST]


def taken_values(maker: Maker, table: str, names: Iterable[str]) -> Mapping[str, list[Any]]:
    """Return what stands in the named columns of existing rows."""
    there = maker.existing.get(table)
    found: dict[str, list[Any]] = {}
    for name in names:
        values = None if there is None else there.column(name)
        items = [] if values is None else to_python(values, maker.table(table).column(name).type)
        found[name] = [item for item in items if item is not None]
    return found
