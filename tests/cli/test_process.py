"""`syda` as a process: interrupted, on a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import run

SEED = ("seed", "--url", "sqlite:///shop.db", "--models", "shopmodels")


def start(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "syda", *arguments]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)


def read_until(terminal: int, word: str) -> str:
    """Return what the terminal shows up to a word, or all of it when the word never comes."""
    shown = b""
    while word.encode() not in shown:
        try:
            read = os.read(terminal, 1000)
        except OSError:  # Linux: the other end is closed
            break
        if not read:
            break
        shown += read
    return shown.decode()


def counts() -> dict[str, int]:
    with closing(sqlite3.connect("shop.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither pseudo-terminals nor SIGINT")
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("table", ["customers", "orders"])
def test_ctrl_c_while_rows_are_loaded_leaves_the_database_as_it_was(shop: Path, table: str, there: bool) -> None:
    if there:
        run(*SEED, "--rows", "3", "--create")
    terminal, end = os.openpty()
    process = start(*SEED, "--rows", "Customer=50000,Order=400000", "--create", "--mode", "append", stderr=end)
    os.close(end)
    shown = read_until(terminal, table)
    process.send_signal(signal.SIGINT)
    shown += read_until(terminal, "nothing that is printed")
    os.close(terminal)
    output, _ = process.communicate()
    assert process.returncode == 130, shown
    assert output == ""
    assert shown.rstrip().endswith("Interrupted; what was not finished is not in the database.")
    assert "Traceback" not in shown
    if there:
        assert counts() == {"customers": 3, "orders": 3}
    assert [path.name for path in shop.glob("shop.db*")] == (["shop.db"] if there else [])


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_pipe_gets_the_result_and_nothing_else(shop: Path, format_: str) -> None:
    output, errors = start(*SEED, "--rows", "5", "--create", *(["--json"] if format_ == "json" else [])).communicate()
    assert errors == ""
    if format_ == "json":
        assert json.loads(output)["rows"] == {"customers": 5, "orders": 5}
    else:
        assert output.isprintable() or set(output) - {"\n"} <= set(map(chr, range(32, 127)))
        assert output.splitlines()[-1].startswith("Loaded 10 rows in ")


def test_a_reader_that_leaves_early_is_no_failure_to_explain() -> None:
    process = start("plan", "--models", "shopmodels", "--yaml")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_is_one_message() -> None:
    command = [sys.executable, "-m", "syda", "plan", "--models", "shopmodels"]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr == "Error: [Errno 28] No space left on device\n"
