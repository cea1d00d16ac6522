"""Nothing is paid twice, and no more than is allowed."""

import asyncio
from dataclasses import replace

import pytest

from syda.errors import BudgetError, ModelError, RefusedRequestError, ReplayError
from syda.llm.asking import Asker, run
from syda.llm.connect import connect
from syda.llm.exchange import Reply, Trouble, Usage
from syda.llm.journal import Journal
from syda.llm.ledger import Budget
from syda.llm.prices import Price, price_for, price_of
from syda.llm.scripted import ScriptedClient
from syda.schemas import ModelConfig, ProxyConfig
from tests.llm.test_journal import REQUEST

REPLY = Reply(text="{}", usage=Usage(1000, 500, 200))
OTHERS = [replace(REQUEST, task=f"{number}", table=f"t{number % 2}") for number in range(6)]


class DeathError(BaseException):
    """What nothing handles."""


def asked(asker, *requests):
    async def work():
        return await asyncio.gather(*map(asker.ask, requests))

    return run(work)


def test_a_reply_is_paid_once(tmp_path):
    for calls in (6, 0):
        client = ScriptedClient(lambda _: REPLY)
        asker = Asker(client, journal=Journal(tmp_path))
        asked(asker, *OTHERS)
        assert (len(client.requests), asker.ledger.total.calls, asker.ledger.total.replayed) == (
            calls,
            calls,
            6 - calls,
        )


def test_what_was_answered_before_a_run_died_is_kept(tmp_path):
    lines = iter([REPLY, REPLY, DeathError()])

    def script(_):
        line = next(lines)
        if isinstance(line, BaseException):
            raise line
        return line

    with pytest.raises(DeathError):
        asked_in_turn(Asker(ScriptedClient(script), journal=Journal(tmp_path)), *OTHERS)
    again = ScriptedClient(lambda _: REPLY)
    asked_in_turn(Asker(again, journal=Journal(tmp_path)), *OTHERS)
    assert len(again.requests) == 4


def test_nothing_is_sent_where_no_reply_can_be_kept(tmp_path):
    (tmp_path / "file").write_text("")
    client = ScriptedClient(lambda _: REPLY)
    with pytest.raises(ModelError, match="cannot be written"):
        asked(Asker(client, journal=Journal(tmp_path / "file" / "replies")), *OTHERS)
    assert not client.requests


def test_a_failed_write_is_the_last_reply_that_is_paid_for(tmp_path):
    folder = tmp_path / "replies"

    def lost(_):
        if folder.is_dir():
            folder.rmdir()
            folder.write_text("")
        return REPLY

    client = ScriptedClient(lost)
    asker = Asker(client, journal=Journal(folder))
    for _ in range(2):
        with pytest.raises(ModelError, match="cannot be written"):
            asked(asker, *OTHERS)
    assert len(client.requests) <= 2


def asked_in_turn(asker, *requests):
    async def work():
        return [await asker.ask(request) for request in requests]

    return run(work)


def test_a_replay_asks_nobody(tmp_path):
    asked(Asker(ScriptedClient(lambda _: REPLY), journal=Journal(tmp_path)), *OTHERS[:3])
    replay = Asker(ScriptedClient([]), journal=Journal(tmp_path, replay=True))
    assert [reply.text for reply in asked(replay, *OTHERS[:3])] == ["{}"] * 3
    with pytest.raises(ReplayError, match="task:"):
        asked(replay, OTHERS[3])


@pytest.mark.parametrize(
    ("budget", "calls"), [(Budget(calls=3), 3), (Budget(tokens=3100), 2), (Budget(cost=0.0105), 3), (Budget(), 6)]
)
def test_a_budget_stops_before_it_is_exceeded_and_a_higher_one_goes_on(tmp_path, budget, calls):
    prices = {"scripted": (2.0, 4.0, 1.0)}
    client = ScriptedClient(lambda _: REPLY)
    asker = Asker(client, journal=Journal(tmp_path), budget=budget, prices=prices)
    if calls < 6:
        with pytest.raises(BudgetError, match=r"max_\w+=.* stops the run at table 't\d'"):
            asked_in_turn(asker, *OTHERS)
    else:
        asked_in_turn(asker, *OTHERS)
    assert len(client.requests) == calls
    assert asker.ledger.total.usage.total == 1500 * calls
    rest = ScriptedClient(lambda _: REPLY)
    asked_in_turn(Asker(rest, journal=Journal(tmp_path), prices=prices), *OTHERS)
    assert len(rest.requests) == 6 - calls


def test_requests_under_way_count_towards_the_budget():
    client = ScriptedClient(lambda _: REPLY)
    with pytest.raises(BudgetError):
        asked(Asker(client, budget=Budget(calls=3)), *OTHERS)
    assert len(client.requests) <= 3


def test_what_is_only_reserved_is_waited_for():
    client = ScriptedClient(lambda _: REPLY)
    dear = [replace(request, max_tokens=5000) for request in OTHERS]
    asker = Asker(client, budget=Budget(tokens=14_000))
    asked(asker, *dear)
    assert asker.ledger.total.usage.total == 9000


def test_a_budget_says_what_is_under_way():
    dear = [replace(request, max_tokens=5000) for request in OTHERS]
    asker = Asker(Account(lambda _: REPLY, None), budget=Budget(tokens=6400))
    with pytest.raises(BudgetError, match=r"1,500 tokens are spent.*, 1 requests are under way"):
        asked(asker, *dear[:1], replace(dear[1], max_tokens=400), dear[2])


