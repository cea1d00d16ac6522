"""What becomes of the rows that a database has already: it has to be empty, they stay, or they are replaced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import networkx as nx
import sqlalchemy as sa

from syda.errors import NotEmptyError, TargetError
from syda.load.present import PresentTables
from syda.load.referrers import require_unused
from syda.load.roads.columns import LISTED, listed
from syda.load.target import rejections
from syda.planning.model import Plan
from syda.schema.model import ForeignKey, Schema, Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

Mode = Literal["if_empty", "append", "replace"]
MODES: tuple[Mode, ...] = get_args(Mode)

MIGRATION_TABLES = frozenset(
    {
        "alembic_version",
        "django_migrations",
        "schema_migrations",  # Rails, dbmate, golang-migrate
        "ar_internal_metadata",
        "flyway_schema_history",
        "schema_version",  # Flyway before version 5, tern
        "databasechangelog",
        "databasechangeloglock",
        "goose_db_version",
        "_prisma_migrations",
        "knex_migrations",
        "knex_migrations_lock",
        "sequelizemeta",
        "mikro_orm_migrations",
        "pgmigrations",
        "migrations",  # Laravel, TypeORM
        "typeorm_migrations",
        "doctrine_migration_versions",
        "migration_versions",
        "phinxlog",
        "__efmigrationshistory",
        "schemaversions",
        "_sqlx_migrations",
        "refinery_schema_history",
        "__diesel_schema_migrations",
        "__drizzle_migrations",
        "atlas_schema_revisions",
        "gorp_migrations",
        "bun_migrations",
        "bun_migration_locks",
        "_yoyo_migration",
        "_yoyo_log",
        "_yoyo_version",
        "yoyo_lock",
        "aerich",
    }
)
"""What migration tools call the tables in which they keep what was done, in lower case."""


class Loadable(Protocol):
    """One table of a load, as far as modes ask."""

    @property
    def table(self) -> Table: ...
    @property
    def target(self) -> sa.Table: ...
    @property
    def rows(self) -> int: ...


def count_rows(connection: Connection, tables: Iterable[Table], targets: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of rows of each table that has some; a table that does not exist has none."""
    present = PresentTables(connection)
    counts: dict[str, int] = {}
    for table in tables:
        target = targets[table.key]
        with rejections(f"reading the rows of {table.key!r}"):
            if present.has(target.name, target.schema):
                name = connection.dialect.identifier_preparer.format_table(target)
                counts[table.key] = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() or 0
    return {key: rows for key, rows in counts.items() if rows}


def is_migration_table(table: Table) -> bool:
    """Tell whether a migration tool keeps its own notes in the table."""
    return table.name.lower() in MIGRATION_TABLES


def left_alone(schema: Schema, counts: Mapping[str, int]) -> frozenset[str]:
    """Return the tables of migration tools that have rows: these neither count nor go, and get no more."""
    return frozenset(table.key for table in schema if table.key in counts and is_migration_table(table))


def rows_that_stay(schema: Schema, counts: Mapping[str, int], filled: Collection[str], mode: Mode) -> dict[str, int]:
    """Return which of the rows that are there stay beside the new ones; raise `NotEmptyError` where the mode forbids.

    Tables that are only referred to, or get no rows, are not `filled`: their rows stay in any mode.
    """
    here = {key: rows for key, rows in counts.items() if key in schema.tables}
    if mode == "append":
        return here
    if mode == "if_empty":
        require_empty(here, filled)
    else:
        require_replaceable(schema, here, filled)
    return {key: rows for key, rows in here.items() if key not in filled}


def require_empty(counts: Mapping[str, int], filled: Collection[str]) -> None:
    """Raise `NotEmptyError` that lists the tables to be filled that have rows."""
    there = {key: rows for key, rows in counts.items() if key in filled}
    if there:
        listed = ", ".join(f"{key} ({rows:,})" for key, rows in there.items())
        raise NotEmptyError(
            f"tables to be filled have rows already: {listed}. mode='append' keeps these and adds to them, "
            f"mode='replace' deletes them first (--mode append or --mode replace on the command line)",
            there,
        )


def require_replaceable(schema: Schema, counts: Mapping[str, int], filled: Collection[str]) -> None:
    """Raise `NotEmptyError` when rows that stay refer to rows that would be deleted."""
    goes = counts.keys() & set(filled)
    for table in schema:
        parents = sorted({link.parent for link in table.foreign_keys} & goes)
        if table.key in counts and table.key not in goes and parents and table.key not in schema.external:
            raise NotEmptyError(
                f"replacing the rows of {', '.join(parents)} would leave the {counts[table.key]:,} rows of {table.key} "
                f"without their parents; replace those too, or use mode='append'",
                {table.key: counts[table.key]},
            )


