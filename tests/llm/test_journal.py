"""What was paid for is found again, and what a crash cut is as good as not there."""

import json
from dataclasses import replace

import pytest

from syda.errors import ModelError, ReplayError
from syda.llm.exchange import Finish, Reply, Request, Usage, key_of
from syda.llm.journal import Journal

REQUEST = Request(
    purpose="rows",
    table="customer",
    instructions="Write rows.",
    context="A shop.\nIts customers.",
    task="Write 3 rows.",
    answer={"type": "object"},
    max_tokens=100,
)
REPLY = Reply(text='{"rows": [1, "ü", "😀"]}', finish=Finish.LENGTH, usage=Usage(10, 20, 5), detail="cut", calls=2)


class Model:
    endpoint, model = "https://api.example/v1", "small-1"

    def __init__(self, **settings):
        self.settings = settings


KEY = key_of(Model(), REQUEST)
BROKEN = [
    json.dumps({"syda": 1, "key": KEY, "reply": each})
    for each in (None, "x", {"text": "x"}, {"text": "x", "finish": "never"}, {"text": 7, "finish": "complete"})
]


def test_a_reply_is_found_again_by_another_process_and_costs_nothing_then(tmp_path):
    Journal(tmp_path / "new").write(Model(), REQUEST, REPLY)
    found = Journal(tmp_path / "new").find(Model(), REQUEST)
    assert found == replace(REPLY, usage=Usage(), calls=0)


@pytest.mark.parametrize("name", ["instructions", "context", "task", "table", "purpose"])
def test_another_request_is_another_address(tmp_path, name):
    journal = Journal(tmp_path)
    journal.write(Model(), REQUEST, REPLY)
    assert journal.find(Model(), REQUEST) is not None
    assert journal.find(Model(), replace(REQUEST, **{name: "other"})) is None
    assert journal.find(Model(temperature=1), REQUEST) is None


def test_processes_write_files_of_their_own(tmp_path):
    for _ in range(3):
        Journal(tmp_path).write(Model(), REQUEST, REPLY)
    assert len(list(tmp_path.iterdir())) == 3


def test_reading_makes_nothing(tmp_path):
    Journal(tmp_path / "x").find(Model(), REQUEST)
    assert not (tmp_path / "x").exists()


def test_every_cut_of_a_file_leaves_the_replies_before_it(tmp_path):
    journal = Journal(tmp_path)
    others = [replace(REQUEST, task=f"Write {number} rows.") for number in range(3)]
    for request in others:
        journal.write(Model(), request, REPLY)
    (file,) = tmp_path.iterdir()
    written = file.read_bytes()
    ends = [place for place, byte in enumerate(written) if byte == ord("\n")]
    for cut in range(0, len(written), 7):
        file.write_bytes(written[:cut])
        found = [Journal(tmp_path).find(Model(), request) is not None for request in others]
        assert sum(found) == sum(end <= cut for end in ends)
        assert found == sorted(found, reverse=True)


def test_after_a_failed_write_the_next_is_whole(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    journal.write(Model(), REQUEST, REPLY)
    (file,) = tmp_path.iterdir()
    file.chmod(0o400)
    file.unlink()
    file.mkdir()  # it can be opened for writing no more, by nobody
    with pytest.raises(ModelError, match="cannot be written"):
        journal.write(Model(), replace(REQUEST, task="second"), REPLY)
    journal.write(Model(), replace(REQUEST, task="third"), REPLY)
    assert Journal(tmp_path / "..").find(Model(), REQUEST) is None
    file.rmdir()
    assert Journal(tmp_path).find(Model(), replace(REQUEST, task="third")) is not None


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", '{"syda": 1}', '{"syda": 99, "key": "x"}', "\x00\xff", "{" * 10_000, "[" * 100_000, *BROKEN],
)
def test_other_lines_are_passed_over(tmp_path, line):
    (tmp_path / "a.jsonl").write_text(line + "\n", encoding="latin-1")
    assert Journal(tmp_path).find(Model(), REQUEST) is None


def test_a_replay_that_misses_says_what_changed(tmp_path):
    Journal(tmp_path).write(Model(), REQUEST, REPLY)
    replayed = Journal(tmp_path, replay=True)
    assert replayed.find(Model(), REQUEST).text == REPLY.text
    with pytest.raises(ReplayError) as caught:
        replayed.find(Model(), replace(REQUEST, context="A shop.\nIts clients."))
    assert "context:\n    - Its customers.\n    + Its clients." in str(caught.value)
    with pytest.raises(ReplayError, match="temperature"):
        replayed.find(Model(temperature=0.5), REQUEST)
    with pytest.raises(ReplayError, match="none of the kind"):
        replayed.find(Model(), replace(REQUEST, table="order"))


def test_a_replay_of_nothing_is_an_error(tmp_path):
    with pytest.raises(ReplayError, match="record them first"):
        Journal(tmp_path / "nowhere", replay=True)


def test_lines_are_plain_ascii_and_hold_what_was_asked(tmp_path):
    Journal(tmp_path).write(Model(), REQUEST, REPLY)
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_bytes().decode("ascii"))["request"] == REQUEST.content()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_reply_is_found_when_it_is_on_the_disk(tmp_path):
    journal = Journal(tmp_path)
    journal.add(Model(), REQUEST, REPLY)
    assert journal.find(Model(), REQUEST) is None
    journal.sync()
    assert journal.find(Model(), REQUEST) is not None


def test_a_reply_of_a_later_version_and_a_folder_among_the_files(tmp_path):
    (tmp_path / "x.jsonl").mkdir()
    said = {"text": "{}", "finish": "complete", "later": 1}
    (tmp_path / "a.jsonl").write_text(json.dumps({"syda": 1, "key": KEY, "reply": said}))
    assert Journal(tmp_path).find(Model(), REQUEST) == Reply(text="{}", calls=0)


def test_what_a_replay_misses_is_told_beside_lines_without_a_request(tmp_path):
    said = {"text": "{}", "finish": "complete"}
    lines = [
        {"syda": 1, "key": "k", "reply": said},
        {"syda": 1, "key": "l", "reply": said, "request": REQUEST.content()},
    ]
    lines.append({"syda": 1, "useless": "x"})
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(ReplayError, match="Write 4 rows"):
        Journal(tmp_path, replay=True).find(Model(), replace(REQUEST, task="Write 4 rows."))
