"""What column names mean, and that their values are what the name says."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.planning.inference import infer_table
from syda.planning.inference.meanings import MEANINGS
from syda.schema import read_schema
from syda.schema.words import MEANINGS as WORDS
from syda.sources.values import to_python
from tests.planning.example import BIG, DT, INT, SMALL, B, Example, F, N, S, T
from tests.planning.meaning_examples import GENERAL
from tests.planning.trade_examples import TRADES

ALL = (*TRADES, *GENERAL)


def metadata_of(table: str, column: str, type_: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column(column, type_))
    return metadata


def meaning_of(table: str, column: str, type_: Any) -> str | None:
    schema = read_schema(metadata_of(table, column, type_)).schema
    return infer_table(schema.tables[table], schema, {})[column].meaning


def values_of(table: str, column: str, type_: Any, rows: int = 300) -> list[Any]:
    dataset = syda.generate(metadata_of(table, column, type_), rows=rows)
    return to_python(dataset.tables[table].columns[column], dataset.plan.schema.tables[table].column(column).type)


@pytest.mark.parametrize("example", ALL, ids=str)
def test_a_column_is_understood_and_its_values_are_what_its_name_says(example: Example) -> None:
    assert meaning_of(example.table, example.column, example.type) == example.meaning
    values = [value for value in values_of(example.table, example.column, example.type) if value is not None]
    assert len(values) >= 15
    assert [value for value in values if not example.rule(value)] == []
    assert len(set(map(str, values))) > 1
    fits(values, example.type)


def fits(values: list[Any], type_: Any) -> None:
    if isinstance(type_, sa.String) and type_.length:
        assert max(map(len, values)) <= type_.length
    if isinstance(type_, sa.Numeric) and type_.precision and type_.scale is not None:
        assert max(abs(value) for value in values) < 10 ** (type_.precision - type_.scale)
        assert all(-value.as_tuple().exponent <= type_.scale for value in values)


def test_every_meaning_has_an_example_and_a_name_of_its_own() -> None:
    names = [meaning.name for meaning in MEANINGS]
    assert len(names) == len(set(names))
    assert set(names) == {example.meaning for example in ALL}


NOT_TAKEN = [
    # table, column, type, what it is; None: nothing but its type is known
    ("orders", "state", S(20), "order status"),
    ("jobs", "state", S(20), "task status"),
    ("tasks", "state", S(20), "task status"),
    ("employees", "title", S(60), "job name"),
    ("customers", "title", S(10), "personal title"),
    ("books", "title", S(200), "article title"),
    ("files", "name", S(255), "named file"),
    ("things", "order", INT, "position"),
    ("wallets", "address", S(64), "wallet address"),
    ("servers", "ip_address", S(45), "ip address"),
    ("users", "email_verified", B, "verified"),
    ("users", "email_verified_at", DT, "created"),
    ("contacts", "phone_type", S(20), "contact kind"),
    ("stores", "city_id", INT, "reference number"),
    ("stores", "is_active", B, "active"),
    ("carts", "number_of_items", INT, "count"),
    ("settings", "date_format", S(20), "date format"),
    ("regions", "country_count", INT, "count"),
    ("users", "password_reset_at", DT, "created"),
    ("rates", "currency_rate", N(12, 6), "exchange rate"),
    ("campaigns", "email_count", INT, "count"),
    ("checks", "name_length", INT, "distance"),
    ("pages", "url_slug", S(80), "slug"),
    ("sessions", "user_id", S(36), "external identifier"),
    ("payments", "payment_id", INT, "reference number"),
    ("invoices", "paid_at", BIG, "time stamp"),
    ("plans", "price_id", S(40), "external identifier"),
    ("fees", "fee_percent", N(5, 2), "percent"),
    ("parcels", "net_weight", N(8, 2), "weight"),
    ("parcels", "gross_weight", N(8, 2), "weight"),
    ("products", "weight", N(8, 2), "weight"),
    ("products", "height", N(8, 2), "distance"),
    ("products", "unit", S(10), "unit"),
    ("products", "cost_center", INT, None),
    ("ships", "home_port", S(40), None),
    ("employees", "hourly_rate", N(8, 2), "hourly rate"),
    ("tasks", "time_spent", INT, "duration"),
    ("newsletters", "opened", INT, None),
    ("newsletters", "sent", INT, None),
    ("messages", "from", S(60), None),
    ("nodes", "depends_on", S(60), None),
    ("deals", "next_step", S(60), None),
    ("accounts", "slack_channel", S(40), "channel"),
    ("documents", "owner", INT, None),
    ("tests", "test", INT, "deleted flag"),
    ("posts", "total_views", INT, "total count"),
    ("posts", "views", INT, "count"),
    ("movies", "genre", S(30), "genre"),
    ("users", "two_factor_enabled", B, "active"),
    ("products", "image_width", INT, "distance"),
    ("user_roles", "name", S(40), "role name"),
    ("product_categories", "name", S(40), "product category name"),
    ("order_statuses", "name", S(40), "status name"),
    ("author_types", "name", S(40), "category"),
    ("reports", "name", S(40), "name"),
    ("leaderboard", "name", S(40), "name"),
    ("stages", "name", S(40), "status name"),
    ("customers", "age_group", S(20), None),
    ("customers", "stated_income", N(12, 2), "salary"),
    ("mails", "subject", S(120), "title"),
    ("logs", "message_id", S(60), "external identifier"),
    ("logs", "level", INT, "priority number"),
    ("logs", "latency_ms", F, "milliseconds"),
    ("items", "language_count", INT, "count"),
    ("lessons", "duration_days", INT, "days"),
    ("reviews", "rating_count", INT, "count"),
    ("orders", "discount_rate", N(5, 4), "tax rate"),
    ("orders", "price_change_percent", N(5, 2), "percent"),
    ("addresses", "address_type", S(20), "contact kind"),
    ("products", "origin", S(3), "city"),
    ("articles", "body_html", T, "message"),
]


@pytest.mark.parametrize(("table", "column", "type_", "meaning"), NOT_TAKEN, ids=lambda item: str(item)[:20])
def test_a_name_is_not_taken_for_something_that_it_is_not(
    table: str, column: str, type_: Any, meaning: str | None
) -> None:
    assert meaning_of(table, column, type_) == meaning


def test_a_state_beside_a_city_is_one_of_an_address() -> None:
    models = {"order": {"id": "number", "city": "text", "state": "text"}, "task": {"id": "number", "state": "text"}}
    schema = read_schema(models).schema
    assert infer_table(schema.tables["order"], schema, {})["state"].meaning == "state"
    assert infer_table(schema.tables["task"], schema, {})["state"].meaning == "task status"


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_for_a_column_in_a_dict_is_understood(word: str) -> None:
    schema = read_schema({"thing": {"id": "number", "x": word}}).schema
    assert infer_table(schema.tables["thing"], schema, {})["x"].meaning is not None


def test_a_city_in_a_short_column_is_a_code() -> None:
    assert all(len(value) == 3 and value.isupper() for value in values_of("flights", "origin", S(3)) if value)


def tables_of(kinds: Any, type_: Any, **options: Any) -> sa.MetaData:
    """A table for each example whose type is one of `kinds`, with the column in another type."""
    metadata = sa.MetaData()
    for number, example in enumerate(ALL):
        if isinstance(example.type, kinds):
            column = sa.Column(example.column, type_, nullable=False, **options)
            sa.Table(f"t{number}_{example.table}", metadata, sa.Column("id", sa.Integer, primary_key=True), column)
    return metadata


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 12, 16, 24, 40])
def test_every_text_can_be_made_in_a_column_of_any_length(length: int) -> None:
    assert syda.generate(tables_of(sa.String, sa.String(length)), rows=20).verify().ok


@pytest.mark.parametrize(
    "type_", [SMALL, INT, BIG, N(3, 0), N(3, 2), N(4, 4), N(2, 1), N(9, 6), N(), N(18, 0), F, sa.Double()], ids=repr
)
def test_every_number_can_be_made_in_a_column_of_any_size(type_: Any) -> None:
    assert syda.generate(tables_of(sa.Integer | sa.Numeric, type_), rows=20).verify().ok


@pytest.mark.parametrize("length", [8, 12, 24, 40])
def test_every_text_can_be_unique(length: int) -> None:
    made = syda.generate(tables_of(sa.String, sa.String(length), unique=True), rows=600)
    assert set(made.rows.values()) == {600}
