"""The CRM and the hospital in a real small model's words: from recorded replies, and live where the model is there."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import syda
from examples import with_a_model
from syda import demo
from syda.dataset import Dataset
from syda.errors import ReplayError, UnusableReplyError
from syda.writing.columns import roles_of
from tests.llm.local_server import NEEDS_MODEL, serving_model

hospital = with_a_model.hospital
CASES = [(demo.Base, with_a_model.CRM), (hospital.Base, with_a_model.HOSPITAL)]
IDS = ["crm", "hospital"]
PROTOCOLS = list(with_a_model.PATHS)


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every connection an error, and every key unknown."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was made")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def made(base: Any, wanted: Any, protocol: str) -> Dataset:
    return syda.generate(base, llm=with_a_model.model(protocol), **wanted)


def written(dataset: Dataset) -> dict[tuple[str, str], list[Any]]:
    """Return the columns that the model wrote."""
    plan, frames = dataset.plan, dataset.frames()
    roles = {key: found for key in plan.tables if (found := roles_of(plan, key))}
    return {(key, name): frames[key][name].tolist() for key, found in roles.items() for name in found.sources}


def recorded(protocol: str) -> dict[tuple[str, str], set[Any]]:
    """Return what the recorded replies say, by table and column."""
    found: dict[tuple[str, str], set[Any]] = {}
    for path in sorted(with_a_model.REPLIES.glob("*.jsonl")):
        for entry in map(json.loads, path.read_text().splitlines()):
            if entry["endpoint"] != with_a_model.ENDPOINT + with_a_model.PATHS[protocol]:
                continue
            for row in json.loads(entry["reply"]["text"])["rows"]:
                for name, value in row.items():
                    found.setdefault((entry["request"]["table"], name), set()).add(value)
    return found


def plain(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else float(value)


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("base", "wanted"), CASES, ids=IDS)
def test_recorded_replies_become_rows_without_a_connection(base: Any, wanted: Any, protocol: str) -> None:
    dataset = made(base, wanted, protocol)
    assert dataset.verify().ok
    assert dataset.rows == {cls.__tablename__: number for cls, number in wanted["rows"].items()}
    assert dataset.usage is not None
    assert (dataset.usage.total.calls, dataset.usage.total.replayed > 2) == (0, True)
    said = recorded(protocol)
    for place, values in written(dataset).items():
        assert {plain(value) for value in values} <= {plain(value) for value in said[place]}, place
    again = made(base, wanted, protocol)
    assert all(again.frames()[key].equals(frame) for key, frame in dataset.frames().items())


@pytest.mark.usefixtures("_offline")
def test_what_was_not_recorded_is_an_error_that_shows_the_change() -> None:
    wanted = {**with_a_model.CRM, "prompts": {demo.Product: "A shop for pens."}}
    with pytest.raises(ReplayError, match=r"(?s)'products'.*- A shop for camping.*\+ A shop for pens"):
        made(demo.Base, wanted, PROTOCOLS[0])


def test_no_recorded_reply_names_a_machine_or_a_key() -> None:
    for path in with_a_model.REPLIES.glob("*.jsonl"):
        assert not {"authorization", "x-api-key", str(Path.home())} & set(path.read_text().lower().split('"'))


@pytest.fixture(scope="module")
def server() -> Any:
    with serving_model() as running:
        yield running


class TestLive:
    pytestmark = NEEDS_MODEL

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(("base", "wanted"), CASES, ids=IDS)
    def test_a_real_model_writes_through_both_sdks(self, base: Any, wanted: Any, protocol: str, server: Any) -> None:
        few = {**wanted, "rows": dict.fromkeys(wanted["rows"], 2)}
        dataset, before = None, 0
        for _ in range(3):  # so small a model may repeat itself until its rows are given up
            before = len(server.received)
            with suppress(UnusableReplyError):
                dataset = syda.generate(base, llm=with_a_model.model(protocol, "off", server.url), **few)
                break
        assert dataset is not None
        assert dataset.verify().ok
        assert set(dataset.rows.values()) == {2}
        assert all(value for values in written(dataset).values() for value in values)
        assert dataset.usage is not None
        assert dataset.usage.total.calls == len(server.received) - before
        assert dataset.usage.total.input > 500
