"""What a user means by the names of columns and of children, as seen from one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syda.errors import PlanError, UnknownNameError, near
from syda.schema.model import Column, ForeignKey, Schema, Table


@dataclass(frozen=True, slots=True)
class Found:
    """A column that a row can read, and the name under which its source reads it."""

    name: str
    column: Column
    owner: Table


def find_column(schema: Schema, table: Table, name: str, where: str) -> Found:
    """Return the column that ``amount``, ``customer.country``, ``customer_id.country`` or ``Customer.country`` means.

    Raises `UnknownNameError` for a name that is none of these, and `PlanError` where several foreign keys refer to the
    parent's class and none is named.
    """
    head, _, tail = name.rpartition(".")
    try:
        if not head or name in table.by_name:
            column = table.column(name)
            return Found(column.name, column, table)
        link = _link(schema, table, head, where)
        owner = table if link is None else schema.tables[link.parent]
        column = owner.column(tail)
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error
    return Found(column.name if link is None else f"{link.name}.{column.name}", column, owner)


def _link(schema: Schema, table: Table, head: str, where: str) -> ForeignKey | None:
    """Return the foreign key that a name means: its own, its relationship's, its column's or its parent's."""
    labels = [label for link in table.foreign_keys for label in (link.name, link.relationship, *link.columns) if label]
    if head in labels:
        return table.foreign_key(head)
    parents = [schema.tables[link.parent] for link in table.foreign_keys]
    known = [*labels, *(name for parent in parents for name in (parent.key, *parent.class_names))]
    try:
        meant = schema.table(head).key
    except UnknownNameError:
        raise UnknownNameError(f"table {table.key!r} refers to no {head!r}{near(head, known)}") from None
    if meant == table.key:
        return None
    return _only([link for link in table.foreign_keys if link.parent == meant], table, meant, where, known)


def _only(
    links: Sequence[ForeignKey], table: Table, parent: str, where: str, known: Sequence[str], how: str = "name it"
) -> ForeignKey:
    if not links:
        raise UnknownNameError(f"table {table.key!r} has no foreign key to {parent!r}{near(parent, known)}")
    if len(links) > 1:
        named = " or ".join(repr(", ".join(link.columns)) for link in links)
        raise PlanError(f"{where}: {table.key!r} refers to {parent!r} by {named}: {how} by the foreign key's column")
    return links[0]


def find_children(schema: Schema, table: Table, name: str, by: str, where: str) -> tuple[Table, ForeignKey]:
    """Return the table and foreign key of the children that ``items`` (a relationship) or ``OrderItem`` means.

    Raises `UnknownNameError` for what has no such children, and `PlanError` where several foreign keys of theirs refer
    to the table and `by`, a column, relationship or name of one, is not given.
    """
    try:
        child = _children(schema, table, name)
        links = [link for link in child.foreign_keys if link.parent == table.key]
        if by:
            named = child.foreign_key(by)
            return child, _only([link for link in links if link is named], child, table.key, where, [by])
        collected = [link for link in links if link.collection == name]
        return child, _only(collected or links, child, table.key, where, [], "say which with by=,")
    except UnknownNameError as error:
        raise UnknownNameError(f"{where}: {error}") from error


def _children(schema: Schema, table: Table, name: str) -> Table:
    """Return the table of the children that a table's key, a class or the relationship of the parent means."""
    referring = [(child, link) for child in schema for link in child.foreign_keys if link.parent == table.key]
    if name not in {child.key for child, _ in referring}:
        for child, link in referring:
            if link.collection == name:
                return child
    known = [label for child, link in referring for label in (child.key, *child.class_names, link.collection) if label]
    try:
        return schema.table(name)
    except UnknownNameError:
        raise UnknownNameError(f"table {table.key!r} has no children {name!r}{near(name, known)}") from None
