"""A value that a rule of the plan does not allow is found, wherever it comes from, and the rule is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.sources.values import Values
from tests.trade import RULES, Base

ROWS = {"Customer": 20, "Product": 10, "Order": 60, "Item": 120, "Transfer": 0}
DATASET = syda.generate(Base, rows=ROWS, overrides=RULES)
SHIPPED = int(np.flatnonzero(DATASET.tables["orders"].columns["status"].data == "shipped")[0])
DAY = np.timedelta64(1, "D")
RULED = {
    ("customers", "city"): "by country",
    ("customers", "last_order"): "max of orders.ordered",
    ("orders", "ordered"): "after customer_id.created_at",
    ("orders", "status"): "new, paid",
    ("orders", "paid_at"): "set in paid, shipped",
    ("orders", "total"): "sum of items.quantity",
    ("orders", "lines"): "count of items",
    ("orders", "dearest"): "max of items.line_total",
    ("orders", "average"): "mean of items.quantity",
    ("orders", "note"): "'{customer.name} wants",
    ("items", "unit_price"): "90% to 110% of product_id.price",
}


def changed(table: str, column: str, row: int, value: Any) -> syda.Dataset:
    rows = DATASET.tables[table]
    values = rows.columns[column]
    data = values.data.copy()
    data[row] = value(data[row]) if callable(value) else value
    null = None if values.null is None else values.null & (np.arange(len(data)) != row)
    columns = {**rows.columns, column: Values(data, null)}
    return replace(DATASET, tables={**DATASET.tables, table: replace(rows, columns=columns)})


def breaches(dataset: syda.Dataset) -> list[str]:
    return [f"{each.table}: {each.rule}" for each in dataset.verify().breaches]


def tampered(data: Any) -> Any:
    if isinstance(data, str):
        return "?"
    return data + 400 * DAY if isinstance(data, np.datetime64) else data * 2 + 10**6


def test_rules_that_hold_are_counted() -> None:
    ruled = len(RULED) + 2  # two dates more
    bare = syda.generate(Base, rows=ROWS, overrides={key: rule for key, rule in RULES.items() if rule is None})
    assert DATASET.verify().ok
    assert DATASET.verify().checked == bare.verify().checked + ruled


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(RULED)), st.integers(0, 10**6))
def test_a_tampered_value_is_a_breach_that_names_the_rule(place: tuple[str, str], row: int) -> None:
    table, column = place
    size = DATASET.tables[table].rows
    found = breaches(changed(table, column, row % size, tampered))
    assert any(each.startswith(f"{table}: {column}: ") and RULED[place] in each for each in found)


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("items", "quantity", lambda held: held + 1, "orders: total: sum of"),
        ("products", "price", lambda held: held * 3, "items: unit_price: 90%"),
        ("orders", "status", "new", "orders: paid_at: set in"),
        ("customers", "created_at", lambda held: held + 30 * DAY, "orders: ordered: after"),
        ("customers", "country", "XX", "customers: city: by country"),
        ("customers", "name", "Nobody", "orders: note: "),
    ],
)
def test_what_a_rule_reads_is_compared_too(table: str, column: str, value: Any, rule: str) -> None:
    wanted = "customer_id" if table == "customers" else "product_id"
    referring = DATASET.tables["orders" if table == "customers" else "items"].columns[wanted].data
    row = SHIPPED if table == "orders" else int(referring[0]) - 1 if table != "items" else 0
    if column == "country":
        row = int(np.flatnonzero(DATASET.tables[table].columns["country"].data == "FR")[0])
    if column == "name":
        wishes = [at for at, note in enumerate(DATASET.tables["orders"].columns["note"].data) if " wants a " in note]
        row = int(referring[wishes[0]]) - 1
    assert any(each.startswith(rule) for each in breaches(changed(table, column, row, value)))


def test_a_date_that_is_missing_or_too_much_is_found() -> None:
    orders = DATASET.tables["orders"]
    for column in ("paid_at", "shipped_at", "cancelled_at"):
        values = orders.columns[column]
        assert values.null is not None
        columns = {**orders.columns, column: Values(values.data, ~values.null)}
        dataset = replace(DATASET, tables={**DATASET.tables, "orders": replace(orders, columns=columns)})
        breach = next(each for each in dataset.verify().breaches if each.rule.startswith(f"{column}: set in"))
        assert breach.count == 60
        assert "status=" in breach.detail


def test_rules_of_other_authors_are_verified_and_guesses_are_not() -> None:
    text = DATASET.plan.to_yaml()
    for author, found in (("model", True), ("inference", False)):
        plan = syda.Plan.from_yaml(text.replace("author: user", f"author: {author}"))
        dataset = replace(changed("customers", "city", 0, "?"), plan=plan)
        assert any(each.startswith("customers: city: by country") for each in breaches(dataset)) == found
