"""What follows from a parent: a line's price is that of its product, and nothing is older than what it belongs to."""

from datetime import datetime

import pytest
import sqlalchemy as sa

import syda
from syda.demo import Base


def lines(price, unit_price, *, product_id="Product.id", extra=()):
    schema = {
        "Product": {"id": "integer", "name": "text", **price},
        "Line": {"id": "integer", "product_id": product_id, "quantity": "integer", **unit_price, **dict(extra)},
    }
    return syda.generate(schema, rows={"Product": 5, "Line": 60}).frames()


MONEY = {"type": "decimal", "precision": 10, "scale": 2}


@pytest.mark.parametrize("name", ["price", "unit_price", "price_each", "price_at_purchase"])
def test_a_line_has_the_price_of_its_product(name):
    frames = lines({"list_price": MONEY}, {name: MONEY})
    joined = frames["Line"].merge(frames["Product"], left_on="product_id", right_on="id")
    assert (joined[name] == joined["list_price"]).all()
    assert joined[name].nunique() > 1


def test_totals_follow_from_the_price_of_the_product():
    frames = lines({"price": MONEY}, {"unit_price": MONEY}, extra={"line_total": MONEY})
    line = frames["Line"]
    assert ((line["quantity"] * line["unit_price"] - line["line_total"]).abs() < 0.005).all()


@pytest.mark.parametrize(
    ("price", "unit_price"),
    [
        ({"price": {**MONEY, "nullable": True}}, {"unit_price": MONEY}),
        ({"price": {**MONEY, "precision": 14}}, {"unit_price": MONEY}),
        ({"price": "integer"}, {"unit_price": MONEY}),
        ({"cost_centre": "integer"}, {"unit_price": MONEY}),
    ],
)
def test_a_price_that_would_not_fit_is_made_on_its_own(price, unit_price):
    line = lines(price, unit_price)["Line"]
    assert (line["unit_price"] > 0).all()
    assert line["unit_price"].nunique() > 10


def test_no_row_is_older_than_the_parents_that_it_needs():
    frames = syda.generate(
        Base, rows={"Customer": 40, "Product": 30, "Order": 300, "Contact": 60, "OrderItem": 400}
    ).frames()
    customers = frames["customers"].set_index("id")["created_at"]
    for child in ("orders", "contacts"):
        assert (frames[child]["created_at"] >= frames[child]["customer_id"].map(customers)).all()
        assert frames[child]["created_at"].max() <= datetime(2026, 1, 1)


def test_rows_of_a_circle_do_not_wait_for_each_other():
    metadata = sa.MetaData()
    for name, other in (("a", "b"), ("b", "a")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("created_at", sa.DateTime, nullable=False),
            sa.Column(
                "other_id",
                sa.ForeignKey(f"{other}.id", use_alter=True, name=f"fk_{name}", deferrable=True, initially="DEFERRED"),
                nullable=False,
            ),
        )
    assert syda.generate(metadata, rows=20).rows == {"a": 20, "b": 20}
