"""Rules that a user gives hold in the database, also of tables made while they are loaded and beside rows there."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.errors import IntegrityError
from syda.sources.derived import Share
from syda.sources.totals import Tally
from syda.sources.values import Values
from tests.databases import dump, sqlite_engine, sqlite_violations
from tests.trade import RULES, Base, Order

ROWS = {"Customer": 40, "Product": 20, "Order": 120, "Item": 300, "Transfer": 5}
BROKEN = {
    "total": """select count(*) from orders as o where abs(total -
        coalesce((select sum(quantity * unit_price) from items where order_id = o.id), 0)) > 0.001""",
    "lines": "select count(*) from orders as o where lines <> (select count(*) from items where order_id = o.id)",
    "last_order": """select count(*) from customers as c
        where last_order is not (select max(ordered) from orders where customer_id = c.id)""",
    "unit_price": """select count(*) from items join products as p on p.id = product_id
        where abs(unit_price - p.price) > 0.1 * p.price + 0.01""",
    "ordered": """select count(*) from orders join customers as c on c.id = customer_id
        where julianday(ordered) - julianday(date(c.created_at)) not between 2 and 60""",
    "dates": """select count(*) from orders where (paid_at is not null) <> (status in ('paid', 'shipped'))
        or (shipped_at is not null) <> (status = 'shipped') or (cancelled_at is not null) <> (status = 'cancelled')
        or shipped_at < paid_at or paid_at < ordered""",
    "city": """select count(*) from customers where city not in ('Paris', 'Lyon', 'Berlin', 'Bonn', 'elsewhere')
        or (city in ('Paris', 'Lyon')) <> (coalesce(country, '') = 'FR')""",
    "note": """select count(*) from orders join customers as c on c.id = customer_id
        where note like '% wants a %' and note not like c.name || ' wants a %'""",
}


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be a large table of several blocks."""
    monkeypatch.setattr("syda.streaming.STREAMED_ROWS", 30)
    monkeypatch.setattr("syda.streaming.BLOCK_SIZE", 16)


def filled(*fillings: dict[str, Any], rules: dict[Any, Any] = RULES) -> sa.Engine:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    for number, rows in enumerate(fillings):
        syda.seed(engine, Base, rows=rows, overrides=rules, mode="append" if number else "if_empty", seed=number)
    return engine


def broken(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return [name for name, query in BROKEN.items() if connection.scalar(sa.text(query))]


def test_the_streamed_rows_are_those_of_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = filled(ROWS)
    few(monkeypatch)
    streamed = filled(ROWS)
    assert dump(streamed, Base) == dump(whole, Base)
    assert broken(streamed) == sqlite_violations(streamed) == []


MORE = {
    "free": {**ROWS, "Item": 500},
    "so many for each": {"Customer": 10, "Product": 5, "Order": 60, "Item.order": syda.between(0, 4), "Transfer": 0},
    "spread": {"Customer": 10, "Product": 5, "Order": 60, "Item": 90, "Item.order": syda.poisson(1.5), "Transfer": 0},
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_rows_beside_others_leave_their_totals_right(
    more: dict[str, Any], streamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if streamed:
        few(monkeypatch)
    engine = filled(ROWS, more)
    assert broken(engine) == sqlite_violations(engine) == []


def test_children_of_rows_that_are_there_change_no_total_and_it_is_told() -> None:
    engine = filled(ROWS)
    rows = {"Item": 50, "Order": 0, "Customer": 0, "Product": 0, "Transfer": 0}
    report = syda.seed(engine, Base, rows=rows, overrides=RULES, mode="append")
    assert "orders: total of the rows that are there stays as it is, whatever children they get" in report.notes


def test_a_streamed_row_that_breaks_a_rule_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Share.make

    def make(source: Share, context: Any) -> Values:
        made = real(source, context)
        return Values(made.data * 2, made.null) if context.start == 48 else made

    few(monkeypatch)
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    monkeypatch.setattr(Share, "make", make)
    with pytest.raises(IntegrityError, match=r"items: unit_price: 90% to 110% of product_id.price: .*first row 48"):
        syda.seed(engine, Base, rows=ROWS, overrides=RULES)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from customers")) == 0


@pytest.mark.parametrize("items", [300, 20])
def test_children_that_are_not_those_that_were_added_up_undo_the_load(
    items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large tables of children are made twice, small ones are held."""
    real = Tally.add

    def add(tally: Tally, parents: Any, columns: Any) -> None:
        real(tally, parents, columns)
        if not added:
            tally.count[3] += 1
        added.append(tally)

    few(monkeypatch)
    added: list[Tally] = []
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    rules = {"orders.lines": RULES[Order.lines]}
    monkeypatch.setattr(Tally, "add", add)
    with pytest.raises(IntegrityError, match=r"orders: lines: count of items: lines=\d+ \(1 rows, first row 3\)"):
        syda.seed(engine, Base, rows={**ROWS, "Item": items}, overrides=rules)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from orders")) == 0
