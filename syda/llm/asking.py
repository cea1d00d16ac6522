"""Asks one model: what was answered before is read, the rest is sent at the pace of the server and within a budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from syda.errors import ModelError, QuotaError, RefusedRequestError, UnreachableError
from syda.llm.aside import Aside
from syda.llm.exchange import Client, Reply, Request, Trouble, Usage, estimated, in_batches
from syda.llm.journal import Journal
from syda.llm.ledger import Budget, Ledger, Line
from syda.llm.pace import FIRST, MOST, Clock, Pace, Patience
from syda.llm.prices import price_for

_Found = TypeVar("_Found")
_TAKEN: dict[Hashable, float] = {}
"""How many requests at once an account was found to take, for the life of the process."""


class Asker:
    """One model for one run. Belongs to the event loop that it is used in."""

    def __init__(
        self,
        client: Client,
        *,
        journal: Journal | None = None,
        budget: Budget | None = None,
        prices: Mapping[str, tuple[float, ...]] | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        examples: int = 0,
        spent: Line | None = None,
    ) -> None:
        self.client = client
        self.examples = examples
        """How many rows the model is shown before it writes some."""
        if journal is not None and journal.replay:
            budget = None  # nothing is sent, so that nothing has to be known of prices
        self.ledger = Ledger(price_for(client, prices), budget, model=client.model, before=spent)
        self._journal = journal
        self._stopped: ModelError | None = None
        self._account: Hashable = getattr(client, "account", None)
        known = _TAKEN.get(self._account)
        self._pace = Pace(patience, clock, most=getattr(client, "at_once", MOST), known=known)
        self._added = self._synced = 0
        self._has_room = journal is None
        self._promising = asyncio.Lock()
        self._freed = asyncio.Event()
        """Set when a request is settled: what was reserved for it may go to others."""
        self._syncing = asyncio.Lock()

    @property
    def most_tokens(self) -> int | None:
        """The most tokens of a reply, where the client has its own limit."""
        return most_tokens(self.client)

    @property
    def at_once(self) -> int:
        """How many requests are answered side by side, once one has been."""
        return first_at_once(self.client)

    async def ask(self, request: Request) -> Reply:
        """Return the reply to a request, from the journal where it is there. A new one is there before it is returned.

        Raises a `ModelError` when there is none; `BudgetError` before sending what the budget does not allow.
        """
        if self._journal is not None and (known := self._journal.find(self.client, request)) is not None:
            self.ledger.replay(request)
            return known
        self._require_going_on()
        self._require_room()
        await self._promise(request)
        tries = 0
        reply = None

        async def attempt() -> Reply:
            nonlocal tries
            self._require_going_on()  # it waited behind a request that showed that none will do
            self.ledger.send(request, tries + 1)
            tries += 1
            try:
                return await self.client.ask(request)
            except Trouble as trouble:
                self.ledger.lose(request, trouble.usage, trouble.calls - 1)
                raise

        try:
            if in_batches(self.client):  # the batch paces itself, and has to have all that is asked
                reply = await attempt()
            else:
                reply = await self._pace.send(attempt, f"{request.purpose} for table {request.table!r}")
            reply = counted(request, reply)
        except (RefusedRequestError, QuotaError, UnreachableError) as error:
            self._stopped = error
            _TAKEN.pop(self._account, None)
            raise
        finally:
            self.ledger.settle(request, reply, sent=tries > 0)
            self._freed.set()
            self._freed = asyncio.Event()
        if self._account is not None:
            _TAKEN[self._account] = self._pace.limit
        if self._journal is not None:
            await self._keep(self._journal, request, reply)
        return reply

    async def _promise(self, request: Request) -> None:
        """Return when the budget allows a request. Raises `BudgetError` where it will not."""
        expected = expected_usage(request, self.most_tokens)
        async with self._promising:  # one looks at a time: of thousands that wait, few are next
            while not self.ledger.promise(request, expected):
                await self._freed.wait()
                self._require_going_on()

    def _require_going_on(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    def _require_room(self) -> None:
        """Raise `ModelError` where replies are to be kept and cannot be: once, before anything is sent."""
        if self._journal is not None and not self._has_room:
            self._journal.require_room()
            self._has_room = True

    async def _keep(self, journal: Journal, request: Request, reply: Reply) -> None:
        """Return when a reply is on the disk; where that cannot be, nothing more is paid for."""
        try:
            journal.add(self.client, request, reply)
            await self._sync(journal)
        except ModelError as error:
            self._stopped = error
            raise

    def disown(self, requests: Iterable[Request]) -> None:
        """Have later runs ask these requests again, since their replies were of no use."""
        if self._journal is not None:
            for request in requests:
                self._journal.disown(self.client, request)

    @property
    def kept(self) -> str:
        """The folder in which replies are kept; nothing where they are not."""
        return "" if self._journal is None else str(self._journal.folder)

    async def _sync(self, journal: Journal) -> None:
        """Return when all replies so far are on the disk: those that come together wait for it together."""
        self._added += 1
        mine = self._added
        async with self._syncing:
            if self._synced < mine:
                upto = self._added
                await asyncio.to_thread(journal.sync)
                self._synced = upto

    async def close(self) -> None:
        await self.client.close()


def first_at_once(client: Client) -> int:
    """Return how many requests a client sends side by side, once one has been answered."""
    return min(FIRST, getattr(client, "at_once", MOST))


def most_tokens(client: Client) -> int | None:
    """Return the most tokens of a client's reply, where it has its own limit."""
    found: int | None = getattr(client, "most_tokens", None)
    return found


def expected_usage(request: Request, most: int | None = None) -> Usage:
    """Return the most that a request may cost, as far as that can be told without the model's own tokenizer."""
    return Usage(asked_tokens(request), min(request.max_tokens, most or request.max_tokens))


def counted(request: Request, reply: Reply) -> Reply:
    """Return a reply with its cost: estimated where the server does not tell it, since it is not free for that."""
    if reply.usage.total or not reply.calls:
        return reply
    return replace(reply, usage=Usage(asked_tokens(request), estimated(len(reply.text)), guessed=True))


def asked_tokens(request: Request) -> int:
    """Return about how many tokens a request has."""
    return estimated(
        sum(len(part) for part in (request.instructions, request.context, request.task, str(request.answer)))
    )


async def all_of(work: Iterable[Coroutine[Any, Any, _Found]]) -> list[_Found]:
    """Return what all come to, or raise the first error when all are back: what was paid for is in the journal then."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


def run(work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
    """Run a coroutine to its end, also where an event loop runs already, as in a notebook: then in a thread."""
    return Aside(work).wait() if _is_loop_running() else asyncio.run(work())


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
