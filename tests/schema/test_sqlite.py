"""What SQLite says about its tables, and SQLAlchemy's reflection does not."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

import syda
from syda.schema import Check, ForeignKey, Kind, LogicalType, Schema, Unique, read_schema
from tests.databases import execute, sqlite_engine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("error")
        yield connection
    engine.dispose()


def read(connection: sa.Connection, *statements: str) -> Schema:
    for statement in statements:
        connection.exec_driver_sql(statement)
    return read_schema(connection).schema


def test_checks_are_found_wherever_they_stand(connection: sa.Connection) -> None:
    schema = read(
        connection,
        """CREATE TABLE t (a INT CHECK (a > 0 AND a < (1 + 9)), b TEXT CONSTRAINT "b c" CHECK(b <> ') CHECK (x)'),
           "check" INT, -- CHECK (commented out)
           CONSTRAINT both CHECK ( a <> "check" ), check (b like '50%:x'))""",
    )
    assert schema.tables["t"].checks == (
        Check(expression="a > 0 AND a < (1 + 9)", dialect="sqlite"),
        Check(name="b c", expression="b <> ') CHECK (x)'", dialect="sqlite"),
        Check(name="both", expression='a <> "check"', dialect="sqlite"),
        Check(expression="b like '50%:x'", dialect="sqlite"),
    )


def test_unique_indexes_keep_their_expressions_and_conditions(connection: sa.Connection) -> None:
    schema = read(
        connection,
        'CREATE TABLE t (a TEXT, b INT, c INT UNIQUE, "d e" INT, UNIQUE (a, b))',
        "CREATE UNIQUE INDEX i1 ON t (lower(a), B DESC) WHERE b > 3 AND c IS NULL",
        'CREATE UNIQUE INDEX i2 ON t ("d e" COLLATE NOCASE ASC)',
        "CREATE INDEX i3 ON t (a)",
    )
    assert set(schema.tables["t"].uniques) == {
        Unique(columns=("c",)),
        Unique(columns=("a", "b")),
        Unique(name="i1", columns=("b",), expressions=("lower(a)",), predicate="b > 3 AND c IS NULL"),
        Unique(name="i2", columns=("d e",)),
    }


def test_foreign_keys_are_read_with_names_actions_and_deferral(connection: sa.Connection) -> None:
    schema = read(
        connection,
        "CREATE TABLE p (id INTEGER PRIMARY KEY, x INT, y INT, UNIQUE (x, y))",
        """CREATE TABLE c (
            a INT REFERENCES p,
            b INT CONSTRAINT to_p REFERENCES p(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED CHECK (b > 0),
            x INT, y INT, z INT REFERENCES p (id) NOT DEFERRABLE INITIALLY DEFERRED,
            CONSTRAINT "x y" FOREIGN KEY (x, y) REFERENCES p (x, y) ON UPDATE SET NULL DEFERRABLE)""",
    )
    assert schema.tables["c"].foreign_keys == (
        ForeignKey(name="a", pairs=(("a", "id"),), parent="p"),
        ForeignKey(
            name="to_p",
            pairs=(("b", "id"),),
            parent="p",
            on_delete="CASCADE",
            deferrable=True,
            initially_deferred=True,
        ),
        ForeignKey(name="z", pairs=(("z", "id"),), parent="p"),
        ForeignKey(name="x y", pairs=(("x", "x"), ("y", "y")), parent="p", on_update="SET NULL", deferrable=True),
    )


def test_names_of_parents_are_matched_without_regard_to_case(connection: sa.Connection) -> None:
    schema = read(
        connection,
        "CREATE TABLE Parent (Id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (a INT REFERENCES PARENT(ID), b INT REFERENCES parent)",
    )
    assert list(schema.tables) == ["Parent", "child"]
    assert [(key.parent, key.pairs) for key in schema.tables["child"].foreign_keys] == [
        ("Parent", (("a", "Id"),)),
        ("Parent", (("b", "Id"),)),
    ]


def test_a_foreign_key_to_nothing_is_left_out_and_logged(
    connection: sa.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "syda.schema"):
        schema = read(
            connection,
            "CREATE TABLE keyless (a INT)",
            "CREATE TABLE t (a INT REFERENCES gone(id), b INT REFERENCES keyless, c INT REFERENCES keyless(no))",
        )
    assert schema.tables["t"].foreign_keys == ()
    assert not schema.external
    assert len(caplog.records) == 3


def test_only_the_rowid_numbers_itself(connection: sa.Connection) -> None:
    schema = read(
        connection,
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY)",
        "CREATE TABLE c (id BIGINT PRIMARY KEY)",
        "CREATE TABLE d (id INTEGER PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE e (id INTEGER PRIMARY KEY AUTOINCREMENT)",
    )
    numbered = {table.name: table.column("id").autoincrement for table in schema}
    assert numbered == {"a": True, "b": False, "c": False, "d": False, "e": True}
    assert not any(table.column("id").nullable for table in schema)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("VARCHAR(255)", LogicalType(kind=Kind.TEXT, length=255, native="varchar")),
        ("CHAR(32)", LogicalType(kind=Kind.TEXT, length=32, fixed_length=True, native="char")),
        ("DATETIME", LogicalType(kind=Kind.DATETIME, native="datetime")),
        ("JSON", LogicalType(kind=Kind.JSON, native="json")),
        ("", LogicalType(kind=Kind.TEXT)),
        ("UUID", LogicalType(kind=Kind.UUID, native="uuid")),
        ("STRING(5)", LogicalType(kind=Kind.TEXT, length=5, native="string")),
        ("VARCHAR2(7)", LogicalType(kind=Kind.TEXT, length=7, native="varchar2")),
        ("TINYINT(1)", LogicalType(kind=Kind.BOOLEAN, native="tinyint")),
        ("TINYINT", LogicalType(kind=Kind.INTEGER, bits=8, native="tinyint")),
        ("UNSIGNED BIG INT", LogicalType(kind=Kind.INTEGER, bits=64, unsigned=True, native="unsigned big int")),
        ("DOUBLE PRECISION", LogicalType(kind=Kind.FLOAT, native="double precision")),
        ("NUMBER(10, 2)", LogicalType(kind=Kind.DECIMAL, precision=10, scale=2, native="number")),
        ("TIMESTAMP WITH TIME ZONE", LogicalType(kind=Kind.DATETIME, timezone=True, native="timestamp with time zone")),
        ("LONGBLOB", LogicalType(kind=Kind.BINARY, native="longblob")),
        ("INET", LogicalType(kind=Kind.OTHER, native="inet")),
    ],
)
def test_any_word_for_a_type_is_understood_as_well_as_it_can_be(
    connection: sa.Connection, declared: str, expected: LogicalType
) -> None:
    schema = read(connection, f"CREATE TABLE t (a {declared})")
    assert schema.tables["t"].column("a").type == expected


def test_a_text_column_that_must_be_json_is_json(connection: sa.Connection) -> None:
    table = read(
        connection, "CREATE TABLE t (a TEXT CHECK (json_valid(a)), b TEXT CHECK (json_valid(b) OR b = ''))"
    ).tables["t"]
    assert table.column("a").type == LogicalType(kind=Kind.JSON, native="text")
    assert table.column("b").type.kind is Kind.TEXT
    assert len(table.checks) == 1


def test_generated_columns_and_defaults_are_marked(connection: sa.Connection) -> None:
    table = read(
        connection, "CREATE TABLE t (a INT DEFAULT 3, b INT GENERATED ALWAYS AS (a * 2) STORED, c AS (a + 1))"
    ).tables["t"]
    assert table.column("a").default == "3"
    assert table.column("b").computed == "a * 2"
    assert table.column("c").computed == "a + 1"


def test_views_are_no_tables(connection: sa.Connection) -> None:
    assert list(read(connection, "CREATE TABLE t (a INT)", "CREATE VIEW v AS SELECT a FROM t").tables) == ["t"]


def test_odd_names_survive(connection: sa.Connection) -> None:
    names = ["order", "Mixed Case", "naïve", "a-b", "50%", "x:y", 'quo"te', "a.b", "(p)"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    for name, previous in zip(quoted, [quoted[-1], *quoted], strict=False):
        columns = ", ".join(f"{column} INT UNIQUE CHECK ({column} > 0)" for column in quoted)
        connection.exec_driver_sql(
            f"CREATE TABLE {name} ({columns}, id INTEGER PRIMARY KEY, fk INT REFERENCES {previous}(id))"
        )
    schema = read(connection)
    assert set(schema.tables) == set(names)
    for table in schema:
        assert [column.name for column in table.columns] == [*names, "id", "fk"]
        assert len(table.checks) == len(table.uniques) == len(names)
        assert len(table.foreign_keys) == 1


def test_an_attached_database_is_a_schema(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ATTACH ':memory:' AS other")
    connection.exec_driver_sql("CREATE TABLE other.p (id INTEGER PRIMARY KEY, k UUID CHECK (k <> ''))")
    connection.exec_driver_sql("CREATE TABLE other.c (p_id INT REFERENCES p)")
    schema = read_schema(connection, schema="other").schema
    assert set(schema.tables) == {"other.p", "other.c"}
    assert schema.tables["other.c"].foreign_keys[0].parent == "other.p"
    assert schema.tables["other.p"].column("k").type.kind is Kind.UUID
    assert len(schema.tables["other.p"].checks) == 1


def test_triggers_that_fire_on_insert_are_named(connection: sa.Connection) -> None:
    schema = read(
        connection,
        "CREATE TABLE t (a INT)",
        "CREATE TRIGGER b BEFORE INSERT ON t BEGIN SELECT 1; END",
        'CREATE TRIGGER "INSERT ON" AFTER UPDATE OF a ON t BEGIN INSERT INTO t VALUES (1); END',
        "CREATE TEMP TRIGGER c AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER a AFTER INSERT ON t WHEN new.a > 3 BEGIN SELECT 1; END",
    )
    assert schema.tables["t"].triggers == ("a", "b")


def test_a_default_that_calls_an_unknown_function_is_none(connection: sa.Connection) -> None:
    table = read(connection, "CREATE TABLE t (a TEXT DEFAULT (no_such('x')), b TEXT DEFAULT (upper('x')))").tables["t"]
    assert [column.default for column in table.columns] == [None, "upper('x')"]


def test_virtual_tables_and_those_behind_them_are_left_alone(tmp_path):
    engine = sqlite_engine(tmp_path / "t.db")
    execute(
        engine,
        "CREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL)",
        "CREATE VIRTUAL TABLE notes_fts USING fts5 (body)",
        "CREATE TABLE notes_fts_own (id integer PRIMARY KEY)",
        "CREATE TRIGGER added AFTER INSERT ON notes BEGIN"
        " INSERT INTO notes_fts (rowid, body) VALUES (NEW.id, NEW.body); END",
        "CREATE VIRTUAL TABLE boxes USING rtree (id, low, high)",
    )
    for mode in ("if_empty", "append"):
        report = syda.seed(engine, rows=20, mode=mode)
        assert report.rows == {"notes": 20, "notes_fts_own": 20}
    execute(engine, "INSERT INTO notes (body) VALUES ('hello again')")
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM notes_fts WHERE body MATCH 'hello'").scalar()
    assert found == 1
