"""A fault at any statement of a large load, COPY's writes among them, leaves rows and catalogue as they were."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.errors import TargetError
from syda.load.roads import csv_text, mysql_text
from tests.databases import sqlite_engine

METADATA = sa.MetaData()
PARENTS = sa.Table(
    "parents", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("code", sa.String(30), unique=True)
)
CHILDREN = sa.Table(
    "children",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.ForeignKey("parents.id"), nullable=False, index=True),
    sa.Column("word", sa.String(30), index=True),
)
CATALOGUE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master",
    "postgresql": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace ="
    " 'public'::regnamespace UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "mysql": "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS"
    " WHERE TABLE_SCHEMA = DATABASE()",
}


def state(engine: sa.Engine) -> tuple[Any, ...]:
    dialect = "mysql" if engine.dialect.name == "mariadb" else engine.dialect.name
    with engine.connect() as connection:
        rows = [connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (PARENTS, CHILDREN)]
        catalogue = sorted(map(repr, connection.exec_driver_sql(CATALOGUE[dialect]).all()))
        checks = connection.exec_driver_sql("PRAGMA foreign_keys").scalar() if dialect == "sqlite" else None
    return rows, catalogue, checks


@pytest.mark.parametrize("error", [RuntimeError("fault"), KeyboardInterrupt()], ids=lambda e: type(e).__name__)
def test_a_fault_at_any_statement(engine: sa.Engine, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    METADATA.create_all(engine)
    dataset = syda.generate(METADATA, rows=30)
    before = state(engine)
    count, at = itertools.count(), [0]

    def step(*_: Any) -> None:
        if next(count) == at[0]:
            raise type(error)  # anew, without the traceback of the last one

    def stepping(real: Any) -> Any:
        def encode(*given: Any) -> Any:
            step()
            return real(*given)

        return encode

    monkeypatch.setattr("syda.load.roads.table_load.BLOCK_ROWS", 10)  # several writes for each table
    monkeypatch.setattr(csv_text, "_plain_csv", stepping(csv_text._plain_csv))
    monkeypatch.setattr(csv_text, "_arrow_csv", stepping(csv_text._arrow_csv))
    monkeypatch.setattr("syda.load.roads.mysql.literals", stepping(mysql_text.literals))
    sa.event.listen(engine, "before_cursor_execute", step)
    for at[0] in itertools.count():
        count = itertools.count()
        try:
            dataset.to_sql(engine, constraints="last")
            break
        except type(error):
            pass
        at_fault, at[0] = at[0], -1
        assert state(engine) == before, f"something was left after a fault at statement {at_fault}"
        at[0] = at_fault
    statements, at[0] = at[0], -1
    assert statements >= 10
    after = state(engine)
    assert after[0] == [30, 30]
    assert after[1:] == before[1:]


KILLED = """
import os, signal, sys
import sqlalchemy as sa
import syda
from tests.load.test_faults import METADATA
engine = sa.create_engine(sys.argv[1])
dataset = syda.generate(METADATA, rows=30)
count = 0
def step(*_):
    global count
    count += 1
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(engine, "after_cursor_execute", step)
dataset.to_sql(engine, constraints="last")
"""


@pytest.mark.parametrize("statement", [2, 4, 8, 14])
def test_a_process_that_is_killed(engine: sa.Engine, statement: int) -> None:
    if statement > 4 and engine.dialect.name in ("mysql", "mariadb"):
        pytest.skip("a load into MariaDB has few statements")
    METADATA.create_all(engine)
    before = state(engine)
    url = engine.url.render_as_string(hide_password=False)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, url, str(statement)]
    done = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert state(engine) == before


@pytest.mark.parametrize("at", [1, 2])
def test_a_server_connection_that_ends_while_copying(postgresql_engine: sa.Engine, at: int) -> None:
    METADATA.create_all(postgresql_engine)
    before = state(postgresql_engine)
    calls = itertools.count(1)

    def cut(*_: Any) -> None:
        if next(calls) == at:
            with postgresql_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                other.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    dataset = syda.generate(METADATA, rows=25_000)
    with pytest.raises(TargetError, match="the database failed"):
        dataset.to_sql(postgresql_engine, progress=cut)
    assert state(postgresql_engine) == before


@pytest.mark.parametrize("joins", [False, True])
def test_an_interrupt_that_leaves_a_copy_unfinished(postgresql_engine: sa.Engine, joins: bool) -> None:
    """Wherever it comes, it goes on as it is, though nothing can be rolled back on a connection within a COPY."""
    METADATA.create_all(postgresql_engine)
    dataset = syda.generate(METADATA, rows=30)
    before = state(postgresql_engine)
    count, at = itertools.count(), -1

    def step(connection: sa.Connection, *_: Any) -> None:
        if next(count) == at:
            driver: Any = connection.connection.driver_connection
            driver.pgconn.exec_(b"COPY pg_temp.left_open FROM STDIN")
            raise KeyboardInterrupt

    sa.event.listen(postgresql_engine, "before_cursor_execute", step)
    sa.event.listen(
        postgresql_engine,
        "connect",
        lambda driver, _: driver.execute("CREATE TEMP TABLE left_open (a int)") and driver.commit(),
    )
    postgresql_engine.dispose()
    for place in itertools.count(1 if joins else 0):
        with postgresql_engine.connect() as connection:
            if joins:
                connection.exec_driver_sql("SELECT 1")
            count, at = itertools.count(), place
            try:
                dataset.to_sql(connection if joins else postgresql_engine, constraints="last")
                break
            except KeyboardInterrupt:
                at = -1
                assert connection.invalidated == joins
        assert state(postgresql_engine) == before, f"something was left after an interrupt at statement {place}"
    assert place >= 10


@pytest.mark.parametrize("rows", [30, 25_000])
def test_an_interrupt_while_copying_and_a_rollback_that_fails(
    postgresql_engine: sa.Engine, rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    METADATA.create_all(postgresql_engine)
    dataset = syda.generate(METADATA, rows=rows)
    before = state(postgresql_engine)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    def fail(_: sa.Connection) -> None:
        raise sa.exc.OperationalError("ROLLBACK", None, Exception("another command is already in progress"))

    sa.event.listen(postgresql_engine, "rollback", fail)
    with pytest.raises(KeyboardInterrupt):
        dataset.to_sql(postgresql_engine, progress=interrupt)
    sa.event.remove(postgresql_engine, "rollback", fail)
    assert caplog.records == []
    assert state(postgresql_engine) == before


def test_a_full_disk(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "test.db")
    METADATA.create_all(engine)
    before = state(engine)
    sa.event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA max_page_count = 60"))
    engine.dispose()
    dataset = syda.generate(METADATA, rows=25_000)
    with pytest.raises(TargetError, match="full"):
        dataset.to_sql(engine)
    assert state(engine) == before
