"""What SQLAlchemy's reflection of PostgreSQL misses."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType

from syda.schema.backend import Backend, ColumnNames, Reference, TableName
from syda.schema.declarations import declared_type, named_type
from syda.schema.declared import Declared
from syda.schema.model import Check, Column, DefaultKind, Exclusion, Kind, LogicalType, Table
from syda.schema.partitions import Bounds, in_some_partition
from syda.schema.postgresql_catalog import (
    COMPOSITES,
    DECLARATIONS,
    DOMAINS,
    ENUMS,
    EXCLUSIONS,
    ITEM_DOMAINS,
    LEAVES,
    PARTITIONED,
    REFERENCES,
    TABLES,
    TRIGGERS,
    Catalog,
)
from syda.schema.tables import domain_check, items_check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger("syda.schema")

_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
# Longer values of these are cut without a word.
_CUT = {'"char"': sa.CHAR(1), "name": sa.String(63)}


class PostgreSQLBackend(Backend):
    """Reads the tables of all schemas; domains, partitions and exclusion constraints come from the catalogue."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self.catalog = Catalog(connection)
        self.default: str | None = connection.scalar(sa.text("SELECT current_schema()"))

    def tables(self, schema: str | None) -> list[TableName]:
        found = [name for name in self.catalog.by_table(TABLES) if self._can_hold_rows(name)]
        if schema is not None:
            return [(schema, name) for owner, name in found if owner == schema]
        known: list[TableName] = [(self._known_as(owner), name) for owner, name in found]
        return sorted(known, key=lambda each: (each[0] is not None, each[0] or "", each[1]))

    def _can_hold_rows(self, name: tuple[str, str]) -> bool:
        if name not in self.catalog.by_table(PARTITIONED) or name in self.catalog.by_table(LEAVES):
            return True
        logger.warning("table %s.%s is left out: it is partitioned and has no partition", *name)
        return False

    def _known_as(self, schema: str) -> str | None:
        return None if schema == self.default else schema

    def _rows(self, query: str, schema: str | None, table: str) -> Sequence[sa.Row[Any]]:
        return self.catalog.by_table(query).get((schema or self.default or "", table), ())

    def declarations(self, schema: str | None) -> Mapping[ColumnNames, str]:
        listed = self.catalog.by_table(DECLARATIONS).items()
        owner = schema or self.default
        return {(name[1], row.attname): row.declaration for name, rows in listed if name[0] == owner for row in rows}

    def adjust(self, column: dict[str, Any], declaration: str) -> None:
        if declaration in _CUT:
            column["type"] = _CUT[declaration]
            return
        reflected = column["type"]
        if isinstance(reflected, postgresql.DOMAIN) and isinstance(reflected.data_type, sa.JSON):
            column["type"] = reflected.data_type  # SQLAlchemy does not write a domain's documents as such
            return
        unknown = reflected.item_type if isinstance(reflected, sa.ARRAY) else reflected
        if isinstance(unknown, NullType) and declaration:
            column["type"] = Declared(declaration, self._declared(declaration))

    def _declared(self, declaration: str) -> LogicalType:
        named = named_type(declaration)
        if named.item is not None:
            return replace(named, item=self._declared(declaration.removesuffix("[]")))
        fields = self._composites.get(declaration, [])
        return replace(named, fields=tuple((row.attname, self._field(row.field)) for row in fields))

    def _field(self, declaration: str) -> LogicalType:
        if declaration in self._enums:
            return LogicalType(kind=Kind.ENUM, values=self._enums[declaration], native=declaration)
        known = declaration in self._composites or declaration.endswith("[]")
        return self._declared(declaration) if known else declared_type(declaration)

    @cached_property
    def _composites(self) -> Mapping[str, list[sa.Row[Any]]]:
        return {rows[0].declaration: rows for rows in self.catalog.by_table(COMPOSITES).values()}

    @cached_property
    def _enums(self) -> Mapping[str, tuple[str, ...]]:
        return {row.declaration: tuple(row.labels) for rows in self.catalog.by_table(ENUMS).values() for row in rows}

    def references(self, table: sa.Table) -> list[Reference]:
        return [self._reference(row, table.schema) for row in self._rows(REFERENCES, table.schema, table.name)]

    def _reference(self, row: sa.Row[Any], schema: str | None) -> Reference:
        # Where the default schema is read by its name, its tables are known by that.
        own = schema is not None and schema == row.parent_schema
        return Reference(
            name=row.name,
            columns=row.columns,
            parent_schema=schema if own else self._known_as(row.parent_schema),
            parent=row.parent,
            parent_columns=row.parent_columns,
            deferrable=row.deferrable,
            initially_deferred=row.initially_deferred,
            on_delete=_ACTIONS.get(row.on_delete),
            on_update=_ACTIONS.get(row.on_update),
        )

    def complete(self, table: Table) -> Table:
        layers: dict[str, list[sa.Row[Any]]] = {}
        for row in self._rows(DOMAINS, table.schema, table.name):
            layers.setdefault(row.attname, []).append(row)
        depths = {row.attname: row.dimensions for row in self._rows(DECLARATIONS, table.schema, table.name)}
        columns = tuple(
            _nested(_of_domain(column, layers.get(column.name, [])), depths.get(column.name, 0))
            for column in table.columns
        )
        of_domains = [
            domain_check(name, check) for name, rows in layers.items() for row in reversed(rows) for check in row.checks
        ]
        of_domains += [
            items_check(row.attname, row.condition) for row in self._rows(ITEM_DOMAINS, table.schema, table.name)
        ]
        completed = replace(
            table,
            columns=columns,
            checks=(*table.checks, *of_domains),
            exclusions=tuple(map(_exclusion, self._rows(EXCLUSIONS, table.schema, table.name))),
            triggers=tuple(row.name for row in self._rows(TRIGGERS, table.schema, table.name)),
        )
        leaves = self._rows(LEAVES, table.schema, table.name)
        return _within(completed, in_some_partition(row.bound for row in leaves))


