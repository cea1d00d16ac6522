"""Columns of SQLAlchemy tables by their names in the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.engine import Dialect


_SEPARATOR = "\x1f"
LISTED = "unnest(string_to_array(:names, chr(31))) AS t (name)"
"""The names of `listed` as rows of PostgreSQL's. They come as one text: drivers do not agree on what an array is."""


def listed(names: Iterable[str]) -> dict[str, str]:
    """Return the parameter of a statement with `LISTED` in it."""
    return {"names": _SEPARATOR.join(names)}


def named_columns(target: sa.Table) -> dict[str, sa.Column[Any]]:
    """Return the table's columns by the names that a `Schema` knows: `Table.c` has them by `Column.key`."""
    return {str(column.name): column for column in target.columns}


def quoted_table(target: sa.Table, dialect: Dialect) -> str:
    """Return the table's name for a statement that is executed without parameters."""
    return _undoubled(dialect.identifier_preparer.format_table(target), dialect)


def quoted_names(names: Iterable[str], dialect: Dialect) -> str:
    """Return a list of columns for a statement that is executed without parameters."""
    return _undoubled(", ".join(map(dialect.identifier_preparer.quote_identifier, names)), dialect)


def _undoubled(text: str, dialect: Dialect) -> str:
    """Take back what a preparer does for drivers that read percent signs where there are parameters."""
    return text.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else text
