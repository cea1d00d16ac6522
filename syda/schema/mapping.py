"""Schemas as plain dicts, the form of YAML and JSON files.

A table is either its columns alone (the short form)::

    {"Customer": {"id": "integer", "email": "email", "referrer_id": "Customer.id?"}}

or a mapping with the key ``columns`` beside everything else that a `Table` can say (the full form)::

    {"Order": {"columns": {"id": "integer", "total": {"type": "decimal", "precision": 10, "scale": 2}},
               "primary_key": ["id"], "unique": [["number", "shop_id"]], "checks": ["total >= 0"]}}

A column is required unless it says ``nullable: true`` or its type ends in ``?``; so is a foreign key, except one that
points to its own table. A table that names no primary key has the column ``id``, or a first column called after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from syda.errors import MissingTableError, SchemaError, near
from syda.schema.column_specs import ColumnSpec, build_column, column_spec
from syda.schema.dump import to_mapping
from syda.schema.keys import distinct_uniques, named_apart
from syda.schema.model import (
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Identity,
    Inheritance,
    Kind,
    LogicalType,
    Schema,
    Table,
    Unique,
)
from syda.schema.shape import (
    flag,
    known_keys,
    known_name,
    known_names,
    list_of,
    mapping_of,
    names_of,
    optional,
    typed,
)

__all__ = ["from_mapping", "to_mapping"]

_TABLE_KEYS = {each.name for each in fields(Table)} - {"uniques"} | {"unique"}
_FOREIGN_KEY_KEYS = {each.name for each in fields(ForeignKey)} - {"pairs", "parent"} | {
    "columns",
    "references",
    "parent_columns",
}


def from_mapping(data: Mapping[str, Any], *, misspelled: bool = False) -> Schema:
    """Return the schema that a dict describes; raise `SchemaError` where it cannot be understood.

    A word that nearly is a type is an error, or, where it may be `misspelled`, a hint like any other.
    """
    top = _top_level(data)
    written = top["tables"]
    drafts = _Drafts({draft.key: draft for draft in (_draft(key, written, misspelled=misspelled) for key in written)})
    tables = {key: _table(draft, drafts) for key, draft in drafts.by_key.items()}
    external = names_of(top.get("external", ()), "external")
    for name in external:
        if name not in tables:
            raise SchemaError(f"external: there is no table {name!r}{near(name, tables)}")
    dialect = optional(top, "dialect", str, "schema") or ""
    return Schema(tables=tables, dialect=dialect, external=frozenset(external))


@dataclass(frozen=True)
class _Draft:
    """A table as written, before its foreign keys are followed."""

    name: str
    schema: str | None
    keys: Mapping[str, Any]
    columns: Mapping[str, ColumnSpec]

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def where(self) -> str:
        return f"table {self.key!r}"

    @cached_property
    def inferred_key(self) -> bool:
        """Tell whether nothing says what the primary key is."""
        return "primary_key" not in self.keys

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        if not self.inferred_key:
            return known_names(
                names_of(self.keys["primary_key"], self.where), self.columns, f"{self.where}, primary_key"
            )
        marked = tuple(name for name, spec in self.columns.items() if spec.primary_key)
        return marked or self._conventional_key()

    def _conventional_key(self) -> tuple[str, ...]:
        named_id = next((name for name in self.columns if name.lower() == "id"), None)
        first = next(iter(self.columns), "")
        singular = self.name.lower().removesuffix("s")
        called_after = first.lower() in {f"{self.name.lower()}_id", f"{singular}_id"}
        found = named_id or (first if called_after else None)
        return (found,) if found else ()


@dataclass(frozen=True)
class _Drafts:
    by_key: Mapping[str, _Draft]

    def table(self, name: str, where: str) -> _Draft:
        if name in self.by_key:
            return self.by_key[name]
        bare = [draft for draft in self.by_key.values() if draft.name == name]
        if len(bare) == 1:
            return bare[0]
        raise MissingTableError(
            f"{where} refers to the table {name!r}, which is not there; add it{near(name, self.by_key)}"
        )

    def target(self, reference: str, where: str) -> tuple[_Draft, str]:
        """Return the table and the column that a ``table.column`` names."""
        name, _, column = reference.rpartition(".")
        if not name:
            raise SchemaError(f"{where}: references {reference!r}; expected 'table.column'")
        draft = self.table(name, where)
        return draft, known_name(column, draft.columns, f"{where} refers to the table {draft.key!r}")

    def type_of(self, spec: ColumnSpec, seen: tuple[str, ...] = ()) -> LogicalType:
        """Return the type of a column, following references."""
        if spec.type is not None:
            return spec.type
        if spec.where in seen or spec.reference is None:
            raise SchemaError(f"{spec.where}: its references go in a circle; give one of the columns a type")
        parent, column = self.target(spec.reference, spec.where)
        return self.type_of(parent.columns[column], (*seen, spec.where))


def _top_level(data: Mapping[str, Any]) -> dict[str, Any]:
    top = mapping_of(data, "schema", what="tables by name")
    tables = top.get("tables")
    wrapped = isinstance(tables, Mapping) and all(isinstance(table, Mapping) for table in tables.values())
    if wrapped and "columns" not in (tables or {}):
        return known_keys(top, {"tables", "dialect", "external"}, "schema") | {"tables": mapping_of(tables, "tables")}
    return {"tables": top}


def _draft(key: str, tables: Mapping[str, object], *, misspelled: bool) -> _Draft:
    where = f"table {key!r}"
    keys = mapping_of(tables[key], where, what="a mapping of columns")
    if not isinstance(keys.get("columns"), Mapping):
        keys = {"columns": keys}
    known_keys(keys, _TABLE_KEYS, where)
    schema, name = _names(key, keys, where)
    specs = {
        column: column_spec(column, text, f"{where}, column {column!r}", tables=tables, misspelled=misspelled)
        for column, text in mapping_of(keys["columns"], f"{where}, columns").items()
    }
    return _Draft(name=name, schema=schema, keys=keys, columns=specs)


def _names(key: str, keys: Mapping[str, Any], where: str) -> tuple[str | None, str]:
    schema, name = optional(keys, "schema", str, where), optional(keys, "name", str, where)
    if schema is None and name is None and "." in key:
        head, _, tail = key.partition(".")
        return head, tail
    return schema, name or (key.removeprefix(f"{schema}.") if schema else key)


def _table(draft: _Draft, drafts: _Drafts) -> Table:
    keys, where = draft.keys, draft.where
    foreign_keys = named_apart([*_column_references(draft, drafts), *_listed_references(draft, drafts)])
    columns = tuple(_column(spec, draft, drafts, foreign_keys) for spec in draft.columns.values())
    return Table(
        name=draft.name,
        schema=draft.schema,
        columns=columns,
        comment=optional(keys, "comment", str, where),
        doc=optional(keys, "doc", str, where),
        class_names=names_of(keys.get("class_names", ()), f"{where}, class_names"),
        attributes=_attributes(draft),
        primary_key=draft.primary_key,
        foreign_keys=foreign_keys,
        uniques=_uniques(draft),
        checks=tuple(_check(each, where) for each in list_of(keys.get("checks", []), f"{where}, checks")),
        exclusions=tuple(
            _exclusion(each, where) for each in list_of(keys.get("exclusions", []), f"{where}, exclusions")
        ),
        dialect=optional(keys, "dialect", str, where) or "",
        triggers=names_of(keys.get("triggers", ()), f"{where}, triggers"),
        inheritance=_inheritance(draft),
        inherits=_inherits(draft, foreign_keys),
        association=flag(keys, "association", where),
    )


def _column(spec: ColumnSpec, draft: _Draft, drafts: _Drafts, foreign_keys: tuple[ForeignKey, ...]) -> Column:
    type_ = drafts.type_of(spec)
    in_key = spec.name in draft.primary_key
    pointing = [key for key in foreign_keys if spec.name in key.columns]
    to_itself = spec.reference is not None and any(key.parent == draft.key for key in pointing)
    numbered = draft.inferred_key and draft.primary_key == (spec.name,) and type_.kind is Kind.INTEGER and not pointing
    nullable = to_itself if spec.nullable is None else spec.nullable
    return build_column(spec, type_, nullable=nullable and not in_key, autoincrement=numbered)


def _column_references(draft: _Draft, drafts: _Drafts) -> Iterator[ForeignKey]:
    for spec in draft.columns.values():
        if spec.reference is not None:
            parent, column = drafts.target(spec.reference, spec.where)
            yield ForeignKey(name=spec.name, pairs=((spec.name, column),), parent=parent.key)


def _listed_references(draft: _Draft, drafts: _Drafts) -> Iterator[ForeignKey]:
    for written in list_of(draft.keys.get("foreign_keys", []), f"{draft.where}, foreign_keys"):
        where = f"{draft.where}, a foreign key"
        keys = known_keys(written, _FOREIGN_KEY_KEYS, where)
        columns = known_names(names_of(keys.get("columns"), f"{where}, columns"), draft.columns, where)
        parent = drafts.table(typed(keys.get("references"), str, f"{where}, references"), where)
        targets = names_of(keys.get("parent_columns", parent.primary_key), f"{where}, parent_columns")
        known_names(targets, parent.columns, f"{where} to {parent.key!r}")
        if len(columns) != len(targets) or not columns:
            raise SchemaError(f"{where}: the columns {columns} do not pair with {targets} of the table {parent.key!r}")
        yield ForeignKey(
            name=optional(keys, "name", str, where) or "_".join(dict.fromkeys(columns)),
            pairs=tuple(zip(columns, targets, strict=True)),
            parent=parent.key,
            deferrable=flag(keys, "deferrable", where),
            initially_deferred=flag(keys, "initially_deferred", where),
            on_delete=optional(keys, "on_delete", str, where),
            on_update=optional(keys, "on_update", str, where),
            relationship=optional(keys, "relationship", str, where),
            collection=optional(keys, "collection", str, where),
        )


def _uniques(draft: _Draft) -> tuple[Unique, ...]:
    single = [Unique(columns=(name,)) for name, spec in draft.columns.items() if spec.unique]
    listed = [_unique(each, draft) for each in list_of(draft.keys.get("unique", []), f"{draft.where}, unique")]
    return (*distinct_uniques(single, draft.primary_key), *listed)


def _unique(written: object, draft: _Draft) -> Unique:
    where = f"{draft.where}, unique"
    if not isinstance(written, Mapping):
        written = {"columns": written}
    keys = known_keys(written, {each.name for each in fields(Unique)}, where)
    return Unique(
        name=optional(keys, "name", str, where),
        columns=known_names(names_of(keys.get("columns", ()), where), draft.columns, where),
        expressions=names_of(keys.get("expressions", ()), where),
        predicate=optional(keys, "predicate", str, where),
        nulls_not_distinct=flag(keys, "nulls_not_distinct", where),
    )


def _check(written: object, where: str) -> Check:
    where = f"{where}, checks"
    if isinstance(written, str):
        return Check(expression=written)
    keys = known_keys(written, {each.name for each in fields(Check)}, where)
    return Check(
        name=optional(keys, "name", str, where),
        expression=typed(keys.get("expression"), str, f"{where}, expression"),
        dialect=optional(keys, "dialect", str, where) or "",
    )


def _exclusion(written: object, where: str) -> Exclusion:
    where = f"{where}, exclusions"
    keys = known_keys(written, {each.name for each in fields(Exclusion)}, where)
    return Exclusion(
        name=optional(keys, "name", str, where),
        elements=tuple(_element(each, where) for each in list_of(keys.get("elements"), f"{where}, elements")),
        predicate=optional(keys, "predicate", str, where),
        using=optional(keys, "using", str, where) or "gist",
    )


def _element(written: object, where: str) -> tuple[str, str]:
    parts = list_of(written, f"{where}, elements")
    if len(parts) != 2:
        raise SchemaError(f"{where}, elements: expected a column or expression and an operator, got {parts!r}")
    text, operator = (typed(part, str, f"{where}, elements") for part in parts)
    return text, operator


def _attributes(draft: _Draft) -> dict[str, str]:
    where = f"{draft.where}, attributes"
    written = mapping_of(draft.keys.get("attributes", {}), where)
    return {name: known_name(typed(column, str, where), draft.columns, where) for name, column in written.items()}


def _inherits(draft: _Draft, foreign_keys: tuple[ForeignKey, ...]) -> str | None:
    name = optional(draft.keys, "inherits", str, draft.where)
    known = [key.name for key in foreign_keys]
    if name is not None and name not in known:
        raise SchemaError(f"{draft.where}, inherits: there is no foreign key {name!r}{near(name, known)}")
    return name


def _inheritance(draft: _Draft) -> Inheritance | None:
    where = f"{draft.where}, inheritance"
    if draft.keys.get("inheritance") is None:
        return None
    keys = known_keys(draft.keys["inheritance"], {"discriminator", "identities"}, where)
    discriminator = typed(keys.get("discriminator"), str, f"{where}, discriminator")
    return Inheritance(
        discriminator=known_name(discriminator, draft.columns, where),
        identities=tuple(_identity(each, draft, where) for each in list_of(keys.get("identities"), where)),
    )


def _identity(written: object, draft: _Draft, where: str) -> Identity:
    keys = known_keys(written, {each.name for each in fields(Identity)}, where)
    columns = names_of(keys.get("columns", tuple(draft.columns)), f"{where}, columns")
    return Identity(
        value=keys.get("value"),
        class_name=typed(keys.get("class_name"), str, f"{where}, class_name"),
        table=optional(keys, "table", str, where) or draft.key,
        columns=known_names(columns, draft.columns, f"{where}, columns"),
    )
