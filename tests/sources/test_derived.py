"""Rows add up: columns that follow from others of the row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import combinations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.sources.derived import Derived
from tests.sources.rows import Row, made, sources_of

CENT = Decimal("0.01")
MONEY, COUNT = "decimal(12, 2)", "integer"


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_EVEN)


def years(start: date, end: date) -> int:
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


ADDS_UP: dict[str, tuple[dict[str, str], Callable[[Row], bool]]] = {
    "a line's total": (
        {"quantity": COUNT, "unit_price": MONEY, "line_total": MONEY},
        lambda row: row["line_total"] == row["quantity"] * row["unit_price"],
    ),
    "cents": (
        {"qty": COUNT, "price_cents": COUNT, "amount_cents": "bigint"},
        lambda row: row["amount_cents"] == row["qty"] * row["price_cents"],
    ),
    "floats": (
        {"quantity": COUNT, "price": "float", "subtotal": "float"},
        lambda row: abs(row["subtotal"] - row["quantity"] * row["price"]) < 0.006,
    ),
    "a discount in percent": (
        {"quantity": COUNT, "unit_price": MONEY, "discount_percent": COUNT, "total": MONEY},
        lambda row: (
            abs(row["total"] - row["quantity"] * row["unit_price"] * (100 - row["discount_percent"]) / 100) < CENT
        ),
    ),
    "a discount rate": (
        {"quantity": COUNT, "unit_price": MONEY, "discount_rate": "decimal(5, 4)", "total": MONEY},
        lambda row: abs(row["total"] - row["quantity"] * row["unit_price"] * (1 - row["discount_rate"])) < CENT,
    ),
    "a discount's amount": (
        {"quantity": COUNT, "unit_price": MONEY, "discount": MONEY, "line_total": MONEY},
        lambda row: (
            row["discount"] <= row["unit_price"]
            and row["line_total"] == row["quantity"] * row["unit_price"] - row["discount"]
        ),
    ),
    "hours worked": (
        {"hours": "decimal(5, 2)", "hourly_rate": MONEY, "amount": MONEY},
        lambda row: abs(row["amount"] - row["hours"] * row["hourly_rate"]) <= CENT / 2,
    ),
    "an order": (
        {"subtotal": MONEY, "tax_amount": MONEY, "shipping": MONEY, "discount": MONEY, "total": MONEY},
        lambda row: (
            row["total"] == row["subtotal"] + row["tax_amount"] + row["shipping"] - row["discount"]
            and row["tax_amount"] <= row["subtotal"] >= row["discount"]
        ),
    ),
    "a line with tax": (
        {"quantity": COUNT, "unit_price": MONEY, "subtotal": MONEY, "tax": MONEY, "total": MONEY},
        lambda row: (
            row["subtotal"] == row["quantity"] * row["unit_price"] and row["total"] == row["subtotal"] + row["tax"]
        ),
    ),
    "what is due": (
        {"total": MONEY, "amount_paid": MONEY, "balance_due": MONEY},
        lambda row: row["balance_due"] == row["total"] - row["amount_paid"] >= 0,
    ),
    "a payslip": (
        {"gross_pay": MONEY, "tax": MONEY, "deductions": MONEY, "net_pay": MONEY},
        lambda row: row["net_pay"] == row["gross_pay"] - row["tax"] - row["deductions"] > 0,
    ),
    "a claim": (
        {"billed_amount": MONEY, "allowed_amount": MONEY, "paid_amount": MONEY, "copay": MONEY},
        lambda row: row["paid_amount"] <= row["allowed_amount"] <= row["billed_amount"] >= row["copay"],
    ),
    "prices": (
        {"price": MONEY, "cost": MONEY, "sale_price": MONEY, "msrp": MONEY},
        lambda row: row["cost"] <= row["price"] <= row["msrp"] and row["sale_price"] <= row["price"],
    ),
    "profit": (
        {"revenue": MONEY, "cost": MONEY, "profit": MONEY},
        lambda row: row["profit"] == row["revenue"] - row["cost"] >= 0,
    ),
    "stock": (
        {"stock": COUNT, "reserved": COUNT, "available": COUNT},
        lambda row: row["available"] == row["stock"] - row["reserved"] >= 0,
    ),
    "deliveries": (
        {"quantity_ordered": COUNT, "quantity_received": COUNT},
        lambda row: row["quantity_received"] <= row["quantity_ordered"],
    ),
    "seats": ({"capacity": COUNT, "seats_sold": COUNT}, lambda row: row["seats_sold"] <= row["capacity"]),
    "marks": ({"score": "decimal(5, 1)", "max_score": COUNT}, lambda row: row["score"] <= row["max_score"]),
    "a range of prices": (
        {"min_price": MONEY, "max_price": MONEY},
        lambda row: row["min_price"] <= row["max_price"],
    ),
    "a range below zero": (
        {"temp_low": "float", "temp_high": "float"},
        lambda row: row["temp_low"] <= row["temp_high"],
    ),
    "salaries": (
        {"salary_min": COUNT, "salary_max": COUNT},
        lambda row: row["salary_min"] <= row["salary_max"],
    ),
    "blood pressure": ({"systolic": COUNT, "diastolic": COUNT}, lambda row: row["diastolic"] < row["systolic"]),
    "an age": (
        {"date_of_birth": "date", "age": COUNT},
        lambda row: row["age"] == years(row["date_of_birth"], date(2026, 1, 1)),
    ),
    "seconds": (
        {"started_at": "datetime", "ended_at": "datetime", "duration": COUNT},
        lambda row: timedelta(seconds=row["duration"]) == row["ended_at"] - row["started_at"],
    ),
    "minutes": (
        {"start_time": "datetime", "end_time": "datetime", "duration_minutes": COUNT},
        lambda row: 0 <= (row["end_time"] - row["start_time"]).total_seconds() - 60 * row["duration_minutes"] < 60,
    ),
    "an interval": (
        {"started_at": "datetime", "finished_at": "datetime", "elapsed": "interval"},
        lambda row: row["elapsed"] == row["finished_at"] - row["started_at"],
    ),
    "hours of a shift": (
        {"start_time": "time", "end_time": "time", "hours_worked": "decimal(4, 2)"},
        lambda row: (
            0 <= (clock(row["end_time"]) - clock(row["start_time"])) / 3600 - float(row["hours_worked"]) < 0.011
        ),
    ),
    "a stay": (
        {"check_in": "date", "check_out": "date", "nights": COUNT, "rate_per_night": MONEY, "total_price": MONEY},
        lambda row: (
            row["nights"] == (row["check_out"] - row["check_in"]).days > 0
            and row["total_price"] == row["nights"] * row["rate_per_night"]
        ),
    ),
}


def clock(value: Any) -> int:
    return int(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second).total_seconds())


@pytest.mark.parametrize(("columns", "holds"), ADDS_UP.values(), ids=ADDS_UP)
def test_rows_add_up(columns: dict[str, str], holds: Callable[[Row], bool]) -> None:
    rows = made(columns)
    assert [row for row in rows if not holds(row)] == []
    for name in columns:
        assert len({row[name] for row in rows}) > 3, name


@pytest.mark.parametrize("columns", [columns for columns, _ in ADDS_UP.values()], ids=ADDS_UP)
def test_what_follows_survives_blocks_and_yaml(columns: dict[str, str]) -> None:
    models = {"thing": {"id": "number", **{name: f"{word}?" for name, word in columns.items()}}}
    plan = syda.plan(models, rows=50)
    assert syda.Plan.from_yaml(plan.to_yaml()) == plan
    whole = syda.generate(plan).frames()["thing"]
    assert syda.generate(plan, block_size=7).frames()["thing"].equals(whole)


def test_the_reason_tells_the_sum() -> None:
    text = syda.plan({"thing": {"id": "number", **ADDS_UP["a line's total"][0]}}).explain()
    assert "quantity × unit_price" in text  # noqa: RUF001


def test_null_follows_from_null_and_required_columns_get_a_value_of_their_own() -> None:
    optional = made({"quantity": "integer?", "unit_price": MONEY, "line_total": f"{MONEY}?"})
    assert any(row["quantity"] is None for row in optional)
    assert all((row["line_total"] is None) == (row["quantity"] is None) for row in optional)
    required = made({"quantity": "integer?", "unit_price": MONEY, "line_total": MONEY})
    assert all(row["line_total"] is not None for row in required)
    assert all(
        row["line_total"] == row["quantity"] * row["unit_price"] for row in required if row["quantity"] is not None
    )


def test_a_duration_without_its_end_is_null() -> None:
    rows = made({"started_at": "datetime", "ended_at": "datetime?", "duration_seconds": "integer?"}, table="call")
    assert any(row["ended_at"] is None for row in rows)
    assert all((row["ended_at"] is None) == (row["duration_seconds"] is None) for row in rows)


def test_a_product_stays_within_its_column() -> None:
    rows = made({"quantity": "integer", "unit_price": MONEY, "total": "decimal(4, 2)"})
    assert max(row["total"] for row in rows) == Decimal("99.99")
    small = made({"qty": "integer", "price_cents": "integer", "total_cents": "smallint"})
    assert max(row["total_cents"] for row in small) == 32_767


@pytest.mark.parametrize(
    ("check", "follows"),
    [("total >= 0", True), ("total > 0", True), ("total BETWEEN 10 AND 20", False), ("total IN (1, 2)", False)],
)
def test_a_check_wins(check: str, follows: bool) -> None:
    metadata = sa.MetaData()
    columns = [sa.Column("quantity", sa.Integer), *(sa.Column(name, sa.Numeric(10, 2)) for name in ("price", "total"))]
    sa.Table("line", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, sa.CheckConstraint(check))
    plan = syda.plan(metadata, rows=200)
    assert isinstance(plan.tables["line"].columns["total"].source, Derived) is follows
    engine = sa.create_engine("sqlite://")
    syda.seed(engine, plan, create=True)


def test_an_age_within_its_check_still_follows_the_birth_date() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "person",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("age", sa.Integer, sa.CheckConstraint("age BETWEEN 18 AND 120"), nullable=False),
    )
    frame = syda.generate(metadata, rows=200).frames()["person"]
    assert all(
        years(born.to_pydatetime().date() if isinstance(born, datetime) else born, date(2026, 1, 1)) == age
        for born, age in zip(frame["birth_date"], frame["age"], strict=True)
    )


def test_unique_columns_do_not_follow() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "line",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("quantity", sa.Integer),
        sa.Column("price", sa.Numeric(10, 2)),
        sa.Column("total", sa.Numeric(10, 2), unique=True),
    )
    dataset = syda.generate(metadata, rows=3_000)
    assert dataset.frames()["line"]["total"].is_unique


def test_what_the_user_gives_is_the_base_of_what_follows() -> None:
    columns = ADDS_UP["a line's total"][0]
    rows = made(columns, overrides={"quantity": 3})
    assert all(row["line_total"] == 3 * row["unit_price"] for row in rows)
    assert {row["line_total"] for row in made(columns, overrides={"line_total": 5})} == {5}


@pytest.mark.parametrize("columns", [columns for columns, _ in ADDS_UP.values()], ids=ADDS_UP)
def test_no_two_columns_follow_from_each_other(columns: dict[str, str]) -> None:
    sources = sources_of(columns)
    needs = {name: set(source.needs()) if isinstance(source, Derived) else set() for name, source in sources.items()}
    assert not any(one in needs[two] and two in needs[one] for one, two in combinations(needs, 2))


NAMES = sorted({name for columns, _ in ADDS_UP.values() for name in columns})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=9, unique=True), st.booleans(), st.data())
def test_any_columns_together_can_be_made(names: list[str], optional: bool, data: st.DataObject) -> None:
    words = {name: next(columns[name] for columns, _ in ADDS_UP.values() if name in columns) for name in names}
    columns = {name: f"{word}?" if optional and data.draw(st.booleans()) else word for name, word in words.items()}
    rows = made(columns, rows=40)
    assert len(rows) == 40
    assert all(row[name] is not None for row in rows for name, word in columns.items() if not word.endswith("?"))
