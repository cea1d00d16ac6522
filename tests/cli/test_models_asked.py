"""Commands that ask a language model, at a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run, run_json
from tests.llm.server import Received, Server, error, serving

SCHEMA = "client: {id: integer, remark: text}\nguest: {id: integer, remark: text}\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.behave = answer
        yield running


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tables.yaml").write_text(SCHEMA)


def answer(received: Received) -> Any:
    return json.dumps({"rows": [{"row": row, "remark": f"{word} {row}"} for row, word in enumerate(WORDS, 1)]})


WORDS = ("Rain all morning", "Paid by card", "Wants a window seat")


def asking(server: Server) -> list[str]:
    return ["--schema", "tables.yaml", "--rows", "3", "--llm", f"{server.url}/v1#m", "--cache", "off", "--out", "out"]


def test_prompts_for_all_tables_and_for_one_go_together(server: Server) -> None:
    prompts = ["--prompt", "Hamburg", "--prompt", "client = Coffee", "--prompt", "Two years", "--prompt", "client=Tea"]
    result = run("generate", *asking(server), *prompts)
    assert result.exit_code == 0, result.output
    said = sorted(str(received.body["messages"][0]["content"]).rpartition(":\n")[2] for received in server.received)
    assert said == ["Hamburg\nTwo years", "Hamburg\nTwo years\nCoffee\nTea"]


def test_a_failure_says_what_the_model_was_asked(server: Server) -> None:
    server.behave = lambda _: error(401, "wrong key")
    failed = run_json("generate", *asking(server), code=1)
    assert failed["usage"]["total"]["calls"] == 1
    assert "asked m: 1 calls" in run("generate", *asking(server)).stderr


def test_a_folder_that_cannot_be_written_is_refused_before_the_model_is_asked(server: Server) -> None:
    Path("file").write_text("in the way")
    for command, out in (("generate", "file/out"), ("plan", "none/plan.yaml")):
        result = run(command, *asking(server)[:-1], out)
        assert result.exit_code == 1
        assert "cannot write" in result.stderr
    assert not server.received


def test_messages_speak_of_options(server: Server) -> None:
    limited = run("generate", *asking(server), "--max-calls", "1")
    assert "Error: --max-calls 1 stops the run" in limited.stderr
    rows = asking(server)[:-2]
    assert run("plan", *rows, "--yaml", "--out", "plan.yaml").exit_code == 0
    unsaid = run("generate", "--plan", "plan.yaml", "--out", "out")
    assert "say which by --llm, such as --llm openai:MODEL" in unsaid.stderr


@pytest.mark.parametrize("option", ["--max-calls", "--max-cost", "--max-tokens"])
def test_limits_are_no_negative_numbers(option: str, server: Server) -> None:
    assert run("generate", *asking(server), option, "-1").exit_code == 2
