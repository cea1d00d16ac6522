"""What `batch=True` means to those who plan and seed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import syda
from syda.cli.command import asking
from syda.errors import ModelError, UnreachableError
from syda.language import LanguageModel
from syda.llm import batches
from syda.llm.exchange import Request
from syda.llm.scripted import ScriptedClient
from syda.schemas import ModelConfig, ProxyConfig
from tests.databases import sqlite_engine
from tests.language.models import Base, writer
from tests.llm.batches import BatchServer, Failure
from tests.llm.server import serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchServer]:
    monkeypatch.setattr(batches, "_FIRST_LOOK", 0.01)
    monkeypatch.setattr(batches, "_LONGEST_PAUSE", 0.01)
    with serving() as running:
        yield BatchServer(running)


def rows(_: str, body: dict[str, Any]) -> str:
    """Answer as the scripted writer does, which reads what was sent."""
    message = body["messages"][-1]["content"]
    text = message if isinstance(message, str) else "".join(part["text"] for part in message)
    form = (body.get("response_format") or body.get("output_config"))["format" if "system" in body else "json_schema"]
    for column in form["schema"]["properties"]["rows"]["items"]["properties"].values():
        if longest := re.search(r"maxLength: (\d+)", column.get("description", "")):
            column["maxLength"] = int(longest[1])
    task = text.split("TASK\n", 1)[1]
    request = Request(
        purpose="rows", table="", instructions="", context="", task=task, answer=form["schema"], max_tokens=1
    )
    return json.dumps(writer(request))


def model(server: BatchServer, folder: Path, provider: str) -> LanguageModel:
    config = ModelConfig(
        provider=provider, model_name=f"some-{provider}", proxy=ProxyConfig(base_url=server.server.url)
    )
    keys, prices = {"openai": "k", "anthropic": "k"}, {f"some-{provider}": (1.0, 5.0)}
    return LanguageModel(model=config, mode="rows", batch=True, folder=folder, keys=keys, prices=prices, max_calls=50)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_rows_come_in_batches_and_the_report_says_what_they_cost(
    server: BatchServer, tmp_path: Path, provider: str
) -> None:
    server.answers = rows
    llm = model(server, tmp_path, provider)
    dataset = syda.generate(Base, rows=30, seed=3, llm=llm)
    assert len(dataset.frames()["visits"]) == 30
    assert dataset.usage is not None
    assert dataset.usage.batched
    assert "the half price of batches" in str(dataset.usage)
    assert dataset.usage.to_dict()["batched"]
    sent = len(server.sent)
    again = syda.generate(Base, rows=30, seed=3, llm=llm)
    assert again.frames()["visits"].equals(dataset.frames()["visits"])
    assert len(server.sent) == sent


def test_a_batch_without_any_reply_stops_the_load(server: BatchServer, tmp_path: Path) -> None:
    server.answers = lambda *_: Failure(500)
    with pytest.raises(UnreachableError, match="tried in 3 batches"):
        syda.generate(Base, rows=3, llm=model(server, tmp_path, "anthropic"))


def test_the_expected_price_is_half() -> None:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    config = ModelConfig(provider="anthropic", model_name="claude-haiku-4-5")
    foreseen = []
    for batch in (False, True):
        llm = LanguageModel(model=config, mode="rows", batch=batch, keys={"anthropic": "k"})
        foreseen.append(syda.seed(engine, Base, rows=30, llm=llm, dry_run=True).usage)
    engine.dispose()
    direct, batched = foreseen
    assert direct is not None
    assert batched is not None
    assert direct.total.cost
    assert batched.total.cost == pytest.approx(direct.total.cost / 2)
    assert (direct.batched, batched.batched) == (False, True)


def test_a_scripted_model_has_no_batches() -> None:
    with pytest.raises(ModelError, match="'scripted' at script cannot be asked in batches"):
        syda.plan(Base, rows=3, llm=LanguageModel(model=ScriptedClient([]), batch=True))


def test_the_command_line_asks_in_batches() -> None:
    options = {"llm_mode": None, "cache": None, "max_cost": None}
    assert asking("openai:gpt-5", (), llm_batch=True, **options)["llm"].batch
    assert not asking("openai:gpt-5", (), llm_batch=None, **options)["llm"].batch


PROGRAM = """
import sys, syda
from syda.llm import batches
from syda.language import LanguageModel
from syda.schemas import ModelConfig, ProxyConfig
from tests.language.models import Base
batches._FIRST_LOOK = 0.01
provider, url, folder = sys.argv[1:]
config = ModelConfig(provider=provider, model_name=f"some-{provider}", proxy=ProxyConfig(base_url=url))
llm = LanguageModel(model=config, mode="rows", batch=True, folder=folder, keys={provider: "k"})
syda.generate(Base, rows=30, seed=3, llm=llm)
"""


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_stopped_pays_once(
    server: BatchServer, tmp_path: Path, provider: str, number: signal.Signals
) -> None:
    server.answers, server.looks = rows, 10**9
    command = [sys.executable, "-c", PROGRAM, provider, server.server.url, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not server.calls("GET", "batch-0") and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(20) in (-number, 130)
        said = process.stderr.read() if process.stderr else ""
    assert "never awaited" not in said
    assert "never retrieved" not in said
    server.looks = 0
    dataset = syda.generate(Base, rows=30, seed=3, llm=model(server, tmp_path, provider))
    assert len(dataset.frames()["visits"]) == 30
    keys = [key for batch in server.sent for key in batch]
    assert len(keys) == len(set(keys))
