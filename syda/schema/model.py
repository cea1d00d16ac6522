"""What tables are: frozen, hashable by identity of content, free of SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from syda.errors import UnknownNameError, near

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Made = TypeVar("Made")


class Kind(StrEnum):
    """What a column holds, whatever the database calls it."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    TEXT = "text"
    ENUM = "enum"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    UUID = "uuid"
    BINARY = "binary"
    JSON = "json"
    ARRAY = "array"
    OTHER = "other"


NUMBERS = (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL)
MOMENTS = (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalType:
    """The type of a column.

    `length` counts characters (bytes for BINARY), `precision` and `scale` decimal digits, `bits` the width of
    an integer (16, 32, 64; 8 and 24 where the database has them). `values` are an enum's stored strings,
    `fields` the names and types of a composite type.
    `native` is the database's own name for the type, lower case, for messages and for kinds that are OTHER.
    """

    kind: Kind
    length: int | None = None
    fixed_length: bool = False
    precision: int | None = None
    scale: int | None = None
    bits: int | None = None
    unsigned: bool = False
    values: tuple[str, ...] = ()
    item: LogicalType | None = None
    fields: tuple[tuple[str, LogicalType], ...] = ()
    dimensions: int = 1
    timezone: bool = False
    native: str = ""


class DefaultKind(StrEnum):
    """Who fills a column that an INSERT leaves out."""

    NONE = "none"
    CLIENT_VALUE = "client value"
    CLIENT_FUNCTION = "client function"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `default` is the client's value or the server's expression, when it has one."""

    name: str
    type: LogicalType
    nullable: bool = True
    default_kind: DefaultKind = DefaultKind.NONE
    default: Any = None
    autoincrement: bool = False
    identity: str | None = None
    """`"always"`, `"by default"` or None."""
    computed: str | None = None
    """The expression of a generated column, or None."""
    comment: str | None = None
    doc: str | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key as a list of (child column, parent column) pairs; a child column may repeat."""

    name: str
    """The constraint's name, or the child columns joined by ``_``; unique within its table."""
    pairs: tuple[tuple[str, str], ...]
    parent: str
    """Key of the parent table in `Schema.tables`."""
    deferrable: bool = False
    initially_deferred: bool = False
    on_delete: str | None = None
    on_update: str | None = None
    relationship: str | None = None
    """Name of the many-to-one attribute on the mapped class, e.g. ``customer``."""
    collection: str | None = None
    """Name of the attribute on the parent's class that lists the children, e.g. ``orders``."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(child for child, _ in self.pairs)

    @property
    def parent_columns(self) -> tuple[str, ...]:
        return tuple(parent for _, parent in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint or unique index; `expressions` holds the parts that are not plain columns."""

    name: str | None = None
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    predicate: str | None = None
    nulls_not_distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A CHECK constraint: SQL text and the dialect it is written in (sqlglot's name; ``""`` is standard SQL)."""

    name: str | None = None
    expression: str
    dialect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An exclusion constraint: no two rows whose `elements`, all of them, compare true by their operators.

    Each element is the text of a column or expression and an operator; `using` is the index method.
    """

    name: str | None = None
    elements: tuple[tuple[str, str], ...]
    predicate: str | None = None
    using: str = "gist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One class of an inheritance hierarchy.

    `value` is its discriminator; `table` holds the columns it adds (the base's own table under single-table
    inheritance), `columns` the columns that the class and its ancestors fill in the base table.
    """

    value: Any
    class_name: str
    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """On the base table of a hierarchy: the discriminator column and the classes it tells apart."""

    discriminator: str
    identities: tuple[Identity, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table; `class_names` are the mapped classes that live in it, base first."""

    name: str
    columns: tuple[Column, ...]
    schema: str | None = None
    comment: str | None = None
    doc: str | None = None
    class_names: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Mapped attribute name -> column name, where the two differ."""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    dialect: str = ""
    """sqlglot's name of the dialect in which generated columns and the parts of indexes are written."""
    triggers: tuple[str, ...] = ()
    """Names of the user's triggers that fire when rows are inserted."""
    inheritance: Inheritance | None = None
    """Set on the base table of a hierarchy with a discriminator."""
    inherits: str | None = None
    """Joined inheritance: name of the foreign key (in this table) to the parent class's table."""
    association: bool = False
    """The `secondary` of a many-to-many relationship."""

    def once(self, make: Callable[..., Made], *arguments: Any) -> Made:
        """Return ``make(table, *arguments)``, made when it is first asked for: a table does not change."""
        known = vars(self).setdefault("_made once", {})
        if (make, arguments) not in known:
            known[make, arguments] = make(self, *arguments)
        found: Made = known[make, arguments]
        return found

    @property
    def key(self) -> str:
        """Its name in `Schema.tables`: ``name``, or ``schema.name``."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        """Return a column by name or mapped attribute; raise `UnknownNameError` with near matches."""
        found = self.by_name.get(self.attributes.get(name, name)) or self.by_name.get(name)
        if found is None:
            known = [*self.by_name, *self.attributes]
            raise UnknownNameError(f"table {self.key!r} has no column {name!r}{near(name, known)}")
        return found

    def foreign_key(self, name: str) -> ForeignKey:
        """Return a foreign key by name, relationship or its only column; raise `UnknownNameError`."""
        for match in (
            [fk for fk in self.foreign_keys if fk.name == name],
            [fk for fk in self.foreign_keys if fk.relationship == name],
            [fk for fk in self.foreign_keys if name in fk.columns],
        ):
            if match:
                return min(match, key=lambda fk: len(fk.columns))
        known = [label for fk in self.foreign_keys for label in (fk.name, fk.relationship, *fk.columns) if label]
        raise UnknownNameError(f"table {self.key!r} has no foreign key {name!r}{near(name, known)}")

    def followed_columns(self, link: ForeignKey) -> tuple[str, ...]:
        """Return the columns whose values follow from the parent of `link`.

        These are all of its columns, except those of a self-reference that refer to themselves (a tenant that parent
        and child share).
        """
        if link.parent != self.key:
            return link.columns
        return tuple(child for child, parent in link.pairs if child != parent)

    def is_optional(self, link: ForeignKey) -> bool:
        """Tell whether one of the foreign key's columns may be NULL, so that a row needs no parent."""
        return any(self.column(name).nullable for name in link.columns)

    @property
    def base_table(self) -> str | None:
        """Joined inheritance: the key of the parent class's table."""
        return self.foreign_key(self.inherits).parent if self.inherits else None

    @cached_property
    def key_columns(self) -> frozenset[str]:
        """The columns of all unique sets and foreign keys."""
        unique = frozenset(name for each in self.unique_sets for name in each.columns)
        return unique.union(*(link.columns for link in self.foreign_keys))

    @cached_property
    def unique_sets(self) -> tuple[Unique, ...]:
        """The primary key (as an unnamed Unique) followed by the unique constraints and indexes."""
        primary = (Unique(columns=self.primary_key),) if self.primary_key else ()
        return primary + self.uniques


@dataclass(frozen=True, kw_only=True)
class Schema:
    """All tables by key, in the order in which they were read.

    `dialect` is SQLAlchemy's name of the database it was read from, `""` for models and files.
    `external` names tables that foreign keys point to but that are only known by their key columns: they are in
    `tables`, are never filled, and their rows must come from a database.
    """

    tables: Mapping[str, Table]
    dialect: str = ""
    external: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())

    @cached_property
    def _by_alias(self) -> Mapping[str, str]:
        aliases: dict[str, str] = {}
        ambiguous: set[str] = set()
        for table in self:
            for alias in {table.name, *table.class_names}:
                if alias in aliases and alias not in self.tables:
                    ambiguous.add(alias)
                aliases.setdefault(alias, table.key)
        return {alias: key for alias, key in aliases.items() if alias not in ambiguous}

    def table(self, name: str) -> Table:
        """Return a table by key, bare name or class name; raise `UnknownNameError` with near matches."""
        key = name if name in self.tables else self._by_alias.get(name)
        if key is None:
            raise UnknownNameError(f"no table or class is called {name!r}{near(name, [*self.tables, *self._by_alias])}")
        return self.tables[key]

    def identity(self, name: str) -> tuple[Table, Identity] | None:
        """Return the base table and identity of the class `name`, when it is part of a hierarchy."""
        for table in self:
            for identity in table.inheritance.identities if table.inheritance else ():
                if identity.class_name == name:
                    return table, identity
        return None
