"""What reading a live database needs beyond SQLAlchemy's reflection: one `Backend` per dialect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.types import NullType

from syda.schema.declarations import named_type
from syda.schema.declared import Declared
from syda.schema.model import Kind, LogicalType, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ColumnNames: TypeAlias = tuple[str, str]
"""A table and a column."""

TableName: TypeAlias = tuple[str | None, str]
"""A schema (None is the default one) and a table."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key as the database reports it; empty `parent_columns` stand for the parent's primary key."""

    name: str | None
    columns: Sequence[str]
    parent_schema: str | None
    parent: str
    parent_columns: Sequence[str]
    deferrable: bool = False
    initially_deferred: bool = False
    on_delete: str | None = None
    on_update: str | None = None


class Backend:
    """Plain reflection; subclasses complete it for one dialect."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.inspector: sa.Inspector = sa.inspect(connection)

    def tables(self, schema: str | None) -> list[TableName]:
        """Return schema and name of the tables to fill, those of all schemas where `schema` is None and it can.

        Those that nobody fills by hand are left out: partitions, tables of extensions.
        """
        return [(schema, name) for name in sorted(self.inspector.get_table_names(schema=schema))]

    def declarations(self, schema: str | None) -> Mapping[ColumnNames, str]:
        """Return the column types as the database writes them."""
        return {}

    def adjust(self, column: dict[str, Any], declaration: str) -> None:
        """Correct what reflection found out about a column, before it becomes part of a Table."""
        if isinstance(column["type"], NullType) and declaration:
            column["type"] = Declared(declaration, named_type(declaration))

    def same_name(self, name: str, known: Mapping[str, Any]) -> str:
        """Return the spelling under which a table or column is known."""
        return name

    def references(self, table: sa.Table) -> list[Reference]:
        """Return the foreign keys of a table."""
        return [
            Reference(
                name=found["name"],
                columns=found["constrained_columns"],
                parent_schema=found["referred_schema"],
                parent=found["referred_table"],
                parent_columns=found["referred_columns"],
                deferrable=bool(options.get("deferrable")),
                initially_deferred=str(options.get("initially") or "").upper() == "DEFERRED",
                on_delete=options.get("ondelete"),
                on_update=options.get("onupdate"),
            )
            for found in self.inspector.get_foreign_keys(table.name, schema=table.schema)
            for options in [found.get("options", {})]
        ]

    def complete(self, table: Table) -> Table:
        """Add what reflection misses."""
        return table


def with_json_columns(table: Table, *, refuses_null: bool = False) -> Table:
    """Make the text columns that have a ``json_valid`` check JSON columns, which says the same.

    Where `refuses_null`, NULL is not valid either, as in older versions of SQLite.
    """
    texts = {column.name for column in table.columns if column.type.kind is Kind.TEXT}
    matches = {check: _JSON_VALID.fullmatch(check.expression) for check in table.checks}
    checked = {check: match[1] for check, match in matches.items() if match and match[1] in texts}
    columns = tuple(
        replace(
            column,
            type=LogicalType(kind=Kind.JSON, native=column.type.native),
            nullable=column.nullable and not refuses_null,
        )
        if column.name in checked.values()
        else column
        for column in table.columns
    )
    return replace(table, columns=columns, checks=tuple(check for check in table.checks if check not in checked))


_JSON_VALID = re.compile(r"""\s*json_valid\s*\(\s*["`\[]?([^"`\[\]()]+?)["`\]]?\s*\)\s*""", re.IGNORECASE)
