"""Ctrl-C and SIGTERM leave no databases on a server, and no files, whenever they come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url

from syda.load.scratch import own_file
from syda.load.signals import uninterrupted
from syda.testing.databases import copied, own_database
from tests.shop import Base
from tests.testing.suites import SERVERS, databases_of, url_of

pytest_plugins = ["pytester"]

MOMENTS = [("after_cursor_execute", "CREATE DATABASE"), ("before_cursor_execute", "DROP DATABASE")]


@contextmanager
def interrupted(moment: str, statement: str) -> Iterator[None]:
    """Have Ctrl-C come twice whenever a database was just made, or is about to be dropped."""

    def interrupt(_connection: Any, _cursor: Any, executed: str, *_: Any) -> None:
        if executed.startswith(statement):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    event.listen(Engine, moment, interrupt)
    try:
        yield
    finally:
        event.remove(Engine, moment, interrupt)


def make_databases(url: str) -> None:
    with own_database(make_url(url), "empty") as engine:
        if engine.dialect.name == "postgresql":
            with copied(engine):
                pass


@pytest.mark.parametrize(("moment", "statement"), MOMENTS)
@pytest.mark.parametrize("server", SERVERS[1:])
def test_ctrl_c_while_a_database_is_made_or_dropped(request, server, moment, statement):
    url = url_of(request, server)
    with pytest.raises(KeyboardInterrupt), interrupted(moment, statement):
        make_databases(url)
    assert databases_of(request.getfixturevalue(f"{server}_engine")) == []


def test_ctrl_c_while_a_file_is_removed(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt() -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        return False

    with pytest.raises(KeyboardInterrupt), own_file(make_url("sqlite:///a.db"), keep=interrupt) as engine:
        assert Path(str(engine.url.database)).parent.exists()
    assert list(tmp_path.iterdir()) == []


TERMINATED = """
import os, signal

def test_terminated(syda):
    os.kill(os.getpid(), signal.SIGTERM)
"""
AMID_FINALIZERS = """
import os, signal

@pytest.fixture(scope="session")
def of_session(syda_engine):
    yield
    os.kill(os.getpid(), signal.SIGINT)

@pytest.fixture
def of_test(syda):
    yield
    os.kill(os.getpid(), signal.SIGINT)

def test_it(of_session, of_test):
    pass
"""


@pytest.mark.parametrize("tests", [TERMINATED, AMID_FINALIZERS])
def test_a_suite_that_is_ended_leaves_no_databases(suite, request, postgresql_engine, tests):
    result = suite(tests, "-n", "0", syda_url=url_of(request, "postgresql"), syda_isolation="template")
    assert result.ret != pytest.ExitCode.OK
    assert databases_of(postgresql_engine) == []


def test_the_third_ctrl_c_waits_for_nothing():
    reached = []

    def wait_for_a_server() -> None:
        for turn in range(9):
            reached.append(turn)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), uninterrupted():
        wait_for_a_server()
    assert reached == [0, 1, 2]


@pytest.mark.parametrize("server", SERVERS[1:])
def test_a_session_that_was_left_open(request, server):
    with own_database(make_url(url_of(request, server)), "empty") as engine:
        Base.metadata.create_all(engine)
        left = engine.connect()
        left.exec_driver_sql("SELECT * FROM customers")
    assert databases_of(request.getfixturevalue(f"{server}_engine")) == []
    left.invalidate()


FORKED = """
import os
from syda.load.signals import removing

with removing(lambda: print("removed")):
    if os.fork() == 0:
        raise SystemExit
    os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_that_was_forked_removes_nothing_of_its_parents():
    output = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True)
    assert output.stdout == "removed\n"
