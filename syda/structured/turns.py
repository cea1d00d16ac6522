"""Calls on one generator take turns: each has to know what those before it made."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from syda.errors import PlanError
from syda.language import STOP, Stop

_Found = TypeVar("_Found")


class _Turn:
    """A call's place in the line."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.has_begun = False


_MINE: ContextVar[_Turn | None] = ContextVar("syda_turn", default=None)
"""The turn of the call that is under way here."""


class Turns:
    """Lets one call in at a time, in the order in which they were made, from any thread and event loop."""

    def __init__(self) -> None:
        self._line: list[_Turn] = []
        self._moved = threading.Condition()
        # one thread of its own: calls that wait for their turn take none of the event loop's
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="syda-generator")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Do something when it is this call's turn.

        Raises `PlanError` for a call by a function that makes values for another one, which would wait for itself.
        """
        mine = _MINE.get()
        if mine is None or mine.turns is not self:
            mine = _Turn(self)
            with self._moved:
                self._line.append(mine)
        elif mine.has_begun:
            raise PlanError("a function that makes values cannot call the generator that it makes them for")
        before = _MINE.set(mine)
        try:
            self._wait_for(mine)
            yield
        finally:
            _MINE.reset(before)
            self._leave(mine)

    async def run(self, work: Callable[[], _Found]) -> _Found:
        """Do in a thread what takes its turn there; when this is cancelled, it is stopped or never begins."""
        mine, stop, context = _Turn(self), Stop(), copy_context()
        context.run(_MINE.set, mine)
        context.run(STOP.set, stop)
        with self._moved:  # the worker takes them in the order of the line, also where loops run side by side
            self._line.append(mine)
            doing = self._worker.submit(context.run, work)
        try:
            return await asyncio.wrap_future(doing)
        except asyncio.CancelledError:
            stop.set()
            raise
        finally:
            if not mine.has_begun:
                self._leave(mine)

    def _wait_for(self, mine: _Turn) -> None:
        with self._moved:
            self._moved.wait_for(lambda: mine not in self._line or self._line[0] is mine)
            if mine not in self._line:  # it was given up while it waited
                raise asyncio.CancelledError
            mine.has_begun = True

    def _leave(self, mine: _Turn) -> None:
        with self._moved:
            if mine in self._line:
                self._line.remove(mine)
            self._moved.notify_all()