def test_a_request_that_is_sent_again_is_a_call():
    client = ScriptedClient(lambda _: Trouble("busy", crowded=True, wait=0.0))
    asker = Asker(client, budget=Budget(calls=3))
    with pytest.raises(BudgetError, match="max_calls=3"):
        asked(asker, REQUEST)
    assert len(client.requests) == 3
    assert (asker.ledger.total.calls, asker.ledger.total.retries) == (3, 2)


def test_a_client_with_a_limit_of_its_own_needs_less_room():
    client = ScriptedClient(lambda _: REPLY)
    client.most_tokens = 100
    asked(Asker(client, budget=Budget(tokens=2000)), replace(REQUEST, max_tokens=5000))
    assert len(client.requests) == 1


def test_one_request_that_is_asked_twice_counts_twice():
    client = ScriptedClient(lambda _: REPLY)
    asker = Asker(client, budget=Budget(calls=3))
    asked(asker, REQUEST, REQUEST)
    assert asker.ledger.total.calls == 2
    asked(asker, REQUEST)
    with pytest.raises(BudgetError, match="3 calls and"):
        asked(asker, REQUEST)


def test_every_attempt_is_counted():
    lines = iter([Trouble("busy", wait=0.0), Trouble("busy", wait=0.0), replace(REPLY, calls=2)])
    asker = Asker(ScriptedClient(lambda _: next(lines)))
    asked(asker, REQUEST)
    assert (asker.ledger.of("customer").calls, asker.ledger.of("customer").retries) == (4, 2)


def test_money(tmp_path):
    price = Price(2, 10, 0.2)
    assert price.of(Usage(1_000_000, 100_000, 500_000)) == pytest.approx(1.0 + 0.1 + 1.0)
    assert price.of(Usage(100, 0, 300)) == price.of(Usage(100, 0, 100)) > 0
    assert price_of("gpt-5-mini-2025-08-07") == price_of("gpt-5-mini")
    assert price_of("nobody-knows") is None
    assert price_of("gpt-5", {"gpt-5": (1.0, 2.0)}) == Price(1.0, 2.0)
    client = ScriptedClient(lambda _: REPLY)
    client.free = False
    with pytest.raises(BudgetError, match="the price of 'scripted' is not known"):
        Asker(client, budget=Budget(cost=1))
    assert Asker(client).ledger.cost(Usage(1, 1)) is None
    Journal(tmp_path).write(client, REQUEST, REPLY)
    asked(Asker(client, budget=Budget(cost=1), journal=Journal(tmp_path, replay=True)), REQUEST)


@pytest.mark.parametrize(
    ("model", "free"),
    [
        ("ollama:llama3", True),
        ("lmstudio:m", True),
        ("http://localhost:8000/v1#gpt-4-turbo", False),
        ("https://gate.example/v1#m", False),
        (ModelConfig(provider="vllm", model_name="m", proxy=ProxyConfig(base_url="http://gpu.example/v1")), False),
    ],
)
def test_only_what_people_run_themselves_is_free(model, free):
    assert price_for(connect(model)) == (Price(0, 0, 0) if free else None)


def test_a_script():
    client = ScriptedClient(['{"a": 1}', {"b": 2}, ModelError("told"), ""])
    asker = Asker(client)
    assert [asked(asker, request)[0].text for request in OTHERS[:2]] == ['{"a": 1}', '{"b": 2}']
    with pytest.raises(ModelError, match="told"):
        asked(asker, OTHERS[2])
    assert asked(asker, OTHERS[3])[0].finish == "empty"
    with pytest.raises(ModelError, match="over after 4 replies"):
        asked(asker, OTHERS[4])


def test_inside_a_running_loop():
    async def notebook():
        return run(lambda: Asker(ScriptedClient(lambda _: REPLY)).ask(REQUEST))

    assert asyncio.run(notebook()) == REPLY


def test_a_client_says_how_much_it_can_do_at_once():
    class Narrow(ScriptedClient):
        at_once = 2
        under_way = most = 0

        async def ask(self, request):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0)
            self.under_way -= 1
            return REPLY

    for at_once, expected in ((2, 2), (1, 1), (64, 5)):
        client = Narrow([])
        client.at_once = at_once
        asked(Asker(client), *OTHERS)
        assert client.most == expected  # the first one goes alone


class Account(ScriptedClient):
    """A client whose key is of an account; it knows how many requests were under way."""

    def __init__(self, script, account):
        super().__init__(script)
        self.account = account
        self.busy = self.most = 0

    async def ask(self, request):
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await asyncio.sleep(0.01)
            return await super().ask(request)
        finally:
            self.busy -= 1


def test_a_key_that_was_answered_is_not_tried_alone_again():
    first, second, other = (Account(lambda _: REPLY, account) for account in ("mine", "mine", "another"))
    for client in (first, second, other):
        asked(Asker(client), *OTHERS)
    assert (first.most, second.most, other.most) == (5, 6, 5)


def test_a_key_that_is_refused_later_is_tried_alone_again():
    asked(Asker(Account(lambda _: REPLY, "lost")), *OTHERS)
    for calls in (6, 1):
        client = Account(lambda _: RefusedRequestError("wrong key"), "lost")
        with pytest.raises(RefusedRequestError):
            asked(Asker(client), *OTHERS)
        assert len(client.requests) == calls


def test_replies_that_come_together_wait_for_the_disk_together(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(Journal, "sync", lambda self, real=Journal.sync: (synced.append(1), real(self)))
    asked(Asker(Account(lambda _: REPLY, "together"), journal=Journal(tmp_path)), *OTHERS)
    assert 2 <= len(synced) < len(OTHERS)
    replayed = Journal(tmp_path, replay=True)
    assert all(replayed.find(ScriptedClient([]), request) for request in OTHERS)
