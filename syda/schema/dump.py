"""A schema as a plain dict that `from_mapping` gives back equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from typing import Any

from syda.schema.column_specs import plain_default
from syda.schema.model import (
    Column,
    DefaultKind,
    Exclusion,
    ForeignKey,
    Inheritance,
    Kind,
    LogicalType,
    Schema,
    Table,
    Unique,
)
from syda.schema.plain import plain_mapping


def to_mapping(schema: Schema) -> dict[str, Any]:
    """Return a schema as dicts, lists and plain values, without what is at its default."""
    mapping: dict[str, Any] = {"tables": {key: _table(key, table) for key, table in schema.tables.items()}}
    if schema.dialect:
        mapping["dialect"] = schema.dialect
    if schema.external:
        mapping["external"] = sorted(schema.external)
    return mapping


def _table(key: str, table: Table) -> dict[str, Any]:
    lists = {"columns", "primary_key", "foreign_keys", "uniques", "checks", "exclusions", "inheritance"}
    mapping = {
        "columns": {column.name: _column(column) for column in table.columns},
        "primary_key": list(table.primary_key),
        "unique": [_unique(unique) for unique in table.uniques],
        "foreign_keys": [_foreign_key(foreign_key) for foreign_key in table.foreign_keys],
        "checks": [check.expression if _set(check).keys() == {"expression"} else _set(check) for check in table.checks],
        "exclusions": [_exclusion(exclusion) for exclusion in table.exclusions],
        "inheritance": _inheritance(table.inheritance) if table.inheritance else None,
        **_set(table, without={*lists, "name"}),
    }
    # A key with a dot is read as schema.name unless the name is there to say otherwise.
    if "." in key:
        mapping["name"] = table.name
    return {
        name: value for name, value in mapping.items() if name in {"columns", "primary_key"} or value not in ([], None)
    }


def _column(column: Column) -> dict[str, Any] | str:
    mapping = {
        **_type(column.type),
        **_set(column, without={"name", "type", "nullable", "default", "default_kind", "info"}),
        **_default(column),
    }
    if column.nullable:
        mapping["nullable"] = True
    if info := plain_mapping(column.info):
        mapping["info"] = info
    bare = mapping.keys() == {"type"} and column.type.kind is not Kind.ENUM
    return str(mapping["type"]) if bare else mapping


def _type(type_: LogicalType) -> dict[str, Any]:
    mapping = {"type": type_.kind.value, **_set(type_, without={"kind", "item", "fields"})}
    if type_.kind is Kind.ENUM:
        mapping["values"] = list(type_.values)
    if type_.item is not None:
        mapping["item"] = _type(type_.item)
    if type_.fields:
        mapping["fields"] = {name: _type(field) for name, field in type_.fields}
    return mapping


def _default(column: Column) -> dict[str, Any]:
    default = plain_default(column.default)
    mapping = {} if default is None else {"default": default}
    implied = DefaultKind.NONE if default is None else DefaultKind.CLIENT_VALUE
    return mapping if column.default_kind is implied else {**mapping, "default_kind": column.default_kind.value}


def _unique(unique: Unique) -> dict[str, Any] | list[str]:
    mapping = _set(unique)
    return list(unique.columns) if mapping.keys() == {"columns"} else mapping


def _foreign_key(key: ForeignKey) -> dict[str, Any]:
    ends = {"columns": list(key.columns), "references": key.parent, "parent_columns": list(key.parent_columns)}
    return {"name": key.name, **ends, **_set(key, without={"name", "pairs", "parent"})}


def _exclusion(exclusion: Exclusion) -> dict[str, Any]:
    elements = [list(element) for element in exclusion.elements]
    return {"elements": elements, **_set(exclusion, without={"elements"})}


def _inheritance(inheritance: Inheritance) -> dict[str, Any]:
    return {
        "discriminator": inheritance.discriminator,
        "identities": [_set(identity) for identity in inheritance.identities],
    }


def _set(item: Any, *, without: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the fields of a dataclass that are not at their default, as plain values."""
    chosen = (each for each in fields(item) if each.name not in without)
    return {
        each.name: _plain(getattr(item, each.name)) for each in chosen if getattr(item, each.name) != _initial(each)
    }


def _initial(each: Field[Any]) -> Any:
    return each.default_factory() if each.default_factory is not MISSING else each.default


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
