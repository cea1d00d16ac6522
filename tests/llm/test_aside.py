"""Ctrl-C stops the spending, also where an event loop runs already."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
import asyncio, os, signal, sys, threading, time
from dataclasses import replace
from syda.llm.asking import Asker, run
from syda.llm.providers.openai import ChatClient
from syda.schemas import ModelConfig
from tests.llm.server import serving
from tests.llm.test_providers import REQUEST

def slow(_):
    time.sleep(0.3)
    return '{"rows": []}'

def asked(url):
    client = ChatClient(ModelConfig(provider="test", model_name="m"), key="k", endpoint=url)
    async def work():
        asker = Asker(client)
        return await asyncio.gather(*(asker.ask(replace(REQUEST, task=f"{n}")) for n in range(100)))
    run(work)

async def notebook(url):
    asked(url)

with serving() as server:
    server.behave = slow
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        HOW
    except KeyboardInterrupt:
        time.sleep(1)  # what was on its way may arrive
        calls = len(server.received)
        time.sleep(1)
        alive = [thread.name for thread in threading.enumerate() if thread.name == "syda-llm"]
        print("stopped", 0 < calls < 100, len(server.received) - calls, alive)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C")
@pytest.mark.parametrize(
    "how",
    [
        "asked(server.url)",
        "asyncio.run(notebook(server.url))",
        "asyncio.new_event_loop().run_until_complete(notebook(server.url))",
    ],
    ids=["script", "asyncio.run", "notebook"],
)
def test_an_interrupt_stops_what_is_sent(how: str) -> None:
    script = textwrap.dedent(SCRIPT).replace("HOW", how)
    found = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=30)
    assert found.stdout.strip() == "stopped True 0 []", found.stderr[-2000:]
