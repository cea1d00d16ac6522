"""Which rows of a reply are taken: categories may come again, sentences not; numbers of rows may be written oddly."""

from __future__ import annotations

from typing import Any

import pytest

import syda
from syda.dataset import Dataset
from syda.errors import UnusableReplyError
from syda.language import LanguageModel
from syda.llm.exchange import Request
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
