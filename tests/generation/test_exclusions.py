"""Rows are kept apart by exclusion constraints, whatever else their columns have to be; those there already count."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import syda
from syda.generation.settling.gaps import UNBOUNDED, Wish, overlapping, placed
from tests.generation.test_settling import create, table_rows

if TYPE_CHECKING:
    import sqlalchemy as sa

EXTENSION = "CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE TABLE room (id integer PRIMARY KEY);"

KEPT = {
    "columns within bounds": """lo int NOT NULL CHECK (lo BETWEEN 0 AND 1000), hi int NOT NULL CHECK (hi <= 1000),
        CHECK (lo < hi), EXCLUDE USING gist (int4range(lo, hi) WITH &&)""",
    "office hours": """s timestamptz NOT NULL, e timestamptz, CHECK (s < e),
        CHECK (extract(hour FROM s) BETWEEN 8 AND 18), EXCLUDE USING gist (tstzrange(s, e) WITH &&)""",
    "ranges that begin before a day": """during tstzrange NOT NULL, CHECK (lower(during) < '2024-06-01'),
        EXCLUDE USING gist (during WITH &&)""",
    "whole hours": """s timestamp NOT NULL, e timestamp NOT NULL, CHECK (date_trunc('hour', s) = s), CHECK (e > s),
        EXCLUDE USING gist (tsrange(s, e) WITH &&)""",
    "short stays": """room int NOT NULL REFERENCES room, s timestamptz NOT NULL, e timestamptz NOT NULL, CHECK (s < e),
        CHECK (e - s <= interval '4 hours'), CHECK (s >= '2024-01-01' AND e < '2024-03-01'),
        EXCLUDE USING gist (room WITH =, tstzrange(s, e) WITH &&)""",
    "closed days": """s date NOT NULL, e date, EXCLUDE USING gist (daterange(s, e, '[]') WITH &&)""",
    "numbers": """a numeric(8,2) NOT NULL, b numeric(8,2) NOT NULL, EXCLUDE USING gist (numrange(a, b) WITH &&)""",
    "ranges of numbers": """v numrange NOT NULL, EXCLUDE USING gist (v WITH &&)""",
    "one floor per room": """room int NOT NULL REFERENCES room, floor int NOT NULL CHECK (floor BETWEEN 1 AND 9),
        EXCLUDE USING gist (room WITH =, floor WITH <>)""",
    "equal texts": """a text NOT NULL, EXCLUDE USING btree (lower(a) WITH =)""",
}


@pytest.fixture
def engine(postgresql_engine: sa.Engine) -> sa.Engine:
    return postgresql_engine


@pytest.mark.parametrize("columns", KEPT.values(), ids=KEPT)
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_all_rows_find_room(columns: str, engine: sa.Engine) -> None:
    create(engine, f"{EXTENSION} CREATE TABLE t (id integer PRIMARY KEY, {columns})")
    for seed in range(2):
        report = syda.seed(engine, rows=30, mode="append", seed=seed)
        assert not report.notes
    assert len(table_rows(engine)) == 60
    assert syda.check(engine).ok


def test_rows_that_the_predicate_leaves_out_stay_as_they_are_and_nulls_remain(engine: sa.Engine) -> None:
    columns = "room int NOT NULL CHECK (room = 1), during daterange, cancelled boolean NOT NULL"
    constraint = "EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled)"
    create(engine, f"{EXTENSION} CREATE TABLE t (id integer PRIMARY KEY, {columns}, {constraint})")
    syda.seed(engine, rows={"t": 60}, seed=2)
    rows = table_rows(engine)
    assert len(rows) == 60
    assert any(row["during"] is None for row in rows)
    assert {row["cancelled"] for row in rows} == {True, False}


def test_rows_without_room_are_left_out_and_told(engine: sa.Engine) -> None:
    columns = "n int4range NOT NULL CHECK (lower(n) >= 0 AND upper(n) <= 10), EXCLUDE USING gist (n WITH &&)"
    create(engine, f"{EXTENSION} CREATE TABLE t (id integer PRIMARY KEY, {columns})")
    report = syda.seed(engine, rows=30)
    assert 5 <= len(table_rows(engine)) <= 10
    assert "EXCLUDE (n WITH &&)" in report.notes[0]


def numbers(*items: int) -> np.ndarray:
    return np.array(items, dtype=np.int64)


def test_what_overlaps_a_fixed_range_or_an_earlier_one():
    group, start, end = numbers(1, 1, 1, 2, 1), numbers(10, 0, 5, 5, 20), numbers(20, 6, 11, 9, UNBOUNDED)
    fixed = np.array([True, False, False, False, False])
    assert overlapping((group, start, end), fixed).tolist() == [False, False, True, False, False]


def test_an_open_range_before_others_is_the_one_that_is_in_the_way():
    found = overlapping((numbers(1, 1), numbers(0, 5), numbers(UNBOUNDED, 9)), np.zeros(2, dtype=bool))
    assert found.tolist() == [True, False]


def test_ranges_are_put_into_the_next_gap_and_cut_off_there():
    others = (numbers(1, 1), numbers(0, 14), numbers(10, 20))
    start, end = placed(others, (numbers(1, 1, 2), numbers(3, 3, 3), numbers(8, 8, 8)), Wish(2, 7, 0, 1))
    assert start.tolist() == [10, 20, 3]
    assert end.tolist() == [14, 28, 11]


def test_before_a_range_without_an_end_there_is_room():
    start, end = placed(
        (numbers(1), numbers(50), numbers(UNBOUNDED)), (numbers(1), numbers(60), numbers(5)), Wish(1, 7, 0, 1)
    )
    assert (start.tolist(), end.tolist()) == ([45], [50])


RANGES = st.lists(st.tuples(st.integers(0, 2), st.integers(-50, 50), st.integers(1, 30)), max_size=25)


@given(RANGES, RANGES, st.integers(1, 9), st.integers(0, 3), st.integers(0, 5))
def test_placed_ranges_overlap_nothing_and_are_not_too_short(others, wanted, least, attempt, key):
    there: list[tuple[int, int, int]] = []
    for group, low, length in others:
        if all(group != each or low >= high or low + length <= start for each, start, high in there):
            there.append((group, low, low + length))
    groups = [group for group, _, _ in wanted]
    lengths = [max(least, length) for _, _, length in wanted]
    given_ = (numbers(*(each[0] for each in there)), numbers(*(each[1] for each in there)))
    start, end = placed(
        (*given_, numbers(*(each[2] for each in there))),
        (numbers(*groups), numbers(*(low for _, low, _ in wanted)), numbers(*lengths)),
        Wish(least, 7, attempt, key),
    )
    assert (end - start >= least).all()
    assert (end - start <= numbers(*lengths)).all()
    together = sorted([*there, *zip(groups, start.tolist(), end.tolist(), strict=True)])
    assert all(one[0] != two[0] or one[2] <= two[1] for one, two in itertools.pairwise(together))


def test_many_ranges_stay_within_the_years_that_are_known(engine: sa.Engine) -> None:
    create(engine, "CREATE TABLE t (id integer PRIMARY KEY, r tstzrange NOT NULL, EXCLUDE USING gist (r WITH &&))")
    assert syda.seed(engine, rows=4_000).rows["t"] == 4_000
    with engine.connect() as connection:
        last = connection.exec_driver_sql("SELECT max(upper(r)) < '2100-01-01' FROM t").scalar()
    assert last
