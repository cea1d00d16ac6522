"""The groups of a call as a schema of their own, so that the engine that fills databases makes their rows.

Each group has tables of its own (``items.order_items``), with the columns, CHECKs and unique sets of the real ones, and
foreign keys that lead to the tables of its parents. So parents agree with children, whatever is said of either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from syda.factories.blueprint import Blueprint
from syda.factories.groups import Group, Link, There
from syda.factories.turns import UNSAID, Turns, Unsaid
from syda.load.roads.binding import Binding
from syda.planning.checks import check_domains, parse
from syda.planning.checks.plain import literal
from syda.planning.existing import ExistingTable
from syda.planning.model import TablePlan
from syda.schema.columns import members_of
from syda.schema.model import NUMBERS, Column, DefaultKind, ForeignKey, Kind, Schema, Table
from syda.sources.base import Source
from syda.sources.linked import Reference
from syda.sources.scalar import Choice, Constant, Null
from syda.sources.totals import Total
from syda.sources.values import Values, from_python, to_python

_DIALECT = DefaultDialect()
_PLACES: Mapping[Kind, Callable[[int], Any]] = {
    Kind.TEXT: str,
    Kind.UUID: lambda number: UUID(int=number),
    Kind.BINARY: lambda number: number.to_bytes(8),
    Kind.DATE: date.fromordinal,
    Kind.DATETIME: datetime.fromordinal,
}
"""What stands for the key of the first, second, ... of objects that get theirs when they are written."""


def key_of(path: str, table: Table) -> str:
    """Return the key of a group's own table."""
    return f"{path}.{table.name}" if path else table.key


def derived_schema(groups: Sequence[Group]) -> Schema:
    """Return the schema of the groups, and of the objects that they refer to."""
    tables: dict[str, Table] = {}
    for group in groups:
        for parent in group.there:
            tables.update({key_of(parent.path, table): _of_there(parent, table) for table in parent.blueprint.tables})
        tables.update({key_of(group.path, table): _of_group(group, table) for table in group.blueprint.tables})
    return Schema(tables=tables, dialect=groups[0].blueprint.schema.dialect)


def _of_there(there: There, table: Table) -> Table:
    """Return the table of objects that are there: nothing is made of it."""
    return _placed(
        replace(table, foreign_keys=(), inherits=None, inheritance=None, checks=(), exclusions=()), there.path
    )


def _of_group(group: Group, table: Table) -> Table:
    links = [_led(group, table, link) for link in table.foreign_keys]
    given = _given(group, table)
    return _placed(
        replace(
            table,
            foreign_keys=tuple(filter(None, links)),
            inheritance=None,
            primary_key=() if given.issuperset(table.primary_key) else table.primary_key,
            uniques=tuple(each for each in table.uniques if each.expressions or not given.issuperset(each.columns)),
        ),
        group.path,
    )


def _given(group: Group, table: Table) -> set[str]:
    """Return the columns that are given, so that they are the same in all copies; the database knows what is free."""
    said = {key for key in group.said if not any(isinstance(item, Source | Unsaid) for item in group.column(key))}
    attributes = group.blueprint.attributes
    found = {column.name for column in table.columns if attributes.get((table.key, column.name)) in said}
    for link in table.foreign_keys:
        if isinstance(group.parents.get((table.key, link.name)), There):
            found |= set(link.columns)
    return found


def _placed(table: Table, path: str) -> Table:
    return replace(table, schema=path) if path else table


def _led(group: Group, table: Table, link: ForeignKey) -> ForeignKey | None:
    """Return a foreign key that leads to the group's own parents; None for one that leads nowhere."""
    if table.inherits == link.name:
        return replace(link, parent=key_of(group.path, group.blueprint.table(link.parent)))
    parent = group.parents.get((table.key, link.name))
    if parent is None:
        return None
    return replace(link, parent=key_of(parent.path, parent.blueprint.table(link.parent)))


def even_links(groups: Iterable[Group]) -> Iterator[Link]:
    """Yield the foreign keys along which rows follow their parents in step."""
    for group in groups:
        for table, name in group.parents:
            yield key_of(group.path, group.blueprint.table(table)), name


