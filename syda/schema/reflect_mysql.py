"""What SQLAlchemy's reflection of MySQL and MariaDB misses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.backend import Backend, ColumnNames, with_json_columns
from syda.schema.declarations import named_type
from syda.schema.declared import SPATIAL, Spatial
from syda.schema.model import Check, Table
from syda.schema.tables import year_checks
from syda.schema.types import bare_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECLARATIONS = sa.text("""
    SELECT table_name, column_name, column_type FROM information_schema.columns
    WHERE table_schema = coalesce(:schema, database())
""")

_MARIADB_CHECKS = sa.text("""
    SELECT constraint_name, check_clause, level FROM information_schema.check_constraints
    WHERE constraint_schema = coalesce(:schema, database()) AND table_name = :table ORDER BY constraint_name
""")


class MySQLBackend(Backend):
    """MariaDB's checks on single columns are read too, and its JSON columns are recognised by them."""

    def declarations(self, schema: str | None) -> Mapping[ColumnNames, str]:
        rows = self.connection.execute(_DECLARATIONS, {"schema": schema})
        return {(table, column): declaration for table, column, declaration in rows}

    def adjust(self, column: dict[str, Any], declaration: str) -> None:
        if bare_name(declaration) in SPATIAL:
            column["type"] = Spatial(declaration, named_type(declaration))
        else:
            super().adjust(column, declaration)

    def complete(self, table: Table) -> Table:
        if not getattr(self.connection.dialect, "is_mariadb", False):
            return table
        rows = self.connection.execute(_MARIADB_CHECKS, {"schema": table.schema, "table": table.name})
        checks = tuple(
            Check(name=name if level == "Table" else None, expression=clause, dialect="mysql")
            for name, clause, level in rows
        )
        return with_json_columns(replace(table, checks=(*checks, *year_checks(table.columns))))
