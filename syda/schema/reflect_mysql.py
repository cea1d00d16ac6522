"""What SQLAlchemy's reflection of MySQL and MariaDB misses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from syda.schema.backend import Backend, ColumnNames, with_json_columns
from syda.schema.declarations import named_type
from syda.schema.declared import SPATIAL, Spatial
from syda.schema.model import Check, Table, Unique
from syda.schema.tables import year_checks
from syda.schema.types import bare_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DECLARATIONS = sa.text("""
    SELECT table_name, column_name, column_type FROM information_schema.columns
    WHERE table_schema = coalesce(:schema, database())
""")

_MARIADB_CHECKS = sa.text("""
    SELECT constraint_name, check_clause, level FROM information_schema.check_constraints
    WHERE constraint_schema = coalesce(:schema, database()) AND table_name = :table ORDER BY constraint_name
""")


_TRIGGERS = sa.text("""
    SELECT trigger_name FROM information_schema.triggers
    WHERE event_object_schema = coalesce(:schema, database()) AND event_object_table = :table
        AND event_manipulation = 'INSERT' ORDER BY trigger_name
""")

# MariaDB has no such column: there an index is made of columns only.
_EXPRESSIONS = sa.text("""
    SELECT index_name, column_name, expression, sub_part FROM information_schema.statistics
    WHERE table_schema = coalesce(:schema, database()) AND table_name = :table AND non_unique = 0
        AND index_name IN (SELECT index_name FROM information_schema.statistics
            WHERE table_schema = coalesce(:schema, database()) AND table_name = :table AND expression IS NOT NULL)
    ORDER BY index_name, seq_in_index
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
        names = {"schema": table.schema, "table": table.name}
        table = replace(table, triggers=tuple(self.connection.scalars(_TRIGGERS, names)))
        if not getattr(self.connection.dialect, "is_mariadb", False):
            found = indexes_with_expressions(self.connection.execute(_EXPRESSIONS, names).all())
            plain = [unique for unique in table.uniques if unique.name not in {each.name for each in found}]
            return replace(table, uniques=(*plain, *found))
        rows = self.connection.execute(_MARIADB_CHECKS, names)
        checks = tuple(
            Check(name=name if level == "Table" else None, expression=clause, dialect="mysql")
            for name, clause, level in rows
        )
        return with_json_columns(replace(table, checks=(*checks, *year_checks(table.columns))))


def indexes_with_expressions(parts: Iterable[Sequence[Any]]) -> list[Unique]:
    """Return the unique indexes made of these parts: index, column or expression, and length of a prefix."""
    found: dict[str, Unique] = {}
    for index, column, expression, length in parts:
        unique = found.get(index, Unique(name=index))
        text = f"LEFT(`{column}`, {length})" if length else expression
        if column is not None and not length:
            found[index] = replace(unique, columns=(*unique.columns, column))
        else:
            # The server keeps the quotes of a string in an expression escaped.
            found[index] = replace(unique, expressions=(*unique.expressions, text.replace("\\'", "'")))
    return list(found.values())
