"""SQL expressions of SQLAlchemy as plain text."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine.default import StrCompileDialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ClauseElement, TextClause

SQLGLOT_NAMES = {
    "postgresql": "postgres",
    "mariadb": "mysql",
    "mssql": "tsql",
}


def sqlglot_name(dialect: str) -> str:
    """Return sqlglot's name of a SQLAlchemy dialect."""
    return SQLGLOT_NAMES.get(dialect, dialect)


def sql_text(expression: Any) -> str:
    """Return an expression as SQL text with its values written out and its columns unqualified."""
    if isinstance(expression, TextClause):
        return expression.text.replace("\\:", ":").strip()
    if not isinstance(expression, ClauseElement):
        return str(expression).strip()
    for options in ({"literal_binds": True, "include_table": False}, {"include_table": False}):
        try:
            return str(expression.compile(dialect=StrCompileDialect(), compile_kwargs=options)).strip()
        except (SQLAlchemyError, NotImplementedError):
            continue
    return str(expression).strip()


def sql_literal(text: str) -> str:
    """Return a string as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