def existing_tables(groups: Iterable[Group]) -> dict[str, ExistingTable]:
    """Return the objects that are there as rows."""
    found: dict[str, ExistingTable] = {}
    for group in groups:
        for parent in group.there:
            for table in parent.blueprint.tables:
                columns = {column.name: _of_objects(parent, table, column) for column in table.columns}
                found[key_of(parent.path, table)] = ExistingTable(rows=len(parent.objects), columns=columns)
    return found


def _of_objects(there: There, table: Table, column: Column) -> Values:
    key = there.blueprint.attributes.get((table.key, column.name))
    items = [None if key is None else getattr(each, key) for each in there.objects]
    if column.name in table.primary_key and None in items:  # of objects that have no key yet
        return from_python(list(map(_PLACES.get(column.type.kind, int), range(1, len(items) + 1))), column.type)
    return as_values(there.blueprint, (table.key, column.name), items)


def as_values(blueprint: Blueprint, place: tuple[str, str], items: Sequence[Any]) -> Values:
    """Return what stands in an attribute of objects as values. Raises a `SydaError` for what the column cannot hold."""
    return binding_of(blueprint, place).read(items)


def as_attribute(blueprint: Blueprint, place: tuple[str, str], values: Any) -> list[Any]:
    """Return values as they stand in an object's attribute."""
    accepted = binding_of(blueprint, place).accepted(values)
    items = [None if isinstance(item, sa.sql.elements.Null) else item for item in accepted]
    type_ = blueprint.target(place).type
    if isinstance(type_, sa.Enum) and type_.enum_class is not None:
        members: dict[Any, Any] = {stored: member for member, stored in members_of(type_)}
        return [members.get(item, item) for item in items]
    return items


def binding_of(blueprint: Blueprint, place: tuple[str, str]) -> Binding:
    """Return what turns the values of a column into those of objects, and back."""
    table, name = place
    column = blueprint.schema.tables[table].column(name)
    return Binding(f"{table}.{name}", column, blueprint.target(place), _DIALECT)


