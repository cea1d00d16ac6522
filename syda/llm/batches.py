"""Asks a provider in batches: what is asked at the same time goes as one, at half the price, within a day.

Nobody who asks knows of it: `ask` returns when the batch has ended. What a batch does not answer becomes what a direct
request would have become, or goes into a further batch; what an earlier run sent is taken and not paid for again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from syda.errors import ModelError, UnreachableError
from syda.llm.exchange import Client, Reply, Request, Trouble, Usage, key_of
from syda.llm.faults import ParameterError
from syda.llm.pace import Clock, WallClock
from syda.llm.providers.batches import GoneError, Result, State, batches_of
from syda.llm.sent import Sent, SentBatches

logger = logging.getLogger("syda.llm")
_Found = TypeVar("_Found")

_QUIET_TURNS = 10
"""Turns of the event loop in which nothing more was asked, after which a batch is complete."""
_TRIES = 3
"""Batches in which one request may come to nothing."""
_FETCHES = 3
"""Times that results are fetched of which some are missing."""
_FIRST_LOOK, _LONGEST_PAUSE, _GROWTH = 5.0, 120.0, 1.5
_SENDING, _WAITING = 120.0, 3600.0
"""Seconds without any good answer after which sending a batch, and asking after one, is given up."""
_LONGEST = 26 * 3600.0
"""Seconds of a batch: the providers promise to end it within a day."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A request, who waits for its reply, and what became of it so far."""

    key: str
    request: Request
    waiting: list[asyncio.Future[Reply]] = field(default_factory=list)
    learnt: int = 0
    calls: int = 0
    troubles: int = 0
    spent: Usage = field(default_factory=Usage)
    """What replies cost that were of no use."""

    def answer(self, reply: Reply) -> None:
        """Give the reply to whoever waits; it was paid for once."""
        for number, future in enumerate(each for each in self.waiting if not each.done()):
            future.set_result(replace(reply, usage=Usage(), calls=0) if number else reply)

    def fail(self, error: BaseException) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_exception(error)


