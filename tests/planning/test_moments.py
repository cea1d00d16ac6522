"""Moments and amounts of one row are in the order that their names say, in whatever order the columns stand."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from tests.sources.rows import made, rows_of

CHAINS = [
    # table, columns of which each comes after the one before
    ("invoices", ("created_at", "issued_on", "paid_at", "updated_at")),
    ("invoices", ("issued_on", "due_on")),
    ("invoices", ("created_at", "invoice_date", "due_date")),
    ("deals", ("published_at", "expires_at")),
    ("deals", ("created_at", "valid_from", "valid_until")),
    ("events", ("starts_at", "ends_at")),
    ("accounts", ("opened_on", "closed_on")),
    ("tickets", ("created_at", "opened_at", "escalated_at", "closed_at")),
    ("orders", ("ordered_on", "shipped_at", "delivered_at")),
    ("orders", ("placed_at", "paid_at", "shipped_on", "delivered_on", "updated_at")),
    ("employees", ("hired_on", "left_on")),
    ("stays", ("booked_at", "check_in", "check_out")),
    ("leaves", ("requested_at", "approved_at", "updated_at")),
    ("leaves", ("requested_on", "start_date", "end_date")),
    ("people", ("born_on", "died_on")),
    ("patients", ("date_of_birth", "date_of_death")),
    ("parcels", ("sent_at", "received_at")),
    ("loans", ("borrowed_on", "due_on")),
    ("loans", ("borrowed_on", "returned_on")),
    ("claims", ("submitted_at", "approved_at", "completed_at")),
    ("subscriptions", ("created_at", "activated_at", "cancelled_at")),
    ("backfills", ("created_at", "from_date", "to_date")),
    ("transfers", ("created_at", "staging_started_at", "staging_finished_at", "updated_at")),
    ("annotations", ("start_dttm", "end_dttm")),
    ("revisions", ("revision_start", "revision_end")),
    ("posts", ("created_at", "published_at", "archived_at")),
]


def whole(value: Any) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


@given(st.data(), st.sampled_from(CHAINS), st.booleans())
@settings(max_examples=60, deadline=None)
def test_moments_are_in_the_order_that_their_names_say(
    data: st.DataObject, chain: tuple[str, tuple[str, ...]], optional: bool
) -> None:
    table, names = chain
    shuffled = data.draw(st.permutations(names))
    metadata = sa.MetaData()
    columns = [
        sa.Column(name, sa.DateTime() if name.endswith("_at") else sa.Date(), nullable=optional and name == names[-1])
        for name in shuffled
    ]
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    for row in rows_of(syda.generate(metadata, rows=40), table):
        listed = [whole(row[name]) for name in names if row[name] is not None]
        assert all(one <= other or other == whole(one.date()) for one, other in pairwise(listed))
        assert max(listed) - min(listed) < dt.timedelta(days=100 * 366)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("discount_price", "price"),
        ("sale_price", "price"),
        ("cost_price", "price"),
        ("wholesale_price", "retail_price"),
        ("discounted_price", "list_price"),
        ("price", "msrp"),
        ("price", "list_price"),
        ("min_price", "max_price"),
        ("price_from", "price_to"),
        ("low", "high"),
        ("minimum_age", "maximum_age"),
        ("start_year", "end_year"),
        ("start_page", "end_page"),
        ("from_floor", "to_floor"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_are_in_the_order_that_their_names_say(low: str, high: str, turned: bool) -> None:
    metadata = sa.MetaData()
    names = (high, low) if turned else (low, high)
    type_ = sa.Numeric(10, 2) if "price" in low else sa.Integer()
    columns = [sa.Column(name, type_, nullable=False) for name in names]
    sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    assert all(row[low] <= row[high] for row in rows_of(syda.generate(metadata, rows=200), "products"))


def test_a_schedule_may_be_paid_before_or_after_it_takes_place() -> None:
    metadata = sa.MetaData()
    columns = [
        sa.Column(name, sa.DateTime(), nullable=False) for name in ("created_at", "starts_at", "ends_at", "paid_at")
    ]
    sa.Table("bookings", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    rows = rows_of(syda.generate(metadata, rows=200), "bookings")
    assert 0 < sum(row["paid_at"] < row["starts_at"] for row in rows) < 200
    assert all(row["created_at"] <= min(row["starts_at"], row["paid_at"]) for row in rows)


def test_numbers_of_nodes_are_no_range() -> None:
    columns = {"from_node": "integer", "to_node": "integer"}
    rows = made(columns, rows=200)
    assert 20 < sum(row["from_node"] <= row["to_node"] for row in rows) < 180


def test_a_start_that_the_database_could_fill_in_is_made_where_an_end_follows_it() -> None:
    now, metadata = sa.func.now(), sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("starts", sa.DateTime, server_default=now),
        sa.Column("ends", sa.DateTime, nullable=False),
        sa.Column("touched", sa.DateTime, server_default=now),
    )
    rows = syda.generate(metadata, rows=50, seed=1).frames()["t"]
    assert (rows["starts"] <= rows["ends"])[rows["starts"].notna()].all()
    assert "touched" not in rows or rows["touched"].isna().all()
