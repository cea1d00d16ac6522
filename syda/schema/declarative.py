"""What mapped classes add to tables: names of classes, attributes and relationships, documentation, inheritance."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_type_hints

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty

from syda.schema.decorators import as_taken, converts, form_of
from syda.schema.fields import field_checks, own_columns
from syda.schema.inheritance import hierarchy_roots, inherited_key, read_inheritance
from syda.schema.tables import table_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from syda.schema.model import Column, ForeignKey, Table

Pairs = frozenset[tuple[str, str]]


def with_classes(tables: Mapping[str, Table], mappers: Iterable[Mapper[Any]]) -> dict[str, Table]:
    """Return the tables with what their mapped classes say about them; bases come before their subclasses.

    The two ends of an association are required, whatever its table allows: a row that lacks one links nothing.
    """
    mappers = tuple(mappers)
    names = _relationship_names(mappers)
    ends = _association_ends(mappers)
    described = {
        key: replace(
            _with_mappers(
                _with_required(table, ends.get(key, frozenset())),
                [mapper for mapper in mappers if _lives_in(mapper, key)],
            ),
            foreign_keys=tuple(_with_names(key, foreign_key, names) for foreign_key in table.foreign_keys),
            association=key in ends,
        )
        for key, table in tables.items()
    }
    for key, root in hierarchy_roots(mappers).items():
        if key in described:
            described[key] = replace(described[key], inheritance=read_inheritance(root, mappers))
    return described


def secondary_tables(mapper: Mapper[Any]) -> Iterator[sa.Table]:
    """Return the association tables of a class's many-to-many relationships.

    These are read with the class, also when the class at their other end is not: that one's table is then external,
    so there have to be rows of it already for links to refer to, or an error says to add it.
    """
    return (secondary for _, secondary in _many_to_many(mapper))


def _many_to_many(mapper: Mapper[Any]) -> Iterator[tuple[RelationshipProperty[Any], sa.Table]]:
    for relationship in mapper.relationships:
        if isinstance(relationship.secondary, sa.Table) and not relationship.viewonly:
            yield relationship, relationship.secondary


def _association_ends(mappers: Iterable[Mapper[Any]]) -> dict[str, frozenset[str]]:
    """Return the columns that every link has, by association table; several pairs of classes may share one."""
    ends: dict[str, frozenset[str]] = {}
    for mapper in mappers:
        for relationship, secondary in _many_to_many(mapper):
            columns = [column for column in relationship.remote_side if _is_column(column)]
            names = frozenset(str(column.name) for column in columns if column.table is secondary)
            key = table_key(secondary)
            ends[key] = ends.get(key, names) & names
    return ends


def _with_required(table: Table, names: frozenset[str]) -> Table:
    columns = tuple(replace(each, nullable=each.nullable and each.name not in names) for each in table.columns)
    return replace(table, columns=columns)


def _lives_in(mapper: Mapper[Any], key: str) -> bool:
    table = mapper.local_table
    return isinstance(table, sa.Table) and table_key(table) == key


def _with_mappers(table: Table, mappers: list[Mapper[Any]]) -> Table:
    docs = [doc for doc in (_own_doc(mapper.class_) for mapper in mappers) if doc]
    descriptions = {name: text for mapper in mappers for name, text in _field_descriptions(mapper)}
    taken = {column.name: column for mapper in mappers for column in _annotated(mapper, table)}
    return replace(
        table,
        class_names=tuple(mapper.class_.__name__ for mapper in mappers),
        doc="\n\n".join(docs) or None,
        attributes={name: column for mapper in mappers for name, column in _renamed(mapper)},
        columns=tuple(
            _with_doc(taken.get(column.name, column), descriptions.get(column.name)) for column in table.columns
        ),
        inherits=next((name for mapper in mappers if (name := inherited_key(mapper, table))), None),
        checks=tuple(
            dict.fromkeys((*table.checks, *(each for mapper in mappers for each in field_checks(mapper, table))))
        ),
    )


def _annotated(mapper: Mapper[Any], table: Table) -> Iterator[Column]:
    """Yield the columns whose type of the application takes what their attributes are annotated as."""
    for attribute, name in own_columns(mapper):
        type_ = mapper.local_table.c[name].type
        column = table.by_name.get(name)
        if column is None or column.type.values or not isinstance(type_, sa.TypeDecorator):
            continue
        if converts(type_):
            yield replace(column, type=as_taken(type_, column.type, form_of(_hint(mapper.class_, attribute))))


def _hint(class_: type[Any], attribute: str) -> Any:
    try:
        return get_type_hints(class_).get(attribute)
    except Exception:  # noqa: BLE001 - names that only a type checker knows
        return None


def _own_doc(class_: type[Any]) -> str | None:
    doc = vars(class_).get("__doc__")
    # A dataclass without a docstring is given its signature for one.
    if not isinstance(doc, str) or doc.startswith(f"{class_.__name__}("):
        return None
    return inspect.cleandoc(doc) or None


def _with_doc(column: Column, doc: str | None) -> Column:
    return replace(column, doc=doc) if doc and not column.doc else column


def _field_descriptions(mapper: Mapper[Any]) -> Iterator[tuple[str, str]]:
    """Yield the descriptions of SQLModel fields by column name."""
    fields = getattr(mapper.class_, "model_fields", {})
    for attribute, column in own_columns(mapper):
        description = getattr(fields.get(attribute), "description", None)
        if description:
            yield column, description


def _renamed(mapper: Mapper[Any]) -> Iterator[tuple[str, str]]:
    return ((attribute, column) for attribute, column in own_columns(mapper) if attribute != column)


def _with_names(
    key: str, foreign_key: ForeignKey, names: Mapping[tuple[str, str, Pairs], dict[str, str]]
) -> ForeignKey:
    found = names.get((key, foreign_key.parent, frozenset(foreign_key.pairs)), {})
    return replace(foreign_key, relationship=found.get("relationship"), collection=found.get("collection"))


def _relationship_names(mappers: Iterable[Mapper[Any]]) -> dict[tuple[str, str, Pairs], dict[str, str]]:
    """Return the attributes that follow a foreign key, by child table, parent table and pairs of columns."""
    names: dict[tuple[str, str, Pairs], dict[str, str]] = {}
    for mapper in mappers:
        for relationship in mapper.relationships:
            if relationship.parent is mapper and not relationship.viewonly and relationship.secondary is None:
                for side, key in _followed(relationship):
                    names.setdefault(key, {}).setdefault(side, relationship.key)
    return names


def _followed(relationship: RelationshipProperty[Any]) -> Iterator[tuple[str, tuple[str, str, Pairs]]]:
    to_one = relationship.direction is RelationshipDirection.MANYTOONE
    side = "relationship" if to_one else "collection"
    ends = relationship.local_remote_pairs or []
    pairs = [(local, remote) if to_one else (remote, local) for local, remote in ends]
    columns = [(child, parent) for child, parent in pairs if _is_column(child) and _is_column(parent)]
    if columns and len(columns) == len(pairs):
        child, parent = columns[0]
        named = frozenset((str(child.name), str(parent.name)) for child, parent in columns)
        yield side, (table_key(child.table), table_key(parent.table), named)


def _is_column(element: Any) -> bool:
    return isinstance(element, sa.Column) and isinstance(element.table, sa.Table)
