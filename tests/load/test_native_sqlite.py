"""Whatever SQLite takes for a type, filled and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import syda
from syda.quality.database import check_database
from syda.schema import read_schema
from tests.databases import execute, sqlite_engine

if TYPE_CHECKING:
    import sqlalchemy as sa

TYPES = """
INT; INTEGER; TINYINT; SMALLINT; MEDIUMINT; BIGINT; UNSIGNED BIG INT; INT2; INT8; CHARACTER(20); VARCHAR(255);
VARYING CHARACTER(255); NCHAR(55); NATIVE CHARACTER(70); NVARCHAR(100); TEXT; CLOB; BLOB; REAL; DOUBLE;
DOUBLE PRECISION; FLOAT; NUMERIC; DECIMAL(10,5); DECIMAL(38,30); BOOLEAN; DATE; DATETIME; TIMESTAMP; TIME; JSON; JSONB;
UUID; INET; MONEY; STRING; TIMESTAMPTZ; CHAR(1); CHAR(32); BINARY(16); VARBINARY(8); INTERVAL; POINT; ; ANY; YEAR;
CITEXT; BYTEA; DATETIME2; TINYINT(1); NUMBER(10,2); GEOMETRY; XML; BIT; LONGTEXT; TSVECTOR; MACADDR; "text[]"
"""
DECLARED = [declaration.strip() for declaration in " ".join(TYPES.split()).split(";")]


@pytest.fixture
def engine() -> sa.Engine:
    return sqlite_engine()


def filled(engine: sa.Engine, *statements: str) -> dict[str, list[sa.Row[tuple[object, ...]]]]:
    """Return the rows of each table, seeded three times."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    for seed in range(3):
        syda.seed(engine, rows=60, seed=seed, mode="append")
    with engine.connect() as connection:
        schema = read_schema(connection).schema
        assert not check_database(connection, schema).violations
        return {
            table.name: list(connection.exec_driver_sql(f"SELECT * FROM {table.name}"))  # type: ignore[arg-type]
            for table in schema
        }


def test_every_type_is_filled_with_varied_values(engine: sa.Engine) -> None:
    columns = [f"c{place} {declared} NOT NULL" for place, declared in enumerate(DECLARED)]
    columns += [f"m{place} {declared}" for place, declared in enumerate(DECLARED)]
    rows = filled(engine, f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(columns)})")["t"]
    assert len(rows) == 180
    for place, declared in enumerate([*DECLARED, *DECLARED], start=1):
        assert len({repr(row[place]) for row in rows}) > 1, declared


def test_a_type_that_nothing_knows_stays_empty_where_it_may(engine: sa.Engine) -> None:
    rows = filled(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, a FANCY, b FANCY NOT NULL DEFAULT 'x')")["t"]
    assert {tuple(row[1:]) for row in rows} == {(None, "x")}


def test_strict_tables_and_those_without_a_rowid_are_filled(engine: sa.Engine) -> None:
    rows = filled(
        engine,
        """CREATE TABLE s (id INTEGER PRIMARY KEY, a INT NOT NULL, r REAL NOT NULL, w TEXT NOT NULL, b BLOB NOT NULL,
            any_one ANY NOT NULL, created_at TEXT NOT NULL, is_active INT NOT NULL, price REAL,
            g INT GENERATED ALWAYS AS (a + 1) VIRTUAL, h TEXT AS (w || 'x') STORED) STRICT""",
        "CREATE TABLE w (a TEXT, b INT, c, PRIMARY KEY (a, b)) WITHOUT ROWID",
    )
    assert [len(rows[name]) for name in ("s", "w")] == [180, 180]
    assert all(row.g == row.a + 1 and row.h == row.w + "x" for row in rows["s"])


def test_a_default_that_this_sqlite_cannot_make_is_replaced_by_values(engine: sa.Engine) -> None:
    rows = filled(
        engine,
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT (no_such('a')),
            b TEXT DEFAULT (upper('b')), c JSON NOT NULL DEFAULT '[]')""",
    )["t"]
    assert len({row.a for row in rows}) > 1
    assert {row.b for row in rows} == {"B"}
    assert all(row.c.startswith('["') for row in rows)


@pytest.mark.parametrize(
    "check", ["json_valid(doc)", "json_valid(doc) AND json_type(doc) = 'object'", "doc IS NULL OR json_valid(doc)"]
)
def test_documents_are_valid_where_null_is_not(tmp_path, check):
    engine = sqlite_engine(tmp_path / "t.db")
    execute(engine, f"CREATE TABLE t (id integer PRIMARY KEY, doc text CHECK ({check}))")
    assert syda.seed(engine, rows=60).rows["t"] == 60
