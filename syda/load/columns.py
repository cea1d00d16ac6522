"""Columns of SQLAlchemy tables by their names in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa


def named_columns(target: sa.Table) -> dict[str, sa.Column[Any]]:
    """Return the table's columns by the names that a `Schema` knows: `Table.c` has them by `Column.key`."""
    return {str(column.name): column for column in target.columns}
