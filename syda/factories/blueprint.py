"""What a mapped class is to a factory: its attributes, its relationships, and what its constructor takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import CompositeProperty, Mapper, RelationshipDirection, RelationshipProperty

from syda.errors import SchemaError, UnknownNameError, near
from syda.schema import Schema, read_schema
from syda.schema.model import ForeignKey, Table
from syda.schema.tables import table_key

Side: TypeAlias = Literal["parent", "children", "links"]
_SIDES: Mapping[RelationshipDirection, Side] = {
    RelationshipDirection.MANYTOONE: "parent",
    RelationshipDirection.ONETOMANY: "children",
    RelationshipDirection.MANYTOMANY: "links",
}
_SKIPPED = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One relationship of a class.

    `side` is what stands at its other end. `pairs` are the columns (of the child, of the parent) that it follows;
    `mutual` says that SQLAlchemy tells the other end by itself.
    """

    key: str
    target: Mapper[Any]
    side: Side
    many: bool
    pairs: frozenset[tuple[str, str]]
    mutual: bool


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A mapped class, and the tables that its rows stand in: that of its base class first."""

    mapper: Mapper[Any]
    schema: Schema
    origin: Mapping[str, Any]
    """SQLAlchemy's tables, by key."""

    @property
    def name(self) -> str:
        return self.mapper.class_.__name__

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        keys = [table_key(table) for table in self.mapper.tables if isinstance(table, sa.Table)]
        if not keys:
            raise SchemaError(f"{self.name} is mapped to a query, not to a table; make objects of a class with a table")
        return tuple(self.schema.tables[key] for key in keys)

    def table(self, key: str) -> Table:
        """Return one of the tables."""
        return next(table for table in self.tables if table.key == key)

    @cached_property
    def attributes(self) -> Mapping[tuple[str, str], str]:
        """The attribute of each mapped column, by table and column."""
        return {
            (table_key(column.table), column.name): attribute.key
            for attribute in self.mapper.column_attrs
            for column in attribute.columns
            if isinstance(column, sa.Column) and isinstance(column.table, sa.Table)
        }

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, str]]:
        """The table and column of each attribute; of one that stands in several tables, that of the class itself."""
        found: dict[str, tuple[str, str]] = {}
        for place, key in self.attributes.items():
            found.setdefault(key, place)
        return found

    def target(self, place: tuple[str, str]) -> sa.Column[Any]:
        """Return SQLAlchemy's column."""
        table, name = place
        return next(column for column in self.origin[table].columns if column.name == name)

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        found = (_relation(relationship) for relationship in self.mapper.relationships)
        return {relation.key: relation for relation in found if relation is not None}

    @cached_property
    def composites(self) -> Mapping[str, CompositeProperty[Any]]:
        return dict(self.mapper.composites.items())

    @cached_property
    def synonyms(self) -> Mapping[str, str]:
        return {name: synonym.name for name, synonym in self.mapper.synonyms.items()}

    @cached_property
    def others(self) -> frozenset[str]:
        """What else can be set: association proxies, hybrids and properties with a setter, constructor's parameters."""
        return frozenset((*self._settable(), *(self.parameters or ())))

    def _settable(self) -> Iterator[str]:
        for key, descriptor in self.mapper.all_orm_descriptors.items():
            is_proxy = descriptor.extension_type.name == "ASSOCIATION_PROXY"
            if is_proxy or (isinstance(descriptor, hybrid_property) and descriptor.fset is not None):
                yield key
        for name in dir(self.mapper.class_):
            found = inspect.getattr_static(self.mapper.class_, name, None)
            if isinstance(found, property) and found.fset is not None and not name.startswith("_"):
                yield name

    @cached_property
    def parameters(self) -> Mapping[str, bool] | None:
        """The names that the constructor takes and whether it needs them; None when it takes any."""
        original: Any = self.mapper.class_manager.original_init or self.mapper.class_.__init__
        own = list(inspect.signature(original).parameters.values())[1:]
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in own):
            return None
        return {each.name: each.default is each.empty for each in own if each.kind not in _SKIPPED}

    def relation_of(self, link: ForeignKey) -> Relation | None:
        """Return the relationship to the parent that follows a foreign key."""
        pairs = frozenset(link.pairs)
        return next((each for each in self.relations.values() if each.side == "parent" and each.pairs == pairs), None)

    def requires(self, relation: str) -> bool:
        """Tell whether an object must have the parent of a relationship."""
        pairs = self.relations[relation].pairs
        links = [(table, link) for table in self.tables for link in table.foreign_keys]
        return any(frozenset(link.pairs) == pairs and not table.is_optional(link) for table, link in links)

    def collection_of(self, child: Blueprint, relation: Relation) -> tuple[Table, ForeignKey] | None:
        """Return the foreign key by which the children of a relationship refer to this class."""
        own = {table.key for table in self.tables}
        for table in child.tables:
            for link in table.foreign_keys:
                if frozenset(link.pairs) == relation.pairs and link.parent in own:
                    return table, link
        return None

    def require(self, name: str, where: str) -> str:
        """Return the name of an attribute, synonyms resolved. Raises `UnknownNameError` with near matches."""
        name = self.synonyms.get(name, name)
        if name in self.known:
            return name
        raise UnknownNameError(f"{where}: {self.name} has no attribute {name!r}{near(name, sorted(self.known))}")

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset((*self.columns, *self.relations, *self.composites, *self.synonyms, *self.others))


def _relation(relationship: RelationshipProperty[Any]) -> Relation | None:
    if relationship.viewonly:
        return None
    side = _SIDES[relationship.direction]
    pairs = [(str(local.name), str(remote.name)) for local, remote in relationship.local_remote_pairs or ()]
    return Relation(
        key=relationship.key,
        target=relationship.mapper,
        side=side,
        many=bool(relationship.uselist),
        pairs=frozenset(pairs if side == "parent" else [(remote, local) for local, remote in pairs]),
        mutual=bool(relationship.back_populates or relationship.backref),
    )


_KNOWN: WeakKeyDictionary[Any, tuple[tuple[int, int], dict[Mapper[Any], Blueprint], Any]] = WeakKeyDictionary()


def blueprint_of(class_: Any) -> Blueprint:
    """Return what is known of a mapped class. Raises `SchemaError` for what is none."""
    mapper: Any = sa.inspect(class_, raiseerr=False) if isinstance(class_, type) else class_
    if not isinstance(mapper, Mapper):
        shown = class_.__name__ if isinstance(class_, type) else repr(class_)
        raise SchemaError(f"expected a mapped class, got {shown}; derive it from a declarative Base with a table")
    registry = mapper.registry
    grown = (len(list(registry.mappers)), len(registry.metadata.tables))
    known = _KNOWN.get(registry)
    if known is None or known[0] != grown:
        known = _KNOWN[registry] = (grown, {}, read_schema(registry))
    blueprints, reading = known[1], known[2]
    if mapper not in blueprints:
        mapper.registry.configure()
        blueprints[mapper] = Blueprint(mapper, reading.schema, reading.origin or {})
    return blueprints[mapper]
