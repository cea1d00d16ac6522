"""Rows in stock: what a call is like is planned once, and made many times over at once.

Most tests ask for the same few things. A recipe is what such calls have in common; its stock holds the rows of so many
copies of the whole, as the engine made them, so that a further call takes the next copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, TypeAlias

import sqlalchemy as sa

from syda.errors import CapacityError, ConstraintError, GenerateError
from syda.factories.blueprint import Blueprint
from syda.factories.derived import (
    binding_of,
    default_columns,
    derived_schema,
    even_links,
    existing_tables,
    firm_columns,
    key_of,
    leaf_rows,
    reads_of,
    said_columns,
)
from syda.factories.groups import Group, There
from syda.factories.state import COPIES
from syda.factories.turns import Unsaid
from syda.factories.wanted import Wanted
from syda.generation.store import TableRows, make_rows
from syda.planning.builder import build_plan
from syda.planning.checks import check_domains, conditions_of
from syda.planning.existing import ExistingTable
from syda.planning.inference import Guess
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.planning.requests import Overrides, RowRequest
from syda.planning.validation import check_plan
from syda.quality.integrity import verify_rows
from syda.schema.columns import members_of
from syda.schema.model import MOMENTS, Column, DefaultKind, Schema, Table
from syda.sources.base import Settings, Source
from syda.sources.registry import DEFAULT_REGISTRY
from syda.sources.scalar import Sequence as Numbered

Row: TypeAlias = dict[str, Any]
"""The values of one object's attributes."""
_FEW = 8
_MOSTLY_NULL = 0.5
_KEPT = 200
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_STEP = 1_000_003
"""Between the seeds of stocks of the same recipe."""


@dataclass(frozen=True, slots=True)
class Stock:
    """`copies` of what a call asks for: for each group its objects' attributes, copy after copy."""

    copies: int
    rows: Mapping[str, Sequence[Row]]

    def of(self, copy: int, group: Group) -> Sequence[Row]:
        """Return the attributes of a group's objects in one copy."""
        first = copy * group.times
        return self.rows[group.path][first : first + group.times]


@dataclass(slots=True)
class Recipe:
    """What calls have in common that say something of the same attributes.

    Of `inert` attributes nothing else depends, so that what is said of them changes no other. `read` are the columns
    that rows are made of among those of objects that are there.
    """

    inert: frozenset[tuple[str, str]]
    read: Mapping[str, Sequence[str]]
    stocks: dict[Any, Stock] = field(default_factory=dict)

    def copy(self, groups: Sequence[Group], seed: int, number: int, attempt: int) -> Iterator[tuple[str, list[Row]]]:
        """Yield the attributes of each group's objects in the copy for a number; each `attempt` gives another one.

        Raises a `SydaError` where what is asked for cannot be.
        """
        key, part = self._key(groups), number // COPIES
        most = _FEW if key else COPIES  # what is said is seldom said again
        seed += _digest(key)
        stock = self._stock((seed, part, *key), groups, seed + part * _STEP, most)
        further, copy = divmod((number % stock.copies if key else number % COPIES) + attempt, stock.copies)
        if further:
            part += further
            stock = self._stock((seed, part, *key), groups, seed + part * _STEP, most)
        for group in groups:
            yield (
                group.path,
                [{**row, **_plain(each)} for row, each in zip(stock.of(copy, group), group.wanted, strict=True)],
            )

    def _stock(self, key: Any, groups: Sequence[Group], seed: int, most: int) -> Stock:
        found = self.stocks.get(key)
        if found is None:
            if len(self.stocks) >= _KEPT:
                self.stocks.clear()
            found = self.stocks[key] = _made(groups, self.inert, seed, most)
        return found

    def _key(self, groups: Sequence[Group]) -> Sequence[Any]:
        said = [
            (group.path, key, *map(repr, group.column(key)))
            for group in groups
            for key in group.said
            if (group.path, key) not in self.inert
        ]
        there = [
            (
                parent.path,
                len(parent.objects),
                *(repr(getattr(each, key, None)) for each in parent.objects for key in names),
            )
            for group in groups
            for parent in group.there
            for names in (self.read.get(parent.path, ()),)
        ]
        return (*said, *there)


def _digest(key: Sequence[Any]) -> int:
    """Return a part of the seed by what is said, so that calls which say different things get different rows."""
    text = _ADDRESS.sub("", repr(key))  # where an object stands in memory is another each time
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest()) if key else 0


