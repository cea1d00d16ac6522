"""Sends requests as fast as an endpoint takes them, and gives up in time when it takes none.

One layer of retries for everything: those of the SDKs are off, since attempts would multiply. How many requests are
under way follows the replies: one more for a round of good ones, half for one that the server calls too many (additive
increase, multiplicative decrease, as in TCP: Chiu and Jain, Computer Networks and ISDN Systems 17, 1989).

The first request goes alone, so that a wrong key costs one. A refusal comes at once and a reply takes its time: when
nothing has come for `Patience.refusal` seconds, the others follow without waiting for the whole reply.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from syda.errors import UnreachableError
from syda.llm.exchange import Trouble

logger = logging.getLogger("syda.llm")
_Found = TypeVar("_Found")

FIRST, MOST = 16, 64
_ATTEMPTS = 6
"""Attempts at a request that the server does not call too many: it fails, or there is no reply."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_LEAST_KNOWN = 4


class Clock(Protocol):
    """Time, so that tests need none."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The time that passes."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    `reply` is for one reply, `progress` for any at all, `refusal` for the first request's, before others follow it.
    """

    reply: float = 180.0
    progress: float = 180.0
    refusal: float = 1.0


class Pace:
    """Lets requests to one endpoint through. Belongs to the event loop that first uses it.

    `known` is how many at once the endpoint was found to take before, with the same key.
    """

    def __init__(
        self,
        patience: Patience | None = None,
        clock: Clock | None = None,
        *,
        most: int = MOST,
        known: float | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.retries = 0
        self._most = most
        self._proven = known is not None
        self.limit = 1.0  # until a reply shows that key, model and address are right: a wrong one costs one request
        if known is not None:
            self.limit = min(float(most), max(known, _LEAST_KNOWN))
        self._trusting: asyncio.Future[None] | None = None
        self._clock = clock or WallClock()
        self._room = asyncio.Condition()
        self._waiting = self._under_way = 0
        self._last_good = self._last_cut = self._not_before = self._clock.now()
        self._noise = random.Random(0)

    async def send(self, attempt: Callable[[], Awaitable[_Found]], what: str) -> _Found:
        """Call `attempt` until it brings something; `what` names it in errors.

        Raises `UnreachableError` when no reply comes for too long; any error that is no `Trouble` passes at once.
        """
        if not self._waiting:  # nothing was asked for a while, so that nothing could come
            self._last_good = self._clock.now()
        self._waiting += 1
        try:
            for number in itertools.count(1):
                try:
                    return await self._attempt(attempt)
                except Trouble as trouble:
                    pause = self._pause(trouble, number)
                    self._require_hope(trouble, number, pause, what)
                    self.retries += 1
                    logger.info("%s: %s; trying again in %.1f s", what, trouble, pause)
                    await self._clock.sleep(pause)
        finally:
            self._waiting -= 1
        raise AssertionError

    async def _attempt(self, attempt: Callable[[], Awaitable[_Found]]) -> _Found:
        async with self._place():
            if (wait := self._not_before - self._clock.now()) > 0:
                await self._clock.sleep(wait)
            started = self._clock.now()
            try:
                with self._trusted_in_time():
                    found = await self._in_time(attempt)
            except Trouble as trouble:
                if trouble.crowded:
                    self._slow_down(started, trouble.wait or 0.0)
                raise
            self._last_good = self._clock.now()
            self._speed_up()
            return found

    async def _in_time(self, attempt: Callable[[], Awaitable[_Found]]) -> _Found:
        """Return what an attempt brings; raise `Trouble` when it takes too long, or nothing else comes either."""
        task = asyncio.ensure_future(attempt())
        waited = 0.0
        try:
            while (patience := self._patience_left(waited)) > 0:
                await asyncio.wait({task}, timeout=patience)
                if task.done():
                    return task.result()
                waited += patience
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        raise Trouble(f"no reply within {waited:.3g} s")

    def _patience_left(self, waited: float) -> float:
        progress = self.patience.progress - (self._clock.now() - self._last_good)
        return min(self.patience.reply - waited, progress)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        async with self._room:
            await self._room.wait_for(lambda: self._under_way < int(self.limit))
            self._under_way += 1
        try:
            yield
        finally:
            async with self._room:
                self._under_way -= 1
                self._room.notify_all()

    @contextmanager
    def _trusted_in_time(self) -> Iterator[None]:
        """Let others follow when a first request is not refused for a while."""
        if self._proven:
            yield
            return
        timer = asyncio.get_running_loop().call_later(self.patience.refusal, self._trust_soon)
        try:
            yield
        finally:
            timer.cancel()

    def _trust_soon(self) -> None:
        self._trusting = asyncio.ensure_future(self._trust())

    async def _trust(self) -> None:
        async with self._room:
            if not self._proven:
                self._speed_up()
                self.limit = min(float(self._most), self.limit + self._under_way)  # besides the first one
            self._room.notify_all()

    def _speed_up(self) -> None:
        # the whole part counts, so that a round is as many replies as were under way
        more = self.limit + 1 / int(self.limit) if self._proven else float(FIRST)
        self.limit, self._proven = min(float(self._most), more), True

    def _slow_down(self, started: float, wait: float) -> None:
        """Halve the requests under way, once for all that were sent together, and hold back those to come."""
        if started >= self._last_cut:
            self.limit = max(1.0, self.limit / 2)
            self._last_cut = self._clock.now()
        self._not_before = max(self._not_before, self._clock.now() + min(wait, self.patience.progress))

    def _pause(self, trouble: Trouble, number: int) -> float:
        if trouble.wait is not None:
            return trouble.wait
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(number - 1, 16))
        return longest * (0.5 + self._noise.random() / 2)

    def _require_hope(self, trouble: Trouble, number: int, pause: float, what: str) -> None:
        """Give up where no reply came for too long, or would by the time that the server asks to wait for."""
        without = self._clock.now() - self._last_good
        if without + pause > self.patience.progress:
            raise UnreachableError(
                f"{what}: {trouble}; no reply to any request for {without:.0f} s"
                + (f", and the server asks to wait {pause:.0f} s more" if trouble.wait else "")
            ) from trouble
        if not trouble.crowded and number >= _ATTEMPTS:
            raise UnreachableError(f"{what}: {trouble}; tried {number} times") from trouble
