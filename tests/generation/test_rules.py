"""Columns that depend on others by rules of the user's, within a row and across tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.errors import IntegrityError
from syda.sources.derived import Share
from tests.shop import Base as Shop
from tests.sources.rows import Row, made, rows_of
from tests.trade import CITIES, RULES, STATES, Base, Customer, Item, Order, Product

ROWS = {"Customer": 60, "Product": 20, "Order": 150, "Item": 300, "Transfer": 0}


@pytest.fixture(scope="module")
def dataset() -> syda.Dataset:
    return syda.generate(Base, rows=ROWS, overrides=RULES, seed=2)


def by_id(dataset: syda.Dataset, table: str) -> dict[int, Row]:
    return {row["id"]: row for row in rows_of(dataset, table)}


def test_a_case_chooses_by_another_column(dataset: syda.Dataset) -> None:
    seen = defaultdict(set)
    for row in rows_of(dataset, "customers"):
        seen[row["country"]].add(row["city"])
    assert seen.pop("FR") == {"Paris", "Lyon"} == set(CITIES["FR"])
    assert seen.pop("DE") == {"Berlin", "Bonn"}
    assert seen == {"IT": {"elsewhere"}, None: {"elsewhere"}}


def test_a_case_keeps_its_weights_and_reads_parents() -> None:
    rules = {
        Product.size: ["small", "big"],
        Item.quantity: syda.case(Product.size, {"small": {5: 9, 6: 1}, "big": 1}),
    }
    dataset = syda.generate(Base, rows={**ROWS, "Item": 4_000}, overrides=rules)
    sizes = {key: row["size"] for key, row in by_id(dataset, "products").items()}
    counts = Counter((sizes[row["product_id"]], row["quantity"]) for row in rows_of(dataset, "items"))
    assert set(counts) == {("small", 5), ("small", 6), ("big", 1)}
    assert 6 < counts["small", 5] / counts["small", 6] < 14


def test_a_case_without_otherwise_is_null_elsewhere() -> None:
    columns = {"kind": "integer", "dose": "decimal(5, 1)?"}
    rules = {"kind": [1, 2, 3], "dose": syda.case("kind", {1: [Decimal("0.5"), None], 2: 7})}
    rows = made(columns, overrides=rules)
    found = {(row["kind"], row["dose"]) for row in rows}
    assert found == {(1, Decimal("0.5")), (1, None), (2, Decimal(7)), (3, None)}


@pytest.mark.parametrize(
    ("type_", "keys"),
    [
        ("boolean", [True, False]),
        ("date", [date(2025, 1, 1), date(2025, 2, 1)]),
        ("float", [0.5, 1.5]),
        ("string(3)", ["a", "b"]),
        ("decimal(4, 2)", [Decimal("0.25"), Decimal("1.50")]),
    ],
)
def test_a_case_may_read_a_column_of_any_plain_type(type_: str, keys: list[Any]) -> None:
    case = syda.case("key", dict(zip(keys, ("one", "two"), strict=True)), otherwise="none")
    rows = made({"key": type_, "x": "string(4)"}, rows=50, overrides={"key": keys, "x": case})
    assert {(row["key"], row["x"]) for row in rows} == set(zip(keys, ("one", "two"), strict=True))


def test_totals_are_those_of_the_children(dataset: syda.Dataset) -> None:
    children = defaultdict(list)
    for item in rows_of(dataset, "items"):
        assert item["line_total"] == item["quantity"] * item["unit_price"]
        children[item["order_id"]].append(item)
    childless = 0
    for order in rows_of(dataset, "orders"):
        items = children[order["id"]]
        assert order["total"] == sum(item["quantity"] * item["unit_price"] for item in items)
        assert order["lines"] == len(items)
        assert order["dearest"] == max((item["line_total"] for item in items), default=None)
        quantities = [item["quantity"] for item in items]
        if not items:
            childless += 1
            assert order["average"] is None
        else:
            assert order["average"] == pytest.approx(sum(quantities) / len(items), abs=0.006)
    assert childless


def test_the_latest_of_the_children_is_a_date(dataset: syda.Dataset) -> None:
    dates = defaultdict(list)
    for order in rows_of(dataset, "orders"):
        dates[order["customer_id"]].append(order["ordered"])
    for customer in rows_of(dataset, "customers"):
        assert customer["last_order"] == max(dates[customer["id"]], default=None)


def test_a_total_in_a_check_holds_both(dataset: syda.Dataset) -> None:
    orders = rows_of(dataset, "orders")
    assert all(order["discount"] <= order["total"] for order in orders)
    assert len(orders) == 150


def test_children_that_a_check_changes_are_added_up_as_they_are() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "box",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sum", sa.Integer, nullable=False),
        sa.Column("room", sa.Integer, nullable=False),
        sa.CheckConstraint("room <= sum"),
    )
    sa.Table(
        "part",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("box_id", sa.ForeignKey("box.id"), nullable=False),
        sa.Column("low", sa.Integer, nullable=False),
        sa.Column("high", sa.Integer, nullable=False),
        sa.CheckConstraint("low < high"),
    )
    dataset = syda.generate(metadata, rows={"box": 20, "part": 60}, overrides={"sum": syda.total("part", "low * high")})
    sums = Counter[int]()
    for part in rows_of(dataset, "part"):
        assert part["low"] < part["high"]
        sums[part["box_id"]] += part["low"] * part["high"]
    boxes = rows_of(dataset, "box")
    assert len(boxes) == 20
    assert all(box["sum"] == sums[box["id"]] >= box["room"] for box in boxes)


def checked(check: str) -> sa.MetaData:
    metadata = sa.MetaData()
    key, number, moment = (lambda: sa.Column("id", sa.Integer, primary_key=True)), sa.Integer, sa.DateTime
    sa.Table("p", metadata, key(), sa.Column("price", number, nullable=False))
    sa.Table(
        "t",
        metadata,
        key(),
        sa.Column("p_id", sa.ForeignKey("p.id"), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in ("near", "total", "low", "high", "other", "sized")),
        *(sa.Column(name, moment, nullable=False) for name in ("one", "two", "before", "after")),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("done", moment),
        sa.CheckConstraint(check),
    )
    sa.Table("c", metadata, key(), sa.Column("t_id", sa.ForeignKey("t.id"), nullable=False), sa.Column("n", number))
    return metadata


@pytest.mark.parametrize(
    "check",
    [
        "near BETWEEN low AND high",
        "other > near",
        "other <= near AND other >= 0",
        "total <= other",
        "other <= total",
        "near > low OR total = 0",
        "before < one",
        "two > one",
        "after > two",
        "done > two",
        "kind <> 'open' OR done IS NULL",
        "(kind = 'done') = (done IS NOT NULL)",
        "kind = 'open' OR sized < 5",
        "one < two AND two < after AND low < high",
    ],
)
def test_a_rule_and_a_check_about_its_column_hold_both(check: str) -> None:
    rules = {
        "near": syda.near("p.price", 0.2),
        "total": syda.total("c", "n"),
        "two": syda.after("one", at_most=3),
        "kind": syda.workflow({"open": [], "done": ["done"]}, after="two"),
        "sized": syda.case("kind", {"done": [1, 2]}, otherwise=[7, 8]),
    }
    dataset = syda.generate(checked(check), rows={"p": 10, "t": 900, "c": 2_000}, overrides=rules)
    assert dataset.rows["t"] == 900
    assert dataset.verify().ok


def test_a_check_that_contradicts_a_rule_is_named_and_no_row_is_made() -> None:
    rules = {"sized": syda.case("kind", {"done": [9]}, otherwise=[7]), "kind": ["open", "done"]}
    with pytest.raises(IntegrityError, match=r"check .*sized < 9"):
        syda.generate(checked("kind = 'open' OR sized < 9"), overrides=rules)


def test_null_counts_for_nothing_and_a_parent_may_be_missing() -> None:
    models = {
        "box": {"id": "number", "sum": "integer", "parts": "integer", "filled": "integer"},
        "part": {
            "id": "number",
            "box_id": {"type": "integer", "references": "box.id", "nullable": True},
            "size": {"type": "integer", "nullable": True},
        },
    }
    rules = {
        "size": [1, 2, None],
        "sum": syda.total("part", "size"),
        "parts": syda.total("part", how="count"),
        "filled": syda.total("part", "size", how="count"),
    }
    dataset = syda.generate(models, rows={"box": 10, "part": 200}, overrides=rules)
    parts = [part for part in rows_of(dataset, "part") if part["box_id"] is not None]
    boxes = rows_of(dataset, "box")
    assert len(parts) < 200
    assert sum(box["parts"] for box in boxes) == len(parts)
    assert sum(box["filled"] for box in boxes) == sum(part["size"] is not None for part in parts)
    assert sum(box["sum"] for box in boxes) == sum(part["size"] or 0 for part in parts)


def test_a_total_that_its_column_cannot_hold_is_told() -> None:
    models = {"box": {"id": "number", "sum": "smallint"}, "part": {"id": "number", "box_id": "box.id", "n": "integer"}}
    rules = {"sum": syda.total("part", "n"), "n": 30_000}
    with pytest.raises(IntegrityError, match=r"box: sum: sum of part.n"):
        syda.generate(models, rows={"box": 1, "part": 5}, overrides=rules)


def test_a_number_is_near_that_of_its_parent(dataset: syda.Dataset) -> None:
    products = by_id(dataset, "products")
    shares = []
    for item in rows_of(dataset, "items"):
        price = products[item["product_id"]]["price"]
        assert abs(item["unit_price"] - price) <= price / 10 + Decimal("0.01")
        shares.append(item["unit_price"] / price)
    assert max(shares) > Decimal("1.05")
    assert min(shares) < Decimal("0.95")


def test_without_a_spread_it_is_the_same() -> None:
    dataset = syda.generate(Base, rows=ROWS, overrides={Item.unit_price: syda.near("product.price")})
    products = by_id(dataset, "products")
    assert all(item["unit_price"] == products[item["product_id"]]["price"] for item in rows_of(dataset, "items"))


def test_what_is_near_stays_within_its_type() -> None:
    rows = made({"a": "integer", "b": "smallint"}, overrides={"a": [10, 40_000], "b": syda.near("a", 0.5)})
    assert max(row["b"] for row in rows) == 2**15 - 1
    assert all(5 <= row["b"] <= 15 for row in rows if row["a"] == 10)


def test_a_date_keeps_its_window(dataset: syda.Dataset) -> None:
    customers = by_id(dataset, "customers")
    waits = [
        (order["ordered"] - customers[order["customer_id"]]["created_at"].date()).days
        for order in rows_of(dataset, "orders")
    ]
    assert min(waits) == 2
    assert 10 < max(waits) <= 60


def test_a_moment_keeps_its_window_to_the_second() -> None:
    rules = {"b": syda.after("a", at_least=timedelta(hours=1), at_most=timedelta(hours=2))}
    rows = made({"a": "datetime", "b": "datetime", "c": "datetime"}, overrides={**rules, "c": syda.after("a", "b")})
    for row in rows:
        assert timedelta(hours=1) <= row["b"] - row["a"] <= timedelta(hours=2)
        assert row["b"] <= row["c"] <= row["b"] + timedelta(days=365)


def test_a_status_says_which_dates_are_set(dataset: syda.Dataset) -> None:
    counts = Counter(order["status"] for order in rows_of(dataset, "orders"))
    assert set(counts) == set(STATES)
    assert counts["shipped"] > counts["paid"]
    for order in rows_of(dataset, "orders"):
        dates = STATES[order["status"]]
        assert [name for name in ("paid_at", "shipped_at", "cancelled_at") if order[name] is not None] == dates
        moments = [datetime.combine(order["ordered"], datetime.min.time()), *(order[name] for name in dates)]
        assert moments == sorted(moments)
        assert all(later - before <= timedelta(days=10) for before, later in pairwise(moments))


def test_a_workflow_needs_no_start() -> None:
    columns = {"state": "string(5)", "one": "date?", "two": "date?"}
    rules = {"state": syda.workflow({"a": "one", "b": ["one", "two"]})}
    for row in made(columns, overrides=rules):
        assert row["one"] is not None
        assert (row["two"] is not None) == (row["state"] == "b")
        assert row["two"] is None or timedelta(0) <= row["two"] - row["one"] <= timedelta(days=30)


def test_sentences_read_the_row_and_its_parent(dataset: syda.Dataset) -> None:
    customers = by_id(dataset, "customers")
    notes = [(order, order["note"]) for order in rows_of(dataset, "orders")]
    wishes = [(order, note) for order, note in notes if " wants a " in note]
    assert 0.6 < len(wishes) / len(notes) < 0.9
    for order, note in wishes:
        assert note.startswith(f"{customers[order['customer_id']]['name']} wants a ")
        assert note.endswith(f", {order['status']}") or len(note) > 76
        assert " small " in note or " big " in note
    for order, note in notes:
        assert " wants a " in note or note.endswith(f" for order {order['id']:04d}")


def test_few_words_give_many_texts() -> None:
    words = {name: [f"{name}{letter}" for letter in "abcdefgh"] for name in ("who", "what", "how")}
    sentence = syda.sentence(["{who} likes {what} {how}", "{how}, {who} said: {what}"], **words)
    rows = made({"x": "text"}, rows=2_000, overrides={"x": sentence})
    assert len({row["x"] for row in rows}) > 800


def test_sentences_and_words_that_are_too_long_are_left_out() -> None:
    sentence = syda.sentence(
        ["this is far too long for a short column", "{word}!"], word=["fine", "much longer than it"]
    )
    rows = made({"x": "string(8)"}, overrides={"x": sentence})
    assert {row["x"] for row in rows} == {"fine!"}


def test_a_unique_sentence_is_numbered() -> None:
    rows = made(
        {"x": {"type": "string(9)", "unique": True}}, overrides={"x": syda.sentence("{a} {a}", a=["on", "off"])}
    )
    assert len({row["x"] for row in rows}) == len(rows)
    assert {row["x"].split()[0] for row in rows} == {"on", "off"}


def test_what_names_suggest_gives_way_to_a_rule() -> None:
    columns = {"started_at": "datetime", "ended_at": "datetime"}
    planned = syda.plan({"thing": {"id": "number", **columns}}).tables["thing"].columns
    assert planned["ended_at"].source.source == "after"
    rows = made(columns, overrides={"started_at": syda.after("ended_at", at_most=1)})
    assert all(timedelta(0) <= row["started_at"] - row["ended_at"] <= timedelta(days=1) for row in rows)


def test_rules_are_given_by_name_for_all_tables() -> None:
    plan = syda.plan(Base, overrides={"unit_price": syda.near("product_id.price", 0.2)})
    assert plan.tables["items"].columns["unit_price"].source == Share(column="product_id.price", least=0.8, most=1.2)


_NUMBERS = st.integers(0, 40)


@settings(max_examples=25, deadline=None)
@given(_NUMBERS, _NUMBERS, st.integers(1, 50), st.integers(0, 5))
def test_blocks_change_nothing_and_the_plan_survives_yaml(orders: int, items: int, block: int, seed: int) -> None:
    rows = {"Customer": 5, "Product": 3, "Order": orders, "Item": items if orders else 0, "Transfer": 0}
    plan = syda.plan(Base, rows=rows, overrides=RULES, seed=seed)
    read = syda.Plan.from_yaml(plan.to_yaml())
    assert read == plan
    assert read.fingerprint == plan.fingerprint
    whole, pieces = syda.generate(plan), syda.generate(read, block_size=block)
    for key in plan.tables:
        assert rows_of(whole, key) == rows_of(pieces, key)
    assert whole.verify().ok


def test_rules_are_explained_and_have_a_json_schema() -> None:
    plan = syda.plan(Base, rows=ROWS, overrides=RULES)
    text = plan.explain()
    for words in (
        "by country: FR, DE",
        "sum of items.quantity × unit_price",  # noqa: RUF001
        "90% to 110% of product_id.price",
        "after customer_id.created_at, 2 to 60 days",
        "new, paid, shipped, cancelled",
        "set in paid, shipped, after ordered, within 10 days",
        "and 1 more patterns",
    ):
        assert words in text
    tags = str(syda.Plan.json_schema())
    assert all(f"'{tag}'" in tags for tag in ("case", "total", "workflow", "stage", "sentence"))


def test_an_order_of_its_own_is_kept_by_each_seed() -> None:
    one, two = (syda.generate(Base, rows=ROWS, overrides=RULES, seed=seed) for seed in (1, 2))
    assert rows_of(one, Order.__tablename__) != rows_of(two, Order.__tablename__)
    assert rows_of(one, Customer.__tablename__) != rows_of(two, Customer.__tablename__)


@pytest.mark.parametrize("source", [syda.sentence("{w} of {tenant_id}", w=["a", "b"]), syda.faker("color_name")])
def test_text_in_a_unique_set_is_numbered_where_nothing_else_keeps_it(source: Any) -> None:
    rows = {"Tenant": 2, "User": 900, "Project": 0, "Membership": 0}
    dataset = syda.generate(Shop, rows=rows, overrides={"User.login": source})
    assert len({(row["tenant_id"], row["login"]) for row in rows_of(dataset, "users")}) == 900


def test_a_condition_may_be_about_what_follows_from_a_total() -> None:
    metadata = sa.MetaData()
    order = sa.Table(
        "orders",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("packed", sa.Integer, nullable=False),
        sa.Column("left", sa.Integer, nullable=False),
        sa.CheckConstraint('packed <> "left"'),
    )
    line = sa.Table(
        "lines",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.UniqueConstraint("order_id", "kind"),
    )
    rules = {"orders.pieces": syda.total("lines", "amount"), "orders.packed": syda.near("pieces", 0.1)}
    rows = {"orders": 100, "lines": 150}
    dataset = syda.generate([order, line], rows=rows, overrides={**rules, "lines.kind": ["a", "b", "c"]})
    assert dataset.verify().ok
