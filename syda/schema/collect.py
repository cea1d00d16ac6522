"""Readers of SQLAlchemy objects: declarative bases, registries, mapped classes, `Table`s, `MetaData`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, registry
from sqlalchemy.orm.exc import UnmappedClassError

from syda.errors import SchemaError
from syda.schema.declarative import secondary_tables, with_classes
from syda.schema.model import Schema
from syda.schema.tables import parent_tables, read_foreign_keys, read_table, table_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Selection:
    """The tables and mapped classes that a source stands for."""

    tables: tuple[sa.Table, ...]
    mappers: tuple[Mapper[Any], ...] = ()


def read_objects(source: object) -> tuple[Schema, Mapping[str, sa.Table]] | None:
    """Return the schema of SQLAlchemy objects and the `Table` behind each key, or None for anything else."""
    selection = _select(source)
    return None if selection is None else _read(selection)


def _select(source: object) -> Selection | None:
    if isinstance(source, sa.MetaData):
        return Selection(tuple(source.tables.values()))
    if isinstance(source, registry):
        return _registered(source, source.metadata)
    if isinstance(source, type):
        base = _registry_of_base(source)
        return _listed([source]) if base is None else _of_one_database(base, getattr(source, "metadata", base.metadata))
    if isinstance(source, sa.Table):
        return _listed([source])
    return _listed(source) if isinstance(source, (list, tuple)) and source else None


def _registry_of_base(class_: type[Any]) -> registry | None:
    """Return the registry of a declarative base; None for any other class."""
    if sa.inspect(class_, raiseerr=False) is not None:
        return None
    # SQLModel keeps its registry under the second name. Only a class that is not abstract may inherit one.
    own = [vars(class_).get(name) for name in ("registry", "_sa_registry")]
    inherited = None if vars(class_).get("__abstract__") else getattr(class_, "registry", None)
    return next((each for each in (*own, inherited) if isinstance(each, registry)), None)


def _registered(source: registry, metadata: sa.MetaData) -> Selection:
    tables = list(metadata.tables.values())
    _require_targets(tables)
    _configure([source])
    try:
        mapped = sorted(source.mappers, key=lambda mapper: mapper.class_.__qualname__)
    except UnmappedClassError as exc:
        raise SchemaError(f"{exc} yet; prepare deferred classes before they are read") from exc
    tables += [mapper.local_table for mapper in mapped if isinstance(mapper.local_table, sa.Table)]
    return Selection(_once(tables), _bases_first(mapped, _once(tables)))


def _of_one_database(source: registry, metadata: sa.MetaData) -> Selection:
    """Return what a declarative base stands for: not the classes that Flask-SQLAlchemy binds to another database."""
    found = _registered(source, metadata)
    key = metadata.info.get("bind_key")
    tables = tuple(table for table in found.tables if table.metadata.info.get("bind_key", key) == key)
    kept = set(tables)
    return Selection(tables, tuple(mapper for mapper in found.mappers if _is_of(mapper.local_table, kept)))


def _is_of(selectable: sa.FromClause, tables: Collection[sa.FromClause]) -> bool:
    return selectable in tables or not isinstance(selectable, sa.Table)


def _listed(items: Sequence[object]) -> Selection:
    tables: list[sa.Table] = []
    mappers: list[Mapper[Any]] = []
    for item in items:
        if isinstance(item, sa.Table):
            tables.append(item)
        else:
            mapper = _mapper(item)
            mappers.append(mapper)
            tables += [table for table in mapper.tables if isinstance(table, sa.Table)]
    _require_targets(tables)
    _configure(mapper.registry for mapper in mappers)
    tables += [table for mapper in mappers for table in secondary_tables(mapper)]
    return Selection(_once(tables), _bases_first(mappers, _once(tables)))


def _mapper(item: object) -> Mapper[Any]:
    if not isinstance(item, type):
        raise SchemaError(f"a list of tables holds mapped classes and Table objects, not {item!r}")
    mapper: Any = sa.inspect(item, raiseerr=False)
    if isinstance(mapper, Mapper):
        return mapper
    if vars(item).get("__abstract__"):
        raise SchemaError(f"{item.__name__} is abstract: it has no table; pass its subclasses, or the declarative base")
    raise SchemaError(
        f"{item.__name__} is not mapped to a table; derive it from a declarative Base and give it __tablename__ and "
        "a primary key (a SQLModel class needs table=True), or map it with registry.map_imperatively"
    )


def _once(tables: Iterable[sa.Table]) -> tuple[sa.Table, ...]:
    return tuple({table_key(table): table for table in tables}.values())


def _bases_first(mappers: Sequence[Mapper[Any]], tables: tuple[sa.Table, ...]) -> tuple[Mapper[Any], ...]:
    positions = {table: position for position, table in enumerate(tables)}
    wanted = set(mappers)
    roots = dict.fromkeys(mapper.base_mapper for mapper in mappers)
    known = [root for root in roots if isinstance(root.local_table, sa.Table)]
    known.sort(key=lambda root: positions.get(root.local_table, len(positions)))  # type: ignore[call-overload]
    ordered = (mapper for root in dict.fromkeys([*known, *roots]) for mapper in root.self_and_descendants)
    return tuple(mapper for mapper in ordered if mapper in wanted)


def _require_targets(tables: Iterable[sa.Table]) -> None:
    """Raise `MissingTableError` before the mapping of relationships stumbles over the same table."""
    for table in tables:
        for _ in parent_tables(table):
            pass


def _configure(registries: Iterable[registry]) -> None:
    for each in dict.fromkeys(registries):
        try:
            each.configure(cascade=True)
        except SQLAlchemyError as exc:
            raise SchemaError(f"the mapped classes do not fit together: {exc}") from exc


def _read(selection: Selection) -> tuple[Schema, Mapping[str, sa.Table]]:
    given = {table_key(table): table for table in selection.tables}
    external = {table_key(parent): parent for parent in _parents(given.values()) if table_key(parent) not in given}
    tables = {key: read_table(table, foreign_keys=read_foreign_keys(table)) for key, table in given.items()}
    # Rows of an external table exist already: where its own foreign keys point does not matter.
    tables |= {key: read_table(table) for key, table in external.items()}
    return Schema(tables=with_classes(tables, selection.mappers), external=frozenset(external)), given | external


def _parents(tables: Iterable[sa.Table]) -> Iterator[sa.Table]:
    return (parent for table in tables for parent in parent_tables(table))
