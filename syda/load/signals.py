"""Signals that end a process, Ctrl-C and SIGTERM: what they may not leave behind."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ENDING = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 3


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Have SIGTERM, by which CI ends what it cancels, end the process as Ctrl-C does, unless somebody else takes it."""
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have Ctrl-C and SIGTERM wait for the end of the block; the third ends it, as a server may not answer."""
    if not _is_main_thread():  # which alone is interrupted
        yield
        return
    came: list[int] = []
    found = {int(each): signal.getsignal(each) for each in _ENDING}
    before = {each: handler for each, handler in found.items() if handler not in (signal.SIG_IGN, None)}

    def wait(number: int, _: object) -> None:
        came.append(number)
        if len(came) >= _PATIENCE:
            signal.signal(number, before[number])
            signal.raise_signal(number)

    for each in before:
        signal.signal(each, wait)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def removing(remove: Callable[[], None]) -> Iterator[None]:
    """Remove something at the end, whatever signals come.

    That is the end of the process where the block's is never reached: pytest leaves out finalizers after Ctrl-C in one.
    """
    removal = _Removal(remove)
    atexit.register(removal)
    try:
        yield
    finally:
        removal()


@dataclass(slots=True, eq=False)
class _Removal:
    """What removes something once, and not in a process that was forked meanwhile."""

    remove: Callable[[], None]
    process: int = field(default_factory=os.getpid)
    is_due: bool = True

    def __call__(self) -> None:
        with uninterrupted():
            atexit.unregister(self)
            if self.is_due and self.process == os.getpid():
                self.is_due = False
                self.remove()
