"""Rules that no row can keep, or that name what there is not, are refused when the plan is made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

import syda
from syda.errors import PlanError, PlanFileError, UnknownNameError
from tests.trade import RULES, Base, Customer, Item, Order, Product

CASES: list[tuple[str, Any, str]] = [
    ("customers.city", syda.case("contry", {"FR": 1}, 0), "table 'customers' has no column 'contry'; did you mean 'co"),
    ("customers.city", syda.case("boss.country", {"FR": 1}, 0), "refers to no 'boss'; there are none"),
    ("customers.city", syda.case("country", {"FR": 1}), "customers.city: expected otherwise=, .* is NOT NULL"),
    ("customers.city", syda.case("country", {}, "a"), "expected values of 'country' .* got none"),
    ("customers.city", syda.case("city", {"a": "b"}, "c"), "expected another column, got the column itself"),
    ("customers.city", syda.case("created_at", {"soon": 1}, 2), "expected a value for .*, got str 'soon'"),
    ("customers.city", syda.case("country", {"FR": None}, 2), "because the column is NOT NULL, got None"),
    ("items.quantity", syda.case("product.size", {"smal": 1}, 2), "'size' has no value 'smal'; did you mean 'small'"),
    ("items.quantity", syda.case("product.size", {"small": "x"}, 2), "expected a value for .*, got str 'x'"),
    ("products.size", syda.case("price", {1: "bigg"}, "big"), "'size' has no value 'bigg'; did you mean 'big'"),
    ("orders.total", syda.total("itms", "quantity"), "'orders' has no children 'itms'; did you mean 'items'"),
    ("orders.total", syda.total("products", "price"), "'products' has no foreign key to 'orders'"),
    ("orders.total", syda.total("items", "quantty"), "table 'items' has no column 'quantty'; did you mean 'quantity'"),
    ("orders.total", syda.total("items"), "expected a column of 'items' to take the sum of, got none"),
    (
        "orders.total",
        syda.total("items", "quantity", by="product_id"),
        "has no foreign key to 'orders'; did|no foreign",
    ),
    ("orders.note", syda.total("items", how="count"), "expected a column of numbers, got 'note' of type"),
    ("orders.ordered", syda.total("items", "quantity", how="max"), "expected a column of numbers, got 'ordered'"),
    ("customers.last_order", syda.total("orders", "ordered"), "expected a column of numbers, got 'last_order'"),
    ("customers.created_at", syda.total("orders", "ordered", how="min"), "expected a column that may be NULL"),
    ("customers.id", syda.total("transfers", "amount"), "refers to 'customers' by 'sender_id' or 'receiver_id': say"),
    ("transfers.sent_at", syda.after(Customer.created_at), "by 'sender_id' or 'receiver_id': name it by the foreign"),
    ("items.unit_price", syda.near("product.pric"), "table 'products' has no column 'pric'; did you mean 'price'"),
    ("items.unit_price", syda.near("prodct.price"), "refers to no 'prodct'; did you mean 'Product' or 'products'"),
    ("items.unit_price", syda.near("Customer.id"), "'items' has no foreign key to 'customers'; known: "),
    ("items.unit_price", syda.near("product.size"), "expected a column of numbers, got 'product.size' of type"),
    ("orders.note", syda.near("total"), "expected a column of numbers, got 'note' of type"),
    ("orders.total", syda.after("ordered"), "expected a column of dates, got 'total' of type"),
    ("orders.ordered", syda.after("total"), "expected a column of dates, got 'total' of type"),
    ("orders.ordered", syda.after("paid_at", at_least=5, at_most=2), "expected 0 <= at_least <= at_most days, got 5"),
    ("orders.status", syda.workflow({"a": ["payed_at"]}), "has no column 'payed_at'; did you mean 'paid_at'"),
    ("orders.status", syda.workflow({"a": ["total"]}), "expected a column of dates, got 'total' of type"),
    ("orders.status", syda.workflow({"a": ["ordered"], "b": []}), "'ordered' is NOT NULL, and the state 'b' does not"),
    ("orders.status", syda.workflow({"a": ["paid_at", "shipped_at"], "b": ["shipped_at", "paid_at"]}), "before and"),
    ("orders.status", syda.workflow({"a": []}, after="total"), "expected a column of dates, got 'total' of type"),
    ("orders.total", syda.workflow({"a": []}), "expected a value for .*, got str 'a'"),
    ("products.size", syda.workflow({"bigger": []}), "'size' has no value 'bigger'; did you mean 'big'"),
    ("orders.note", syda.sentence("{nots} {a}", a="product"), "has no column 'nots'; did you mean 'note'"),
    ("orders.note", syda.sentence("{a}", a="prodct"), "no vocabulary is called 'prodct'; did you mean 'product'"),
    ("orders.note", syda.sentence("{a:d}", a=["x"]), "holds text values, which the format 'd' does not fit"),
    ("orders.note", syda.sentence("{status:>100000000}"), "is wider than 1000 characters"),
    ("orders.note", syda.template("{id:0.999999999999f}"), "is wider than 1000 characters"),
    ("orders.note", syda.sentence("{note}"), "refers to its own column"),
    ("orders.total", syda.sentence("a"), "expected a column of text, got 'total' of type"),
]


@pytest.mark.parametrize(("column", "rule", "message"), CASES)
def test_a_rule_that_cannot_be_is_refused(column: str, rule: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message) as raised:
        syda.plan(Base, overrides={column: rule})
    assert str(raised.value).startswith(f"{column}: ")
    if "did you mean" in message or "has no" in message:
        assert isinstance(raised.value, UnknownNameError)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (lambda: syda.case("a", ["b"]), "case: expected a dict of values .*, got list"),
        (lambda: syda.case(3, {}), "expected a table, class, Class.attribute or name, got int 3"),
        (lambda: syda.total("items", "a", how="avg"), "there is no way 'avg' to add up; known: count, max, mean"),
        (lambda: syda.total("items", 3), "total: expected a text such as 'quantity \\* unit_price', got int 3"),
        (lambda: syda.total(""), "expected the name of a column or table, got ''"),
        (lambda: syda.near("a", -0.1), "near: expected a spread of 0 or more"),
        (lambda: syda.near("a", "b"), "expected a number for spread, got str 'b'"),
        (syda.after, "after: expected a column"),
        (lambda: syda.after("a", at_most="b"), "after: expected a number for at_most, got str 'b'"),
        (lambda: syda.workflow(["a"]), "workflow: expected a dict of states and their dates, got list"),
        (lambda: syda.workflow({"a": 3}), "workflow: expected a list of date columns for 'a', got int 3"),
        (lambda: syda.workflow({"a": []}, [1, 2]), "expected values and as many weights"),
        (lambda: syda.sentence([]), "expected values"),
        (lambda: syda.sentence("{a"), "'{a' has braces that do not pair"),
        (lambda: syda.sentence("{a}", b=["c"]), "no pattern has the field 'b'; known: a"),
        (lambda: syda.sentence([3]), "sentence: expected a text"),
    ],
)
def test_nonsense_is_refused_before_there_is_a_plan(word: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        word()


def test_columns_are_named_as_people_name_them() -> None:
    def bound(rule: Any) -> Any:
        return syda.plan(Base, overrides={Item.unit_price: rule}).tables["items"].columns["unit_price"].source

    names = ("product.price", "product_id.price", "Product.price", "products.price", Product.price)
    found = {bound(syda.near(name)).column for name in (*names, Base.metadata.tables["products"].c.price)}
    assert found == {"product_id.price"}
    assert bound(syda.near("Item.line_total")).column == "line_total"
    children = (syda.total(name, "quantity") for name in ("items", "Item", Item, Order.items, Item.__table__))
    assert len({syda.plan(Base, overrides={Order.lines: each}).fingerprint for each in children}) == 1


def test_the_foreign_key_tells_which_children() -> None:
    metadata = sa.MetaData()
    key = [sa.Column(name, sa.Integer, primary_key=name == "id") for name in ("id", "sent", "got")]
    sa.Table("account", metadata, *key)
    sa.Table(
        "payment",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("from_id", sa.ForeignKey("account.id"), nullable=False),
        sa.Column("to_id", sa.ForeignKey("account.id"), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    rules = {
        "account.sent": syda.total("payment", "amount", by="from_id"),
        "account.got": syda.total("payment", "amount", by="to_id"),
    }
    accounts, payments = (
        syda.generate(metadata, rows={"account": 5, "payment": 40}, overrides=rules).frames()[name]
        for name in ("account", "payment")
    )
    for name, by in (("sent", "from_id"), ("got", "to_id")):
        assert dict(zip(accounts.id, accounts[name], strict=True)) == dict(payments.groupby(by).amount.sum())


@pytest.mark.parametrize(
    ("rules", "circle"),
    [
        (
            {Order.total: syda.total("items", "unit_price"), Item.unit_price: syda.near("order.total")},
            "orders.total -> items.unit_price -> orders.total",
        ),
        (
            {Order.ordered: syda.after("paid_at"), Order.paid_at: syda.after("ordered")},
            "orders.ordered -> orders.paid_at -> orders.ordered",
        ),
        (
            {
                Order.status: syda.workflow({"new": [], "paid": ["paid_at"]}, after="ordered"),
                Order.ordered: syda.after("paid_at"),
            },
            "orders.ordered -> orders.paid_at -> orders.ordered",
        ),
    ],
)
def test_a_circle_is_named(rules: dict[Any, Any], circle: str) -> None:
    first, second = circle.split(" -> ")[:2]
    with pytest.raises(PlanError, match="these columns need each other, so none can be made first") as raised:
        syda.plan(Base, overrides=rules)
    assert circle in str(raised.value) or f"{second} -> {first} -> {second}" in str(raised.value)


def test_what_the_database_makes_cannot_be_read() -> None:
    metadata = sa.MetaData()
    sa.Table("box", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("sum", sa.Integer))
    sa.Table(
        "part",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("box_id", sa.ForeignKey("box.id"), nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("double", sa.Integer, sa.Computed("n * 2")),
    )
    for rules in ({"box.sum": syda.total("part", "double")}, {"part.n": syda.near("double")}):
        with pytest.raises(PlanError, match="the database makes 'double'"):
            syda.plan(metadata, overrides=rules)


def test_a_date_of_a_workflow_is_given_once() -> None:
    rules = {Order.status: RULES[Order.status], Order.paid_at: syda.after("ordered")}
    with pytest.raises(PlanError, match=r"orders.paid_at: the workflow of 'status' sets it, and it is given a source"):
        syda.plan(Base, overrides=rules)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("column: product_id.price", "column: product_id.pric", "has no column 'pric'; did you mean 'price'"),
        ("children: items", "children: itms", "has no children 'itms'; did you mean 'items'"),
        ("column: country", "column: cuntry", "has no column 'cuntry'; did you mean 'country'"),
        ("status: status", "status: statis", "has no column 'statis'; did you mean 'status'"),
        ("how: max", "how: most", "expected 'sum', 'count', 'min', 'max' or 'mean', got str 'most'"),
        ("otherwise:", "else:", "there is no field 'else'"),
    ],
)
def test_a_plan_file_is_checked_as_rules_are(old: str, new: str, message: str) -> None:
    text = syda.plan(Base, overrides=RULES).to_yaml()
    assert old in text
    with pytest.raises(PlanFileError, match=message):
        syda.Plan.from_yaml(text.replace(old, new, 1))


def _shipped_without(plan: dict[str, Any]) -> None:
    for state in plan["status"]["source"]["states"]:
        state["dates"] = [name for name in state.get("dates", ()) if name != "shipped_at"]


def _renamed(plan: dict[str, Any]) -> None:
    plan["status"]["source"]["states"][1]["value"] = "settled"


def _longer(plan: dict[str, Any]) -> None:
    plan["status"]["source"]["days"] = 20.0


def _free(plan: dict[str, Any]) -> None:
    plan["paid_at"]["source"] = {"source": "moment"}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_shipped_without, r"columns.shipped_at: the workflow of 'status' says that no state sets it"),
        (_renamed, r"columns.paid_at: the workflow of 'status' says 'set in settled, shipped.*and it is 'set in paid"),
        (_longer, r"within 20 days', and it is .*within 10 days'; make them agree"),
        (_free, r"columns.paid_at: the workflow of 'status' says 'set in paid"),
    ],
)
def test_a_workflow_and_its_dates_agree_in_a_plan_file(edit: Any, message: str) -> None:
    saved = yaml.safe_load(syda.plan(Base, overrides=RULES).to_yaml())
    edit(saved["tables"]["orders"]["columns"])
    with pytest.raises(PlanFileError, match=message):
        syda.Plan.from_yaml(yaml.safe_dump(saved, sort_keys=False))


def test_a_workflow_is_edited_with_its_dates() -> None:
    saved = yaml.safe_load(syda.plan(Base, overrides=RULES).to_yaml())
    _shipped_without(saved["tables"]["orders"]["columns"])
    saved["tables"]["orders"]["columns"]["shipped_at"]["source"] = {"source": "null"}
    dataset = syda.generate(syda.Plan.from_yaml(yaml.safe_dump(saved, sort_keys=False)))
    assert dataset.frames()["orders"].shipped_at.isna().all()


@pytest.mark.parametrize("by", ["paid_at", "country"])
def test_a_case_knows_null(by: str) -> None:
    table = {"country": {"type": "string(2)", "nullable": True}, "paid_at": {"type": "integer", "nullable": True}}
    given = {"country": ["FR", None], "paid_at": [0, 1, None]}
    when = {"country": {"FR": "known", None: "unknown"}, "paid_at": {None: "unknown", 0: "known"}}
    rules = {**given, "x": syda.case(by, when[by], otherwise="other")}
    plan = syda.plan({"t": {"id": "integer", **table, "x": "string(9)"}}, rows=200, overrides=rules)
    dataset = syda.generate(syda.Plan.from_yaml(plan.to_yaml()))
    assert dataset.verify().ok
    frame = dataset.frames()["t"]
    assert ((frame.x == "unknown") == frame[by].isna()).all()
    assert set(frame.x) == ({"known", "unknown"} if by == "country" else {"known", "unknown", "other"})


@pytest.mark.parametrize("low", ["soon", "NaT", "1700000000", "-99999y"])
def test_a_date_of_a_plan_file_is_checked(low: str) -> None:
    saved = yaml.safe_load(syda.plan(Base).to_yaml())
    saved["tables"]["transfers"]["columns"]["sent_at"]["source"] = {"source": "moment", "low": low}
    with pytest.raises(PlanFileError, match=r"transfers.sent_at: .*(neither an ISO date|outside of the years)"):
        syda.Plan.from_yaml(yaml.safe_dump(saved, sort_keys=False))


def test_lengths_of_time_are_numbers_of_days_or_timedeltas() -> None:
    assert syda.after("a", at_most=timedelta(hours=36)) == syda.after("a", at_most=1.5)
