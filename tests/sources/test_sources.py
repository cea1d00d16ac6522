"""Every source by itself: its values fit the column, whatever the block, and are distinct where they must be."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, get_args
from uuid import UUID

import pytest
import sqlalchemy as sa

import syda
from syda.sources.base import Source
from syda.sources.catalog import AnySource
from syda.sources.company import Company, Prose
from syda.sources.conditional import Case
from syda.sources.derived import Elapsed, Product, Share, Sum
from syda.sources.function import Function
from syda.sources.linked import Discriminator, Ordinal, Reference
from syda.sources.moment import After, Before, Duration, Moment
from syda.sources.person import Person, Phone
from syda.sources.places import Place
from syda.sources.scalar import Choice, Code, Constant, Database, Flag, Identifier, Null, Number, Sequence
from syda.sources.sentence import Sentence
from syda.sources.standards import Standard
from syda.sources.structured import Bytes, Items, JsonObject, Record
from syda.sources.text import Pattern, Template, Titles, Words
from syda.sources.totals import Total
from syda.sources.workflow import Stage, State, Workflow
from syda.sources.written import Written
from tests.planning.column_rules import Rule, regex, within
from tests.sources.rows import made, rows_of

PERSON = ("first_name", "middle_name", "last_name", "full_name", "initials", "gender", "prefix", "email", "username")
COMPANY = ("name", "domain", "website", "email", "path", "ipv4", "ipv6", "mac")
PLACE = (
    "city", "state", "state_code", "postcode", "country", "country_code", "country_code3", "latitude", "longitude",
    "timezone", "street", "street_name", "building", "unit", "address", "currency",
)  # fmt: skip
BASE = {"quantity": "integer", "price": "decimal(8, 2)", "begun": "datetime"}


SIZES = {"size": Choice(values=("big", "small")), "color": Words(vocabulary="color")}


def text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() == value != ""


SCALARS: list[tuple[Source, str, Rule]] = [
    (Constant(value=7), "integer", lambda value: value == 7),
    (Constant(value="1.50"), "decimal(5, 2)", lambda value: value == Decimal("1.50")),
    (Null(), "integer?", lambda value: value is None),
    (Choice(values=(1, 2, 3), weights=(1, 1, 8)), "smallint", within(1, 3)),
    (Sequence(start=10, step=5), "integer", lambda value: value >= 10 and value % 5 == 0),
    (Number(low=-5, high=5), "integer", within(-5, 5)),
    (Number(low=1, high=99, distribution="lognormal"), "decimal(4, 2)", within(1, 99)),
    (Number(low=0, high=1, distribution="normal"), "float", within(0, 1)),
    (Number(low=1, high=50, distribution="zipf"), "bigint", within(1, 50)),
    (Number(low=0, high=500, distribution="exponential"), "smallint", within(0, 500)),
    (Number(low=1, high=900, ending=0.99), "decimal(6, 2)", within(1, 900)),
    (Flag(probability=0.3), "boolean", lambda value: value in (True, False)),
    (Flag(), "integer", lambda value: value in (0, 1)),
    (Identifier(), "uuid", lambda value: isinstance(value, UUID)),
    (Identifier(), "string(36)", lambda value: str(UUID(value)) == value),
    (Identifier(), "string(20)", regex("[0-9a-f]{20}")),
    (Code(length=6, alphabet="ABC", prefix="X-"), "string(8)", regex("X-[ABC]{6}")),
    (Moment(low="2024-01-01", high="2024-12-31"), "date", lambda value: value.year == 2024),
    (Moment(), "datetime", lambda value: datetime(2023, 12, 1) < value <= datetime(2026, 1, 1)),
    (Moment(), "time", lambda value: isinstance(value, time)),
    (Moment(), "string(10)", lambda value: date.fromisoformat(value) <= date(2026, 1, 1)),
    (After(column="begun", days=30), "datetime", lambda value: value <= datetime(2026, 1, 1)),
    (After(column="begun", until=("begun",)), "datetime", lambda value: value <= datetime(2026, 1, 1)),
    (Before(column="begun", days=30), "datetime", lambda value: value <= datetime(2026, 1, 1)),
    (Before(column="begun", since=("begun",)), "date", lambda value: value <= date(2026, 1, 1)),
    (Duration(low=60, high=600), "integer", within(60, 600)),
    (Duration(low=60, high=600), "interval", within(timedelta(minutes=1), timedelta(minutes=10))),  # type: ignore[arg-type]
    (Words(vocabulary="color"), "string(30)", text),
    (Words(vocabulary="faker:job"), "text", text),
    (Titles(values=("Maersk", "Hapag-Lloyd")), "string(20)", regex("Maersk|Hapag-Lloyd")),
    (Template(text="{quantity:03d}-{row}"), "string(12)", regex(r"\d{3}-\d+")),
    (Pattern(regex=r"[A-Z]{2}\d{3}"), "string(5)", regex(r"[A-Z]{2}\d{3}")),
    (Phone(), "string(20)", regex(r"[+\d][\d-]{9,18}")),
    (JsonObject(), "json", lambda value: isinstance(value, dict)),
    (JsonObject(listed=True), "json", lambda value: isinstance(value, list)),
    (Items(most=4), "array", lambda value: isinstance(value, list) and len(value) <= 4),
    (Standard(list="country", part="code3"), "string(3)", regex("[A-Z]{3}")),
    (Standard(list="currency", part="symbol"), "string(3)", text),
    (Standard(list="language", part="name"), "text", text),
    (Bytes(length=9), "binary", lambda value: isinstance(value, bytes) and len(value) == 9),
    (Function(name="f", function=lambda row, column: row["quantity"] * 2), "integer", within(2, 40)),
    (Product(factors=("quantity", "price")), "decimal(10, 2)", within(0, 20 * 900)),
    (Sum(plus=("price",), minus=("quantity",)), "decimal(10, 2)", within(0, 900)),
    (Share(column="price", least=0.5, most=0.5), "decimal(10, 2)", within(0, 450)),
    (Elapsed(start="begun", unit="hours"), "integer", within(0, 2 * 366 * 24)),
    (
        Case(column="quantity", when={1: Choice(values=("one",))}, otherwise=Choice(values=("more", "many"))),
        "string(4)",
        lambda value: value in ("one", "more", "many"),
    ),
    (Workflow(states=(State(value="new"), State(value="done", weight=2))), "string(4)", regex("new|done")),
    (
        Stage(status="quantity", states=tuple(range(1, 99)), moment=After(column="begun")),
        "datetime?",
        lambda value: value <= datetime(2026, 1, 1),
    ),
    (
        Sentence(patterns=("a {size} {color}", "{row} of {quantity:02d}"), words=SIZES),
        "text",
        regex(r"a (big|small) .+|\d+ of \d\d"),
    ),
    *((Prose(topic=topic), "text", text) for topic in ("note", "description", "review", "bio", "message", "title")),
    *((Person(part=part), "string(80)", text) for part in PERSON),  # type: ignore[arg-type]
    *((Company(part=part), "string(80)", text) for part in COMPANY),  # type: ignore[arg-type]
    *((Place(part=part), "string(120)", text) for part in PLACE),  # type: ignore[arg-type]
]
# A total needs children. A record needs a composite type, which no word in a file names.
STRUCTURAL = (Reference, Total, Ordinal, Discriminator, Database, Record, Written)


def named(item: Any) -> str | None:
    if isinstance(item, Source):
        return f"{item.source} {getattr(item, 'part', getattr(item, 'topic', ''))}".strip()
    return item if isinstance(item, str) else None


def test_every_source_is_tested() -> None:
    tested = {type(source) for source, _, _ in SCALARS} | set(STRUCTURAL)
    assert tested == set(get_args(AnySource))


@pytest.mark.parametrize(("source", "type_", "rule"), SCALARS, ids=named)
def test_the_values_are_those_that_the_source_promises(source: Source, type_: str, rule: Rule) -> None:
    rows = made({**BASE, "x": type_}, rows=300, overrides={"x": source})
    assert [row["x"] for row in rows if not rule(row["x"])] == []


@pytest.mark.parametrize(("source", "type_", "rule"), SCALARS, ids=named)
def test_neither_blocks_nor_other_columns_change_them(source: Source, type_: str, rule: Rule) -> None:
    values = [row["x"] for row in made({**BASE, "x": type_}, rows=40, overrides={"x": source})]
    small = made({**BASE, "x": type_}, rows=40, overrides={"x": source}, block_size=7)
    assert [row["x"] for row in small] == values
    wider = made({"note": "text", **BASE, "name": "text", "x": type_}, rows=40, overrides={"x": source})
    assert [row["x"] for row in wider] == values
    more = made({**BASE, "x": type_}, rows=90, overrides={"x": source})
    assert [row["x"] for row in more][:40] == values


RIGID = ("ipv4", "ipv6", "mac", "latitude", "longitude")
"""Parts that cannot be cut: half an IP address is none, so inference gives short columns another source."""
TEXTUAL = [
    source
    for source, type_, _ in SCALARS
    if type_.startswith(("string", "text"))
    and not isinstance(source, Code | Pattern | Constant | Case | Titles | Workflow)
    and getattr(source, "part", "") not in RIGID
]


@pytest.mark.parametrize("length", [3, 8, 20, 60])
@pytest.mark.parametrize("source", TEXTUAL, ids=named)
def test_text_fits_its_column(source: Source, length: int) -> None:
    rows = made({**BASE, "x": f"string({length})"}, rows=200, overrides={"x": source})
    assert max(len(row["x"]) for row in rows) <= length
    assert all(row["x"] for row in rows)


DISTINCT: list[tuple[Source, str]] = [
    *((Person(part=part), "string(60)") for part in ("first_name", "last_name", "full_name", "email", "username")),  # type: ignore[arg-type]
    *((Company(part=part), "string(60)") for part in COMPANY),  # type: ignore[arg-type]
    (Words(vocabulary="color"), "string(30)"),
    (Words(vocabulary="department"), "text"),
    (Titles(values=("Maersk", "Hapag-Lloyd", "A-1")), "string(20)"),
    (Template(text="all@mail.example"), "string(30)"),
    (Sentence(patterns=("a {size} {color}",), words=SIZES), "string(30)"),
    (Prose(topic="title"), "string(60)"),
    (Pattern(regex=r"[A-F]\d{4}"), "string(5)"),
    (Code(length=5), "string(5)"),
    (Identifier(), "uuid"),
    (Identifier(), "string(36)"),
    (Phone(), "string(20)"),
    (Template(text="item-{row}"), "string(12)"),
    (Number(low=1, high=9_999), "integer"),
    (Number(low=0, high=99.99), "decimal(5, 2)"),
    (Moment(), "datetime"),
    (Moment(low="-20y"), "date"),
    (Duration(high=20_000), "integer"),
    (Sequence(), "integer"),
    (Bytes(length=8), "binary"),
]


@pytest.mark.parametrize(("source", "type_"), DISTINCT, ids=named)
def test_a_unique_column_has_five_thousand_different_values(source: Source, type_: str) -> None:
    columns = {"x": {"type": type_, "unique": True}}
    values = [row["x"] for row in made(columns, rows=5_000, overrides={"x": source})]
    assert len(set(values)) == 5_000
    small = [row["x"] for row in made(columns, rows=300, overrides={"x": source}, block_size=7)]
    assert len(set(small)) == 300


@pytest.mark.parametrize("length", range(40, 50))
def test_a_website_that_is_cut_does_not_depend_on_the_rows_beside_it(length: int) -> None:
    columns = {"url": {"type": f"string({length})", "unique": True}}
    assert made(columns, rows=12, block_size=1) == made(columns, rows=12)


def test_places_that_are_unique_are_numbered_or_refused() -> None:
    rows = made({"x": {"type": "string(80)", "unique": True}}, rows=2_000, overrides={"x": Place(part="street")})
    assert len({row["x"] for row in rows}) == 2_000


@pytest.mark.parametrize(
    ("low", "high", "type_"), [(0, 0, "integer"), (-3, -1, "integer"), (-3, 3, "integer"), (0.25, 0.5, "float")]
)
def test_a_number_reaches_no_further_than_its_bounds(low: float, high: float, type_: str) -> None:
    for shape in ("uniform", "normal", "lognormal", "exponential", "zipf"):
        source = Number(low=low, high=high, distribution=shape)  # type: ignore[arg-type]
        values = [row["x"] for row in made({"x": type_}, rows=500, overrides={"x": source})]
        assert low <= min(values) <= max(values) <= high


def test_a_choice_and_a_flag_keep_their_shares() -> None:
    overrides = {"x": Choice(values=("a", "b"), weights=(9, 1)), "y": Flag(probability=0.2)}
    rows = made({"x": "string(1)", "y": "boolean"}, rows=4_000, overrides=overrides)
    assert 0.08 < sum(row["x"] == "b" for row in rows) / 4_000 < 0.12
    assert 0.17 < sum(row["y"] for row in rows) / 4_000 < 0.23


@pytest.mark.parametrize(("column", "share"), [("middle_name", 0.5), ("deleted_at", 0.9), ("discharge_reason", 0.3)])
def test_an_optional_column_is_null_about_as_often_as_its_meaning_is(column: str, share: float) -> None:
    type_ = "datetime?" if column.endswith("_at") else "text?"
    rows = made({column: type_}, rows=4_000)
    assert abs(sum(row[column] is None for row in rows) / 4_000 - share) < 0.03
    assert all(row[column] is not None for row in made({column: type_.rstrip("?")}, rows=400))


def test_references_ordinals_and_discriminators_come_from_the_structure() -> None:
    metadata = sa.MetaData()
    sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "lines",
        metadata,
        sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("line_number", sa.Integer, primary_key=True, autoincrement=False),
    )
    dataset = syda.generate(metadata, rows={"orders": 20, "lines": 200})
    sources = {name: column.source for name, column in dataset.plan.tables["lines"].columns.items()}
    assert isinstance(sources["order_id"], Reference)
    assert isinstance(sources["line_number"], Ordinal)
    numbers: dict[int, list[int]] = {}
    for row in rows_of(dataset, "lines"):
        numbers.setdefault(row["order_id"], []).append(row["line_number"])
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())
    assert set(numbers) <= set(range(1, 21))


def test_a_discriminator_is_the_class_of_the_row() -> None:
    class Base(sa.orm.DeclarativeBase):
        pass

    class Animal(Base):
        __tablename__ = "animals"
        id: sa.orm.Mapped[int] = sa.orm.mapped_column(primary_key=True)
        kind: sa.orm.Mapped[str] = sa.orm.mapped_column(sa.String(10))
        __mapper_args__: ClassVar[Any] = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    class Dog(Animal):
        breed: sa.orm.Mapped[str | None] = sa.orm.mapped_column(sa.String(20))
        __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "dog"}

    rows = rows_of(syda.generate(Base, rows=100), "animals")
    assert {row["kind"] for row in rows} == {"animal", "dog"}
    assert all(row["breed"] is None for row in rows if row["kind"] == "animal")


def test_a_column_of_the_database_is_left_to_it() -> None:
    metadata = sa.MetaData()
    stamp = sa.Column("flavour", sa.String(20), server_default="plain", nullable=False)
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), stamp)
    engine = sa.create_engine("sqlite://")
    syda.seed(engine, metadata, rows=5, create=True)
    with engine.connect() as connection:
        assert set(connection.execute(sa.text("SELECT flavour FROM t")).scalars()) == {"plain"}


@pytest.mark.parametrize(("source", "type_", "rule"), SCALARS, ids=named)
def test_a_source_says_in_a_few_words_what_it_makes(source: Source, type_: str, rule: Rule) -> None:
    assert 0 < len(source.describe()) < 100
    assert not re.search("object at 0x", source.describe())
