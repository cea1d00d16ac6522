"""What is made follows what the user gives: moments before and after it, numbers above and below it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.sources.moment import Before, Moment
from syda.sources.scalar import Choice, Number
from tests.sources.rows import rows_of as rows_as_dicts

ORDERED = [
    # columns in the order in which they happen
    ("created_at", "updated_at"),
    ("created_at", "starts_at", "ends_at"),
    ("ordered_at", "shipped_at", "delivered_at"),
    ("start_date", "end_date"),
    ("created_at", "published_at", "expires_at"),
    ("requested_at", "approved_at", "completed_at", "updated_at"),
    ("hired_on", "left_on"),
]
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2035, 12, 31))


def metadata_of(names: tuple[str, ...], checks: list[str], *, kinds: dict[str, Any] | None = None) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [
        sa.Column(name, (kinds or {}).get(name, sa.Date() if name.endswith(("_on", "_date")) else sa.DateTime()))
        for name in names
    ]
    for column in columns:
        column.nullable = False
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, *map(sa.CheckConstraint, checks))
    return metadata


def rows_of(metadata: sa.MetaData, overrides: dict[str, Any], rows: int = 15) -> list[dict[str, Any]]:
    (table,) = metadata.tables
    given_here = {f"{table}.{name}": value for name, value in overrides.items()}
    return rows_as_dicts(syda.generate(metadata, rows=rows, overrides=given_here), table)


def moments(row: dict[str, Any], names: tuple[str, ...]) -> Iterator[dt.datetime]:
    for name in names:
        value = row[name]
        yield value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


@given(st.data(), st.sampled_from(ORDERED), DATES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_moments_follow_the_one_that_is_given(
    data: st.DataObject, names: tuple[str, ...], day: dt.date, checked: bool
) -> None:
    name = data.draw(st.sampled_from(names))
    checks = [f"{one} <= {other}" for one, other in pairwise(names)] if checked else []
    value = day if name.endswith(("_on", "_date")) else dt.datetime.combine(day, dt.time(12))
    for row in rows_of(metadata_of(names, checks), {name: value}):
        assert row[name] == value
        assert list(moments(row, names)) == sorted(moments(row, names))


@pytest.mark.parametrize(
    "source",
    [Moment(low="2010-01-01", high="2012-01-01"), Choice(values=(dt.datetime(2011, 1, 1), dt.datetime(2030, 1, 1)))],
)
@pytest.mark.parametrize("names", [("starts_at", "ends_at"), ("xx", "yy")])
@pytest.mark.parametrize("which", [0, 1])
def test_moments_follow_sources_that_the_user_gives(source: Any, names: tuple[str, ...], which: int) -> None:
    low, high = names
    rows = rows_of(metadata_of(names, [f"{high} > {low}"]), {names[which]: source}, rows=60)
    assert len(rows) == 60
    assert all(row[low] < row[high] for row in rows)


@pytest.mark.parametrize("which", ["low", "high"])
@pytest.mark.parametrize("value", [-5, 0, 3, 10**6, Choice(values=(-7, 5000)), Number(low=-900, high=-800)])
def test_numbers_follow_what_is_given(which: str, value: Any) -> None:
    kinds = {"low": sa.Integer(), "high": sa.Integer()}
    rows = rows_of(metadata_of(("low", "high"), ["low <= high"], kinds=kinds), {which: value}, rows=40)
    assert all(row["low"] <= row["high"] for row in rows)


def test_a_check_is_read_with_the_values_that_are_given() -> None:
    kinds = {"used": sa.Integer(), "room": sa.Integer(), "kind": sa.String(9)}
    checks = ["used * 2 < room + 1", "(kind = 'small') = (room < 10)"]
    rows = rows_of(metadata_of(("used", "room", "kind"), checks, kinds=kinds), {"kind": "small"})
    assert all(row["room"] < 10 and row["used"] * 2 < row["room"] + 1 for row in rows)


def test_a_function_may_still_ask_for_what_would_have_followed() -> None:
    rows = rows_of(
        metadata_of(("starts_at", "ends_at"), ["ends_at > starts_at"]),
        {"ends_at": lambda row, column: row["starts_at"] + dt.timedelta(hours=1)},
    )
    assert all(row["ends_at"] - row["starts_at"] == dt.timedelta(hours=1) for row in rows)


@pytest.mark.parametrize("sets", [("doctor", "starts_at"), ("starts_at",), ("doctor", "starts_at", "room")])
def test_a_moment_that_is_distinct_keeps_its_relations(sets: tuple[str, ...]) -> None:
    metadata = sa.MetaData()
    sa.Table("doctors", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "appointments",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("doctor", sa.ForeignKey("doctors.id"), nullable=False),
        sa.Column("room", sa.Integer, nullable=False),
        sa.Column("starts_at", sa.DateTime, nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint(*sets),
    )
    rows = rows_as_dicts(syda.generate(metadata, rows=200), "appointments")
    assert all(row["created_at"] <= row["starts_at"] < row["ends_at"] for row in rows)
    assert all(row["ends_at"] - row["starts_at"] < dt.timedelta(hours=12) for row in rows)


def test_the_plan_says_what_comes_before_what_and_is_read_again() -> None:
    metadata = metadata_of(("created_at", "starts_at", "ends_at"), [])
    plan = syda.plan(metadata, rows=5, overrides={"t.ends_at": dt.datetime(2023, 6, 1)})
    assert isinstance(plan.tables["t"].columns["starts_at"].source, Before)
    assert "before ends_at" in plan.explain()
    assert syda.Plan.from_yaml(plan.to_yaml()).fingerprint == plan.fingerprint
