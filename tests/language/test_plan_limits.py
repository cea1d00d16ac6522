"""What a model decides is kept within CHECKs, uniqueness and types for all rows, or it is asked again and told so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, MetaData, Numeric, String, Table

import syda
from syda.dataset import Dataset
from syda.errors import CapacityError
from syda.language import LanguageModel
from syda.llm.scripted import ScriptedClient
from syda.sources.scalar import Choice, Number
from syda.structured import SyntheticDataGenerator
from tests.language.models import columns_asked, either, planner


def value(text: str, weight: float = 1, when: str = "") -> dict[str, Any]:
    return {"value": text, "weight": weight, "when": when}


def one_of(*texts: str) -> dict[str, Any]:
    return {"kind": "choice", "values": [value(text) for text in texts]}


def table(name: str, *columns: Any) -> list[Table]:
    return [Table(name, MetaData(), Column("id", Integer, primary_key=True), *columns)]


def required(name: str, type_: Any, **more: Any) -> Column[Any]:
    return Column(name, type_, nullable=False, **more)


def orders(*checks: str) -> list[Table]:
    """Return orders with lines, and the CHECKs on orders."""
    metadata = MetaData()
    order = Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        required("amount", Numeric(8, 2)),
        required("fee", Numeric(8, 2)),
        required("state", String(10)),
        Column("paid", Date),
        required("size", Integer),
        *map(CheckConstraint, checks),
    )
    line = Table(
        "lines",
        metadata,
        Column("id", Integer, primary_key=True),
        required("order_id", ForeignKey("orders.id")),
        required("pieces", Integer),
    )
    return [order, line]


def asked(client: ScriptedClient) -> LanguageModel:
    return LanguageModel(model=client, mode="plan")


def made(models: Any, rows: Any, **entries: dict[str, Any]) -> tuple[Dataset, ScriptedClient]:
    client = either(planner(**entries))
    dataset = syda.generate(models, rows=rows, llm=asked(client))
    assert dataset.verify().ok
    return dataset, client


def repaired(client: ScriptedClient) -> list[str]:
    return [
        name
        for request in client.requests
        if "Answer for them again" in request.task
        for name in columns_asked(request)
    ]


PAID = {"kind": "workflow", "values": [value("new"), value("paid", 3, "paid")]}
PIECES = {"kind": "number", "low": "1", "high": "9"}
LINES = {"kind": "total", "of": "lines: pieces"}


def test_rules_stay_where_a_check_allows_what_they_say() -> None:
    models = orders("amount >= 0", "fee >= 0", "state IN ('new', 'paid', 'void')", "size BETWEEN 1 AND 3")
    near, sizes = {"kind": "near", "of": "amount", "high": "0.1"}, {"kind": "case", "of": "state"}
    sizes["values"] = [value("1", when="new"), value("2"), value("9")]  # type: ignore[assignment]
    dataset, client = made(
        models, {"orders": 200, "lines": 900}, amount=LINES, pieces=PIECES, fee=near, state=PAID, size=sizes
    )
    frame, lines = dataset.frames()["orders"].set_index("id"), dataset.frames()["lines"]
    sums = lines.groupby("order_id").pieces.sum().reindex(frame.index, fill_value=0)
    assert (frame.amount.astype(float) == sums).all()
    assert ((frame.fee - frame.amount).abs() <= frame.amount * 0.1 + 0.01).all()
    assert 0.6 < (frame.state == "paid").mean() < 0.9
    assert (frame.paid.notna() == (frame.state == "paid")).all()
    assert (frame["size"] == (frame.state == "new").map({True: 1, False: 2})).all()
    assert not repaired(client)
    authors = {name: column.author for name, column in dataset.plan.tables["orders"].columns.items()}
    assert {authors[name] for name in ("amount", "fee", "state", "paid", "size")} == {"model"}


def test_a_choice_keeps_the_weights_of_what_a_check_allows() -> None:
    states = {"kind": "choice", "values": [value("new", 90), value("paid", 10), value("lost", 50)]}
    models = orders("state IN ('new', 'paid', 'void')", "size <= 50")
    plan = made(models, 50, state=states, size={"kind": "number", "low": "20", "high": "300"})[0].plan
    assert plan.tables["orders"].columns["state"].source == Choice(values=("new", "paid"), weights=(90.0, 10.0))
    assert plan.tables["orders"].columns["size"].source == Number(low=20, high=50)


@pytest.mark.parametrize(
    ("check", "column", "answer", "problem"),
    [
        ("size BETWEEN 1 AND 3", "size", {"kind": "number", "low": "100", "high": "300"}, "size BETWEEN 1 AND 3"),
        ("size IN (1, 3)", "size", {"kind": "number", "low": "100", "high": "300"}, "none of 1, 3"),
        ("state IN ('new', 'void')", "state", PAID, "paid against"),
        ("state IN ('new', 'void')", "state", one_of("open", "shut"), "leaves new, void"),
        ("state IN ('new', 'void')", "state", {"kind": "sentence", "values": [value("so")]}, "choose among them"),
        ("amount > 0", "amount", LINES, "may be 0 to"),
        ("fee >= 500", "fee", {"kind": "near", "of": "size", "high": "0.1"}, "fee >= 500"),
    ],
)
def test_what_no_check_allows_is_asked_again_and_then_inferred(
    check: str, column: str, answer: dict[str, Any], problem: str
) -> None:
    small = {"kind": "number", "low": "1", "high": "9"}
    dataset, client = made(orders(check), 60, **{"size": small, "pieces": small, column: answer})
    assert repaired(client) == [column]
    planned = dataset.plan.tables["orders"]
    assert planned.columns[column].author == "inference"
    assert any(note.startswith(f"{column}: stays as inferred") and problem in note for note in planned.notes)


def test_what_is_inferred_follows_a_number_where_a_check_compares_them() -> None:
    check = CheckConstraint("price >= cost")
    models = table("goods", required("cost", Numeric(8, 2)), required("price", Numeric(8, 2)), check)
    dataset, client = made(models, 400, cost={"kind": "number", "low": "100", "high": "200"})
    assert dataset.frames()["goods"].cost.between(100, 200).all()
    assert not repaired(client)


def test_a_total_that_all_children_would_overflow_is_refused_though_few_fit() -> None:
    pieces = {"kind": "number", "low": "1", "high": "9000"}
    few, _ = made(orders(), {"orders": 1_000, "lines": 3_000}, amount=LINES, pieces=pieces)
    assert few.plan.tables["orders"].columns["amount"].author == "model"
    many, client = made(orders(), {"orders": 50, "lines": 50_000}, amount=LINES, pieces=pieces)
    assert repaired(client) == ["amount"]
    assert "999,999.99" in " ".join(many.plan.tables["orders"].notes)


@pytest.mark.parametrize("answer", [PIECES | {"high": "99999999"}, one_of("5", "12345678")], ids=["number", "choice"])
def test_a_number_that_its_type_cannot_hold_is_refused(answer: dict[str, Any]) -> None:
    assert repaired(made(orders(), 30, fee=answer)[1]) == ["fee"]


def test_rows_are_tried_out_beside_those_that_are_there(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    models = orders()
    syda.seed(engine, models, rows={"orders": 5, "lines": 0}, create=True)
    client = either(planner(pieces={"kind": "near", "of": "order_id.size", "high": "0"}))
    report = syda.seed(engine, models, rows={"orders": 0, "lines": 100}, mode="append", llm=asked(client))
    assert not repaired(client)
    assert not [note for note in report.notes if "stays as inferred" in note]
    with engine.connect() as connection:
        query = "SELECT count(*) FROM lines JOIN orders ON orders.id = order_id WHERE pieces = size"
        assert connection.scalar(sa.text(query)) == 100


def test_no_transaction_is_open_while_a_model_is_asked_again(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    models, open_ones = orders(), []
    syda.seed(engine, models, rows={"orders": 5, "lines": 0}, create=True)

    @sa.event.listens_for(engine, "begin")
    def begun(_: Any) -> None:
        open_ones.append(True)

    @sa.event.listens_for(engine, "rollback")
    def ended(_: Any) -> None:
        open_ones.clear()

    def answer(request: Any) -> Any:
        assert not open_ones
        return planner(pieces={"kind": "near", "of": "order_id.state"})(request)

    client = either(answer)
    syda.seed(engine, models, rows={"orders": 0, "lines": 9}, mode="append", llm=asked(client))
    assert repaired(client) == ["pieces"]


def test_a_generator_that_remembers_its_parents_uses_what_a_model_says() -> None:
    client = either(planner(pieces=one_of("7")))
    generator = SyntheticDataGenerator(asked(client))
    order, line = orders()
    generator.generate_data(order, sample_size=3)
    assert set(generator.generate_data(line, sample_size=60).pieces) == {7}


@pytest.mark.parametrize("pattern", ["{first_name!l}@mail.example", "{first_name!l}@{last_name!s}.example"])
def test_a_template_numbers_what_repeats(pattern: str) -> None:
    email = {"kind": "template", "values": [value(pattern)]}
    names = [required("first_name", String(20)), required("last_name", String(20))]
    models = table("people", *names, required("email", String(60), unique=True))
    dataset, client = made(models, 3_000, email=email)
    emails = dataset.frames()["people"].email
    assert not repaired(client)
    assert emails.is_unique
    assert emails.str.fullmatch(r"[a-z]+[0-9]*@[a-z-]+\.example").all()
    assert emails.str.fullmatch(r"[a-z]+@[a-z-]+\.example").any()
    assert emails.str.fullmatch(r"[a-z]+2@[a-z-]+\.example").any()


@pytest.mark.parametrize(
    ("type_", "answer", "shape"),
    [
        (String(20), one_of("Maersk", "Hapag-Lloyd", "MSC"), r"(Maersk|Hapag-Lloyd|MSC)( \d+)?"),
        (String(12), one_of(*(f"S-{number}" for number in range(30))), r"S-\d+(-\d+)?"),
        (String(12), one_of("Gate", "Gate 2", "Gate 3"), r"Gate( \d+)?"),
        (String(20), one_of("a@b.example", "c@b.example", "a-2@b.example"), r"[ac](-\d+)?@b\.example"),
        (String(12), one_of("Mast", "MAST", "Sail"), r"(Mast|Sail)( \d+)?"),
        (String(6), {"kind": "template", "values": [value("A{row}")]}, r"A\d+"),
        (String(40), {"kind": "sentence", "values": [value("Ship {x}"), value("Ada", when="x")]}, r"Ship Ada \d+"),
    ],
    ids=["words", "codes", "numbered words", "addresses", "other case", "row", "sentence"],
)
def test_words_of_a_unique_column_are_kept_and_numbered(type_: Any, answer: dict[str, Any], shape: str) -> None:
    dataset, client = made(table("ships", required("name", type_, unique=True)), 400, name=answer)
    names = dataset.frames()["ships"].name
    assert not repaired(client)
    assert names.is_unique
    assert names.str.fullmatch(shape).all()


@pytest.mark.parametrize(
    ("type_", "answer"),
    [
        (String(7), one_of("Maersk", "MSC")),
        (String(4), {"kind": "template", "values": [value("AB{row}")]}),
        (Integer, PIECES),
        (String(20), {"kind": "case", "of": "size", "values": [value("big", when="1"), value("small")]}),
        (Date, {"kind": "date", "low": "-9d"}),
    ],
    ids=["no room", "row", "number", "case", "date"],
)
def test_too_few_values_for_a_unique_column_leave_what_is_inferred(type_: Any, answer: dict[str, Any]) -> None:
    models = table("ships", required("mark", type_, unique=True), required("size", Integer))
    plain = syda.plan(models, rows=400).tables["ships"].columns["mark"]
    dataset, client = made(models, 400, mark=answer)
    planned = dataset.plan.tables["ships"]
    assert repaired(client) == ["mark"]
    assert planned.columns["mark"].source == plain.source
    assert any(note.startswith("mark: stays as inferred") for note in planned.notes)


def test_a_range_in_a_unique_set_stays() -> None:
    models = table("seats", required("hall", Integer), required("place", Integer), sa.UniqueConstraint("hall", "place"))
    dataset, _ = made(models, 400, place={"kind": "number", "low": "1", "high": "10"})
    assert dataset.frames()["seats"].place.between(1, 10).all()


def test_an_error_of_rows_says_that_a_model_made_the_column() -> None:
    models = table("ships", required("name", String(20), unique=True))
    plan = syda.plan(models, rows=20, llm=asked(either(planner(name=one_of(*"abcdefghijklmnopqrst")))))
    saved = plan.to_yaml().replace("rows: 20", "rows: 30")
    with pytest.raises(CapacityError, match="a language model chose the source"):
        syda.generate(syda.Plan.from_yaml(saved))
