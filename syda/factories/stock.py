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

from syda.errors import CapacityError, ConstraintError, GenerateError
from syda.factories.blueprint import Blueprint
from syda.factories.derived import (
    as_attribute,
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
from syda.factories.judging import judge_of, judging_dialect
from syda.factories.left import Left, given_by, left_to_defaults
from syda.factories.numbering import after_siblings, further, numbered
from syda.factories.state import COPIES
from syda.factories.turns import Unsaid
from syda.factories.wanted import Wanted
from syda.generation.judging import Judge
from syda.generation.store import TableRows, make_rows
from syda.planning.builder import build_plan
from syda.planning.checks import check_domains, columns_in, conditions_of
from syda.planning.existing import ExistingTable
from syda.planning.inference import Guess
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.planning.requests import Overrides, RowRequest
from syda.planning.validation import check_plan
from syda.quality.integrity import verify_rows
from syda.schema.model import MOMENTS, Column, DefaultKind, ForeignKey, Schema, Table
from syda.sources.base import Settings, Source
from syda.sources.registry import DEFAULT_REGISTRY
from syda.sources.scalar import Sequence as Numbered

Row: TypeAlias = dict[str, Any]
"""The values of one object's attributes."""
_NO_VALUE = (Source, Unsaid)
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
    left: Mapping[str, Left]

    def of(self, copy: int, group: Group) -> Sequence[Row]:
        """Return the attributes of a group's objects in one copy."""
        first = copy * group.times
        return self.rows[group.path][first : first + group.times]


@dataclass(slots=True)
class Recipe:
    """What calls have in common that say something of the same attributes.

    `schema` is that of the groups. Of `inert` attributes nothing else depends, so that what is said of them changes no
    other. `read` are the columns that rows are made of among those of objects that are there.
    """

    schema: Schema
    inert: frozenset[tuple[str, str]]
    read: Mapping[str, Sequence[str]]
    stocks: dict[Any, Stock] = field(default_factory=dict)

    def copy(
        self, groups: Sequence[Group], seed: int, number: int, attempt: int, session: Any
    ) -> Iterator[tuple[str, list[Row]]]:
        """Yield the attributes of each group's objects in the copy for a number; each `attempt` gives another one.

        Those that are not written have what defaults give, too. Raises a `SydaError` for what cannot be.
        """
        key, part = self._key(groups), number // COPIES
        most = _FEW if key else COPIES  # what is said is seldom said again
        seed += _digest(key)
        stock = self._stock(key, groups, seed, part, most, session)
        further, copy = divmod((number % stock.copies if key else number % COPIES) + attempt, stock.copies)
        if further:
            part += further
            stock = self._stock(key, groups, seed, part, most, session)
        for group in groups:
            left = stock.left.get(group.path, {})
            rows = (
                given_by(left, row, is_written=session is not None) if left else row for row in stock.of(copy, group)
            )
            yield group.path, [{**row, **_plain(each)} for row, each in zip(rows, group.wanted, strict=True)]

    def _stock(
        self, key: Sequence[Any], groups: Sequence[Group], seed: int, part: int, most: int, session: Any
    ) -> Stock:
        dialect = judging_dialect(groups, session)
        key = (dialect, seed, part, *key)
        found = self.stocks.get(key)
        if found is None:
            if len(self.stocks) >= _KEPT:
                self.stocks.clear()
            judge = judge_of(groups, session) if dialect else None
            found = self.stocks[key] = self._made(groups, seed, part, most, judge)
        return found

    def _made(self, groups: Sequence[Group], seed: int, part: int, most: int, judge: Judge | None) -> Stock:
        """Make as many copies as can be."""
        own = any(len(parent.objects) > 1 for group in groups for parent in group.there)
        for copies in (1,) if own else dict.fromkeys((most, _FEW, 1)):
            try:
                return self._copies(groups, copies, seed + part * _STEP, part * most, judge)
            except (CapacityError, ConstraintError, GenerateError):
                if copies == 1:
                    raise
        raise AssertionError

    def _copies(self, groups: Sequence[Group], copies: int, seed: int, before: int, judge: Judge | None) -> Stock:
        """Make copies beside those `before` them, which objects that are there may have as children."""
        plan, existing = _planned(groups, self.schema, self.inert, copies, seed, before)
        made = make_rows(plan, existing=existing, judge=judge)
        short = next((made[key] for key, table in plan.tables.items() if made[key].rows < table.rows), None)
        if short is not None:
            raise ConstraintError(short.note)
        verify_rows(plan, made, existing).raise_for_breaches()
        rows = {group.path: _rows(group, plan, made, copies * group.times) for group in groups}
        new = {key: each for key, each in made.items() if key not in existing}
        return Stock(copies, rows, left_to_defaults(groups, plan, new))

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
            if names or len(parent.objects) > 1
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
            tuple((key, repr(item)) for key in group.said for item in group.column(key) if isinstance(item, _NO_VALUE)),
        )
        for group in groups
    )


