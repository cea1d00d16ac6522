"""What SQLAlchemy's reflection of PostgreSQL misses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from syda.schema.backend import Backend, ColumnNames
from syda.schema.model import Column, Kind, LogicalType, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

_HIDDEN = sa.text("""
    SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = coalesce(:schema, current_schema()) AND c.relkind IN ('r', 'p') AND (
        c.relispartition OR EXISTS (
            SELECT 1 FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
""")

_DECLARATIONS = sa.text("""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = coalesce(:schema, current_schema()) AND c.relkind IN ('r', 'p', 'f')
        AND a.attnum > 0 AND NOT a.attisdropped
""")


_DOMAINS = sa.text("""
    SELECT c.relname, a.attname, format_type(t.typbasetype, t.typtypmod)
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE n.nspname = coalesce(:schema, current_schema()) AND a.attnum > 0 AND t.typtype = 'd'
""")


class PostgreSQLBackend(Backend):
    """Hides partitions and the tables of extensions; keeps the names of unknown types and the lengths of domains."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self.domains: dict[str | None, Mapping[ColumnNames, str]] = {}

    def hidden(self, schema: str | None) -> set[str]:
        return set(self.connection.scalars(_HIDDEN, {"schema": schema}))

    def declarations(self, schema: str | None) -> Mapping[ColumnNames, str]:
        return self._by_column(_DECLARATIONS, schema)

    def complete(self, table: Table) -> Table:
        if table.schema not in self.domains:
            self.domains[table.schema] = self._by_column(_DOMAINS, table.schema)
        bases = self.domains[table.schema]
        columns = tuple(_with_base(column, bases.get((table.name, column.name), "")) for column in table.columns)
        return replace(table, columns=columns)

    def _by_column(self, query: sa.TextClause, schema: str | None) -> dict[ColumnNames, str]:
        rows = self.connection.execute(query, {"schema": schema})
        return {(table, column): declaration for table, column, declaration in rows}


def _with_base(column: Column, base: str) -> Column:
    """Give the column of a domain the arguments of the domain's base type, which reflection drops."""
    numbers = [int(number) for number in re.findall(r"\d+", base.partition("(")[2])]
    return replace(column, type=_with_numbers(column.type, numbers)) if numbers else column


def _with_numbers(type_: LogicalType, numbers: list[int]) -> LogicalType:
    if type_.kind is Kind.TEXT:
        return replace(type_, length=numbers[0])
    if type_.kind is Kind.DECIMAL:
        return replace(type_, precision=numbers[0], scale=numbers[1] if len(numbers) > 1 else 0)
    return type_
