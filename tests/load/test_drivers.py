"""What is said where a driver is not installed: what to install, and what to write."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = sys.argv.pop(1).split(",")
sys.meta_path.insert(0, Absent())
from syda.cli import main
main()
"""
SEED = ("seed", "--models", "syda.demo", "--create", "--url")


def failure(missing: str, *command: str) -> str:
    """Return what `syda` says, as JSON and nothing else, where modules are not installed."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, missing, *command, "--json"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    error = json.loads(ran.stdout)["error"]
    assert error["type"] == "MissingExtraError"
    assert "secret" not in error["message"]
    return str(error["message"])


@pytest.mark.parametrize("command", [SEED, ("check", "--url"), ("plan", "--url")], ids=lambda each: each[0])
@pytest.mark.parametrize(
    ("missing", "url", "said"),
    [
        ("MySQLdb", "mysql://me:secret@localhost/a", ": write mysql+pymysql://... and pip install 'syda[mysql]'"),
        ("pymysql", "mysql+pymysql://me:secret@localhost/a", ": pip install 'syda[mysql]'"),
        ("psycopg,psycopg2", "postgresql://localhost/a", "postgresql+psycopg://... and pip install 'syda[postgresql]'"),
        ("psycopg", "postgresql+psycopg://localhost/a", ": pip install 'syda[postgresql]'"),
        ("psycopg2", "postgresql+psycopg2://localhost/a", "write postgresql+psycopg://... and pip install"),
        ("asyncpg", "postgresql+asyncpg://me:secret@localhost/a", ": pip install asyncpg greenlet"),
    ],
)
def test_a_driver_that_is_missing(command: tuple[str, ...], missing: str, url: str, said: str) -> None:
    assert said in failure(missing, *command, url)


def test_what_asynchronous_engines_need(tmp_path: object) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    assert failure("aiosqlite", *SEED, url).endswith(": pip install aiosqlite greenlet")
    assert "pip install greenlet" in failure("greenlet", *SEED, url)
    assert "pip install greenlet" in failure("greenlet,aiosqlite", *SEED, url)
