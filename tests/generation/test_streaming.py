"""Rows that are made a block at a time are those that are made at once, and take no memory for their number."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import sqlalchemy as sa

import syda
from syda.generation.cardinality import Children
from syda.generation.lifetime import needed_for
from syda.generation.maker import Maker
from syda.load.ddl import build_tables
from syda.planning.model import Cardinality
from syda.streaming import make_stream
from tests.shop import Base

SHAPES = [
    Cardinality(low=0, high=3),
    Cardinality(shape="poisson", mean=1.5),
    Cardinality(shape="geometric", mean=0.7),
    Cardinality(shape="zipf", mean=2.0),
]


def items() -> sa.MetaData:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("orders", metadata, key, sa.Column("placed", sa.Date, nullable=False))
    sa.Table(
        "items",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("before_id", sa.ForeignKey("items.id")),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("code", sa.String(30), unique=True),
    )
    return metadata


@pytest.mark.parametrize("cardinality", SHAPES, ids=lambda each: each.shape)
def test_children_of_a_block_are_those_of_the_whole(cardinality: Cardinality, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Children(cardinality, key=7, first=5, total=1_000)
    monkeypatch.setattr("syda.generation.cardinality._PARENTS", 13)
    pieces = Children(cardinality, key=7, first=5, total=1_000)
    assert pieces.rows == whole.rows
    parents = np.concatenate([pieces.parents(at, min(at + 10, whole.rows)) for at in range(0, whole.rows, 10)])
    places = np.concatenate([pieces.ordinals(at, min(at + 10, whole.rows)) for at in range(0, whole.rows, 10)])
    assert (parents == whole.parents(0, whole.rows)).all()
    assert (places == whole.ordinals(0, whole.rows)).all()
    assert (np.diff(parents) >= 0).all()


def test_parents_of_a_block_are_those_of_the_whole() -> None:
    plan = syda.plan(Base, rows={"Customer": 50, "Order": 300, "Order.customer": syda.zipf()}, seed=3)
    whole, pieces = Maker(plan), Maker(plan)
    for table in plan.schema:
        for link in table.foreign_keys:
            expected = whole.link(table.key, link.name)
            rows = len(expected)
            blocks = [pieces.parents(table.key, link.name, at, min(at + 7, rows)) for at in range(0, rows, 7)]
            assert (np.concatenate(blocks) == expected).all(), (table.key, link.name)


def test_a_table_is_needed_while_others_are_made_of_it() -> None:
    plan = syda.plan(Base)
    assert needed_for(plan, ["order_items"]) == {"order_items", "orders", "products", "categories", "customers"}
    assert needed_for(plan, []) == set()


def test_what_was_forgotten_is_made_again() -> None:
    plan = syda.plan(Base, rows=60, seed=2)
    maker = Maker(plan)
    before = maker.column("order_items", "unit_price")
    maker.forget(plan.tables.keys())
    assert (maker.column("order_items", "unit_price").data == before.data).all()


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        plan = syda.plan(metadata, rows={"orders": rows // 4, "items": rows})
        tracemalloc.start()
        try:
            stream = make_stream(plan, {}, targets)
            for key in stream.tables:
                for block in stream._load(key, targets[key]).blocks():
                    del block
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    metadata = items()
    targets = build_tables(syda.plan(metadata).schema)
    peak(200_000)  # what is made once for the process
    assert peak(1_200_000) < 1.25 * peak(300_000)
