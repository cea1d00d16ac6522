"""Every type of MariaDB, filled and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import syda
from syda.quality.database import check_database
from syda.schema import read_schema

if TYPE_CHECKING:
    import sqlalchemy as sa

TYPES = """
inet4; inet6; uuid; point; geometry; polygon; linestring; multipoint; multilinestring; multipolygon;
geometrycollection; set('a','b','c'); enum('x','y'); year; int zerofill; json; bit(5); bit; bit(64); double unsigned;
decimal(5,0) unsigned; decimal(65,30); decimal(4,4); time; time(3); timestamp(6) default '2020-01-01'; datetime;
datetime(2); date; char(3); tinyint; tinyint unsigned; tinyint(1); smallint; smallint unsigned; mediumint;
mediumint unsigned; int; int unsigned; bigint; bigint unsigned; mediumtext; tinytext; text; longtext; varchar(40);
varbinary(3); binary(4); tinyblob; blob; mediumblob; longblob; nvarchar(5); float; float(7,3); double; real; bool;
varchar(20) character set latin1; varchar(30) collate utf8mb4_bin
"""
DECLARED = [declaration.strip() for declaration in " ".join(TYPES.split()).split(";")]


def test_every_type_is_filled_with_varied_values(mariadb_engine: sa.Engine) -> None:
    columns = [f"c{place} {declared} NOT NULL" for place, declared in enumerate(DECLARED)]
    columns += [f"m{place} {declared} NULL" for place, declared in enumerate(DECLARED)]
    more = "hidden int invisible, a int as (hidden + 1) virtual, b int as (hidden + 2) persistent"
    with mariadb_engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE t (id serial PRIMARY KEY, {', '.join(columns)}, {more})")
    for seed in range(3):
        syda.seed(mariadb_engine, rows=60, seed=seed, mode="append")
    counted = ", ".join(f"count(DISTINCT {name}{place})" for name in "cm" for place in range(len(DECLARED)))
    with mariadb_engine.connect() as connection:
        assert not check_database(connection, read_schema(connection).schema).violations
        row = connection.exec_driver_sql(f"SELECT {counted} FROM t").one()
    for declared, count in zip([*DECLARED, *DECLARED], row, strict=True):
        assert count > 1 or "default" in declared, declared


def test_unique_columns_of_native_types_do_not_run_out(mariadb_engine: sa.Engine) -> None:
    declared = [
        "inet4",
        " inet6",
        " uuid",
        " bit(20)",
        " binary(8)",
        " varbinary(6)",
        " datetime(3)",
        " decimal(12,4)",
        " year",
    ]
    columns = ", ".join(f"c{place} {text} NOT NULL UNIQUE" for place, text in enumerate(declared))
    with mariadb_engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE t (id serial PRIMARY KEY, {columns})")
    for seed in range(2):
        syda.seed(mariadb_engine, rows=60, seed=seed, mode="append")
    with mariadb_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 120
        assert not check_database(connection, read_schema(connection).schema).violations
