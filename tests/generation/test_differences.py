"""CHECKs on how far two columns of a row are from one another: all rows, varied ones, and the seed alone decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

import syda
from syda.generation.settling.offsets import differences_of
from syda.planning.checks import parse
from syda.schema.model import Column, Kind, LogicalType, Table
from syda.sources.scalar import Constant
from tests.databases import sqlite_engine
from tests.generation.test_settling import create, table_rows

_P, _M, _S = ("postgresql",), ("mariadb",), ("sqlite",)
_ALL = (*_P, *_M, *_S)
_DATES, _MOMENTS = "a date NOT NULL, b date NOT NULL", "a timestamptz NOT NULL, b timestamptz NOT NULL"
_INTEGERS = "a integer NOT NULL, b integer NOT NULL"
CLASSES = (
    (_DATES, "b <= a - interval '16 years'", _P),
    (_DATES, "a >= b + interval '16 years'", _P),
    ("hired date NOT NULL, birth date NOT NULL", "birth <= hired - interval '16 years'", _P),
    ("hired date, birth date", "birth IS NULL OR birth + interval '16 years' <= hired", _P),
    (_DATES, "age(a, b) >= interval '18 years'", _P),
    (_DATES, "b - a BETWEEN 30 AND 60", _P),
    (_DATES, "b = a + interval '1 month'", _P),
    (_DATES, "b > a + make_interval(weeks => 3) AND b - a < 40", _P),
    (_DATES, "date_part('year', age(b, a)) >= 18", _P),
    (_DATES, "extract(year FROM b) - extract(year FROM a) BETWEEN 2 AND 3", _P),
    ("a numeric NOT NULL, b numeric NOT NULL", "a - b < 1e30 AND a - b > 12.5", _P),
    (_MOMENTS, "b < a - interval '3 years'", _P),
    ("s timestamptz NOT NULL, t timestamptz NOT NULL", "t - s BETWEEN interval '15 min' AND interval '8 hours'", _P),
    ("s timestamp NOT NULL, t timestamp NOT NULL", "t - s >= interval '1 day 02:30:00'", _P),
    (_MOMENTS, "extract(epoch FROM (b - a)) / 60 BETWEEN 5 AND 90", _P),
    ("s time NOT NULL, t time NOT NULL", "t >= s + interval '1 hour' AND t - s <= interval '9 hours'", _P),
    ("s timestamp NOT NULL, t date NOT NULL", "t - s BETWEEN interval '3 days' AND interval '20 days'", _P),
    (_MOMENTS, "b < a OR b - a BETWEEN interval '300 days' AND interval '301 days'", _P),
    ("e integer NOT NULL, s integer NOT NULL", "e - s BETWEEN 5 AND 10", _ALL),
    (_INTEGERS, "b < a AND a - b < 4", _ALL),
    (_INTEGERS, "a > b + 1000000", _ALL),
    ("a integer NOT NULL, b integer NOT NULL, c integer NOT NULL", "a + 5 <= b AND b + 5 <= c AND c <= b + 9", _ALL),
    ("a numeric(12, 2) NOT NULL, b numeric(12, 4) NOT NULL", "a - b BETWEEN 0.5 AND 2.25", _ALL),
    ("a double precision NOT NULL, b double precision NOT NULL", "a - b BETWEEN 0.5 AND 0.75", _ALL),
    (_DATES, "b >= a + interval 16 year", _M),
    (_DATES, "datediff(b, a) BETWEEN 1 AND 14", _M),
    (_DATES, "timestampdiff(YEAR, a, b) >= 16", _M),
    ("a datetime NOT NULL, b datetime NOT NULL", "timestampdiff(MINUTE, a, b) BETWEEN 10 AND 90", _M),
    (_DATES, "julianday(b) - julianday(a) BETWEEN 1 AND 14", _S),
    ("a timestamp NOT NULL, b timestamp NOT NULL", "julianday(b) - julianday(a) BETWEEN 1 AND 14", _S),
    (_DATES, "b >= date(a, '+16 years')", _S),
    (_DATES, "strftime('%Y', b) - strftime('%Y', a) BETWEEN 2 AND 3", _S),
)
CASES = [pytest.param(*each[:2], on, id=f"{each[1]} on {on}") for each in CLASSES for on in each[2]]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    found = sqlite_engine() if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_engine")
    yield found
    found.dispose()


@pytest.mark.parametrize(("columns", "check", "engine"), CASES, indirect=["engine"])
def test_all_rows_are_made_and_vary(columns: str, check: str, engine: sa.Engine) -> None:
    create(engine, f"CREATE TABLE t (id integer PRIMARY KEY, {columns}, CHECK ({check}))")
    syda.seed(engine, rows=100, seed=3)
    rows = table_rows(engine)
    assert len(rows) == 100
    varied = {repr({name: value for name, value in row.items() if name != "id"}) for row in rows}
    assert len(varied) >= 50
    again, small = (syda.generate(engine, rows=100, seed=3, block_size=size) for size in (1_000, 7))
    for name, values in again.tables["t"].columns.items():
        assert repr(values.data.tolist()) == repr(small.tables["t"].columns[name].data.tolist())


@pytest.mark.parametrize("check", ["a < b", "a - b <> 5", "a + b < 5", "a * 2 < b + 3", "a - 7 <= 5", "a - b < c"])
def test_what_bounds_no_difference_is_left_to_other_changes(check: str) -> None:
    whole = LogicalType(kind=Kind.INTEGER)
    table = Table(name="t", columns=tuple(Column(name=name, type=whole) for name in "abc"))
    assert differences_of([parse(check, "postgres")], table) == []


@pytest.mark.parametrize("given", ["hired", "birth"])
def test_what_the_user_gives_stays_and_the_other_column_moves(given: str, postgresql_engine: sa.Engine) -> None:
    create(
        postgresql_engine,
        "CREATE TABLE t (id integer PRIMARY KEY, hired date, birth date, CHECK (birth <= hired - interval '16 years'))",
    )
    syda.seed(postgresql_engine, rows=60, seed=3, overrides={f"t.{given}": Constant(value="2001-05-06")})
    rows = table_rows(postgresql_engine)
    assert {row[given] for row in rows} == {date(2001, 5, 6)}
    assert len({(row["hired"], row["birth"]) for row in rows}) >= 30


_GRADED = "CREATE FUNCTION is_fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0'"


def _with_function() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer, nullable=False))
    metadata.tables["t"].append_constraint(sa.CheckConstraint("is_fine(a)"))
    return metadata


def test_a_check_that_only_the_database_can_evaluate_is_noted() -> None:
    noted = syda.generate(_with_function(), rows=9).notes
    assert noted == ("t: CHECK (is_fine(a)) not checked: only the database can evaluate it",)


def test_nothing_is_noted_of_a_check_that_the_database_has_evaluated(postgresql_engine: sa.Engine) -> None:
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql(_GRADED)
    _with_function().create_all(postgresql_engine)
    assert syda.seed(postgresql_engine, rows=9).notes == ()
