"""Calls on one generator side by side, calls that are cancelled, and calls that fail."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.errors import BudgetError, ModelError, PlanError, SydaError, TargetError
from syda.language import LanguageModel
from syda.llm.exchange import Reply, Request
from syda.llm.scripted import ScriptedClient
from syda.structured import SyntheticDataGenerator
from tests.language.models import Base, Clinic, Visit, either, planner, writer

THING = {"id": "number", "name": "text"}


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


class Notes(DeclarativeBase):
    pass


class Note(Notes):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class SlowClient(ScriptedClient):
    """Takes a while for each reply, and tells when the first request is there."""

    def __init__(self, seconds: float = 0.02) -> None:
        super().__init__(writer)
        self.seconds = seconds
        self.asked = threading.Event()
        self.answered = 0

    async def ask(self, request: Request) -> Reply:
        self.asked.set()
        await asyncio.sleep(self.seconds)
        reply = await super().ask(request)
        self.answered += 1
        return reply


def slow(client: ScriptedClient, **options: Any) -> SyntheticDataGenerator:
    return SyntheticDataGenerator(LanguageModel(model=client, mode="rows", cache="off", **options))


@pytest.mark.parametrize("generator", [SyntheticDataGenerator(), slow(SlowClient())], ids=["inferred", "written"])
@pytest.mark.parametrize("schema", [THING, Note], ids=["dict", "class"])
def test_calls_side_by_side_are_done_in_their_order(generator: SyntheticDataGenerator, schema: Any) -> None:
    async def both() -> list[Any]:
        return await asyncio.gather(*(generator.generate_data_async(schema, sample_size=n) for n in (5, 4, 3, 2)))

    ids = [frame.id.tolist() for frame in asyncio.run(both())]
    assert ids == [[1, 2, 3, 4, 5], [6, 7, 8, 9], [10, 11, 12], [13, 14]]


def test_threads_and_a_running_loop_share_a_generator() -> None:
    generator = slow(SlowClient())
    found: list[int] = []

    def call() -> None:
        found.extend(generator.generate_data(THING, sample_size=10).id)

    async def within() -> None:
        later = asyncio.ensure_future(generator.generate_data_async(THING, sample_size=10))
        await asyncio.sleep(0)
        call()
        found.extend((await later).id)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    asyncio.run(within())
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 61))


def test_event_loops_in_several_threads_share_a_generator() -> None:
    generator = slow(SlowClient(seconds=0.001))
    found: list[int] = []

    async def several() -> None:
        for frame in await asyncio.gather(*(generator.generate_data_async(THING, sample_size=2) for _ in range(10))):
            found.extend(frame.id)

    threads = [threading.Thread(target=lambda: asyncio.run(several()), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == list(range(1, 81))


def test_a_call_that_took_too_long_while_a_plan_was_asked_for_is_stopped() -> None:
    client = SlowClient(seconds=60)
    generator = SyntheticDataGenerator(LanguageModel(model=client, mode="plan"))
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(generator.generate_data_async(THING, sample_size=4), 0.5))
    assert len(SyntheticDataGenerator().generate_data(THING, sample_size=4)) == 4
    assert not client.answered


def test_a_call_that_is_cancelled_asks_nothing_more_and_is_forgotten() -> None:
    client = SlowClient(seconds=0.2)
    generator = slow(client)

    async def cancelled() -> int:
        call = asyncio.ensure_future(generator.generate_data_async(THING, sample_size=400))
        waiting = asyncio.ensure_future(generator.generate_data_async(THING, sample_size=400))
        await asyncio.to_thread(client.asked.wait)
        for each in (waiting, call):
            each.cancel()
            with pytest.raises(asyncio.CancelledError):
                await each
        answered = client.answered
        await asyncio.sleep(0.5)
        return answered

    assert asyncio.run(cancelled()) == client.answered
    assert generator.usage is not None
    assert client.answered <= generator.usage.total.calls <= client.answered + 16
    assert generator.generate_data(THING, sample_size=3).id.tolist() == [1, 2, 3]


def test_arguments_that_are_none_hold_up_nobody() -> None:
    generator = SyntheticDataGenerator()
    with pytest.raises(TypeError):
        asyncio.run(generator.generate_data_async(THING, size=3))
    assert len(generator.generate_data(THING, sample_size=3)) == 3


def test_a_function_cannot_call_the_generator_that_it_makes_values_for() -> None:
    generator = SyntheticDataGenerator()
    generator.register_generator("text", lambda row, column: str(len(generator.generate_data(THING))))
    with pytest.raises(SydaError, match="cannot call the generator"):
        generator.generate_data(THING, sample_size=2)


@pytest.mark.parametrize("name", ["file/rows.csv", "folder.csv"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_asked(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.csv").mkdir()
    client = ScriptedClient(writer)
    generator = slow(client)
    with pytest.raises(TargetError, match="cannot write"):
        generator.generate_data(THING, sample_size=3, output_path=tmp_path / name)
    with pytest.raises(TargetError, match="cannot write"):
        generator.generate_related_data([Clinic], output_dir=tmp_path / "file")
    assert not client.requests


def test_rows_that_could_not_be_written_are_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"

    def spoil(request: Request) -> Any:
        path.mkdir(exist_ok=True)
        return writer(request)

    generator = slow(ScriptedClient(spoil))
    with pytest.raises(TargetError) as caught:
        generator.generate_data(THING, sample_size=3, output_path=path)
    assert caught.value.usage is None
    assert generator.usage is not None
    assert generator.generate_data(THING, sample_size=3).id.tolist() == [1, 2, 3]


def test_a_call_that_failed_tells_what_the_model_was_asked() -> None:
    def once(request: Request) -> Any:
        return writer(request) if request.table == "clinics" else ModelError("no")

    generator = slow(ScriptedClient(once))
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            generator.generate_related_data([Clinic, Visit], sample_sizes=3)
        assert caught.value.usage.total.calls == 2
        assert caught.value.usage.tables["clinics"].output > 0
    assert generator.usage is not None
    assert generator.usage.total.calls == 4


def test_errors_of_the_public_functions_tell_what_the_model_was_asked() -> None:
    model = LanguageModel(model=either(planner()), max_calls=1)
    with pytest.raises(BudgetError) as caught:
        syda.plan(Base, rows=500, llm=model)
    assert caught.value.usage.total.calls == 1
    with pytest.raises(BudgetError) as caught:
        syda.generate(Base, rows={"Clinic": 5, "Visit": 500}, llm=model)
    assert caught.value.usage.total.calls == 1


def test_rows_that_cannot_be_made_tell_what_the_model_was_asked_for_them() -> None:
    def late(row: Any, column: Any) -> str:
        if "complaint of" in row["complaint"]:  # written by the model
            raise RuntimeError
        return "early"

    with pytest.raises(SydaError) as caught:
        syda.generate(Base, rows=3, llm=ScriptedClient(writer), overrides={Visit.note: late})
    assert caught.value.usage.total.calls == 2


def test_errors_hide_nothing_of_how_a_loop_was_looked_for() -> None:
    with pytest.raises(ModelError) as caught:
        syda.generate(Base, rows=2, llm=ScriptedClient([]))
    assert caught.value.__context__ is None
    with pytest.raises(PlanError):
        syda.generate(Base, rows=2, prompts="x")
