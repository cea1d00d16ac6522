"""What is asked again, and what never is: useless replies, and rows beside those that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import syda
from syda.dataset import Dataset
from syda.errors import UnusableReplyError
from syda.language import LanguageModel
from syda.llm.exchange import Request
from syda.llm.scripted import ScriptedClient
from syda.structured import SyntheticDataGenerator
from tests.databases import sqlite_engine
from tests.language.models import Base, rows_asked, writer


def made(answer: Any, folder: Path, **options: Any) -> tuple[ScriptedClient, Dataset]:
    client = ScriptedClient(answer)
    llm = LanguageModel(model=client, mode="rows", **{"cache": "record", "folder": folder, **options})
    return client, syda.generate(Base, rows=12, llm=llm)


def test_useless_replies_are_asked_for_again_by_the_next_run(tmp_path: Path) -> None:
    with pytest.raises(UnusableReplyError, match=f"kept in {tmp_path}"):
        made(lambda _: "I cannot help with that.", tmp_path)
    client, dataset = made(writer, tmp_path)
    assert len(client.requests) == 2
    assert dataset.verify().ok
    client, again = made(writer, tmp_path)
    assert not client.requests
    assert again.frames()["visits"].equals(dataset.frames()["visits"])


def test_rows_that_were_usable_are_not_paid_for_again(tmp_path: Path) -> None:
    with pytest.raises(UnusableReplyError, match="table 'visits'"):
        made(lambda request: writer(request) if request.table == "clinics" else {"rows": []}, tmp_path)
    client, _ = made(writer, tmp_path)
    assert {request.table for request in client.requests} == {"visits"}


def test_a_run_that_ended_well_is_found_with_the_replies_that_were_of_no_use(tmp_path: Path) -> None:
    told: list[str] = []

    def late(request: Any) -> Any:
        told.append(request.table)
        return "Well..." if len(told) == 1 else writer(request)

    made(late, tmp_path)
    client, _ = made(writer, tmp_path)
    assert not client.requests


def test_useless_replies_stay_an_error_of_a_replay(tmp_path: Path) -> None:
    for answer in ("Sorry.", "Sorry.", "No."):
        with pytest.raises(UnusableReplyError):
            made(lambda _, answer=answer: answer, tmp_path)
    with pytest.raises(UnusableReplyError, match="kept in"):
        made(writer, tmp_path, cache="replay")


def test_nothing_is_said_to_be_kept_that_is_not(tmp_path: Path) -> None:
    with pytest.raises(UnusableReplyError) as caught:
        made(lambda _: "Sorry.", tmp_path, cache="off")
    assert "kept" not in str(caught.value)


def test_rows_beside_those_of_an_earlier_call_are_asked_for_anew(tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        return {"rows": [{"row": told["row"], "ward": f"Ward {told['spark']}"} for told in rows_asked(request)]}

    client = ScriptedClient(answer)
    generator = SyntheticDataGenerator(LanguageModel(model=client, cache="record", folder=tmp_path))
    first, second = (generator.generate_data({"ward": "text"}, sample_size=12) for _ in range(2))
    assert len(client.requests) == 2
    assert set(first.ward).isdisjoint(second.ward)


def test_rows_beside_those_of_a_database_are_asked_for_anew(tmp_path: Path) -> None:
    engine = sqlite_engine()
    client = ScriptedClient(writer)
    llm = LanguageModel(model=client, mode="rows", cache="record", folder=tmp_path)
    for _ in range(2):
        syda.seed(engine, Base, rows={"Clinic": 4, "Visit": 0}, create=True, mode="append", llm=llm)
    engine.dispose()
    sparks = [told["spark"] for request in client.requests for told in rows_asked(request)]
    assert len(set(sparks)) == len(sparks) == 8
