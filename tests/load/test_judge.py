"""CHECKs that only the target database can evaluate."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

import syda
from syda.errors import ConstraintError, RejectedError
from tests.databases import execute, sqlite_engine

EVEN = "CREATE FUNCTION is_even(x integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT x %% 2 = 0'"
TABLE = """CREATE TABLE t (id SERIAL PRIMARY KEY, n INTEGER NOT NULL, m INTEGER,
    kind VARCHAR(4) NOT NULL CHECK (kind IN ('a', 'b')), CHECK (is_even(n)),
    CHECK (kind <> 'b' OR (m IS NOT NULL AND is_even(m))))"""


def test_functions_of_the_users_own_are_asked(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, EVEN, TABLE)
    report = syda.seed(postgresql_engine, rows=60)
    assert report.rows["t"] == 60
    with postgresql_engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT n, kind, m FROM t").all()
        left = connection.exec_driver_sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'syda%%'").scalar()
    assert {row.kind for row in rows} == {"a", "b"}
    assert len({row.n for row in rows}) > 20
    assert left == 0


def test_the_callers_transaction_goes_on(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, EVEN, TABLE)
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (id integer)")
        syda.seed(connection, rows=10)
    with postgresql_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 10
        assert connection.exec_driver_sql("SELECT count(*) FROM mine").scalar() == 10


def test_a_function_that_raises_refuses_the_row(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE FUNCTION picky(x integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
        "IF x < 500 THEN RAISE EXCEPTION 'too small'; END IF; RETURN true; END $$",
        "CREATE TABLE t (id SERIAL PRIMARY KEY, n INTEGER NOT NULL, CHECK (picky(n)))",
    )
    assert syda.seed(postgresql_engine, rows=30).rows["t"] == 30


def test_rows_that_nothing_satisfies_are_left_out_unless_asked_for(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE FUNCTION never(x integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'",
        "CREATE TABLE t (id SERIAL PRIMARY KEY, n INTEGER NOT NULL, CHECK (never(n)))",
        "CREATE TABLE u (id SERIAL PRIMARY KEY)",
    )
    with pytest.raises(ConstraintError, match=r"never\(n\)"):
        syda.seed(postgresql_engine, rows={"t": 5})
    report = syda.seed(postgresql_engine, rows=5)
    assert (report.rows["t"], report.rows["u"]) == (0, 5)
    assert any("never(n)" in note for note in report.notes)


def test_functions_that_the_application_gives_sqlite_are_asked() -> None:
    engine = sqlite_engine()

    @event.listens_for(engine, "connect")
    def give(connection: object, _record: object) -> None:
        connection.create_function("is_even", 1, lambda x: x % 2 == 0, deterministic=True)  # type: ignore[attr-defined]

    execute(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, CHECK (is_even(n)))")
    assert syda.seed(engine, rows=30).rows["t"] == 30


def test_tables_that_the_load_makes_are_judged_too(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, EVEN)
    metadata = sa.MetaData()
    mood = sa.Enum("so so", "well", name="mood")
    columns = sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer, nullable=False)
    sa.Table("t", metadata, *columns, sa.Column("mood", mood), sa.CheckConstraint("is_even(n) AND mood IS NOT NULL"))
    assert syda.seed(postgresql_engine, metadata, rows=30, create=True).rows["t"] == 30


def test_a_column_may_have_the_name_of_the_place(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, EVEN, "CREATE TABLE t (syda_row integer PRIMARY KEY, n integer CHECK (is_even(n)))")
    assert syda.seed(postgresql_engine, rows=30).rows["t"] == 30


def test_it_is_told_when_the_database_may_not_be_asked(
    postgresql_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    name, role = postgresql_engine.url.database, "syda_test_no_temporary"
    execute(postgresql_engine, EVEN, TABLE, f"REVOKE TEMP ON DATABASE {name} FROM PUBLIC")
    execute(postgresql_engine, f"CREATE ROLE {role}", f"GRANT ALL ON t, t_id_seq TO {role}")
    try:
        with postgresql_engine.connect() as connection:
            connection.exec_driver_sql(f"SET ROLE {role}")
            with pytest.raises(RejectedError):
                syda.seed(connection, rows={"t": 30})
    finally:
        execute(postgresql_engine, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert "t: the database could not be asked which rows satisfy its CHECKs: permission denied" in caplog.text
