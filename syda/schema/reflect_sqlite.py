"""What SQLAlchemy's reflection of SQLite misses."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import ischema_names

from syda.schema.backend import Backend, ColumnNames, Reference, TableName, with_json_columns
from syda.schema.declarations import declared_type
from syda.schema.declared import Declared
from syda.schema.keys import distinct_uniques
from syda.schema.model import Column, DefaultKind, Table, Unique
from syda.schema.sqlite_ddl import ReferenceClause, Statement
from syda.schema.types import bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOREIGN_KEYS = """
    SELECT id, "table" AS parent, "from" AS child, "to" AS parent_column, on_update, on_delete
    FROM pragma_foreign_key_list(:name, :schema) ORDER BY id, seq
"""

_UNIQUE_INDEXES = 'SELECT name, origin FROM pragma_index_list(:name, :schema) WHERE "unique" ORDER BY seq DESC'

_INDEX_COLUMNS = "SELECT name FROM pragma_index_info(:name, :schema) ORDER BY seqno"


class _WithoutForeignKeys(sa.Inspector):
    """SQLite lets a foreign key point to nothing, and SQLAlchemy reads no table that has such a one."""

    def get_multi_foreign_keys(self, *_: Any, **__: Any) -> dict[Any, list[Any]]:
        return {}


class SQLiteBackend(Backend):
    """Declared types, checks, deferral and index expressions come from ``sqlite_master``."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        self.inspector = _WithoutForeignKeys(connection)

    def tables(self, schema: str | None) -> list[TableName]:
        """Return the tables but for virtual ones, an index for search say, and those in which these keep their data.

        What rows go in there, and how, only their modules know; most are kept up by triggers.
        """
        listed = self.connection.exec_driver_sql(f"PRAGMA {_quoted(schema)}.table_list")
        rows = listed.all() if listed.returns_rows else ()  # versions before 3.37 do not know it
        left = {row.name for row in rows if row.schema == (schema or "main") and row.type in ("virtual", "shadow")}
        return [each for each in super().tables(schema) if each[1] not in left]

    def declarations(self, schema: str | None) -> Mapping[ColumnNames, str]:
        rows = self.connection.execute(
            sa.text(
                f"SELECT t.name, c.name, c.type FROM {_quoted(schema)}.sqlite_master AS t, "  # noqa: S608 - quoted
                "pragma_table_xinfo(t.name, :schema) AS c WHERE t.type = 'table'"
            ),
            {"schema": schema or "main"},
        )
        return {(str(table), str(column)): str(type_) for table, column, type_ in rows}

    def adjust(self, column: dict[str, Any], declaration: str) -> None:
        name = bare_name(declaration)
        if name.upper() not in ischema_names:
            column["type"] = Declared(declaration or "BLOB", declared_type(declaration))
        elif name == "jsonb" and not self._has_jsonb:
            # SQLAlchemy writes such a column by jsonb(), which came with SQLite 3.45; text does as well.
            column["type"] = sa.JSON()
        # Only INTEGER PRIMARY KEY is the rowid; SQLite numbers no INT or BIGINT.
        if name != "integer":
            column["autoincrement"] = False

    def same_name(self, name: str, known: Mapping[str, Any]) -> str:
        if name in known:
            return name
        return next((other for other in known if other.lower() == name.lower()), name)

    def references(self, table: sa.Table) -> list[Reference]:
        found: dict[int, list[sa.Row[Any]]] = {}
        for row in self._pragma(_FOREIGN_KEYS, table.name, table.schema):
            found.setdefault(row.id, []).append(row)
        clauses = list(Statement.parse(self._sql(table.schema, table.name)).references())
        return [_reference(table.schema, found[number], clauses) for number in sorted(found, reverse=True)]

    def complete(self, table: Table) -> Table:
        statement = Statement.parse(self._sql(table.schema, table.name))
        completed = replace(
            table,
            columns=tuple(self._completed(column, statement) for column in table.columns),
            checks=tuple(statement.checks()) if statement.tokens else table.checks,
            uniques=distinct_uniques(self._uniques(table), table.primary_key),
            triggers=tuple(self._triggers(table)),
        )
        return with_json_columns(completed, refuses_null=self._refuses_null)

    @cached_property
    def _refuses_null(self) -> bool:
        """Whether NULL is no valid JSON here: versions of SQLite do not agree."""
        try:
            return bool(self.connection.scalar(sa.text("SELECT json_valid(NULL) = 0")))
        except sa.exc.OperationalError:
            return False  # it has no JSON at all

    def _completed(self, column: Column, statement: Statement) -> Column:
        computed = column.computed
        if column.default_kind is DefaultKind.SERVER and not self._can_evaluate(str(column.default)):
            column = replace(column, default_kind=DefaultKind.NONE, default=None)
        return replace(
            column,
            computed=computed if computed is None else statement.computed(column.name) or computed,
            autoincrement=column.autoincrement and not statement.without_rowid(),
        )

    def _can_evaluate(self, default: str) -> bool:
        """Tell whether this SQLite has the functions that a default calls; a newer one may have made the table."""
        if "(" not in default:
            return True
        try:
            self.connection.exec_driver_sql(f"SELECT {default}").close()
        except sa.exc.OperationalError as error:
            return "no such function" not in str(error.orig)
        return True

    @cached_property
    def _has_jsonb(self) -> bool:
        return self._can_evaluate("jsonb('1')")

    def _triggers(self, table: Table) -> Iterator[str]:
        for (kind, name, owner), sql in sorted(self._statements(table.schema).items()):
            if kind == "trigger" and owner == table.name and Statement.parse(sql).fires_on_insert():
                yield name

    def _uniques(self, table: Table) -> Iterator[Unique]:
        """Yield unique constraints as the pragma lists them, unique indexes from their own SQL."""
        names = {unique.columns: unique.name for unique in table.uniques}
        for row in self._pragma(_UNIQUE_INDEXES, table.name, table.schema):
            if row.origin == "c":
                yield from self._unique_index(row.name, table)
            elif row.origin == "u":
                columns = tuple(str(part.name) for part in self._pragma(_INDEX_COLUMNS, row.name, table.schema))
                yield Unique(name=names.get(columns), columns=columns)

    def _unique_index(self, index: str, table: Table) -> Iterator[Unique]:
        clause = Statement.parse(self._statements(table.schema).get(("index", index, table.name))).index()
        if clause is not None:
            columns = tuple(self.same_name(column, table.by_name) for column in clause.columns)
            yield Unique(name=index, columns=columns, expressions=clause.expressions, predicate=clause.predicate)

    def _pragma(self, query: str, name: str, schema: str | None) -> list[sa.Row[Any]]:
        return list(self.connection.execute(sa.text(query), {"name": name, "schema": schema or "main"}))

    def _sql(self, schema: str | None, table: str) -> str | None:
        return self._statements(schema).get(("table", table, table))

    def _statements(self, schema: str | None) -> Mapping[tuple[str, str, str], str | None]:
        if schema not in self._read:
            rows = self.connection.execute(
                sa.text(f"SELECT type, name, tbl_name, sql FROM {_quoted(schema)}.sqlite_master")  # noqa: S608 - quoted
            )
            self._read[schema] = {(kind, name, owner): sql for kind, name, owner, sql in rows}
        return self._read[schema]

    @cached_property
    def _read(self) -> dict[str | None, Mapping[tuple[str, str, str], str | None]]:
        return {}


def _reference(schema: str | None, rows: list[sa.Row[Any]], clauses: list[ReferenceClause]) -> Reference:
    columns = [row.child for row in rows]
    lower = [column.lower() for column in columns]
    clause = next((clause for clause in clauses if [name.lower() for name in clause.columns] == lower), None)
    return Reference(
        name=clause.name if clause else None,
        columns=columns,
        parent_schema=schema,
        parent=rows[0].parent,
        parent_columns=[row.parent_column for row in rows if row.parent_column is not None],
        deferrable=bool(clause and clause.deferrable),
        initially_deferred=bool(clause and clause.initially_deferred),
        on_update=_action(rows[0].on_update),
        on_delete=_action(rows[0].on_delete),
    )


def _action(text: str) -> str | None:
    return None if text == "NO ACTION" else text


def _quoted(schema: str | None) -> str:
    return '"' + (schema or "main").replace('"', '""') + '"'
