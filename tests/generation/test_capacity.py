"""Tables get as many rows as their keys and unique sets leave room for, and the note says what does not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import syda
from tests.databases import sqlite_engine
from tests.generation.test_settling import create, table_rows


def test_all_letters_are_used_before_rows_are_left_out(postgresql_engine: sa.Engine) -> None:
    create(postgresql_engine, "CREATE TABLE t (id integer PRIMARY KEY, c char(1) NOT NULL UNIQUE)")
    syda.seed(postgresql_engine, rows={"t": 62})
    assert len({row["c"] for row in table_rows(postgresql_engine)}) == 62


def test_case_does_not_tell_codes_apart_where_it_does_not_count(mariadb_engine: sa.Engine) -> None:
    create(mariadb_engine, "CREATE TABLE t (id integer PRIMARY KEY, c char(1) NOT NULL UNIQUE)")
    report = syda.seed(mariadb_engine, rows=50)
    assert len(table_rows(mariadb_engine)) == 36
    assert report.notes == ("t: 36 rows instead of 50: (c) must be unique",)


def test_texts_that_repeat_once_they_are_cut_off_are_written_anew() -> None:
    engine = sqlite_engine()
    columns = "a text COLLATE NOCASE UNIQUE NOT NULL CHECK (length(a) BETWEEN 3 AND 5)"
    create(engine, f"CREATE TABLE t (id integer PRIMARY KEY, {columns})")
    syda.seed(engine, rows={"t": 40})
    assert len({row["a"].lower() for row in table_rows(engine)}) == 40


def test_texts_whose_first_letters_must_differ(mariadb_engine: sa.Engine) -> None:
    create(mariadb_engine, "CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL, UNIQUE (a(10)))")
    syda.seed(mariadb_engine, rows={"t": 40})
    texts = [row["a"] for row in table_rows(mariadb_engine)]
    assert len({text[:10].lower() for text in texts}) == 40
    assert all(" " in text for text in texts)


@pytest.mark.parametrize("highest", [32_767, 32_760])
def test_numbers_below_the_highest_are_used_when_the_type_has_no_more(
    highest: int, postgresql_engine: sa.Engine
) -> None:
    create(postgresql_engine, f"CREATE TABLE t (id smallint PRIMARY KEY); INSERT INTO t VALUES ({highest})")
    syda.seed(postgresql_engine, rows={"t": 20}, mode="append")
    numbers = [row["id"] for row in table_rows(postgresql_engine)]
    assert len(numbers) == 21
    assert min(numbers) > 0


def test_the_note_says_that_parents_are_too_few() -> None:
    metadata = sa.MetaData()
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("c", metadata, sa.Column("p_id", sa.ForeignKey("p.id"), primary_key=True))
    (note,) = syda.plan(metadata, rows={"p": 5}).tables["c"].notes
    assert note.endswith("(p_id) must be unique, and p has 5 rows")


def test_the_note_names_only_the_condition_that_rows_break(postgresql_engine: sa.Engine) -> None:
    columns = "a int NOT NULL CHECK (a > 0), b text CHECK (length(b) > 3), c int4range CHECK (lower(c) = upper(c))"
    create(postgresql_engine, f"CREATE TABLE t (id integer PRIMARY KEY, {columns}, CHECK (c IS NOT NULL))")
    (note,) = syda.seed(postgresql_engine, rows=10).notes
    assert "lower(c) = upper(c)" in note
    assert "length" not in note


@pytest.mark.parametrize("name", ["flag", "code", "letter", "grade"])
def test_few_rows_have_the_room_of_all_letters_and_digits(name: str) -> None:
    """Further rows, with other seeds, may need what these leave."""
    metadata = sa.MetaData()
    column = sa.Column(name, sa.String(1), unique=True, nullable=False)
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), column)
    seen = {value for seed in range(60) for value in syda.generate(metadata, rows=8, seed=seed).frames()["t"][name]}
    assert len(seen) >= 36
