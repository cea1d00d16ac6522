"""A limit of a minute is waited for, an account without money is not, however a server says so."""

import time
from email.utils import formatdate

import pytest

from syda.errors import QuotaError
from syda.llm.faults import of_body
from syda.llm.waits import wait_told
from tests.llm.server import Answer, error, serving
from tests.llm.test_providers import CLIENTS, TEXT, ask, make

GEMINI = "You exceeded your current quota, please check your plan and billing details. " + "More. " * 60
DETAILS = {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "41s"}]}


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture(params=CLIENTS)
def client(request, server):
    return make(CLIENTS[request.param], server)


@pytest.mark.parametrize(
    "first",
    [
        error(429, GEMINI + "Please retry in 41.5s."),
        error(429, GEMINI, **DETAILS),
        Answer([{"error": {"message": GEMINI + "Please retry in 41s.", "code": 429}}], 429),
        error(429, "quota", code="insufficient_quota", headers={"Retry-After": "3"}),
        Answer({"error": {"code": 429, "message": "rate limited upstream"}}),
        Answer({"error": {"code": "server_error", "message": "failed"}, "status": "failed", "output": []}),
    ],
)
def test_a_limit_that_passes(client, server, first):
    answers = iter([first])
    server.behave = lambda _: next(answers, TEXT)
    assert ask(client)[0].text == TEXT
    assert len(server.received) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": {"code": 402, "message": "Insufficient credits"}}),
        Answer({"error": {"code": "402", "message": "no"}}),
        Answer({"error": {"code": "insufficient_quota", "message": "quota"}, "status": "failed", "output": []}),
    ],
)
def test_no_money_under_a_good_status(client, server, answer):
    server.behave = lambda _: answer
    with pytest.raises(QuotaError):
        ask(client)
    assert len(server.received) == 1


def test_a_body_without_an_error_is_none():
    assert of_body({"error": None, "output": []}, "m", "e") is None


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, None, 7),
        ({"retry-after-ms": "20", "retry-after": "7"}, None, 0.02),
        ({"retry-after": "-1"}, None, None),
        ({"retry-after": "inf"}, None, None),
        ({"retry-after": "soon"}, None, None),
        ({"retry-after": formatdate(1_000_060, usegmt=True), "date": formatdate(1_000_000, usegmt=True)}, None, 60),
        ({"retry-after": formatdate(1_000_000, usegmt=True)}, None, 0),
        ({}, "Please try again in 1m30.5s. Visit", 90.5),
        ({}, "Please try again in 150ms.", 0.15),
        ({}, "try again in 20 seconds", 20),
        ({}, "try again later", None),
    ],
)
def test_waits(headers, body, seconds):
    assert wait_told(headers, body) == seconds


def test_a_date_by_our_own_clock():
    assert 55 < wait_told({"retry-after": formatdate(time.time() + 60, usegmt=True)}, None) <= 60
