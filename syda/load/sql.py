"""Loads rows into a database: one transaction, parents first, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

from sqlalchemy import Connection

from syda.errors import MissingTableError, TargetError
from syda.load import core
from syda.load.deferral import Deferral
from syda.load.guard import require_development, require_unprotected
from syda.load.modes import Mode, make_room
from syda.load.mysql import MysqlRoad
from syda.load.postgresql import PostgresqlRoad
from syda.load.present import PresentTables
from syda.load.repoint import repointed
from syda.load.report import LoadReport
from syda.load.road import Constraints, Road
from syda.load.sift import Sifted, insert_sifted, may_sift
from syda.load.sqlite import SqliteRoad, unchecked_foreign_keys
from syda.load.table_load import Progress, TableLoad
from syda.load.target import Target, connected, one_transaction, rejections
from syda.planning.model import Plan
from syda.schema.model import ForeignKey

__all__ = ["TableLoad", "load_tables"]

_ROADS: dict[str, type[Road]] = {
    "postgresql": PostgresqlRoad,
    "sqlite": SqliteRoad,
    "mysql": MysqlRoad,
    "mariadb": MysqlRoad,
}


def load_tables(
    target: Target,
    plan: Plan,
    loads: list[TableLoad],
    *,
    create: bool = False,
    constraints: Constraints = "auto",
    allow_nontransactional: bool = False,
    progress: Progress | None = None,
    mode: Mode = "if_empty",
    allow_hosts: Iterable[str] = (),
    redact_values: bool = False,
) -> LoadReport:
    """Insert all rows in one transaction; with `create`, first make the tables that do not exist.

    `constraints` says when keys, indexes and foreign keys are made for rows of empty tables: ``"last"``, after the
    rows, where the database and the role's rights allow it; ``"live"``, row by row; ``"auto"``, last for large tables.
    Tables of MariaDB and MySQL whose engine has no transactions are refused unless `allow_nontransactional`.

    `mode`, `allow_hosts` and `redact_values` are as in `syda.seed`.

    Raises `TargetError` when the database cannot be reached or lacks a table, `MissingTableError` when a table to be
    made refers to one that is neither given nor there, `RejectedError` when it refuses a row;
    either way nothing is left behind (on MariaDB and MySQL, tables made by `create` are).
    """
    started = perf_counter()
    require_development(target, allow_hosts)
    with _transaction(target, loads, constraints) as connection:
        require_unprotected(connection, allow_hosts)
        with rejections("creating the tables"):
            _ensure_tables(connection, plan, loads, create=create)
        loads = make_room(connection, plan, loads, mode)
        kind = _ROADS.get(connection.dialect.name, Road)

        def attempt() -> Road:
            return kind(connection, plan, loads, constraints, allow_nontransactional=allow_nontransactional)

        sifted, road = Deferral(connection).run(lambda: _load(attempt(), progress))
        with rejections("ending the load"):
            road.conclude()
    rows = {load.table.key: load.rows - sifted[load.table.key].refused for load in loads}
    left = ((sifted[load.table.key], load) for load in loads)
    notes = tuple(each.note(load, redact=redact_values) for each, load in left if each.refused or each.how)
    return LoadReport(rows=rows, seconds=perf_counter() - started, notes=notes)


@contextmanager
def _transaction(target: Target, loads: Sequence[TableLoad], constraints: Constraints) -> Iterator[Connection]:
    with connected(target) as connection:
        inner: Target = connection
        if not isinstance(target, Connection) and connection.in_transaction():
            inner = target  # a session, whose transaction is joined
        with unchecked_foreign_keys(connection, loads, constraints), one_transaction(inner) as begun:
            yield begun


def _load(road: Road, progress: Progress | None) -> tuple[dict[str, Sifted], Road]:
    """Put the rows in; return which of each table were left out, and the way that they took."""
    sifted = {load.table.key: Sifted() for load in road.loads}
    refused: dict[str, TableLoad] = {}
    with rejections("preparing the load"):
        road.prepare()
    updates = _updates(road)
    for load in road.loads:
        if load.rows:
            late = core.late_columns(load.table, updates.get(load.table.key, []))
            with rejections(f"loading table {load.table.key!r}", table=load.table.key):
                if may_sift(road, load):
                    load = repointed(road.connection, load, refused)
                    sifted[load.table.key] = insert_sifted(road, load, late, progress)
                    refused |= {load.table.key: load} if sifted[load.table.key].refused else {}
                else:
                    road.insert(load, late, progress)
    with rejections("making the constraints after the rows"):
        road.restore()
    for load in road.loads:
        for link in updates.get(load.table.key, []):
            with rejections(f"setting {load.table.key}.{', '.join(link.columns)}", table=load.table.key):
                core.update(road.connection, load, link)
    return sifted, road


def _ensure_tables(connection: Connection, plan: Plan, loads: list[TableLoad], *, create: bool) -> None:
    present = PresentTables(connection)
    missing = [load for load in loads if not present.has(load.target.name, load.target.schema)]
    if missing and create:
        _require_parents(present, plan, missing)
        missing[0].target.metadata.create_all(connection, tables=[load.target for load in missing])
    elif missing:
        names = ", ".join(repr(load.table.key) for load in missing)
        raise TargetError(
            f"the database has no table {names}; create the tables first (for example with "
            f"Base.metadata.create_all(engine) or your migrations) or pass create=True"
        )


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