def recipe_of(groups: Sequence[Group], seed: int) -> Recipe:
    """Return what is known of such calls from a plan of this one."""
    schema = derived_schema(groups)
    plan, existing = _planned(groups, schema, frozenset(), 1, seed, 0)
    made = {key: table for key, table in plan.tables.items() if key not in existing}
    reads = reads_of(made, schema)
    conditioned = {(table.key, name) for table in schema for each in conditions_of(table) for name in each.columns}
    linked = {(table.key, name) for table in schema for link in table.foreign_keys for name in link.columns}
    linked |= {(link.parent, up) for table in schema for link in table.foreign_keys for up in _composite(link)}
    said = said_columns(groups)
    bound = {key for key, each in said.items() if any(isinstance(item, Source) for item in each.items)}
    inert = {each.attribute for key, each in said.items() if key not in reads | conditioned | linked | bound}
    columns = {each.attribute for each in said.values()}
    inert |= {(group.path, key) for group in groups for key in group.said if (group.path, key) not in columns}
    keys = conditioned | reads
    # of an attribute that stands in several tables, one may be depended on
    depended = {each.attribute for key, each in said.items() if key in keys}
    read_there = reads_of(made, schema, keys=False) | conditioned
    return Recipe(schema, frozenset(inert - depended), _read_there(groups, read_there, linked))


def _composite(link: ForeignKey) -> Sequence[str]:
    """Return the columns of a parent of which children's other foreign keys may have a part."""
    return link.parent_columns if len(link.columns) > 1 else ()


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


def _planned(
    groups: Sequence[Group], schema: Schema, inert: frozenset[tuple[str, str]], copies: int, seed: int, before: int
) -> tuple[Plan, Mapping[str, ExistingTable]]:
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
    several = {key_of(group.path, table) for group in groups if group.times > 1 for table in group.blueprint.tables}
    tables = {key: _decided(schema.tables[key], planned, key in several) for key, planned in plan.tables.items()}
    for (key, name), each in partial.items():
        column = tables[key].columns[name]
        turns = replace(column, source=each.beside(column.source), author="user")  # type: ignore[arg-type]
        tables[key] = replace(tables[key], columns={**tables[key].columns, name: turns})
    tables = further(groups, after_siblings(groups, tables), before)
    return replace(plan, tables=numbered(groups, tables, existing)), existing


def _decided(table: Table, planned: TablePlan, are_several: bool) -> TablePlan:
    """Have optional columns filled in each row or in none: a test's objects differ by what the test says alone.

    `are_several` says that these have the same owner: only one of them may be what an index with a predicate is of.
    """
    domains = check_domains(table)
    required = {name for name, domain in domains.items() if domain.required}
    predicates = [each.predicate for each in table.uniques if each.predicate and are_several]
    required |= {name for each in predicates for name in columns_in(each, table.dialect, table)}
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
            if attribute in group.said and not any(isinstance(item, _NO_VALUE) for item in group.column(attribute)):
                continue  # it is as it is said
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
