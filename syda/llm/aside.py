"""Runs a coroutine beside an event loop that runs already, as in a notebook: in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

_Found = TypeVar("_Found")
_LOOK = 0.1
"""Seconds between looks whether who waits was cancelled: `asyncio.run` makes of Ctrl-C no exception but that."""


class Aside(Generic[_Found]):
    """A coroutine in a thread. When who waits for it is interrupted, it is cancelled, and so all that it sends."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, _Found]]) -> None:
        self._work = work
        self._begun = threading.Event()
        self._under_way: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._found: list[_Found] = []
        self._failed: list[BaseException] = []

    def wait(self) -> _Found:
        """Return what the coroutine comes to, or raise what it raises."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._run,), name="syda-llm", daemon=True)
        thread.start()
        try:
            _join(thread)
        except BaseException:
            self._cancel()
            thread.join()
            raise
        if self._failed:
            raise self._failed[0]
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(asyncio.run(self._noted()))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._failed.append(error)
        finally:
            self._begun.set()

    async def _noted(self) -> _Found:
        task = asyncio.current_task()
        assert task is not None
        self._under_way = asyncio.get_running_loop(), task
        self._begun.set()
        return await self._work()

    def _cancel(self) -> None:
        self._begun.wait()
        if self._under_way is None:
            return
        loop, task = self._under_way
        try:
            loop.call_soon_threadsafe(task.cancel)
        except RuntimeError:
            return  # it ended meanwhile, and its loop is closed


def _join(thread: threading.Thread) -> None:
    """Wait for the end of a thread. Raises `CancelledError` when the task that waits is cancelled meanwhile."""
    before = _cancels()
    while thread.is_alive():
        thread.join(_LOOK)
        if _cancels() > before:
            raise asyncio.CancelledError


def _cancels() -> int:
    """Return how often the task was cancelled that waits, where a task does."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
