"""What a `LanguageModel` may be told besides the model: examples to show, replies to keep; and keys it does without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.errors import BudgetError, MissingKeyError, ModelError, PlanError, ReplayError
from syda.language import LanguageModel
from syda.llm.examples import EXAMPLES, taken_apart
from syda.llm.scripted import ScriptedClient
from syda.structured import SyntheticDataGenerator
from tests.databases import sqlite_engine
from tests.language.models import Base, either, planner, rows_asked, shape_of, writer


class Shop(DeclarativeBase):
    pass


class Article(Shop):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    shelf: Mapped[str] = mapped_column(String(20))
    price: Mapped[float] = mapped_column(Numeric(8, 2), CheckConstraint("price > 0"))


def asked(**options: Any) -> ScriptedClient:
    client = ScriptedClient(writer)
    syda.generate(Base, rows=5, llm=LanguageModel(model=client, mode="rows", **options))
    return client


@pytest.fixture
def _no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)


def test_examples_hold_what_is_told_and_what_is_asked_and_come_from_other_rows() -> None:
    for request in asked(examples=3).requests:
        context, rows = taken_apart(request.context, EXAMPLES)
        assert context
        assert len(rows) == 3
        for row, told in zip(rows, rows_asked(request), strict=False):
            assert {*told, *shape_of(request)} <= row.keys()
            assert row["spark"] != told["spark"]


def test_only_clients_that_want_examples_get_some() -> None:
    assert not any(EXAMPLES in request.context for request in asked().requests)
    client = ScriptedClient(writer)
    client.examples = 2  # type: ignore[attr-defined]
    syda.generate(Base, rows=2, llm=LanguageModel(model=client, mode="rows"))
    assert all(len(taken_apart(request.context, EXAMPLES)[1]) == 2 for request in client.requests)


def test_examples_are_in_what_is_expected_and_never_call_a_users_function() -> None:
    calls: list[int] = []
    plans = [
        syda.plan(
            Base,
            rows=5,
            custom_generators={"Visit": {"urgency": lambda row, column: calls.append(1) or 3}},
            llm=LanguageModel(model=ScriptedClient([]), mode="rows", examples=number),
            dry_run=True,
        )
        for number in (0, 6)
    ]
    few, more = (plan.usage.total.input for plan in plans if plan.usage)
    assert few + 200 < more
    assert not calls


def test_replies_of_a_script_are_not_kept_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked()
    assert not list(tmp_path.iterdir())
    asked(cache="record")
    assert list(tmp_path.glob(".syda/replies/*.jsonl"))


def test_no_plan_is_asked_for_what_is_left_of_small_tables() -> None:
    client = either(planner())
    texts = {Article.name: ["Chalk"], Article.kind: ["toy"], Article.shelf: ["A"], Article.price: 2}
    syda.plan(Shop, rows=40, llm=client, overrides=texts)
    assert not client.requests
    syda.plan(Shop, rows=41, llm=client, overrides={Article.name: ["Chalk"]})
    assert [request.purpose for request in client.requests] == ["plan"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max_calls", value) for value in ("5", -1, True, 1.5)),
        *(("max_tokens", value) for value in ("5", -1)),
        *(("max_cost", value) for value in ("a", -0.1, False, float("nan"))),
        *((name, value) for name in ("timeout", "deadline") for value in (0, -1, "3", None, True)),
        *(("examples", value) for value in (-1, "2", 0.5)),
        ("batch", "yes"),
        ("keys", "sk-1"),
    ],
)
def test_a_setting_that_is_none_is_refused_at_once(name: str, value: Any) -> None:
    with pytest.raises(PlanError, match=f"^{name}: expected"):
        LanguageModel(model="openai:m", **{name: value})


def test_the_key_of_no_provider_is_refused_at_once() -> None:
    with pytest.raises(ModelError, match="keys: there is no provider 'opnai'; did you mean 'openai'"):
        LanguageModel(model="openai:m", keys={"opnai": "sk-1"})


@pytest.mark.usefixtures("_no_key")
def test_where_nothing_is_sent_no_key_is_needed() -> None:
    plan = syda.plan(Base, rows=500, llm="openai:gpt-6-luna", dry_run=True)
    assert plan.usage is not None
    assert plan.usage.total.calls == 2
    replayed = LanguageModel(model="openai:gpt-6-luna", cache="replay")
    with pytest.raises(ReplayError, match="holds no recorded replies"):
        syda.generate(Base, rows=5, llm=replayed)
    assert SyntheticDataGenerator(replayed).usage is None
    with pytest.raises(MissingKeyError):
        syda.generate(Base, rows=5, llm="openai:gpt-6-luna")


def test_a_model_writes_a_number_within_its_check_and_is_told_what_is_one_of_a_list() -> None:
    prices = iter([-1, 0, 12.5, 4, 9, 20])

    def answer(request: Any) -> Any:
        rows = rows_asked(request)
        assert all({"kind", "shelf"} <= told.keys() for told in rows)
        assert shape_of(request)["price"]["minimum"] > 0
        words = ("Red chalk", "Brown paper", "Long nails")
        return {"rows": [{"row": each["row"], "name": words[each["row"] - 1], "price": next(prices)} for each in rows]}

    dataset = syda.generate(
        Shop,
        rows=3,
        overrides={
            Article.kind: ["tool", "toy"],
            Article.shelf: syda.case("kind", {"tool": ["A1"], "toy": ["B2"]}, otherwise="C3"),
        },
        llm=either(planner(), answer),
    )
    assert sorted(map(float, dataset.frames()["articles"].price)) == [4, 9, 12.5]
    assert dataset.verify().ok


def test_a_dry_run_counts_the_children_of_all_parents() -> None:
    client = ScriptedClient(writer)
    llm = LanguageModel(model=client, mode="rows")
    wanted = {"Clinic": 60, "Visit.clinic_id": syda.between(3, 6)}
    engine = sqlite_engine()
    foreseen = syda.seed(engine, Base, rows=wanted, create=True, dry_run=True, llm=llm).usage
    engine.dispose()
    found = syda.generate(Base, rows=wanted, llm=llm).usage
    assert foreseen is not None
    assert found is not None
    assert {key: line.calls for key, line in foreseen.tables.items()} == {
        key: line.calls for key, line in found.tables.items()
    }


def test_a_column_that_is_described_is_asked_for_where_inference_only_guesses_a_list() -> None:
    metadata = sa.MetaData()
    described = {"kind": "one of screening, talk, party", "severity": "how bad", "status": "open, closed or lost"}
    sa.Table(
        "talks",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, String(20), comment=comment) for name, comment in described.items()),
        sa.Column("type", String(20)),
        sa.Column("priority", String(20), CheckConstraint("priority IN ('a', 'b')"), comment="how soon"),
        sa.Column("size", sa.Enum("S", "M"), comment="of the room"),
        sa.Column("code", String(8), comment="internal code"),
        sa.Column("currency", String(3), comment="ISO 4217"),
    )
    client = ScriptedClient(writer)
    syda.generate(metadata, rows=5, llm=LanguageModel(model=client, mode="rows"))
    assert shape_of(client.requests[0]).keys() == described.keys()
    assert all({"type", "priority", "size"} & told.keys() for told in rows_asked(client.requests[0]))


def test_no_more_rows_are_asked_for_than_a_reply_has_room_for() -> None:
    client = ScriptedClient(writer)
    client.most_tokens = 100  # type: ignore[attr-defined]
    syda.generate(Base, rows=12, llm=LanguageModel(model=client, mode="rows"))
    assert max(len(rows_asked(request)) for request in client.requests) == 2
    assert max(len(rows_asked(request)) for request in asked().requests) > 2


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_limit_in_dollars_needs_a_price(dry_run: bool) -> None:
    llm = LanguageModel(model="http://127.0.0.1:9/v1#m", mode="rows", max_cost=1.0)
    with pytest.raises(BudgetError, match="the price of 'm' is not known"):
        syda.seed("sqlite://", Base, rows=5, llm=llm, dry_run=dry_run)


def test_a_password_in_a_url_is_not_shown() -> None:
    shown = repr(LanguageModel(model="https://me:secret@gate.example/v1#m"))
    assert "secret" not in shown
    assert "gate.example" in shown
