"""What PostgreSQL and MariaDB say about their tables; skipped where no server answers."""

from __future__ import annotations

import os
import uuid
import warnings
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from syda.schema import Check, Kind, LogicalType, Schema, Unique, read_schema
from syda.schema.reflect_mysql import indexes_with_expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRESQL = os.environ.get("SYDA_TEST_POSTGRESQL", "postgresql+psycopg://root@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("SYDA_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/test")


def _fresh_database(url: str) -> Iterator[sa.Engine]:
    """Yield an engine for a database of its own, dropped afterwards."""
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"syda_{uuid.uuid4().hex}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.OperationalError:
        pytest.skip("no server")
    engine = sa.create_engine(server.url.set(database=name), poolclass=sa.NullPool)
    yield engine
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    server.dispose()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[sa.Engine]:
    yield from _fresh_database(POSTGRESQL)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[sa.Engine]:
    yield from _fresh_database(MARIADB)


POSTGRESQL_DDL = """
CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN email AS varchar(50);
CREATE SCHEMA other;
CREATE TABLE other.p (id int PRIMARY KEY);
CREATE TABLE part (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE part_2020 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE to_part (id serial PRIMARY KEY, p int, d date, FOREIGN KEY (p, d) REFERENCES part (id, d));
CREATE TABLE t (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, n positive, e email, pt point,
    ts timestamptz, a varchar(3)[], j jsonb, "50%" int CHECK ("50%" > 0 AND e <> ' :x'),
    g int GENERATED ALWAYS AS ("50%" * 2) STORED, b boolean DEFAULT true,
    o int REFERENCES other.p DEFERRABLE INITIALLY DEFERRED, UNIQUE NULLS NOT DISTINCT (m, n));
CREATE UNIQUE INDEX lowered ON t (lower(e), n DESC) WHERE b;
CREATE VIEW v AS SELECT 1 AS one;
"""


@pytest.fixture(scope="module")
def pg_schema(postgresql: sa.Engine) -> Schema:
    with postgresql.begin() as connection:
        if connection.dialect.server_version_info < (15,):  # type: ignore[operator]
            pytest.skip("NULLS NOT DISTINCT needs PostgreSQL 15")
        connection.exec_driver_sql(POSTGRESQL_DDL.replace("%", "%%"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_schema(postgresql).schema


def test_postgresql_tables_of_all_schemas_are_filled_but_no_partitions_and_views(pg_schema: Schema) -> None:
    assert list(pg_schema.tables) == ["part", "t", "to_part", "other.p"]
    assert not pg_schema.external
    assert pg_schema.dialect == "postgresql"
    assert [key.parent for key in pg_schema.tables["to_part"].foreign_keys] == ["part"]


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("m", LogicalType(kind=Kind.ENUM, values=("sad", "it's ok"), length=7, native="mood")),
        ("n", LogicalType(kind=Kind.INTEGER, bits=32, native="integer")),
        ("e", LogicalType(kind=Kind.TEXT, length=50, native="varchar")),
        ("pt", LogicalType(kind=Kind.OTHER, native="point")),
        ("ts", LogicalType(kind=Kind.DATETIME, timezone=True, native="timestamp with time zone")),
        (
            "a",
            LogicalType(
                kind=Kind.ARRAY, item=LogicalType(kind=Kind.TEXT, length=3, native="varchar"), native="varchar[]"
            ),
        ),
        ("j", LogicalType(kind=Kind.JSON, native="jsonb")),
    ],
)
def test_postgresql_types(pg_schema: Schema, column: str, type_: LogicalType) -> None:
    assert pg_schema.tables["t"].column(column).type == type_


def test_postgresql_columns_that_fill_themselves(pg_schema: Schema) -> None:
    table = pg_schema.tables["t"]
    assert (table.column("id").identity, table.column("id").autoincrement) == ("always", True)
    assert table.column("g").computed
    assert table.column("b").default == "true"
    assert not table.column("n").nullable
    assert pg_schema.tables["to_part"].column("id").autoincrement


def test_postgresql_constraints(pg_schema: Schema) -> None:
    table = pg_schema.tables["t"]
    assert Unique(name="t_m_n_key", columns=("m", "n"), nulls_not_distinct=True) in table.uniques
    lowered = next(unique for unique in table.uniques if unique.name == "lowered")
    assert (lowered.columns, lowered.predicate) == (("n",), "b")
    assert "lower(" in lowered.expressions[0]
    assert Check(expression='"n" > 0', dialect="postgres") in table.checks
    assert any("' :x'" in check.expression and '"50%" > 0' in check.expression for check in table.checks)
    key = table.foreign_key("o")
    assert (key.parent, key.deferrable, key.initially_deferred) == ("other.p", True, True)


def test_postgresql_named_schema(postgresql: sa.Engine, pg_schema: Schema) -> None:
    assert "other.p" in pg_schema.tables
    assert set(read_schema(postgresql, schema="other").schema.tables) == {"other.p"}


MARIADB_DDL = """
CREATE TABLE p (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, b TINYINT(1), s SET('a', 'b'), j JSON, pt POINT,
    v VARCHAR(10) CHECK (v <> ''), t TEXT, `50%%` INT, g INT AS (`50%%` + 1) STORED, y YEAR,
    UNIQUE (t(10)), CONSTRAINT ck CHECK (`50%%` > 3))
"""


@pytest.fixture(scope="module")
def my_schema(mariadb: sa.Engine) -> Schema:
    with mariadb.begin() as connection:
        connection.exec_driver_sql(MARIADB_DDL)
        connection.exec_driver_sql("CREATE TABLE c (id BIGINT PRIMARY KEY, p INT UNSIGNED REFERENCES p (id))")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_schema(mariadb).schema


def test_mariadb_types(my_schema: Schema) -> None:
    table = my_schema.tables["p"]
    assert table.column("b").type.kind is Kind.BOOLEAN
    assert table.column("s").type == LogicalType(kind=Kind.OTHER, values=("a", "b"), native="set")
    assert table.column("j").type == LogicalType(kind=Kind.JSON, native="longtext")
    assert table.column("pt").type == LogicalType(kind=Kind.OTHER, native="point")
    assert table.column("y").type.native == "year"
    assert (table.column("id").type.unsigned, table.column("id").autoincrement) == (True, True)
    assert not my_schema.tables["c"].column("id").autoincrement
    assert table.column("g").computed


def test_mariadb_constraints(my_schema: Schema) -> None:
    table = my_schema.tables["p"]
    assert set(table.checks) == {
        Check(name="ck", expression="`50%` > 3", dialect="mysql"),
        Check(expression="`v` <> ''", dialect="mysql"),
        Check(expression="`y` BETWEEN 1901 AND 2155", dialect="mysql"),
    }
    assert table.uniques == (Unique(name="t", expressions=("LEFT(`t`, 10)",)),)
    assert my_schema.tables["c"].foreign_keys[0].parent == "p"


def test_mariadb_triggers_that_fire_on_insert_are_named(mariadb_engine: sa.Engine) -> None:
    with mariadb_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        for name, when in (("b", "BEFORE INSERT"), ("a", "AFTER INSERT"), ("c", "BEFORE UPDATE")):
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} ON t FOR EACH ROW SET @x = 1")
    assert read_schema(mariadb_engine).schema.tables["t"].triggers == ("a", "b")


def test_mysql_indexes_of_expressions_keep_the_order_of_their_parts() -> None:
    parts = [
        ("one", "a", None, None),
        ("one", None, "lower(`b`)", None),
        ("two", None, r"concat(`a`,_utf8mb4\'x\')", None),
        ("two", "c", None, 10),
    ]
    assert indexes_with_expressions(parts) == [
        Unique(name="one", columns=("a",), expressions=("lower(`b`)",)),
        Unique(name="two", expressions=("concat(`a`,_utf8mb4'x')", "LEFT(`c`, 10)")),
    ]
