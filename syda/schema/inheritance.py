"""Hierarchies of mapped classes: joined and single-table inheritance, with their discriminators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.columns import stored_value
from syda.schema.model import Identity, Inheritance, Table
from syda.schema.tables import table_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy.orm import Mapper


def hierarchy_roots(mappers: Iterable[Mapper[Any]]) -> dict[str, Mapper[Any]]:
    """Return the tables that hold the discriminators of the classes given, each with the class it belongs to."""
    roots: dict[str, Mapper[Any]] = {}
    for mapper in mappers:
        ancestors = [ancestor for ancestor in lineage(mapper) if _discriminator(ancestor) is not None]
        table = ancestors[-1].local_table if ancestors else None
        if isinstance(table, sa.Table):
            roots[table_key(table)] = ancestors[-1]
    return roots


def lineage(mapper: Mapper[Any]) -> Iterator[Mapper[Any]]:
    """Yield a class and the classes whose rows it extends, base last; a concrete class extends none."""
    current: Mapper[Any] | None = mapper
    while current is not None:
        yield current
        current = None if current.concrete else current.inherits


def read_inheritance(root: Mapper[Any], mappers: Collection[Mapper[Any]]) -> Inheritance | None:
    """Return the classes among `mappers` that the discriminator of `root` tells apart, when there are any."""
    discriminator = _discriminator(root)
    members = [mapper for mapper in root.self_and_descendants if mapper in set(mappers) and root in lineage(mapper)]
    if discriminator is None:
        return None
    identities = tuple(_identity(mapper, discriminator) for mapper in members if _is_identity(mapper))
    if not identities:
        return None
    return Inheritance(discriminator=str(discriminator.name), identities=identities)


def inherited_key(mapper: Mapper[Any], table: Table) -> str | None:
    """Return the name of the foreign key that ties a joined class's table to its parent's."""
    parent = mapper.inherits
    if parent is None or mapper.concrete or parent.local_table is mapper.local_table:
        return None
    parent_key = table_key(parent.local_table) if isinstance(parent.local_table, sa.Table) else ""
    own = set(table.primary_key)
    return next((key.name for key in table.foreign_keys if key.parent == parent_key and own >= set(key.columns)), None)


def _discriminator(mapper: Mapper[Any]) -> sa.Column[Any] | None:
    """Return the discriminator, when it is a column of the class's own table."""
    column = mapper.polymorphic_on
    if isinstance(column, sa.Column) and column.table is mapper.local_table and isinstance(column.table, sa.Table):
        return column
    return None


def _is_identity(mapper: Mapper[Any]) -> bool:
    return (
        mapper.polymorphic_identity is not None
        and not mapper.polymorphic_abstract
        and isinstance(mapper.local_table, sa.Table)
    )


def _identity(mapper: Mapper[Any], discriminator: sa.Column[Any]) -> Identity:
    base = discriminator.table
    filled = {
        str(column.name)
        for attribute in mapper.column_attrs
        for column in attribute.columns
        if isinstance(column, sa.Column) and column.table is base
    }
    return Identity(
        value=stored_value(mapper.polymorphic_identity, discriminator.type),
        class_name=mapper.class_.__name__,
        table=table_key(mapper.local_table) if isinstance(mapper.local_table, sa.Table) else str(base.name),
        columns=tuple(str(column.name) for column in base.columns if column.name in filled),
    )
