"""What a database refuses to have read is not what holds."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Engine, create_engine, event

import syda
from syda.cli import main
from syda.errors import TargetError
from tests.databases import execute

TABLES = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL)",
    "CREATE TABLE pets (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES people (id))",
)


@pytest.fixture
def stranger(postgresql_engine: Engine) -> Iterator[Engine]:
    """An engine of a role of PostgreSQL that may read no table."""
    name = f"syda_test_{uuid.uuid4().hex}"
    execute(postgresql_engine, *TABLES, f"CREATE ROLE {name} LOGIN")
    engine = create_engine(postgresql_engine.url.set(username=name))
    yield engine
    engine.dispose()
    execute(postgresql_engine, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_tables_that_may_not_be_read_are_a_failure(stranger: Engine) -> None:
    report = syda.check(stranger)
    assert not report.ok
    assert (report.checked, report.violations, report.skipped) == (0, (), ())
    assert [each.partition(": rows: ")[0] for each in report.unread] == ["people", "pets"]
    assert all("permission denied" in each for each in report.unread)


def test_the_command_fails_and_says_so(stranger: Engine) -> None:
    url = stranger.url.render_as_string(hide_password=False)
    shown = CliRunner().invoke(main, ["check", "--url", url])
    assert shown.exit_code == 1
    assert "Not readable: people: rows: permission denied for table people" in shown.stdout
    assert shown.stdout.endswith("Checked 0 rules: failed, the database refused to be read 2 times\n")
    found = CliRunner().invoke(main, ["check", "--url", url, "--json"])
    assert found.exit_code == 1
    assert json.loads(found.stdout)["ok"] is False
    assert len(json.loads(found.stdout)["unread"]) == 2


def test_a_parent_or_a_column_that_may_not_be_read(stranger: Engine, postgresql_engine: Engine) -> None:
    execute(postgresql_engine, f"GRANT SELECT ON pets TO {stranger.url.username}")
    report = syda.check(stranger)
    assert not report.ok
    assert report.tables == {"pets": 0}
    assert [each.split(": ")[:2] for each in report.unread] == [["people", "rows"], ["pets", "foreign key"]]
    execute(postgresql_engine, f"GRANT SELECT (id) ON people TO {stranger.url.username}")
    report = syda.check(stranger)
    assert report.violations == ()
    assert "people: columns" in {each.partition(": permission")[0] for each in report.unread}
    execute(postgresql_engine, f"GRANT SELECT ON people TO {stranger.url.username}")
    assert syda.check(stranger).ok


@pytest.mark.parametrize("right", ["SELECT (id) ON people", "SELECT ON pets"])
def test_what_mariadb_does_not_grant(mariadb_engine: Engine, right: str) -> None:
    name = f"t{uuid.uuid4().hex[:20]}"
    execute(mariadb_engine, *TABLES)
    hosts = ("localhost", "'127.0.0.1'")
    execute(mariadb_engine, *(f"CREATE USER {name}@{host}" for host in hosts))
    execute(mariadb_engine, *(f"GRANT {right} TO {name}@{host}" for host in hosts))
    engine = create_engine(mariadb_engine.url.set(username=name))
    try:
        report = syda.check(engine, {"people": {"id": "integer", "name": "text(9)"}})
    finally:
        engine.dispose()
        execute(mariadb_engine, *(f"DROP USER {name}@{host}" for host in hosts))
    assert not report.ok
    found = {each.partition(": (")[0] for each in report.unread}
    assert ("people: columns" if "(id)" in right else "people: rows") in found
    assert (report.violations, report.skipped) == ((), ())


def test_what_sqlite_does_not_authorize(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    execute(engine, *TABLES)
    engine.dispose()

    def judged(action: int, table: str | None, *_: object) -> int:
        return sqlite3.SQLITE_DENY if (action, table) == (sqlite3.SQLITE_READ, "people") else sqlite3.SQLITE_OK

    event.listen(engine, "connect", lambda driver, _: driver.set_authorizer(judged))
    report = syda.check(engine)
    engine.dispose()
    assert not report.ok
    assert report.unread
    assert all("people" in each for each in report.unread)


def test_a_connection_that_ends_is_an_error(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, *TABLES)
    engine = create_engine(postgresql_engine.url)

    def cut(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "count(*)" in statement:
            execute(
                postgresql_engine,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )

    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(TargetError, match="checking the database: the database failed"):
        syda.check(engine)
    engine.dispose()
