"""Requests are tried again, held back and given up by a clock of the tests' own: nothing waits."""

import asyncio
import heapq
import itertools
import time

import pytest

from syda.errors import UnreachableError
from syda.llm.exchange import Trouble
from syda.llm.pace import Pace, Patience


class VirtualClock:
    """Time that moves on when everybody waits for it."""

    def __init__(self):
        self.time = 0.0
        self.sleepers = []
        self.count = itertools.count()

    def now(self):
        return self.time

    async def sleep(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self.time + seconds, next(self.count), woken))
        await woken

    async def run(self, *work):
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(50):  # whoever can go on does
                await asyncio.sleep(0)
            if self.sleepers and not all(task.done() for task in tasks):
                self.time, _, woken = heapq.heappop(self.sleepers)
                woken.set_result(None)
        return await asyncio.gather(*tasks, return_exceptions=True)


class Server:
    """Takes a second for a reply; `capacity` requests at once, if any, and calls others too many."""

    def __init__(self, clock, capacity=None, wait=None):
        self.clock, self.capacity, self.wait = clock, capacity, wait
        self.busy = self.most = self.calls = self.refused = 0

    async def reply(self):
        self.calls += 1
        if self.capacity is not None and self.busy >= self.capacity:
            self.refused += 1
            raise Trouble("too many requests", crowded=True, wait=self.wait)
        self.busy += 1
        self.most = max(self.most, self.busy)
        await self.clock.sleep(1)
        self.busy -= 1
        return "good"


def run(work):
    return asyncio.run(work())


def test_requests_go_side_by_side_and_ever_more_of_them():
    clock = VirtualClock()
    server = Server(clock)

    async def work():
        pace = Pace(clock=clock)
        return await clock.run(*(pace.send(server.reply, "r") for _ in range(400)))

    assert run(work) == ["good"] * 400
    assert 16 < server.most <= 64
    assert clock.time < 20


@pytest.mark.parametrize("wait", [None, 0.25, 3.0])
def test_a_crowded_server_is_given_what_it_takes_and_nothing_is_lost(wait):
    clock = VirtualClock()
    server = Server(clock, capacity=4, wait=wait)

    async def work():
        pace = Pace(clock=clock)
        return await clock.run(*(pace.send(server.reply, "r") for _ in range(200))), pace

    replies, pace = run(work)
    assert replies == ["good"] * 200
    assert server.refused < 200
    assert pace.retries == server.refused
    assert clock.time < 4 * 200 / 4


def test_a_server_that_is_always_crowded_is_given_up():
    clock = VirtualClock()
    server = Server(clock, capacity=0)

    async def work():
        pace = Pace(Patience(progress=60), clock=clock)
        return await clock.run(*(pace.send(server.reply, "rows of t") for _ in range(20)))

    replies = run(work)
    assert all(isinstance(each, UnreachableError) for each in replies)
    assert "rows of t: too many requests; no reply to any request for" in str(replies[0])
    assert 30 < clock.time < 120


def test_a_server_that_asks_to_wait_for_an_hour_is_given_up_at_once():
    clock = VirtualClock()
    server = Server(clock, capacity=0, wait=3600)

    async def work():
        return await clock.run(Pace(clock=clock).send(server.reply, "r"))

    (error,) = run(work)
    assert "asks to wait 3600 s more" in str(error)
    assert clock.time == 0


