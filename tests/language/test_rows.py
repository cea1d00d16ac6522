"""A model writes rows: as many as are wanted, each of which keeps every rule, whatever comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.dataset import Dataset
from syda.errors import BudgetError, ModelError, RefusedRequestError, ReplayError, UnreachableError, UnusableReplyError
from syda.language import LanguageModel
from syda.llm.exchange import Finish, Reply, Request
from syda.llm.scripted import ScriptedClient
from syda.planning.model import Plan
from syda.writing.request import requests_for
from tests.databases import sqlite_engine
from tests.language.models import Base, Clinic, heeded, planner, rows_asked, shape_of, writer, written_row


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    made = sqlite_engine()
    yield made
    made.dispose()


def model(client: Any, **options: Any) -> LanguageModel:
    return LanguageModel(model=client, **{"mode": "rows", "cache": "off", **options})


def made(answer: Any, rows: int = 12, **options: Any) -> Dataset:
    return syda.generate(Base, rows=rows, seed=3, llm=model(ScriptedClient(answer), **options))


def test_rows_are_written_where_only_a_model_knows() -> None:
    client = ScriptedClient(writer)
    plan = syda.plan(Base, rows=12, llm=model(client))
    authors = {name: column.author for name, column in plan.tables["visits"].columns.items()}
    assert {name for name, author in authors.items() if author == "model"} == {
        "procedure",
        "complaint",
        "fee",
        "urgency",
        "note",
    }
    assert not client.requests
    dataset = syda.generate(plan, llm=model(client))
    visits, clinics = dataset.frames()["visits"], dataset.frames()["clinics"]
    assert (len(visits), len(clinics)) == (12, 12)
    city = clinics.set_index("id").city.loc[visits.clinic_id].tolist()
    assert all(f" of {there} " in each for each, there in zip(visits.complaint, city, strict=True))
    assert {request.purpose for request in client.requests} == {"rows"}
    assert dataset.usage is not None
    assert dataset.usage.total.calls == len(client.requests)


def test_a_request_holds_no_key_and_quotes_what_others_wrote() -> None:
    client = ScriptedClient(writer)
    syda.generate(Base, rows=5, llm=model(client), prompts={"visits": "Only broken bones."})
    visits = client.requests[-1]
    assert "Only broken bones." in visits.instructions
    assert not {"id", "clinic_id"} & shape_of(visits).keys()
    assert "drop the tables" in visits.context
    assert "drop the tables" not in visits.instructions + visits.task
    assert [told["row"] for told in rows_asked(visits)] == [1, 2, 3, 4, 5]
    assert all({"day", "spark"} <= told.keys() for told in rows_asked(visits))


def test_a_column_with_a_generator_of_its_own_is_not_asked() -> None:
    client = ScriptedClient(writer)
    options = {"custom_generators": {"Visit": {"fee": lambda row, column: 77}}}
    dataset = syda.generate(Base, rows=4, llm=model(client), **options)
    assert set(dataset.frames()["visits"].fee) == {77}
    assert "fee" not in shape_of(client.requests[-1])


def test_a_saved_plan_asks_again_and_says_so_without_a_model() -> None:
    saved = syda.plan(Base, rows=6, llm=model(ScriptedClient(writer))).to_yaml()
    assert "source: llm" in saved
    plan = Plan.from_yaml(saved)
    assert syda.generate(plan, llm=model(ScriptedClient(writer))).verify().ok
    with pytest.raises(ModelError, match=r"clinics, visits are to be written by a language model: say which by llm="):
        syda.generate(plan)


def broken_once(change: Any) -> Any:
    """Return a model whose first reply for each table is changed, and whose others are good."""
    seen: set[str] = set()

    def answer(request: Request) -> Any:
        good = writer(request)
        if request.table in seen:
            return good
        seen.add(request.table)
        return change(good)

    return answer


def each_row(change: Any) -> Any:
    return lambda good: {"rows": [change(dict(row)) for row in good["rows"]]}


@pytest.mark.parametrize(
    "change",
    [
        lambda good: {"rows": good["rows"][:-3]},
        lambda good: {"rows": good["rows"] + good["rows"][:2]},
        lambda good: {"rows": good["rows"] + [{**good["rows"][0], "row": 99}]},
        lambda good: {"rows": []},
        lambda good: {"data": good["rows"]},
        lambda good: good["rows"],
        lambda good: "Here you are:\n```json\n" + json.dumps(good) + "\n```\nAnything else?",
        lambda good: "I cannot help with that.",
        lambda good: "",
        lambda good: json.dumps(good)[: len(json.dumps(good)) // 2],
        lambda good: Reply(text=json.dumps(good)[:-40], finish=Finish.LENGTH),
        lambda good: Reply(text=json.dumps(good), finish=Finish.REFUSED, detail="policy"),
        lambda good: Reply(text=json.dumps(good), finish=Finish.FILTERED),
        lambda good: json.dumps(good).replace('"row": 2', '"row": NaN'),
        lambda good: json.dumps(good).replace('"row": 2', '"row": 1, "row": 2'),
        lambda good: "[" * 5_000,
        each_row(lambda row: {**row, "row": str(row["row"])}),
        each_row(lambda row: {**row, "procedure": "x" * 41, "name": "y" * 61}),
        each_row(lambda row: {**row, "procedure": None, "name": ""}),
        each_row(lambda row: {**row, "procedure": {"a": 1}, "name": ["b"]}),
        each_row(lambda row: {**row, "procedure": "\ud800", "name": "\x00"}),
        each_row(lambda row: {**row, "urgency": 6, "name": "the same"}),
        each_row(lambda row: {**row, "fee": "1e999", "city": 7}),
        each_row(lambda row: {**row, "fee": 2, "urgency": 3, "name": row.get("name", "").upper()}),
        each_row(lambda row: {**row, "complaint": "It hurts here when I walk up the long stairs", "name": "x"}),
    ],
)
def test_whatever_comes_back_all_rows_are_there_in_the_end(change: Any) -> None:
    dataset = made(broken_once(change))
    assert dataset.rows == {"clinics": 12, "visits": 12}
    assert dataset.verify().ok
    visits = dataset.frames()["visits"]
    assert (visits.fee > visits.urgency).all()
    assert visits.complaint.nunique() == 12


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_reply_ends_in_valid_rows_or_a_typed_error(data: st.DataObject) -> None:
    item = st.sampled_from([None, 1, -5, 3.5, "", "a", "b" * 100, True, [], {}, "é", 10**30, "7"])

    def answer(request: Request) -> Any:
        rows = writer(request)["rows"]
        for row in rows:
            for name in data.draw(st.lists(st.sampled_from([*row]), max_size=2), label="broken"):
                row[name] = data.draw(item)
        return {"rows": data.draw(st.sampled_from([rows, rows[:-1], rows[::-1], [*rows, 7]]))}

    with contextlib.suppress(UnusableReplyError):
        dataset = made(answer, rows=4)
        assert dataset.rows == {"clinics": 4, "visits": 4}
        assert dataset.verify().ok


def test_addresses_have_the_form_of_addresses() -> None:
    tables = {"Company": {"id": "integer", "name": "company", "email": "email", "website": "url", "domain": "domain"}}
    bad = {"email": "at home", "website": "www", "domain": "a b"}
    client = ScriptedClient(broken_once(each_row(lambda row: row | {k: v for k, v in bad.items() if k in row})))
    frame = syda.generate(tables, rows=6, llm=model(client)).frames()["Company"]
    assert heeded(client.requests[1])["refused"] == ["email: 'at home' is no email"] * 6
    assert frame.email.str.fullmatch(r"info@[0-9a-f-]+\.example").all()
    assert frame.website.str.startswith("https://").all()
    assert {"name", "email", "website", "domain"} <= shape_of(client.requests[0]).keys()


def test_what_follows_from_a_name_that_a_model_writes_is_made_of_it() -> None:
    tables = {"Person": {"id": "integer", "full_name": "full_name", "email": "email"}}
    client = ScriptedClient(
        lambda request: {"rows": [{"row": r["row"], "full_name": "Zoë Quartz"} for r in rows_asked(request)]}
    )
    frame = syda.generate(tables, rows=3, llm=model(client)).frames()["Person"]
    assert frame.email.str.contains("quartz").all()


def test_rows_that_never_come_end_in_an_error_that_carries_the_others() -> None:
    with pytest.raises(UnusableReplyError, match=r"'clinics': 1 of 9 rows") as caught:
        made(each_row_again(lambda row: {**row, "name": "The Practice"}), rows=9)
    assert [row["name"] for row in caught.value.rows] == ["The Practice"]


def each_row_again(change: Any) -> Any:
    return lambda request: {"rows": [change(row) for row in writer(request)["rows"]]}


def test_a_reply_without_rows_is_complained_of() -> None:
    with pytest.raises(UnusableReplyError, match=r"0 of 12 rows .* the last complaint: a reply held no rows"):
        made(lambda request: {"rows": []})


def test_complaints_and_values_that_are_taken_are_told() -> None:
    client = ScriptedClient(broken_once(each_row(lambda row: {**row, "name": "Same"})))
    syda.generate(Base, rows={"Clinic": 3, "Visit": 0}, llm=model(client))
    again = heeded(client.requests[1])
    assert again["avoid"] == {"name": ["Same"]}
    assert again["refused"] == ["name: 'Same' is used already"] * 2
    assert len(rows_asked(client.requests[1])) == 2


def test_what_a_run_paid_for_is_found_by_the_next_one(tmp_path: Any) -> None:
    calls = []

    def dying(request: Request) -> Any:
        calls.append(request)
        if request.table == "visits":
            return UnreachableError("gone")
        return writer(request)

    with pytest.raises(UnreachableError):
        made(dying, cache="record", folder=tmp_path)
    client = ScriptedClient(writer)
    dataset = syda.generate(Base, rows=12, seed=3, llm=model(client, cache="record", folder=tmp_path))
    assert {request.table for request in client.requests} == {"visits"}
    silent = ScriptedClient([])
    again = syda.generate(Base, rows=12, seed=3, llm=model(silent, cache="replay", folder=tmp_path))
    assert not silent.requests
    for key, frame in dataset.frames().items():
        assert frame.equals(again.frames()[key])
    with pytest.raises(ReplayError, match="clinics"):
        syda.generate(Base, rows=13, seed=4, llm=model(silent, cache="replay", folder=tmp_path))


def test_a_wrong_key_costs_one_call() -> None:
    client = ScriptedClient(lambda _: RefusedRequestError("wrong key"))
    with pytest.raises(RefusedRequestError):
        syda.generate(Base, rows=500, llm=model(client))
    assert len(client.requests) == 1


def test_a_budget_holds_for_plan_and_rows_together() -> None:
    client = ScriptedClient(writer)
    with pytest.raises(BudgetError):
        syda.generate(Base, rows=400, llm=model(client, max_calls=5))
    assert len(client.requests) <= 5


def test_many_rows_take_few_calls_at_the_same_time() -> None:
    under_way = peak = 0

    class Slow(ScriptedClient):
        async def ask(self, request: Request) -> Reply:
            nonlocal under_way, peak
            under_way, peak = under_way + 1, max(peak, under_way + 1)
            await asyncio.sleep(0)
            under_way -= 1
            return await super().ask(request)

    client = Slow(writer)
    syda.generate(Base, rows={"Clinic": 200, "Visit": 0}, llm=model(client))
    assert len(client.requests) <= 20
    assert peak > 2


def test_no_two_rows_are_told_the_same() -> None:
    client = ScriptedClient(writer)
    syda.generate(Base, rows={"Clinic": 700, "Visit": 0}, llm=model(client))
    sparks = [told["spark"] for request in client.requests for told in rows_asked(request)]
    assert len(sparks) == len(set(sparks)) == 700


def test_rows_beside_others_avoid_their_values_and_know_their_parents(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    syda.seed(engine, Base, rows={"Clinic": 3, "Visit": 0}, seed=1)
    with engine.connect() as connection:
        names = list(connection.scalars(sa.select(Clinic.name)))
    client = ScriptedClient(writer)
    report = syda.seed(engine, Base, rows={"Clinic": 2, "Visit": 6}, mode="append", llm=model(client))
    assert report.rows == {"clinics": 2, "visits": 6}
    assert report.usage is not None
    first = heeded(client.requests[0])
    assert sorted(first["avoid"]["name"]) == sorted(names)
    assert all("city" in told["clinics"] for told in rows_asked(client.requests[-1]))
    assert syda.check(engine).ok


def test_a_total_counts_what_a_model_writes_also_where_a_check_is_about_it() -> None:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    total, limit = (sa.Column(name, sa.Integer, nullable=False) for name in ("total", "credit"))
    sa.Table("bills", metadata, key, total, limit, sa.CheckConstraint("total <= credit"))
    sa.Table(
        "lines",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("bill_id", sa.ForeignKey("bills.id"), nullable=False),
        sa.Column("fee", sa.Integer, nullable=False),
    )
    overrides = {"bills.total": syda.total("lines", "fee"), "bills.credit": 10**6}
    frames = syda.generate(metadata, rows=4, overrides=overrides, llm=model(ScriptedClient(writer))).frames()
    assert frames["bills"].total.sum() == frames["lines"].fee.sum() > 0


@pytest.mark.parametrize("mode", ["plan", "rows"])
def test_no_transaction_is_open_while_a_model_is_asked(engine: sa.Engine, mode: str) -> None:
    syda.seed(engine, Base, rows={"Clinic": 3, "Visit": 0}, create=True)
    is_open = False

    def note(begun: bool) -> Any:
        def noted(_: sa.Connection) -> None:
            nonlocal is_open
            is_open = begun

        return noted

    for name, begun in (("begin", True), ("rollback", False), ("commit", False)):
        sa.event.listen(engine, name, note(begun))
    seen = []

    def watching(request: Request) -> Any:
        seen.append(is_open)
        return writer(request) if request.purpose == "rows" else planner()(request)

    syda.seed(engine, Base, rows=5, mode="append", llm=model(ScriptedClient(watching), mode=mode))
    assert seen
    assert not any(seen)


def test_a_dry_run_of_a_load_asks_nothing_and_tells_the_cost(engine: sa.Engine) -> None:
    client = ScriptedClient([])
    report = syda.seed(engine, Base, rows=8, create=True, dry_run=True, llm=model(client))
    assert report.rows == {"clinics": 8, "visits": 8}
    assert report.usage is not None
    assert report.usage.expected
    plan = syda.plan(Base, rows=8, llm=model(client))
    report = syda.seed(engine, plan, create=True, dry_run=True, llm=model(client))
    assert report.usage is not None
    assert report.usage.total.calls == 2
    assert not client.requests


def test_it_works_inside_a_running_event_loop() -> None:
    async def notebook() -> Dataset:
        return made(writer)

    assert asyncio.run(notebook()).verify().ok


def test_an_asynchronous_load_asks_while_the_loop_runs_on() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    class Waiting(ScriptedClient):
        async def ask(self, request: Request) -> Reply:
            for _ in range(20):
                await asyncio.sleep(0)
            return await super().ask(request)

    async def load() -> Any:
        ticking = asyncio.create_task(tick())
        try:
            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine("sqlite+aiosqlite://", poolclass=sa.StaticPool)
            report = await syda.seed_async(engine, Base, rows=6, create=True, llm=model(Waiting(writer)))
            again = await syda.seed_async(engine, Base, rows=3, mode="append", llm=model(Waiting(different)))
            await engine.dispose()
            return report, again
        finally:
            ticking.cancel()

    report, again = asyncio.run(load())
    assert (report.rows["visits"], again.rows["visits"]) == (6, 3)
    assert ticks > 60


def different(request: Request) -> Any:
    rows = [written_row(request, told) for told in rows_asked(request)]
    return {"rows": [{name: item[::-1] if name == "name" else item for name, item in row.items()} for row in rows]}


@pytest.mark.parametrize(
    ("rows", "most", "at_once", "calls"),
    [
        (1, 17, 16, 1),
        (17, 17, 16, 1),  # alone, it needs no other
        (20, 17, 16, 2),
        (60, 17, 16, 6),  # ten rows each
        (200, 17, 16, 17),  # one, and 16 at once
        (200, 40, 16, 17),
        (1000, 17, 16, 65),
        (200, 17, 1, 12),  # a model that answers one at a time
        (12, 1, 16, 12),
    ],
)
def test_rows_fill_rounds_of_requests(rows: int, most: int, at_once: int, calls: int) -> None:
    assert requests_for(rows, most, at_once) == calls


@given(rows=st.integers(1, 5000), most=st.integers(1, 40), at_once=st.integers(1, 64))
def test_spread_rows_take_no_more_rounds(rows: int, most: int, at_once: int) -> None:
    calls, fewest = requests_for(rows, most, at_once), -(-rows // most)
    assert fewest <= calls <= max(fewest, rows // 10)
    assert -(-(calls - 1) // at_once) == -(-(fewest - 1) // at_once)


def test_no_two_rows_are_led_to_the_same_idea() -> None:
    client = ScriptedClient(writer)
    syda.generate(Base, rows={"Clinic": 700, "Visit": 0}, llm=model(client))
    sparks = [told["spark"] for request in client.requests for told in rows_asked(request)]
    assert len(set(sparks)) == len(sparks) >= 700
    assert max(len(each.split()) for each in sparks) <= 4
