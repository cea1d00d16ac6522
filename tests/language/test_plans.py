"""A model decides how columns are made, once for any number of rows; what does not work stays as inferred."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.authoring.answer import KINDS
from syda.errors import BudgetError, MissingKeyError, ModelError, PlanError, ReplayError, UnknownNameError
from syda.language import LanguageModel
from syda.llm.exchange import Finish, Reply, Request
from syda.llm.scripted import ScriptedClient
from syda.planning.model import Plan
from syda.sources.moment import Moment
from syda.sources.scalar import Choice, Number
from syda.sources.text import Template
from tests.language.models import EMPTY, Base, columns_asked, either, entry, planner, writer

PROCEDURES = [{"value": "X-ray", "weight": 3, "when": ""}, {"value": "Blood test", "weight": 1, "when": ""}]
GOOD = {
    "procedure": {"kind": "choice", "values": PROCEDURES},
    "fee": {"kind": "number", "low": "20", "high": "900", "distribution": "lognormal"},
    "day": {"kind": "date", "low": "-90d", "high": "now"},
    "note": {"kind": "template", "values": [{"value": "{procedure} done", "weight": 1, "when": ""}], "null_share": 0.5},
}


def model(client: Any, **options: Any) -> LanguageModel:
    return LanguageModel(model=client, **{"mode": "plan", "cache": "off", **options})


def planned(client: Any, rows: int = 300, **options: Any) -> Plan:
    return syda.plan(Base, rows=rows, seed=5, llm=model(client), **options)


def test_each_kind_becomes_a_source() -> None:
    columns = planned(either(planner(**GOOD))).tables["visits"].columns
    assert columns["procedure"].source == Choice(values=("X-ray", "Blood test"), weights=(3.0, 1.0))
    assert columns["fee"].source == Number(low=20, high=900, distribution="lognormal")
    assert columns["day"].source == Moment(low="-90d", high="now")
    assert columns["note"].source == Template(text="{procedure} done")
    assert columns["note"].null_fraction == 0.5
    assert {columns[name].author for name in GOOD} == {"model"}
    assert columns["complaint"].author == "inference"


def test_rows_of_such_a_plan_keep_every_rule_and_need_no_model() -> None:
    saved = planned(either(planner(**GOOD))).to_yaml()
    dataset = syda.generate(Plan.from_yaml(saved))
    assert dataset.verify().ok
    visits = dataset.frames()["visits"]
    assert set(visits.procedure) == {"X-ray", "Blood test"}
    assert 0.6 < (visits.procedure == "X-ray").mean() < 0.9
    assert set(visits.note.dropna()) == {"X-ray done", "Blood test done"}


def test_the_number_of_rows_changes_neither_calls_nor_prompts() -> None:
    few, many = either(planner()), either(planner())
    planned(few, rows=1_000), planned(many, rows=1_000_000)
    assert [each.content() for each in few.requests] == [each.content() for each in many.requests]
    assert len(few.requests) == 2


def test_the_user_has_the_last_word() -> None:
    plan = planned(either(planner(**GOOD)), overrides={"visits.procedure": ["Cast"]})
    assert plan.tables["visits"].columns["procedure"].source == Choice(values=("Cast",))
    client = either(planner())
    planned(client, overrides={"visits.procedure": ["Cast"]})
    assert "procedure" not in columns_asked(client.requests[-1])


@pytest.mark.parametrize(
    ("column", "answer", "problem"),
    [
        ("procedure", entry("procedure", "choice"), "no values"),
        ("procedure", entry("procedure", "choice", values=[{"value": "x" * 41, "weight": 1, "when": ""}]), "longer"),
        ("procedure", entry("procedure", "guess"), "there is no kind 'guess'"),
        ("procedure", entry("procedure", "template", values=[{"value": "{nothing}", "weight": 1}]), "nothing"),
        ("procedure", entry("procedure", "number", low="1", high="2"), "holds no number"),
        ("fee", entry("fee", "number", low="900", high="20"), "more than high"),
        ("fee", entry("fee", "number", low="NaN", high="20"), "too large"),
        ("fee", entry("fee", "number", low="cheap", high="20"), "expected a number"),
        ("day", entry("day", "date", low="yesterday"), "neither an ISO date"),
        ("day", entry("day", "date", low="-1e30y"), "neither an ISO date"),
        ("day", entry("day", "date", low="-infd"), "neither an ISO date"),
        ("day", entry("day", "date", low="NaT"), "neither an ISO date"),
        ("day", entry("day", "date", low="1700000000"), "neither an ISO date"),
        ("day", entry("day", "date", low="-99999y"), "years 1 to 9999"),
        ("day", entry("day", "date", low="0300-01-01"), "years 1000 to 2500"),
        ("day", entry("day", "date", low="now", high="-30d"), "later than"),
        ("day", entry("day", "date", low="2024-05-01", high="2024-01-01"), "later than"),
        ("day", entry("day", "date", low="2029-01-01", high="now"), "low <= high"),
        ("day", entry("day", "after", of="clinic_id.id", high="3000000"), "days from 0 to"),
        ("day", entry("day", "after", of="tomorrow"), "tomorrow"),
        ("day", entry("day", "after", of="day"), "day"),
        ("note", entry("note", "choice", values=[{"value": "a", "weight": -1}]), "weight"),
        ("note", entry("note", "choice", values=PROCEDURES, null_share=1), "null_share"),
        ("note", entry("note", "choice", values=["\x00"]), "cannot be shown"),
        ("urgency", entry("urgency", "choice", values=[{"value": "high", "weight": 1}]), "no value for integer"),
        ("note", entry("note", "sentence", values=[{"value": "{mood} day", "weight": 1, "when": ""}]), "mood"),
        (
            "note",
            entry("note", "case", of="nothing", values=[{"value": "a", "weight": 1, "when": "b"}]),
            "nothing",
        ),
        ("note", entry("note", "sentence", values=[{"value": "a\x00b", "weight": 1}]), "cannot be shown"),
        ("note", entry("note", "sentence", values=[{"value": " ", "weight": 1}]), "is empty"),
        ("complaint", entry("complaint", "template", values=[{"value": "", "weight": 1}]), "is empty"),
        ("note", entry("note", "template", values=[{"value": "{procedure}\x07", "weight": 1}]), "cannot be shown"),
        ("note", entry("note", "template", values=[{"value": "{fee:>100000000}", "weight": 1}]), "wider than"),
        ("note", entry("note", "template", values=[{"value": "x" * 81, "weight": 1}]), "more than 80"),
        (
            "procedure",
            entry("procedure", "sentence", values=["A {kind}", {"value": "x" * 39, "when": "kind"}]),
            "up to 41 characters, more than 40",
        ),
        ("fee", entry("fee", "near", of="clinic_id.name", high="0.1"), "numbers"),
        ("fee", entry("fee", "near", of="fee", high="0.1"), "fee"),
        ("fee", entry("fee", "total", of="visits: fee"), "visits"),
        ("note", entry("note", "workflow", values=[{"value": "new", "weight": 1, "when": "soon"}]), "soon"),
    ],
)
def test_what_does_not_work_is_asked_once_more_and_stays_as_inferred(column: str, answer: Any, problem: str) -> None:
    client = either(planner(**{column: answer}))
    plan = planned(client)
    repairs = [each for each in client.requests if "Your answer was used but" in each.task]
    assert [columns_asked(each) for each in repairs] == [[column]]
    assert problem.lower() in repairs[0].task.lower()
    assert plan.tables["visits"].columns[column].author == "inference"
    assert any(problem.lower() in note.lower() for note in plan.tables["visits"].notes), plan.tables["visits"].notes
    assert syda.generate(plan).verify().ok


@pytest.mark.parametrize("word", ["nan", "inf", "1e400", "-1e99"])
def test_numbers_that_are_none_are_refused(word: str) -> None:
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Float, nullable=False)]
    client = either(planner(x={"kind": "choice", "values": ["1.5", word]}))
    plan = syda.plan([sa.Table("t", sa.MetaData(), *columns)], llm=model(client))
    assert plan.tables["t"].columns["x"].author == "inference"
    assert "too large" in client.requests[-1].task


def test_documents_are_read_and_what_is_none_is_refused() -> None:
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.JSON, nullable=False)]
    table = sa.Table("t", sa.MetaData(), *columns)
    texts = ['{"a": [1, null]}', "[]", '"word"']
    good = {"kind": "choice", "values": [value(text, place) for place, text in enumerate(texts, 1)]}
    plan = syda.plan([table], rows=300, llm=model(either(planner(x=good))))
    rows = syda.generate(Plan.from_yaml(plan.to_yaml())).frames()["t"]
    assert {json.dumps(document) for document in rows.x} == set(texts)
    for bad in ("{'a': 1}", "NaN", "word", '"\\u0000"'):
        client = either(planner(x={"kind": "choice", "values": ["{}", bad]}))
        assert syda.plan([table], llm=model(client)).tables["t"].columns["x"].author == "inference"
        assert "JSON" in client.requests[-1].task


@pytest.mark.parametrize(("said", "share"), [(20, 0.2), (0.2, 0.2), (99.5, 0.995), (0, 0)])
def test_a_share_without_a_value_may_be_in_percent(said: float, share: float) -> None:
    columns = planned(either(planner(note={**GOOD["note"], "null_share": said}))).tables["visits"].columns
    assert columns["note"].null_fraction == pytest.approx(share)


def test_one_note_says_that_nothing_of_an_answer_was_used() -> None:
    plan = planned(ScriptedClient(lambda _: "Sorry, no."))
    (note,) = plan.tables["visits"].notes
    assert note.startswith("nothing of the model's answer was used: the reply could not be read")
    wrong = {name: {"kind": "number"} for name in ("procedure", "complaint", "fee", "urgency", "day", "note")}
    first, *others = planned(either(planner(**wrong))).tables["visits"].notes
    assert first == "nothing of the model's answer was used"
    assert len(others) == len(wrong)


def test_a_repair_that_works_is_used() -> None:
    def answer(request: Request) -> Any:
        fee = GOOD["fee"] if "Your answer was used but" in request.task else {"kind": "number", "low": "x"}
        return planner(fee=fee)(request)

    plan = planned(either(answer))
    assert plan.tables["visits"].columns["fee"].source == Number(low=20, high=900, distribution="lognormal")
    assert not plan.tables["visits"].notes


@pytest.mark.parametrize(
    "reply",
    [
        "I am sorry, I cannot do that.",
        "",
        '{"columns": "none"}',
        '{"rows": []}',
        Reply(text='{"columns": []}', finish=Finish.REFUSED, detail="policy"),
        Reply(text="", finish=Finish.FILTERED),
        "[" * 100_000,
        '{"columns": [NaN, {"column": "fee", "column": "day"}, 7, null, {"column": 3}]}',
    ],
    ids=["prose", "empty", "no list", "other key", "refused", "filtered", "deep", "odd entries"],
)
def test_an_answer_of_nonsense_leaves_what_is_inferred(reply: Any) -> None:
    plan = planned(ScriptedClient(lambda _: reply))
    assert all(column.author != "model" for table in plan.tables.values() for column in table.columns.values())
    assert plan.tables["visits"].notes
    assert syda.generate(plan).verify().ok


def test_whole_entries_of_an_answer_that_was_cut_are_used() -> None:
    def answer(request: Request) -> Any:
        text = json.dumps(planner(**GOOD)(request))
        return Reply(text=text.partition('{"column": "fee"')[0], finish=Finish.LENGTH)

    columns = planned(either(answer)).tables["visits"].columns
    assert columns["procedure"].author == "model"
    assert columns["fee"].author == "inference"


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_answer_ends_in_valid_rows(data: st.DataObject) -> None:
    words = st.sampled_from(["", "1", "5", "now", "-2y", "2020-01-01", "day", "fee", "clinic_id.name", "{fee}", "X"])
    kinds = st.sampled_from([*KINDS, "other"])
    value = st.fixed_dictionaries({"value": words, "weight": st.sampled_from([0, 1, 2.5, -1, "many"]), "when": words})
    made = st.fixed_dictionaries(
        {"kind": kinds, "values": st.lists(st.one_of(value, words), max_size=3), "of": words, "low": words},
        optional={"high": words, "null_share": st.sampled_from([0, 0.2, 2]), "distribution": words},
    )

    def answer(request: Request) -> Any:
        return {"columns": [{"column": name, **EMPTY, **data.draw(made)} for name in columns_asked(request)]}

    assert syda.generate(planned(either(answer), rows=30)).verify().ok


def test_comments_are_quoted_and_prompts_are_not() -> None:
    client = either(planner())
    planned(client, prompts={"Visit": "Patients are children."})
    visits = next(each for each in client.requests if each.table == "visits")
    assert "Patients are children." in visits.instructions
    quoted = {each["name"]: each for each in json.loads(visits.context)["columns"]}
    assert "drop the tables" in quoted["complaint"]["comment"]
    assert "drop the tables" not in visits.instructions + visits.task


def test_today_is_the_day_on_which_the_data_end() -> None:
    days = either(planner(day={"kind": "date", "low": "today", "high": "+0d"}))
    saved = planned(days, as_of="2021-03-04T12:00:00").to_yaml()
    assert {str(day)[:10] for day in syda.generate(Plan.from_yaml(saved)).frames()["visits"].day} == {"2021-03-04"}


def test_a_plan_is_asked_for_with_the_tables_around_it() -> None:
    client = either(planner())
    syda.plan(ShopBase, rows=100, llm=model(client))
    orders, lines = (json.loads(client.requests[place].context) for place in (1, 2))
    assert orders["has_rows_of"][0]["table"] == "lines"
    assert orders["has_rows_of"][0]["columns"] == {
        "amount": "integer", "cost": "decimal(8, 2)", "remark": "text", "shipped": "date"
    }  # fmt: skip
    assert orders["nullable"] == ["paid"]
    parents = {each["table"]: each["columns"] for each in lines["belongs_to"]}
    assert parents["products"]["price"] == "decimal(8, 2)"
    assert parents["orders"]["paid"] == "date or null"


class ShopBase(DeclarativeBase):
    pass


class Product(ShopBase):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float] = mapped_column(Numeric(8, 2))
    size: Mapped[str] = mapped_column(String(10))
    colour: Mapped[str] = mapped_column(String(20))


class Order(ShopBase):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    opened: Mapped[Any] = mapped_column(Date)
    paid: Mapped[Any | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10))
    sum_total: Mapped[float] = mapped_column(Numeric(12, 2))


class Line(ShopBase):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    amount: Mapped[int]
    cost: Mapped[float] = mapped_column(Numeric(8, 2))
    remark: Mapped[str] = mapped_column(String(80))
    shipped: Mapped[Any] = mapped_column(Date)


def value(text: str, weight: float = 1, when: str = "") -> dict[str, Any]:
    return {"value": text, "weight": weight, "when": when}


RULES = {
    "size": {"kind": "choice", "values": [value("small", 3), value("large")]},
    "colour": {"kind": "case", "of": "size", "values": [value("red", when="small"), value("blue")]},
    "state": {"kind": "workflow", "of": "opened", "high": "9", "values": [value("new"), value("paid", 2, "paid")]},
    "sum_total": {"kind": "total", "of": "lines: amount * cost"},
    "cost": {"kind": "near", "of": "product_id.price", "high": "0.1"},
    "remark": {"kind": "sentence", "values": [value("{kind} {product_id.size} one"), value("A", when="kind")]},
    "shipped": {"kind": "after", "of": "order_id.opened", "low": "1", "high": "5"},
}


def test_rules_between_columns_and_tables_hold_in_all_rows() -> None:
    plan = syda.plan(ShopBase, rows=200, llm=model(either(planner(**RULES))))
    authors = {name: column.author for table in plan.tables.values() for name, column in table.columns.items()}
    assert {authors[name] for name in (*RULES, "paid")} == {"model"}
    frames = syda.generate(Plan.from_yaml(plan.to_yaml())).frames()
    products, orders, lines = frames["products"], frames["orders"], frames["lines"]
    assert set(zip(products["size"], products.colour, strict=True)) == {("small", "red"), ("large", "blue")}
    assert (orders.paid.notna() == (orders.state == "paid")).all()
    product = products.set_index("id").loc[lines.product_id].reset_index()
    assert (abs(lines.cost - product.price) <= 0.1 * product.price + 0.011).all()
    assert (lines.remark == "A " + product["size"] + " one").all()
    waited = (lines.shipped - orders.set_index("id").loc[lines.order_id].opened.to_numpy()).dt.days
    assert waited.between(1, 5).all()
    sums = (lines.amount * lines.cost).groupby(lines.order_id).sum().reindex(orders.id, fill_value=0)
    assert np.allclose(sums, orders.sum_total)


def test_a_reply_is_found_again_and_a_changed_prompt_is_shown(tmp_path: Any) -> None:
    client = either(planner(**GOOD))
    first = syda.plan(Base, rows=100, llm=model(client, cache="record", folder=tmp_path))
    silent = ScriptedClient([])
    again = syda.plan(Base, rows=5_000, llm=model(silent, cache="replay", folder=tmp_path))
    assert not silent.requests
    assert again.tables["visits"].columns == first.tables["visits"].columns
    assert again.usage is not None
    assert (again.usage.total.calls, again.usage.total.replayed) == (0, 2)
    with pytest.raises(ReplayError, match=r"(?s)instructions.*Only children"):
        syda.plan(Base, llm=model(silent, cache="replay", folder=tmp_path), prompts="Only children")


def test_a_budget_stops_before_it_is_exceeded() -> None:
    client = either(planner())
    with pytest.raises(BudgetError, match="max_calls=1"):
        syda.plan(Base, llm=model(client, max_calls=1))
    assert len(client.requests) == 1


def test_a_dry_run_sends_nothing_and_says_what_it_would() -> None:
    client = either(planner())
    plan = syda.plan(Base, rows=10_000, llm=model(client), dry_run=True)
    assert not client.requests
    assert plan.usage is not None
    assert (plan.usage.expected, plan.usage.total.calls) == (True, 2)
    assert "expected of scripted: 2 calls" in plan.explain()
    assert plan.usage.total.output > 500


def test_a_dry_run_counts_a_table_for_its_rows_or_for_its_plan() -> None:
    client = either(planner())
    rows = {"Clinic": 5, "Visit": 5_000}
    plan = syda.plan(Base, rows=rows, llm=model(client, mode="auto"), dry_run=True)
    assert plan.usage is not None
    assert {key: line.calls for key, line in plan.usage.tables.items()} == {"clinics": 1, "visits": 1}
    syda.generate(Base, rows=rows, llm=model(client, mode="auto"))
    assert len(client.requests) == 2


class Small(ScriptedClient):
    """Writes rows, and is too small for plans."""

    plans = False


@pytest.mark.parametrize(("mode", "purpose"), [("auto", "rows"), ("plan", "plan"), ("rows", "rows")])
def test_a_small_model_is_asked_for_plans_only_where_the_user_says_so(mode: str, purpose: str) -> None:
    answer, rows = planner(), {"Clinic": 5, "Visit": 45}
    client = Small(lambda request: answer(request) if request.purpose == "plan" else writer(request))
    foreseen = syda.plan(Base, rows=rows, llm=model(client, mode=mode), dry_run=True)
    dataset = syda.generate(Base, rows=rows, llm=model(client, mode=mode))
    assert {request.purpose for request in client.requests} == {purpose}
    assert foreseen.usage is not None
    assert {key for key, line in foreseen.usage.tables.items() if line.calls} == {
        each.table for each in client.requests
    }
    unasked = any("so small a model" in note for note in dataset.plan.tables["visits"].notes)
    assert unasked == (mode == "auto")


def test_a_note_finds_a_table_of_a_schema() -> None:
    table = sa.Table(
        "visits",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fee", sa.Integer, nullable=False),
        schema="clinic",
    )
    plan = syda.plan([table], llm=model(either(planner(fee={"kind": "number", "low": "cheap"}))))
    assert any(note.startswith("fee: stays as inferred") for note in plan.tables["clinic.visits"].notes)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"llm": 7}, ModelError, "expected a model"),
        ({"llm": "gpt-4-turbo"}, MissingKeyError, "OPENAI_API_KEY"),
        ({"prompts": "x"}, PlanError, "say which by llm="),
        ({"llm": either(planner()), "prompts": {"Visits": "x"}}, UnknownNameError, "did you mean"),
        ({"llm": either(planner()), "prompts": {"Visit": 3}}, PlanError, "expected a text"),
    ],
)
def test_wrong_arguments(options: Any, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(error, match=message):
        syda.plan(Base, **options)


def test_a_language_model_says_what_it_expects() -> None:
    with pytest.raises(PlanError, match="mode: expected one of auto, plan, rows"):
        LanguageModel(model="local", mode="row")  # type: ignore[arg-type]