def test_failures_are_tried_six_times():
    clock = VirtualClock()
    tried = []

    async def fails():
        tried.append(clock.now())
        raise Trouble("error 500")

    async def work():
        return await clock.run(Pace(clock=clock).send(fails, "r"))

    (error,) = run(work)
    assert str(error) == "r: error 500; tried 6 times"
    assert len(tried) == 6
    pauses = [later - sooner for sooner, later in itertools.pairwise(tried)]
    assert all(0.25 * 2**number <= pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


def test_time_in_which_nothing_is_asked_does_not_count_as_waiting():
    clock = VirtualClock()
    answers = iter([Trouble("busy", crowded=True), "good"])

    async def once():
        found = next(answers)
        if isinstance(found, Trouble):
            raise found
        return found

    async def work():
        pace = Pace(Patience(progress=10), clock=clock)
        clock.time = 1000
        return await clock.run(pace.send(once, "r"))

    assert run(work) == ["good"]


def test_other_errors_pass_at_once():
    async def breaks():
        raise ZeroDivisionError

    async def work():
        clock = VirtualClock()
        return await clock.run(Pace(clock=clock).send(breaks, "r"))

    (error,) = run(work)
    assert isinstance(error, ZeroDivisionError)


def test_a_reply_that_does_not_come_is_not_waited_for():
    async def never():
        await asyncio.Event().wait()

    async def work():
        clock = VirtualClock()
        return await clock.run(Pace(Patience(reply=0.001), clock=clock).send(never, "r"))

    (error,) = run(work)
    assert "no reply within 0.001 s; tried 6 times" in str(error)


def test_others_wait_for_the_first_reply_but_not_long():
    async def work(seconds):
        started = []

        async def attempt():
            started.append(asyncio.get_running_loop().time())
            await asyncio.sleep(seconds)
            return "good"

        pace = Pace(Patience(refusal=0.1))
        assert await asyncio.gather(*(pace.send(attempt, "r") for _ in range(5))) == ["good"] * 5
        return [each - started[0] for each in started[1:]]

    assert all(0.02 <= each < 0.1 for each in run(lambda: work(0.02)))
    assert all(0.09 <= each < 0.5 for each in run(lambda: work(0.6)))


def test_a_full_round_follows_a_first_request_that_takes_its_time():
    under_way = most = 0

    async def attempt():
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.2)
        under_way -= 1
        return "good"

    async def work():
        pace = Pace(Patience(refusal=0.02))
        return await asyncio.gather(*(pace.send(attempt, "r") for _ in range(17)))

    assert run(work) == ["good"] * 17
    assert most == 17


def test_a_refusal_in_time_is_the_only_one():
    tried = []

    async def work():
        refused = []

        async def attempt():
            if refused:
                raise ZeroDivisionError
            tried.append(1)
            await asyncio.sleep(0.02)
            refused.append(1)
            raise ZeroDivisionError

        pace = Pace(Patience(refusal=0.2))
        await asyncio.gather(*(pace.send(attempt, "r") for _ in range(5)), return_exceptions=True)
        await asyncio.sleep(0.3)
        return pace.limit

    assert run(work) == 1
    assert len(tried) == 1


@pytest.mark.parametrize(("known", "most", "at_once"), [(17.0, 64, 17), (17.0, 8, 8), (1.0, 64, 4)])
def test_an_endpoint_that_is_known_gets_many_requests_at_once(known, most, at_once):
    clock = VirtualClock()
    server = Server(clock)

    async def work():
        pace = Pace(clock=clock, known=known, most=most)
        return await clock.run(*(pace.send(server.reply, "r") for _ in range(at_once)))

    assert run(work) == ["good"] * at_once
    assert server.most == at_once
    assert clock.time == 1


def test_a_round_of_replies_makes_room_for_one_more():
    clock = VirtualClock()
    server = Server(clock)

    async def work():
        pace = Pace(clock=clock)
        await clock.run(*(pace.send(server.reply, "r") for _ in range(17)))
        return pace.limit

    assert run(work) == 17
    assert clock.time == 2


def _failing_at_once():
    async def attempt():
        raise Trouble("connection refused")

    return attempt


def _never():
    return asyncio.Event().wait


@pytest.mark.parametrize("attempt", [_failing_at_once, _never], ids=["refused", "silent"])
@pytest.mark.parametrize("patience", [Patience(progress=0.4), Patience(reply=0.15, progress=0.4)])
def test_the_deadline_is_kept_however_the_server_fails(attempt, patience):
    started = time.monotonic()
    with pytest.raises(UnreachableError, match="rows of t: "):
        asyncio.run(Pace(patience).send(attempt(), "rows of t"))
    assert time.monotonic() - started < 0.6


def test_a_slow_reply_has_its_time_while_others_come():
    async def reply(seconds):
        await asyncio.sleep(seconds)
        return seconds

    async def work():
        pace = Pace(Patience(reply=2, progress=0.3, refusal=0.05))
        slow = asyncio.ensure_future(pace.send(lambda: reply(0.8), "r"))
        for _ in range(6):
            await pace.send(lambda: reply(0.15), "r")
        return await slow

    assert run(work) == 0.8


def test_a_cancelled_request_is_cancelled_at_the_server():
    gone = asyncio.Event()

    async def attempt():
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    async def work():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Pace().send(attempt, "r"), 0.05)

    run(work)
    assert gone.is_set()
