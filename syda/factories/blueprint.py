"""What a mapped class is to a factory: its attributes, its relationships, and what its constructor takes."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import CompositeProperty, Mapper, RelationshipDirection, RelationshipProperty

from syda.errors import SchemaError, UnknownNameError, near
from syda.planning.checks import columns_in, conditions_of
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

    `side` is what stands at its other end. `pairs` are the columns (of the child, of the parent) that it follows, and
    `above` the tables of the parent's; `mutual` says that SQLAlchemy tells the other end by itself, `lazy` how that is
    loaded.
    """

    key: str
    target: Mapper[Any]
    side: Side
    many: bool
    pairs: frozenset[tuple[str, str]]
    above: frozenset[str]
    mutual: bool
    lazy: str

    def follows(self, link: ForeignKey) -> bool:
        """Tell whether it follows a foreign key."""
        return frozenset(link.pairs) == self.pairs and link.parent in self.above


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

    @property
    def is_abstract(self) -> bool:
        """Whether rows are of its subclasses alone: it has no identity among the classes of its table."""
        mapper = self.mapper
        without = mapper.polymorphic_on is not None and mapper.polymorphic_identity is None
        return mapper.polymorphic_abstract or (without and len(list(mapper.self_and_descendants)) > 1)

    @property
    def concrete(self) -> Blueprint:
        """The class itself, or the first subclass of one that is abstract."""
        if not self.is_abstract:
            return self
        below = (blueprint_of(each) for each in self.mapper.self_and_descendants)
        return next((each for each in below if not each.is_abstract), self)

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
    def collections(self) -> tuple[str, ...]:
        """The relationships to several objects that are held in memory."""
        lazy = ("write_only", "dynamic")
        return tuple(each.key for each in self.mapper.relationships if each.uselist and each.lazy not in lazy)

    @cached_property
    def composites(self) -> Mapping[str, CompositeProperty[Any]]:
        return dict(self.mapper.composites.items())

    @cached_property
    def synonyms(self) -> Mapping[str, str]:
        return {name: synonym.name for name, synonym in self.mapper.synonyms.items()}

    @cached_property
    def others(self) -> frozenset[str]:
        """What else can be set: association proxies, hybrids and properties with a setter, constructor's parameters."""
        return frozenset((*self._settable(), *self.parameters))

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
    def conditioned(self) -> frozenset[str]:
        """The attributes that CHECKs of several columns, and unique sets, depend on."""
        found: set[str | None] = set()
        for table in self.tables:
            names = {name for each in conditions_of(table) for name in each.columns}
            names |= {name for each in table.uniques for name in columns_in(each.predicate or "", table.dialect, table)}
            names |= {name for each in table.unique_sets for name in each.columns}
            found |= {self.attributes.get((table.key, name)) for name in names}
        return frozenset(name for name in found if name)

    @cached_property
    def parameters(self) -> Mapping[str, bool]:
        """The names that the constructor takes by itself, and whether it needs them."""
        return {each.name: each.default is each.empty for each in self._signature if each.kind not in _SKIPPED}

    @cached_property
    def takes_any(self) -> bool:
        """Whether the constructor takes names that it does not list."""
        return any(each.kind is inspect.Parameter.VAR_KEYWORD for each in self._signature)

    @cached_property
    def _signature(self) -> list[inspect.Parameter]:
        original: Any = self.mapper.class_manager.original_init or self.mapper.class_.__init__
        return list(inspect.signature(original).parameters.values())[1:]

    @cached_property
    def factories(self) -> Mapping[str, Callable[[], Any]]:
        """The functions by which a dataclass fills attributes that are not given."""
        listed = dataclasses.fields(self.mapper.class_) if dataclasses.is_dataclass(self.mapper.class_) else ()
        return {each.name: each.default_factory for each in listed if each.default_factory is not dataclasses.MISSING}

    def relation_of(self, link: ForeignKey) -> Relation | None:
        """Return the relationship to the parent that follows a foreign key."""
        return next(iter(self.relations_of(link)), None)

    def relations_of(self, link: ForeignKey) -> list[Relation]:
        """Return all relationships to the parent that follow a foreign key."""
        return [each for each in self.relations.values() if each.side == "parent" and each.follows(link)]

    def columns_of(self, relation: Relation) -> list[str]:
        """Return the attributes of the columns that a relationship to a parent follows."""
        names = {down for down, _ in relation.pairs} if relation.side == "parent" else set()
        return sorted(key for (_, name), key in self.attributes.items() if name in names)

    @cached_property
    def rivals(self) -> Mapping[str, frozenset[str]]:
        """For each relationship to a parent the keys that say the same, and the other way round."""
        found: dict[str, set[str]] = {}
        for key, relation in self.relations.items():
            for name in self.own_keys.intersection(self.columns_of(relation)):
                found.setdefault(key, set()).add(name)
                found.setdefault(name, set()).add(key)
        return {key: frozenset(names) for key, names in found.items()}

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The attributes that stand in one foreign key alone, so that they tell which parent it is."""
        links = [(table, link) for table in self.tables for link in table.foreign_keys if table.inherits != link.name]
        found = Counter(self.attributes.get((table.key, name), "") for table, link in links for name in link.columns)
        return frozenset(name for name, times in found.items() if times == 1)

    def requires(self, relation: str) -> bool:
        """Tell whether an object must have the parent of a relationship."""
        links = [(table, link) for table in self.tables for link in table.foreign_keys]
        return any(self.relations[relation].follows(link) and not table.is_optional(link) for table, link in links)

    def collection_of(self, child: Blueprint, relation: Relation) -> tuple[Table, ForeignKey] | None:
        """Return the foreign key by which the children of a relationship refer to this class."""
        own = {table.key for table in self.tables}
        for table in child.tables:
            for link in table.foreign_keys:
                if relation.follows(link) and link.parent in own:
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
    joined = list(relationship.local_remote_pairs or ())
    pairs = [(str(local.name), str(remote.name)) for local, remote in joined]
    above = [remote if side == "parent" else local for local, remote in joined]
    return Relation(
        key=relationship.key,
        target=relationship.mapper,
        side=side,
        many=bool(relationship.uselist),
        pairs=frozenset(pairs if side == "parent" else [(remote, local) for local, remote in pairs]),
        above=frozenset(table_key(column.table) for column in above if isinstance(column.table, sa.Table)),
        mutual=bool(relationship.back_populates or relationship.backref),
        lazy=str(relationship.lazy),
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
