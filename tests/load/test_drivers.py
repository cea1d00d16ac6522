"""What is said where a driver is not installed: what to install, and what to write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = """
import contextlib, io, json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = set()
sys.meta_path.insert(0, Absent())
from syda.cli import main

said = []
for missing, arguments in json.load(sys.stdin):
    for name in [name for name in sys.modules if name.partition(".")[0] in missing]:
        del sys.modules[name]
    sys.argv[1:] = [*arguments, "--json"]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as end:
            said.append((end.code, out.getvalue(), err.getvalue()))
print(json.dumps(said))
"""
COMMANDS = {
    "seed": ["seed", "--models", "syda.demo", "--create", "--url"],
    "check": ["check", "--url"],
    "plan": ["plan", "--url"],
}
CASES = [
    (["MySQLdb"], "mysql://me:secret@localhost/a", ": write mysql+pymysql://... and pip install 'syda[mysql]'"),
    (["pymysql"], "mysql+pymysql://me:secret@localhost/a", ": pip install 'syda[mysql]'"),
    (
        ["psycopg", "psycopg2"],
        "postgresql://localhost/a",
        "postgresql+psycopg://... and pip install 'syda[postgresql]'",
    ),
    (["psycopg"], "postgresql+psycopg://localhost/a", ": pip install 'syda[postgresql]'"),
    (["psycopg2"], "postgresql+psycopg2://localhost/a", "write postgresql+psycopg://... and pip install"),
    (["asyncpg"], "postgresql+asyncpg://me:secret@localhost/a", ": pip install asyncpg greenlet"),
]


def failures(asked: list[tuple[list[str], list[str]]]) -> list[str]:
    """Return what `syda` says, as JSON and nothing else, for modules that are not installed and arguments."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    messages = []
    for code, out, err in json.loads(ran.stdout):
        assert (code, err) == (1, "")
        error = json.loads(out)["error"]
        assert error["type"] == "MissingExtraError"
        assert "secret" not in error["message"]
        messages.append(error["message"])
    return messages


@pytest.mark.parametrize("command", COMMANDS)
def test_a_driver_that_is_missing(command: str) -> None:
    said = failures([(missing, [*COMMANDS[command], url]) for missing, url, _ in CASES])
    for message, (_, _, expected) in zip(said, CASES, strict=True):
        assert expected in message


def test_what_asynchronous_engines_need(tmp_path: Path) -> None:
    seed = [*COMMANDS["seed"], f"sqlite+aiosqlite:///{tmp_path}/a.db"]
    assert failures([(["aiosqlite"], seed)])[0].endswith(": pip install aiosqlite greenlet")
    assert "pip install greenlet" in failures([(["greenlet"], seed)])[0]
    assert "pip install greenlet" in failures([(["greenlet", "aiosqlite"], seed)])[0]
