"""Rows whose conditions ask nothing of other rows are settled a part at a time: memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

import syda
from syda.errors import IntegrityError
from syda.generation.maker import Maker
from syda.generation.settling.settled import PART_ROWS, Parts
from syda.load.ddl import build_tables
from syda.sources.values import Values
from syda.streaming import make_stream

ROWS = 2 * PART_ROWS + 100


def bookings(*more: str) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("people", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(30)))
    sa.Table(
        "bookings",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("guest_id", sa.ForeignKey("people.id"), nullable=False),
        sa.Column("payer_id", sa.ForeignKey("people.id")),
        sa.Column("starts", sa.Date, nullable=False),
        sa.Column("ends", sa.Date, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("refund", sa.Numeric(10, 2)),
        sa.CheckConstraint("ends >= starts"),
        sa.CheckConstraint("kind BETWEEN 1 AND 5"),
        sa.CheckConstraint("(kind = 3) = (refund IS NOT NULL)"),
        sa.CheckConstraint("payer_id <> guest_id"),
        *map(sa.CheckConstraint, more),
    )
    return metadata


def planned(metadata: sa.MetaData, rows: int = ROWS, **options: Any) -> syda.Plan:
    return syda.plan(metadata, rows={"people": 50, "bookings": rows}, seed=4, **options)


def test_rows_are_settled_in_parts_and_hold_all_conditions() -> None:
    dataset = syda.generate(planned(bookings()))
    assert isinstance(Maker(dataset.plan).settled("bookings"), Parts)
    assert dataset.verify().ok
    frame = dataset.frames()["bookings"]
    assert len(frame) == ROWS
    assert set(frame.kind) == {1, 2, 3, 4, 5}
    assert 0 < frame.payer_id.isna().sum() < ROWS
    assert ((frame.kind == 3) == frame.refund.notna()).all()


def missing(values: Values) -> Any:
    return np.zeros(len(values), dtype=bool) if values.null is None else values.null


@pytest.mark.parametrize("block_size", [1_000, PART_ROWS + 1, 10 * PART_ROWS])
def test_the_block_size_changes_nothing(block_size: int) -> None:
    plan = planned(bookings())
    whole = syda.generate(plan).tables["bookings"].columns
    blocks = syda.generate(plan, block_size=block_size).tables["bookings"].columns
    for name, values in whole.items():
        null, other = (missing(each) for each in (values, blocks[name]))
        assert (null == other).all(), name
        assert (values.data[~null] == blocks[name].data[~null]).all(), name


def test_more_rows_leave_the_parts_before_as_they_are() -> None:
    fewer, more = (
        syda.generate(planned(bookings(), rows)).frames()["bookings"] for rows in (PART_ROWS + 10, 3 * PART_ROWS)
    )
    assert more[:PART_ROWS].equals(fewer[:PART_ROWS])


def test_a_row_that_nothing_makes_right_becomes_like_another() -> None:
    rare = "(guest_id * guest_id * 7919 + weight * kind * 104729) % 4001 = 5"
    plan = planned(bookings(rare), PART_ROWS + 2)
    assert isinstance(Maker(plan).settled("bookings"), Parts)
    dataset = syda.generate(plan)
    assert dataset.verify().ok
    frame = dataset.frames()["bookings"]
    assert ((frame.guest_id**2 * 7919 + frame.weight * frame.kind * 104729) % 4001 == 5).all()


@pytest.mark.parametrize("check", ["kind <> id + 4", "refund < id"])
def test_columns_that_may_not_change_are_settled_with_all_rows_at_hand(check: str) -> None:
    plan = planned(bookings(check), PART_ROWS + 2)
    assert not isinstance(Maker(plan).settled("bookings"), Parts)
    assert syda.generate(plan).verify().ok


def test_values_of_the_user_stay_and_are_found_to_break_the_condition() -> None:
    plan = planned(bookings(), overrides={"bookings.kind": syda.choice([3, 4]), "bookings.refund": syda.value(None)})
    assert isinstance(Maker(plan).settled("bookings"), Parts)
    with pytest.raises(IntegrityError, match="kind = 3"):
        syda.generate(plan)


def test_memory_does_not_grow_with_settled_rows() -> None:
    def peak(rows: int) -> int:
        stream = make_stream(planned(metadata, rows), {}, targets)
        tracemalloc.start()
        try:
            for block in stream._load("bookings", targets["bookings"]).blocks():
                del block
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    metadata = bookings()
    targets = build_tables(syda.plan(metadata).schema)
    peak(200_000)  # what is made once for the process
    assert peak(800_000) < 1.1 * peak(400_000)