def make_room(connection: Connection, plan: Plan, loads: list[Any], mode: Mode) -> list[Any]:
    """Do inside the load's transaction what the mode asks for; return the loads without tables to be left alone."""
    if mode != "append":
        _claim(connection, [load for load in loads if load.rows])
    going, full = check_room(connection, plan, loads, mode)
    if mode == "replace":
        _empty(connection, plan.schema, full)
    return going


def _claim(connection: Connection, loads: list[Loadable]) -> None:
    """Have no other load find the tables empty until this one ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name != "postgresql" or not loads:
        return
    default = connection.dialect.default_schema_name
    names = [f"syda {load.target.schema or default} {load.target.name}" for load in loads]
    claim = sa.text(f"SELECT bool_and(pg_try_advisory_xact_lock(hashtextextended(t.name, 0))) FROM {LISTED}")
    with rejections("claiming the tables"):
        if not connection.scalar(claim, listed(sorted(names))):
            raise TargetError("another load into these tables is under way; wait for its end, or use mode='append'")


def check_room(connection: Connection, plan: Plan, loads: list[Any], mode: Mode) -> tuple[list[Any], list[Any]]:
    """Return the loads without tables to be left alone, and those of them whose rows are to be replaced.

    Raises `NotEmptyError` where the mode forbids the rows that are there; changes nothing.
    """
    asked = [load.table for load in loads if mode != "append" or is_migration_table(load.table)]
    counts = count_rows(connection, asked, {load.table.key: load.target for load in loads})
    kept = left_alone(plan.schema, counts)
    going = [load for load in loads if load.table.key not in kept]
    filled = [load.table.key for load in going if load.rows]
    if mode == "if_empty":
        require_empty(counts, filled)  # somebody may have written since they were counted for planning
    elif mode == "replace":
        require_replaceable(plan.schema, counts, filled)
        full = [load for load in going if load.rows and load.table.key in counts]
        with rejections("reading which rows refer to those to be replaced"):
            require_unused(connection, full, beside=[load for load in going if load.rows])
        return going, full
    return going, []


def _empty(connection: Connection, schema: Schema, loads: list[Loadable]) -> None:
    """Delete the rows of the tables, children before parents."""
    by_key = {load.table.key: load for load in loads}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(by_key)
    graph.add_edges_from((key, link.parent) for key in by_key for link in _links(schema, key, by_key))
    order = nx.condensation(graph)  # each circle in one place, and what refers to it before it
    for circle in nx.topological_sort(order):
        members = [load for load in reversed(loads) if load.table.key in order.nodes[circle]["members"]]
        with rejections(f"deleting the rows of {', '.join(repr(load.table.key) for load in members)}"):
            _empty_circle(connection, schema, members)


def _links(schema: Schema, key: str, among: Iterable[str]) -> list[ForeignKey]:
    return [link for link in schema.tables[key].foreign_keys if link.parent in among]


def _empty_circle(connection: Connection, schema: Schema, loads: list[Loadable]) -> None:
    """Delete the rows of one table, or of several that refer to each other in a circle."""
    quote = connection.dialect.identifier_preparer
    deletes = [f"DELETE FROM {_only(connection, quote.format_table(load.target))}" for load in loads]
    if connection.dialect.name == "postgresql" and len(deletes) > 1:
        # One statement: PostgreSQL looks for rows without parents at its end, when all are gone.
        first = ", ".join(f"d{place} AS ({delete})" for place, delete in enumerate(deletes[:-1]))
        connection.exec_driver_sql(f"WITH {first} {deletes[-1]}")
        return
    if connection.dialect.name == "sqlite" and len(deletes) > 1:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    if connection.dialect.name in ("mysql", "mariadb") and _refer_to_each_other(schema, loads):
        _delete_unchecked(connection, deletes)
        return
    for delete in deletes:
        connection.exec_driver_sql(delete)


def _only(connection: Connection, name: str) -> str:
    """Return what names a table's own rows: in PostgreSQL a plain table has those of tables that inherit it, too."""
    if connection.dialect.name != "postgresql":
        return name
    plain = connection.scalar(
        sa.text("SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass(:name)"), {"name": name}
    )
    return f"ONLY {name}" if plain else name


def _refer_to_each_other(schema: Schema, loads: list[Loadable]) -> bool:
    keys = [load.table.key for load in loads]
    return any(_links(schema, key, keys) for key in keys)


def _delete_unchecked(connection: Connection, deletes: list[str]) -> None:
    """Delete rows that refer to each other; InnoDB looks at each as it goes, even at one that is its own parent.

    Nothing is left without its parent: no row of another table refers to these.
    """
    before = connection.exec_driver_sql("SELECT @@foreign_key_checks").scalar()
    connection.exec_driver_sql("SET foreign_key_checks = 0")
    try:
        for delete in deletes:
            connection.exec_driver_sql(delete)
    finally:
        connection.exec_driver_sql(f"SET foreign_key_checks = {before}")