class BatchClient:
    """A client that asks another's provider in batches. Belongs to the event loop that first uses it.

    Raises `ModelError` where the provider has no batches. `folder` is the journal's, where batches are written down.
    """

    in_batches = True

    def __init__(self, client: Client, *, folder: Path | None = None, clock: Clock | None = None) -> None:
        self._batches = batches_of(client)
        self._client = self._batches.client
        self.endpoint, self.model, self.settings = client.endpoint, client.model, client.settings
        self._sent = SentBatches(folder)
        self._clock = clock or WallClock()
        self._open: dict[str, _Asked] = {}
        self._wave: list[_Asked] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped: Exception | None = None

    async def ask(self, request: Request) -> Reply:
        if self._stopped is not None:
            raise self._stopped
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        key = key_of(self, request)
        if key not in self._open:
            self._open[key] = _Asked(key, request)
            self._wave.append(self._open[key])
            if len(self._wave) == 1:
                task = asyncio.ensure_future(self._collect())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        self._open[key].waiting.append(future)
        return await future

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _collect(self) -> None:
        """Wait until nobody asks more, and answer all that was asked."""
        quiet, before = 0, 0
        while quiet < _QUIET_TURNS:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._wave) == before else 0
            before = len(self._wave)
        wave, self._wave = self._wave, []
        try:
            await self._guarded(wave, lambda: self._answer(wave))
        finally:
            for asked in wave:
                del self._open[asked.key]
                asked.fail(ModelError("a batch came to its end without a word on the request"))

    async def _guarded(self, part: Iterable[_Asked], work: Callable[[], Awaitable[None]]) -> None:
        """Do some work for requests, and tell all of them where it fails."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised where the requests are waited for
            for asked in part:
                asked.fail(error)

    async def _answer(self, wave: list[_Asked]) -> None:
        """Take what earlier runs sent, and send the rest."""
        earlier: dict[str, tuple[Sent, list[_Asked]]] = {}
        new = []
        for asked in wave:
            if (sent := self._sent.of(asked.key)) is not None:
                earlier.setdefault(sent.token, (sent, []))[1].append(asked)
            else:
                new.append(asked)
        resumed = [self._guarded(part, partial(self._resume, sent, part)) for sent, part in earlier.values()]
        await asyncio.gather(*resumed, self._guarded(new, partial(self._send, new)))

    async def _resume(self, sent: Sent, part: list[_Asked]) -> None:
        """Take what a batch of an earlier run has answered, and send the rest anew."""
        results: Mapping[str, Result] = {}
        try:
            if sent.id is None:
                sent.id = await self._persist(lambda: self._batches.find(sent, self._sent.ids), _WAITING, new=False)
            if sent.id is not None:
                _, results = await self._ended(sent.id, new=False)
        except GoneError:
            logger.warning("the batch %s of an earlier run is there no more; its requests are sent again", sent.id)
        rest = []
        for asked in part:
            asked.learnt = self._client.learnt
            result = results.get(asked.key)
            asked.calls += result is not None
            if result is None or isinstance(result, Exception) or not self._read(asked, result):
                rest.append(asked)
        await self._send(rest)

    async def _send(self, wave: list[_Asked]) -> None:
        """Send requests in as many batches as they need, and wait until all of them have their replies."""
        waits: list[tuple[list[_Asked], Callable[[], Awaitable[None]]]] = []
        for part, lines in self._parts(wave):
            if self._stopped is not None:
                for asked in part:
                    asked.fail(self._stopped)
                continue
            try:
                sent = await self._submit(part, lines)
            except ParameterError as error:
                waits.append((part, partial(self._otherwise, part, error)))
            except Exception as error:  # noqa: BLE001 - raised where the requests are waited for
                self._stopped = error  # what one batch was refused for, the next one is too
                for asked in part:
                    asked.fail(error)
            else:
                waits.append((part, partial(self._take, sent, part)))
        await asyncio.gather(*(self._guarded(part, work) for part, work in waits))

    async def _otherwise(self, part: list[_Asked], error: ParameterError) -> None:
        """Send requests that were refused as a whole in another form, where there is one."""
        self._client.learn(error, min(asked.learnt for asked in part), part[0].request)
        await self._send(part)

    def _parts(self, wave: list[_Asked]) -> Iterator[tuple[list[_Asked], list[dict[str, Any]]]]:
        """Yield the requests by the batches that have room for them, each with its lines."""
        part: list[_Asked] = []
        lines: list[dict[str, Any]] = []
        size = 0
        for asked in wave:
            line = self._batches.line(asked.key, self._client.body_of(asked.request))
            length = len(json.dumps(line)) + 2
            if part and (len(part) >= self._batches.most_requests or size + length > self._batches.most_bytes):
                yield part, lines
                part, lines, size = [], [], 0
            asked.learnt = self._client.learnt
            part.append(asked)
            lines.append(line)
            size += length
        if part:
            yield part, lines

    async def _submit(self, part: list[_Asked], lines: list[dict[str, Any]]) -> str:
        """Send one batch, and return its id when that is on the disk."""
        sent = self._sent.intend(asked.key for asked in part)
        for asked in part:
            asked.calls += 1
        tried = False

        async def attempt() -> str:
            nonlocal tried
            # a batch whose receipt was lost must not be sent twice
            found = await self._batches.find(sent, self._sent.ids) if tried else None
            tried = True
            return found or await self._batches.send(lines, sent.token)

        try:
            found = await self._persist(attempt, _SENDING, new=False)
        except GoneError as error:
            raise ModelError(f"batch: the server at {self.endpoint} has no batches: {error}") from error
        self._sent.told(sent, found)
        logger.info("the batch %s of %d requests was sent to %s", found, len(part), self.endpoint)
        return found

    async def _take(self, batch: str, part: list[_Asked]) -> None:
        """Answer requests from their batch; those that it did not answer go into a further one."""
        state, results = await self._ended(batch)
        if unknown := len(results.keys() - {asked.key for asked in part}):
            logger.warning("the batch %s holds %d results of requests that were not in it", batch, unknown)
        crowded = isinstance(state.rest, Trouble) and state.rest.crowded
        if crowded and len(part) > 1:  # one after the other they may have room
            await self._send(part[: len(part) // 2])
            await self._send(part[len(part) // 2 :])
            return
        again = [asked for asked in part if not self._settled(asked, results.get(asked.key, state.rest))]
        if any(asked.troubles for asked in again):
            await self._clock.sleep(_LONGEST_PAUSE * max(asked.troubles for asked in again))
        await self._send(again)

    def _settled(self, asked: _Asked, result: Result) -> bool:
        """Answer a request, or note why it is to be asked again."""
        try:
            if isinstance(result, ParameterError):
                self._client.learn(result, asked.learnt, asked.request)
                return False
            if not isinstance(result, Exception):
                return self._read(asked, result)
        except ModelError as error:
            result = error
        if isinstance(result, Trouble):
            asked.troubles += 1
            if asked.troubles < _TRIES:
                return False
            what = f"{asked.request.purpose} for table {asked.request.table!r}"
            result = UnreachableError(f"{what}: {result}; tried in {asked.troubles} batches")
        asked.fail(result)
        return True

    def _read(self, asked: _Asked, found: Mapping[str, Any]) -> bool:
        """Answer a request with a reply's body; tell whether it is one that can be used."""
        try:
            reply = self._client.reply_of(found)
        except ParameterError as error:
            return self._settled(asked, error)
        except Trouble as trouble:
            asked.spent += trouble.usage
            return self._settled(asked, trouble)
        asked.spent += reply.usage
        if self._client.ignored(reply, asked.learnt):
            return False
        asked.answer(replace(reply, calls=asked.calls, usage=asked.spent))
        return True

    async def _ended(self, batch: str, *, new: bool = True) -> tuple[State, Mapping[str, Result]]:
        """Wait for the end of a batch, and return it with its results by key."""
        began, pause = self._clock.now(), _FIRST_LOOK
        while True:
            state = await self._persist(lambda: self._batches.look(batch), _WAITING, new=new)
            if state.ended:
                break
            if self._clock.now() - began > _LONGEST:
                hours = _LONGEST / 3600
                raise UnreachableError(
                    f"the batch {batch} is still {state.name} after {hours:.0f} h; the same call goes on waiting for it"
                )
            logger.info("the batch %s is %s; looking again in %.0f s", batch, state.name, pause)
            await self._clock.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
        return state, _by_key(batch, await self._fetched(batch, state, new=new))

    async def _fetched(self, batch: str, state: State, *, new: bool) -> list[tuple[str, Result]]:
        """Return a batch's results; where some are missing, they are fetched again before they are paid for again."""
        for _ in range(_FETCHES):
            found = await self._persist(lambda: self._batches.results(batch, state), _WAITING, new=new)
            if found.whole:
                break
            await self._clock.sleep(_FIRST_LOOK)
        return found.results

    async def _persist(self, work: Callable[[], Awaitable[_Found]], patience: float, *, new: bool = True) -> _Found:
        """Do something until it works. What is not found may come to be known, where it is `new`.

        Raises `UnreachableError` when it has not worked for too long.
        """
        began, pause = self._clock.now(), 1.0
        while True:
            try:
                return await work()
            except Trouble as trouble:
                if isinstance(trouble, GoneError) and not new:
                    raise
                wait = pause if trouble.wait is None else trouble.wait
                without = self._clock.now() - began
                if without + wait > patience:
                    raise UnreachableError(f"{trouble}; no answer about a batch for {without:.0f} s") from trouble
            await self._clock.sleep(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _by_key(batch: str, found: Iterable[tuple[str, Result]]) -> Mapping[str, Result]:
    """Return the results by key: of two for one request the first that is a reply."""
    results: dict[str, Result] = {}
    doubled = 0
    for key, result in found:
        known = results.get(key)
        doubled += known is not None
        if known is None or (isinstance(known, Exception) and not isinstance(result, Exception)):
            results[key] = result
    if doubled:
        logger.warning("the batch %s holds %d results more than requests that they are of", batch, doubled)
    return results