def _plain(wanted: Wanted) -> Row:
    """Return what is said of an object's attributes, as it was said."""
    return {key: value for key, value in wanted.values.items() if not isinstance(value, Source | Unsaid)}


def signature_of(groups: Sequence[Group]) -> Any:
    """Return what tells recipes apart."""
    return tuple(
        (
            group.path,
            group.blueprint.mapper,
            group.times,
            group.said,
            tuple((link, parent.path, type(parent), parent.blueprint.mapper) for link, parent in group.parents.items()),
            tuple(sorted(group.missing)),
            any(isinstance(item, Source) for key in group.said for item in group.column(key)),
        )
        for group in groups
    )


def recipe_of(groups: Sequence[Group], seed: int) -> Recipe:
    """Return what is known of such calls from a plan of this one."""
    schema, plan, _ = _planned(groups, frozenset(), 1, seed)
    reads = reads_of(plan.tables, schema)
    conditioned = {(table.key, name) for table in schema for each in conditions_of(table) for name in each.columns}
    linked = {(table.key, name) for table in schema for link in table.foreign_keys for name in link.columns}
    said = said_columns(groups)
    bound = {key for key, each in said.items() if any(isinstance(item, Source) for item in each.items)}
    inert = frozenset(each.attribute for key, each in said.items() if key not in reads | conditioned | linked | bound)
    keys = conditioned | reads
    # of an attribute that stands in several tables, one may be depended on
    depended = {each.attribute for key, each in said.items() if key in keys}
    return Recipe(inert - depended, _read_there(groups, keys, linked))


def _read_there(
    groups: Sequence[Group], keys: set[tuple[str, str]], linked: set[tuple[str, str]]
) -> dict[str, list[str]]:
    """Return the attributes of objects that are there that rows depend on: what is read, and keys in CHECKs."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for (table_key, name), parent in group.parents.items():
            if not isinstance(parent, There):
                continue
            table = group.blueprint.table(table_key)
            own = key_of(group.path, table)
            kept = {up for down, up in table.foreign_key(name).pairs if (own, down) in keys & linked}
            for above in parent.blueprint.tables:
                read = {column for key, column in keys if key == key_of(parent.path, above)} | kept
                names = [parent.blueprint.attributes.get((above.key, column)) for column in sorted(read)]
                found.setdefault(parent.path, []).extend(key for key in names if key)
    return found


def _made(groups: Sequence[Group], inert: frozenset[tuple[str, str]], seed: int, most: int) -> Stock:
    """Make as many copies as can be."""
    own = any(len(parent.objects) > 1 for group in groups for parent in group.there)
    for copies in (1,) if own else dict.fromkeys((most, _FEW, 1)):
        try:
            return _stock(groups, inert, copies, seed)
        except (CapacityError, ConstraintError, GenerateError):
            if copies == 1:
                raise
    raise AssertionError


def _stock(groups: Sequence[Group], inert: frozenset[tuple[str, str]], copies: int, seed: int) -> Stock:
    _, plan, existing = _planned(groups, inert, copies, seed)
    made = make_rows(plan, existing=existing)
    verify_rows(plan, made, existing).raise_for_breaches()
    return Stock(copies, {group.path: _rows(group, plan, made, copies * group.times) for group in groups})


def _planned(
    groups: Sequence[Group], inert: frozenset[tuple[str, str]], copies: int, seed: int
) -> tuple[Schema, Plan, Mapping[str, ExistingTable]]:
    schema = derived_schema(groups)
    existing = existing_tables(groups)
    overrides = Overrides(schema, DEFAULT_REGISTRY)
    said = {key: each for key, each in said_columns(groups).items() if each.attribute not in inert}
    partial = {key: each for key, each in said.items() if each.is_partial}
    firm = {**firm_columns(groups), **{key: each.source() for key, each in said.items() if key not in partial}}
    overrides.add({f"{table}.{column}": source for (table, column), source in firm.items()})
    usual = {key: Guess(source, "its default") for key, source in default_columns(groups).items()}
    rows = RowRequest(default=0, named=leaf_rows(groups, copies), even=frozenset(even_links(groups)))
    plan = build_plan(
        schema, settings=Settings(seed=seed), rows=rows, overrides=overrides, existing=existing, authored=usual
    )
    check_plan(plan)
    tables = {key: _decided(schema.tables[key], planned) for key, planned in plan.tables.items()}
    for (key, name), each in partial.items():
        column = tables[key].columns[name]
        turns = replace(column, source=each.beside(column.source), author="user")  # type: ignore[arg-type]
        tables[key] = replace(tables[key], columns={**tables[key].columns, name: turns})
    return schema, replace(plan, tables=_numbered(groups, tables, existing)), existing


def _numbered(
    groups: Sequence[Group], tables: Mapping[str, TablePlan], existing: Mapping[str, ExistingTable]
) -> dict[str, TablePlan]:
    """Give objects of one class different numbers, whichever group they are of: CHECKs may compare them."""
    found, following = dict(tables), _first_numbers(groups, existing)
    for group in groups:
        for table in group.blueprint.tables:
            planned = found[key_of(group.path, table)]
            for name in table.primary_key:
                column = planned.columns[name]
                if isinstance(column.source, Numbered) and column.author == "structure":
                    start = following[table.key]
                    following[table.key] += max(planned.rows, COPIES * group.times)
                    columns = {**planned.columns, name: replace(column, source=Numbered(start=start))}
                    found[key_of(group.path, table)] = planned = replace(planned, columns=columns)
    return found


def _first_numbers(groups: Sequence[Group], existing: Mapping[str, ExistingTable]) -> dict[str, int]:
    """Return the first number of each table that no object which is there has."""
    found = {table.key: 1 for group in groups for table in group.blueprint.tables}
    for group in groups:
        for parent in group.there:
            for table in parent.blueprint.tables:
                for name in table.primary_key:
                    values = existing[key_of(parent.path, table)].columns[name].data
                    if table.key in found and values.dtype.kind == "i":
                        found[table.key] = max(found[table.key], int(values.max()) + 1)
    return found


def _decided(table: Table, planned: TablePlan) -> TablePlan:
    """Have optional columns filled in each row or in none: a test's objects differ by what the test says alone."""
    domains = check_domains(table)
    required = {name for name, domain in domains.items() if domain.required}
    return replace(
        planned,
        columns={
            name: column if name in required else _filled(table.column(name), column)
            for name, column in planned.columns.items()
        },
    )


