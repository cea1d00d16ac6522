"""Checks a database against the rules of a schema, in SQL that the server runs.

Nothing here trusts the constraints of the database: tables that have none are checked the same.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Select,
    TextClause,
    and_,
    exc,
    func,
    inspect,
    literal_column,
    not_,
    or_,
    select,
    text,
)

from syda.quality.rules import Rule, TableRules, clause
from syda.quality.unanswered import is_lost, is_unfit
from syda.schema.model import Schema, Table

SAMPLES = 3
Result = TypeVar("Result")
_MATCH_FULL = text("""
    SELECT n.nspname, n.nspname = current_schema(), r.relname, c.conname,
        (SELECT array_agg(CAST(a.attname AS text) ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))
    FROM pg_catalog.pg_constraint AS c JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
    WHERE c.contype = 'f' AND c.confmatchtype = 'f' AND cardinality(c.conkey) > 1 AND c.conparentid = 0
    ORDER BY 1, 3, 4
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`count` rows of `table` break a `rule`, which `detail` spells out; `samples` shows some of them."""

    table: str
    rule: str
    detail: str
    count: int
    samples: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        where = f"{self.table}: " if self.table else ""
        return f"{where}{self.rule}: {self.detail} ({self.count})"

    def to_dict(self) -> dict[str, Any]:
        """Return the violation as plain values, for JSON."""
        samples = [{name: _plain(value) for name, value in sample.items()} for sample in self.samples]
        return {
            "table": self.table,
            "rule": self.rule,
            "detail": self.detail,
            "count": self.count,
            "samples": samples,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseReport:
    """`checked` rules were tried; `violations` did not hold; `tables` are the numbers of rows.

    `skipped` lists the rules that this database cannot be asked, each with the reason. `unread` lists the tables and
    rules whose rows the database refused to have read, so that nothing is known of them: the report is then not `ok`.
    """

    checked: int
    violations: tuple[Violation, ...]
    tables: Mapping[str, int]
    skipped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.violations and not self.unread

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "ok": self.ok,
            "checked": self.checked,
            "violations": [violation.to_dict() for violation in self.violations],
            "tables": dict(self.tables),
            "skipped": list(self.skipped),
            "unread": list(self.unread),
        }


def check_database(connection: Connection, schema: Schema) -> DatabaseReport:
    """Count the rows that break a rule of `schema`, whatever the database itself enforces.

    Keys, unique sets, NOT NULL, foreign keys, CHECKs, enums and lengths of every table are tried; a table or column
    that the database lacks is a violation, and what it refuses to have read is noted as unread. On SQLite its own
    ``integrity_check`` and ``foreign_key_check`` are asked as well. Nothing is changed; a connection outside a
    transaction is left outside.
    """
    was_in_transaction = connection.in_transaction()
    checker = _Checker(connection, schema)
    try:
        violations = tuple(checker.violations())
    finally:
        if not was_in_transaction:
            connection.rollback()
    return DatabaseReport(
        checked=checker.checked,
        violations=violations,
        tables=checker.tables,
        skipped=tuple(checker.skipped),
        unread=tuple(checker.unread),
    )


class _Checker:
    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection, self._schema = connection, schema
        self.checked = 0
        self.tables: dict[str, int] = {}
        self.skipped: list[str] = []
        self.unread: list[str] = []

    def violations(self) -> Iterator[Violation]:
        for table in self._schema:
            if table.key not in self._schema.external:
                yield from self._table(table)
        if self._connection.dialect.name == "sqlite":
            yield from self._references_by_sqlite()
            yield from self._integrity_by_sqlite()
        elif self._connection.dialect.name == "postgresql":
            yield from self._half_references_by_postgresql()

    def _table(self, table: Table) -> Iterator[Violation]:
        what, tables = f"{table.key}: rows", inspect(self._connection)
        is_there = self._try(what, lambda: tables.has_table(table.name, schema=table.schema), must_run=True)
        if is_there is False:
            yield Violation(table=table.key, rule="table", detail="the database has no such table", count=1)
        query = select(func.count()).select_from(clause(table))
        rows = self._ask(what, query, must_run=True) if is_there else None
        if rows is None:
            return
        self.tables[table.key] = rows[0][0]
        for name in self._try(f"{table.key}: columns", lambda: self._missing_columns(table), must_run=True) or ():
            yield Violation(table=table.key, rule="column", detail=f"the database has no column {name!r}", count=1)
        for rule in TableRules(self._schema, table, self._connection.dialect.name):
            yield from self._rule(table, rule)

    def _missing_columns(self, table: Table) -> list[str]:
        query: Select[Any] = select(literal_column("*")).select_from(clause(table)).limit(0)
        there = {name.lower() for name in self._connection.execute(query).keys()}  # noqa: SIM118 (keys of a result)
        missing = [column.name for column in table.columns if column.name.lower() not in there]
        if missing:  # or hidden from `*`, as MariaDB's invisible columns are
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of types that SQLAlchemy does not know
                listed = inspect(self._connection).get_columns(table.name, schema=table.schema)
            there |= {str(column["name"]).lower() for column in listed}
        return [name for name in missing if name.lower() not in there]

    def _rule(self, table: Table, rule: Rule) -> Iterator[Violation]:
        what = f"{table.key}: {rule.name}: {rule.detail}"
        if rule.count is None or rule.sample is None:
            self.skipped.append(f"{what}: {rule.unfit}")
            return
        found = self._ask(what, rule.count)
        if found is None:
            return
        self.checked += 1
        if count := int(found[0][0] or 0):
            samples = self._ask(what, rule.sample.limit(SAMPLES)) or []
            shown = tuple(dict(row._mapping) for row in samples)  # noqa: SLF001 (its public name)
            yield Violation(table=table.key, rule=rule.name, detail=rule.detail, count=count, samples=shown)

    def _references_by_sqlite(self) -> Iterator[Violation]:
        """Ask SQLite for rows without parents: this finds those of tables outside the schema too."""
        rows = self._ask("foreign_key_check", text("PRAGMA foreign_key_check"))
        self.checked += rows is not None
        broken = Counter((row[0], row[2]) for row in rows or ())
        for (child, parent), count in broken.items():
            detail = f"rows without a parent in {parent}"
            yield Violation(table=child, rule="foreign_key_check", detail=detail, count=count)

    def _half_references_by_postgresql(self) -> Iterator[Violation]:
        """Look for rows that refer by a part of a key, which MATCH FULL forbids: only the database knows that."""
        checked = {(table.schema, table.name): table for table in self._schema if table.key in self.tables}
        for schema, is_default, name, constraint, columns in self._ask("match full", _MATCH_FULL) or ():
            table = checked.get((schema, name)) or (checked.get((None, name)) if is_default else None)
            if table is None or not set(columns) <= table.by_name.keys():
                continue
            from_ = clause(table)
            given = [from_.c[column].is_not(None) for column in columns]
            half = and_(or_(*given), not_(and_(*given)))
            shown = [from_.c[column] for column in dict.fromkeys((*table.primary_key, *columns))]
            rule = Rule(
                name="match full",
                detail=f"{constraint}: {', '.join(columns)} are NULL together or not at all",
                count=select(func.count()).select_from(from_).where(half),
                sample=select(*shown).where(half),
            )
            yield from self._rule(table, rule)

    def _integrity_by_sqlite(self) -> Iterator[Violation]:
        rows = self._ask("integrity_check", text("PRAGMA integrity_check"))
        self.checked += rows is not None
        for detail, count in Counter(str(row[0]) for row in rows or ()).items():
            if detail != "ok":
                yield Violation(table="", rule="integrity_check", detail=detail, count=count)

    def _ask(self, what: str, query: Select[Any] | TextClause, *, must_run: bool = False) -> list[Any] | None:
        """Return the rows of a query, or None when the server does not run it."""
        return self._try(what, lambda: list(self._connection.execute(query)), must_run=must_run)

    def _try(self, what: str, work: Callable[[], Result], *, must_run: bool = False) -> Result | None:
        """Return what the server answers; when it refuses, note it and return None.

        What is unfit for this database is noted as skipped, unless it `must_run`, and all else as unread.
        """
        try:
            with self._savepoint():
                return work()
        except exc.SQLAlchemyError as error:
            if is_lost(error):
                raise
            reason = getattr(error, "orig", None) or error
            noted = self.skipped if is_unfit(error) and not must_run else self.unread
            noted.append(f"{what}: {' '.join(str(reason).split())[:300]}")
            return None

    def _savepoint(self) -> AbstractContextManager[Any]:
        """Protect the transaction from a query that fails, where a failure ends it: after it nothing else would run."""
        driver = self._connection.connection.driver_connection
        if self._connection.dialect.name == "sqlite" or getattr(driver, "autocommit", None) is True:
            return nullcontext()
        return self._connection.begin_nested()


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