def stored(blueprint: Blueprint, place: tuple[str, str], items: Sequence[Any]) -> list[Any]:
    """Return values in the form in which plans have them."""
    table, name = place
    return to_python(as_values(blueprint, place, items), blueprint.schema.tables[table].column(name).type)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one column of a group: a source, or values for its objects in turn."""

    group: Group
    place: tuple[str, str]
    items: tuple[Any, ...]

    def source(self) -> Source:
        if isinstance(self.items[0], Source):  # of all objects of a group the same one
            return self.items[0]
        values = self._stored()
        if all(item == values[0] for item in values):
            return Null() if values[0] is None else Constant(value=values[0])
        return Turns(values=values)

    def beside(self, source: Source) -> Source:
        """Return what is said, and the source for those of which nothing is."""
        return Turns(values=self._stored(), otherwise=source)

    @property
    def attribute(self) -> tuple[str, str]:
        """The attribute, by the path of its group."""
        return self.group.path, self.group.blueprint.attributes[self.place]

    @property
    def is_partial(self) -> bool:
        return any(item is UNSAID for item in self.items)

    def _stored(self) -> tuple[Any, ...]:
        said = [item for item in self.items if item is not UNSAID]
        values = iter(stored(self.group.blueprint, self.place, said))
        return tuple(UNSAID if item is UNSAID else next(values) for item in self.items)


def said_columns(groups: Iterable[Group]) -> dict[tuple[str, str], Said]:
    """Return what is said of columns, by the groups' own tables; a key that is said is its parent's."""
    found: dict[tuple[str, str], Said] = {}
    for group in groups:
        for key in group.said:
            items = tuple(group.column(key))
            for table in group.blueprint.tables:
                followed = _followed(group, table)
                for column in table.columns:
                    if column.name not in followed and group.blueprint.attributes.get((table.key, column.name)) == key:
                        found[key_of(group.path, table), column.name] = Said(group, (table.key, column.name), items)
    return found


def firm_columns(groups: Iterable[Group]) -> dict[tuple[str, str], Source]:
    """Return the columns whose value follows from what a group is: its class, its children, parents that it has not."""
    groups = list(groups)
    own = {key: source for key, source in _each_column(groups, _firm) if source is not None}
    return {**dict(_wanted_by_children(groups)), **own}


def _wanted_by_children(groups: Iterable[Group]) -> Iterator[tuple[tuple[str, str], Source]]:
    """Yield the columns of parents that hold what CHECKs of their children demand, such as a type code in a key."""
    for group in groups:
        for table in group.blueprint.tables:
            domains = check_domains(table)
            for link in table.foreign_keys:
                parent = group.parents.get((table.key, link.name))
                for down, up in link.pairs if isinstance(parent, Group) else ():
                    values = domains[down].allowed() if down in domains else None
                    if values and isinstance(parent, Group):
                        above = parent.blueprint.table(link.parent)
                        yield (key_of(parent.path, above), up), Choice(values=tuple(values))


def default_columns(groups: Iterable[Group]) -> dict[tuple[str, str], Source]:
    """Return the columns that have a plain default: a new object starts with it, unless a CHECK wants another."""
    return {key: source for key, source in _each_column(groups, _usual) if source is not None}


def _each_column(
    groups: Iterable[Group], decide: Callable[[Group, Table, Column], Source | None]
) -> Iterator[tuple[tuple[str, str], Source | None]]:
    for group in groups:
        for table in group.blueprint.tables:
            for column in table.columns:
                yield (key_of(group.path, table), column.name), decide(group, table, column)


def _firm(group: Group, table: Table, column: Column) -> Source | None:
    mapper = group.blueprint.mapper
    if mapper.polymorphic_on is not None and table.inheritance and table.inheritance.discriminator == column.name:
        return Constant(value=stored(group.blueprint, (table.key, column.name), [mapper.polymorphic_identity])[0])
    missing = {name for link in table.foreign_keys if (table.key, link.name) in group.missing for name in link.columns}
    if column.name in missing - _followed(group, table) and column.nullable:
        return Null()
    if (table.key, column.name) not in group.blueprint.attributes and column.nullable:
        return Null()
    return None


def _followed(group: Group, table: Table) -> set[str]:
    return {name for each in table.foreign_keys if (table.key, each.name) in group.parents for name in each.columns}


def _usual(group: Group, table: Table, column: Column) -> Source | None:
    return None if column.name in _followed(group, table) else default_of(table, column)


def default_of(table: Table, column: Column) -> Source | None:
    """Return the value that the models or the database give to a column of which nothing is said, where it is plain."""
    if column.default_kind is DefaultKind.CLIENT_VALUE:
        return Null() if column.default is None else _constant(column, column.default) or Constant(value=column.default)
    if column.default_kind is DefaultKind.SERVER and isinstance(column.default, str):
        tree = parse(column.default, table.dialect)
        value = None if tree is None else literal(tree)
        return None if value is None else _constant(column, value)
    return None


def _constant(column: Column, value: Any) -> Constant | None:
    """Return a value as a source, a number as one, not as the text in which it is written; None for what cannot be."""
    try:
        held = to_python(from_python([value], column.type), column.type)[0]
    except ValueError:
        return None
    return Constant(value=held if column.type.kind in NUMBERS else value)


def leaf_rows(groups: Iterable[Group], size: int) -> dict[str, int]:
    """Return how many rows each group's own tables are asked for, those of base classes not counted."""
    found: dict[str, int] = {}
    for group in groups:
        *bases, leaf = group.blueprint.tables
        found |= {key_of(group.path, table): 0 for table in bases}
        found[key_of(group.path, leaf)] = size * group.times
    return found


def reads_of(tables: Mapping[str, TablePlan], schema: Schema, *, keys: bool = True) -> set[tuple[str, str]]:
    """Return the columns that sources of a plan read, by table; without `keys` not what foreign keys merely repeat."""
    found: set[tuple[str, str]] = set()
    for key, planned in tables.items():
        table = schema.tables[key]
        linked = Counter(name for link in table.foreign_keys for name in link.columns)
        for name, column in planned.columns.items():
            if not keys and isinstance(column.source, Reference) and linked[name] == 1:
                continue
            if isinstance(column.source, Total):
                found |= {(column.source.children, factor) for factor in column.source.factors}
            for needed in column.source.needs():
                link, _, wanted = needed.rpartition(".")
                if not link or needed in table.by_name:
                    found.add((key, table.column(needed).name))
                else:
                    found.add((table.foreign_key(link).parent, wanted))
    return found