def _filled(column: Column, planned: ColumnPlan) -> ColumnPlan:
    if planned.author == "user" or not column.nullable:
        return planned
    # an optional date tells that something happened, which is for the test to say
    is_empty = planned.null_fraction >= _MOSTLY_NULL or column.type.kind in MOMENTS
    return replace(planned, null_fraction=1.0 if is_empty else 0.0)


def _rows(group: Group, plan: Plan, made: Mapping[str, TableRows], count: int) -> list[Row]:
    """Return the attributes of a group's objects."""
    listed: dict[str, list[Any]] = {}
    for table in group.blueprint.tables:
        key = key_of(group.path, table)
        followed = {name for link in plan.schema.tables[key].foreign_keys for name in link.columns}
        for name, values in made[key].columns.items():
            attribute = group.blueprint.attributes.get((table.key, name))
            column = table.column(name)
            if attribute is None or name in followed or _is_numbered(table, column, plan.tables[key].columns[name]):
                continue
            listed[attribute] = as_attribute(group.blueprint, (table.key, name), values)
    nullable = _kept_none(group.blueprint)
    return [
        {key: items[row] for key, items in listed.items() if items[row] is not None or key in nullable}
        for row in range(count)
    ]


def _is_numbered(table: Table, column: Column, planned: ColumnPlan) -> bool:
    """Tell whether the database numbers the rows."""
    return column.autoincrement and column.name in table.primary_key and isinstance(planned.source, Numbered)


def _kept_none(blueprint: Blueprint) -> set[str]:
    """Return the attributes that have to be set to None: left out, they would get another value."""
    return {
        key
        for (table, name), key in blueprint.attributes.items()
        if blueprint.schema.tables[table].column(name).default_kind is not DefaultKind.NONE
    }


def as_attribute(blueprint: Blueprint, place: tuple[str, str], values: Any) -> list[Any]:
    """Return values as they stand in an object's attribute."""
    accepted = binding_of(blueprint, place).accepted(values)
    items = [None if isinstance(item, sa.sql.elements.Null) else item for item in accepted]
    type_ = blueprint.target(place).type
    if isinstance(type_, sa.Enum) and type_.enum_class is not None:
        members: dict[Any, Any] = {stored: member for member, stored in members_of(type_)}
        return [members.get(item, item) for item in items]
    return items
