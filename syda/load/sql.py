"""Loads rows into a database: one transaction, parents first, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from sqlalchemy import Connection, exc

from syda.errors import MissingTableError, TargetError
from syda.load.creation import create_tables, require_schemas
from syda.load.guard import require_unprotected
from syda.load.modes import check_room, make_room
from syda.load.options import LoadOptions
from syda.load.present import PresentTables
from syda.load.refused.deferral import Deferral
from syda.load.refused.effects import count_of, lost_note, lost_rows
from syda.load.refused.repoint import repointed
from syda.load.refused.sift import Sifted, insert_sifted, may_sift
from syda.load.report import LoadReport
from syda.load.roads import core
from syda.load.roads.mysql import MysqlRoad
from syda.load.roads.postgresql import PostgresqlRoad
from syda.load.roads.road import Road
from syda.load.roads.sqlite import SqliteRoad, unchecked_foreign_keys
from syda.load.roads.table_load import Progress, TableLoad
from syda.load.roads.timing import Constraints
from syda.load.target import Target, connected, first_line, one_transaction, rejections, untouched
from syda.planning.model import Plan
from syda.schema.model import ForeignKey

__all__ = ["TableLoad", "ensure_tables", "foresee_load", "load_tables"]

_ROADS: dict[str, type[Road]] = {
    "postgresql": PostgresqlRoad,
    "sqlite": SqliteRoad,
    "mysql": MysqlRoad,
    "mariadb": MysqlRoad,
}


def load_tables(target: Target, plan: Plan, loads: list[TableLoad], options: LoadOptions) -> LoadReport:
    """Insert all rows in one transaction; with the option `create`, first make the tables that do not exist.

    Raises `TargetError` when the database cannot be reached or lacks a table, `MissingTableError` when a table to be
    made refers to one that is neither given nor there, `RejectedError` when it refuses a row;
    either way nothing is left behind (on MariaDB and MySQL, tables made by `create` are).
    """
    started = perf_counter()
    with _transaction(target, loads, options.constraints) as connection:
        require_unprotected(connection, options.allow_hosts)
        with rejections("creating the tables"):
            ensure_tables(connection, plan, loads, create=options.create)
        loads = make_room(connection, plan, loads, options.mode)
        deferral = Deferral(connection)
        road, sifted, lost = deferral.run(
            lambda: _load(_road(connection, plan, loads, options), deferral, options.progress)
        )
        with rejections("ending the load"):
            road.conclude()
    rows = {load.table.key: load.rows - sifted[load.table.key].refused - lost.get(load.table.key, 0) for load in loads}
    left = ((sifted[load.table.key], load) for load in loads)
    notes = [each.note(load, redact=options.redact_values) for each, load in left if each.refused or each.how]
    notes += [lost_note(key, number) for key, number in lost.items()]
    return LoadReport(rows=rows, seconds=perf_counter() - started, notes=tuple(notes), constraints=road.timings)


def foresee_load(target: Target, plan: Plan, loads: list[TableLoad], options: LoadOptions) -> LoadReport:
    """Return what a load would report, and change nothing; raise what it would raise before its first row."""
    started = perf_counter()
    with untouched(target) as connection:
        require_unprotected(connection, options.allow_hosts)
        present = PresentTables(connection)
        missing = _missing_tables(present, loads, create=options.create)
        _require_parents(present, plan, missing)
        _require_types(connection, missing)
        require_schemas(connection, [load.target for load in missing])
        loads, full = check_room(connection, plan, loads, options.mode)
        with rejections("looking how the rows would be loaded"):
            timings = _road(connection, plan, loads, options).foresee({load.table.key for load in full})
    rows = {load.table.key: load.rows for load in loads}
    return LoadReport(rows=rows, seconds=perf_counter() - started, constraints=timings, dry_run=True)


def _road(connection: Connection, plan: Plan, loads: list[TableLoad], options: LoadOptions) -> Road:
    return _ROADS.get(connection.dialect.name, Road)(connection, plan, loads, options)


@contextmanager
def _transaction(target: Target, loads: Sequence[TableLoad], constraints: Constraints) -> Iterator[Connection]:
    with connected(target) as connection:
        inner: Target = connection
        if not isinstance(target, Connection) and connection.in_transaction():
            inner = target  # a session, whose transaction is joined
        with unchecked_foreign_keys(connection, loads, constraints), one_transaction(inner) as begun:
            yield begun


def _load(road: Road, deferral: Deferral, progress: Progress | None) -> tuple[Road, dict[str, Sifted], dict[str, int]]:
    """Put the rows in; return the way that they took, what of each table was left out, and how many rows got lost."""
    before = count_of(road.connection, road.loads) if road.has_effects else {}
    sifted = {load.table.key: Sifted() for load in road.loads}
    refused: dict[str, TableLoad] = {}
    with rejections("preparing the load"):
        road.prepare()
        deferral.prepare()
    updates = _updates(road)
    for load in road.loads:
        if load.rows:
            late = core.late_columns(load.table, updates.get(load.table.key, []))
            with rejections(f"loading table {load.table.key!r}", table=load.table.key):
                road.approach(load)
                if may_sift(road, load):
                    load = repointed(road.connection, load, refused)
                    sifted[load.table.key] = insert_sifted(road, load, late, progress)
                    refused |= {load.table.key: load} if sifted[load.table.key].refused else {}
                else:
                    road.insert(load, late, progress)
                road.follow(load)
    with rejections("making the constraints after the rows"):
        road.restore()
    for load in road.loads:
        for link in updates.get(load.table.key, []):
            with rejections(f"setting {load.table.key}.{', '.join(link.columns)}", table=load.table.key):
                core.update(road.connection, load, link)
    sent = {load.table.key: load.rows - sifted[load.table.key].refused for load in road.loads}
    return road, sifted, lost_rows(road, sent, before) if road.has_effects else {}


def ensure_tables(connection: Connection, plan: Plan, loads: list[TableLoad], *, create: bool) -> None:
    """Make the tables that do not exist; raise `TargetError` where there are some and none may be made."""
    present = PresentTables(connection)
    missing = _missing_tables(present, loads, create=create)
    if missing:
        _require_parents(present, plan, missing)
        _require_types(connection, missing)
        try:
            create_tables(connection, missing[0].target.metadata, [load.target for load in missing])
        except exc.CompileError as error:
            raise TargetError(f"the tables cannot be made in {connection.dialect.name}: {first_line(error)}") from error


def _require_types(connection: Connection, missing: list[TableLoad]) -> None:
    """Raise `TargetError` where a table to be made has a column of a type that the database has not."""
    database = connection.dialect.name
    for load in missing:
        for column in load.target.columns:
            try:
                connection.dialect.type_compiler_instance.process(column.type, type_expression=column)
            except exc.UnsupportedCompilationError as error:
                type_ = type(column.type).__name__
                raise TargetError(
                    f"cannot make {load.table.key}.{column.name}: {database} has no type {type_}; give the column one "
                    f"for {database} too, such as {type_}().with_variant(String(), {database!r}), or make the table "
                    f"yourself"
                ) from error


def _missing_tables(present: PresentTables, loads: list[TableLoad], *, create: bool) -> list[TableLoad]:
    """Return the loads whose tables are to be made; raise `TargetError` where there are some and none may be made."""
    missing = [load for load in loads if not present.has(load.target.name, load.target.schema)]
    if missing and not create:
        names = ", ".join(repr(load.table.key) for load in missing)
        raise TargetError(
            f"the database has no table {names}; create the tables first (for example with "
            f"Base.metadata.create_all(engine) or your migrations) or pass create=True"
        )
    return missing


def _require_parents(present: PresentTables, plan: Plan, missing: list[TableLoad]) -> None:
    """Raise `MissingTableError` where a table to be made refers to one that is not there and was not given."""
    for load in missing:
        for link in load.table.foreign_keys:
            parent = plan.schema.tables[link.parent]
            if parent.key in plan.schema.external and not present.has(parent.name, parent.schema):
                raise MissingTableError(
                    f"{load.table.key}.{', '.join(link.columns)} refers to table {link.parent!r}, which was not given "
                    f"and is not in the database; add its class to the models, or create the table first"
                )


def _updates(road: Road) -> dict[str, list[ForeignKey]]:
    """Return, by table, the foreign keys whose columns are set when all rows are there."""
    updates: dict[str, list[ForeignKey]] = {}
    tables = road.plan.schema.tables
    for item in road.plan.deferred:
        if item.how == "update" and not road.is_unchecked(item.table, item.foreign_key):
            updates.setdefault(item.table, []).append(tables[item.table].foreign_key(item.foreign_key))
    return updates