def _within(table: Table, bounds: Bounds | None) -> Table:
    """Return a partitioned table with the check that a row must lie in some partition."""
    if bounds is None:
        return table
    columns = tuple(
        replace(column, nullable=False) if column.name == bounds.required else column for column in table.columns
    )
    check = Check(expression=bounds.condition, dialect="postgres")
    return replace(table, columns=columns, checks=(*table.checks, check))


def _exclusion(row: sa.Row[Any]) -> Exclusion:
    elements = tuple(zip(row.members, row.operators, strict=True))
    return Exclusion(name=row.name, elements=elements, predicate=row.predicate, using=row.method)


def _nested(column: Column, depth: int) -> Column:
    if column.type.kind is not Kind.ARRAY or depth < 2:
        return column
    return replace(column, type=replace(column.type, dimensions=depth))


def _of_domain(column: Column, layers: Sequence[sa.Row[Any]]) -> Column:
    """Give a column what its domain, and the domains under that, say; reflection drops most of it."""
    if not layers:
        return column
    numbers = [int(number) for number in re.findall(r"\d+", layers[-1].base.partition("(")[2])]
    default = next((row.default_value for row in layers if row.default_value is not None), None)
    completed = replace(
        column,
        type=_with_numbers(column.type, numbers) if numbers else column.type,
        nullable=column.nullable and not any(row.required for row in layers),
    )
    if default is None or column.default_kind is not DefaultKind.NONE or column.identity or column.computed:
        return completed
    return replace(completed, default_kind=DefaultKind.SERVER, default=default)


def _with_numbers(type_: LogicalType, numbers: list[int]) -> LogicalType:
    if type_.kind is Kind.TEXT:
        return replace(type_, length=numbers[0])
    if type_.kind is Kind.DECIMAL:
        return replace(type_, precision=numbers[0], scale=numbers[1] if len(numbers) > 1 else 0)
    return type_
