"""Which rows of a reply are taken: categories may come again, sentences not; numbers of rows may be written oddly."""

from __future__ import annotations

import json
from typing import Any

import pytest

import syda
from syda.dataset import Dataset
from syda.errors import ModelError, UnusableReplyError
from syda.language import LanguageModel
from syda.llm.exchange import Finish, Reply, Request
from syda.llm.scripted import ScriptedClient
from tests.language.models import rows_asked

WARDS = ("ICU", "Maternity", "Surgery")


def made(script: Any, columns: dict[str, Any], rows: int = 12) -> Dataset:
    client = script if isinstance(script, ScriptedClient) else ScriptedClient(script)
    return syda.generate({"T": {"id": "integer", **columns}}, rows=rows, llm=LanguageModel(model=client, mode="rows"))


@pytest.mark.parametrize("name", ["ward", "breed", "title", "subject", "reason", "species", "cuisine", "description"])
def test_short_texts_may_come_again(name: str) -> None:
    def answer(request: Request) -> Any:
        return {"rows": [{"row": told["row"], name: WARDS[told["row"] % 3]} for told in rows_asked(request)]}

    client = ScriptedClient(answer)
    frame = made(client, {name: "text"}).frames()["T"]
    assert set(frame[name].dropna()) == set(WARDS)
    assert len(client.requests) == 1


def test_titles_of_many_words_may_come_again() -> None:
    def answer(request: Request) -> Any:
        return {"rows": [{"row": t["row"], "title": "A History of the Art of Rome"} for t in rows_asked(request)]}

    assert made(answer, {"title": {"type": "text", "length": 40}}).frames()["T"].title.nunique() == 1


def test_sentences_may_not_nearly_come_again() -> None:
    def answer(request: Request) -> Any:
        words = "The staff of the ward were kind and quick to help us on the day of number"
        return {"rows": [{"row": told["row"], "comment": f"{words} {told['row']}."} for told in rows_asked(request)]}

    with pytest.raises(UnusableReplyError, match=r"1 of 12 rows .* nearly repeats another row"):
        made(answer, {"comment": "text"})


def notes(request: Request) -> list[dict[str, Any]]:
    return [{"row": told["row"], "note": f"Of {told['spark']}"} for told in rows_asked(request)]


def renumbered(change: Any) -> Any:
    return lambda request: {"rows": [{**row, "row": change(row["row"])} for row in notes(request)]}


@pytest.mark.parametrize(
    "answer",
    [
        renumbered(str),
        renumbered(float),
        renumbered(lambda number: f" {number} "),
        renumbered(lambda number: number - 1),
        renumbered(lambda number: str(number - 1)),
        lambda request: {"rows": [{**row, "row": row["row"] - 1} for row in reversed(notes(request))]},
        lambda request: {"data": notes(request)},
        notes,
        lambda request: "\n".join(json.dumps(row) for row in notes(request)),
        lambda request: "```jsonl\n" + "\n".join(json.dumps({"note": row["note"]}) for row in notes(request)) + "\n```",
    ],
)
def test_rows_are_read_however_they_are_numbered_and_listed(answer: Any) -> None:
    told: list[str] = []

    def noted(request: Request) -> Any:
        told.extend(row["note"] for row in notes(request))
        return answer(request) if isinstance(answer(request), str) else json.dumps(answer(request))

    client = ScriptedClient(noted)
    frame = made(client, {"note": {"type": "text", "nullable": False}}).frames()["T"]
    assert len(client.requests) == 1
    assert frame.note.tolist() == told


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda r: {"rows": [{**row, "row": 2 * (row["row"] - 1)} for row in notes(r)]}, "not numbered as they were"),
        (lambda r: ["a"] * 12, "a row is no object but 'a'"),
        (lambda r: {"data": [1, 2]}, "it holds no list 'rows'"),
        (lambda r: {"data": [{"other": 1}]}, "it holds no list 'rows'"),
        (lambda r: '{"rows": [{"row": 1, "row": 2, "note": "x"}]}', "the key 'row' stands twice"),
        (lambda r: Reply(text='{"rows": [', finish=Finish.LENGTH), "a reply held"),
        (lambda r: Reply(text="", finish=Finish.EMPTY), "a reply was empty"),
    ],
)
def test_a_reply_that_is_of_no_use_is_an_error_that_says_why(answer: Any, says: str) -> None:
    with pytest.raises(UnusableReplyError, match=rf"0 of 12 rows .* the last complaint: .*{says}"):
        made(lambda r: answer(r) if isinstance(answer(r), Reply | str) else json.dumps(answer(r)), {"note": "text"})


def test_a_script_whose_function_returns_none_is_told_so() -> None:
    with pytest.raises(ModelError, match="the script's function returned None for request 1"):
        made(lambda _: None, {"note": "text"})


NAMES = ["José", "Jose", "JOSE ", "Straße", "Strasse", "Søren", "Soren", "Łukasz", "Lukasz", "Ana", "Ann", "Anna"]


def people(dialect: str) -> dict[str, Any]:
    columns = {"id": "integer", "name": {"type": "text", "nullable": False, "unique": True}}
    return {"tables": {"T": columns}, "dialect": dialect}


@pytest.mark.parametrize(("dialect", "taken"), [("", 7), ("mysql", 7), ("mariadb", 7), ("postgresql", 10)])
def test_unique_texts_differ_by_what_the_database_compares(dialect: str, taken: int) -> None:
    def answer(request: Request) -> Any:
        return {"rows": [{"row": told["row"], "name": NAMES[told["row"] - 1]} for told in rows_asked(request)]}

    llm = LanguageModel(model=ScriptedClient(answer), mode="rows")
    with pytest.raises(UnusableReplyError) as caught:
        syda.generate(people(dialect), rows=12, llm=llm)
    assert len(caught.value.rows) == taken
