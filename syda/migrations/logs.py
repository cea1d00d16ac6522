"""Keeps env.py's settings of logging to the time that it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTY = ("alembic.runtime.migration", "alembic.runtime.plugins")


@contextmanager
def logging_as_it_is() -> Iterator[None]:
    """Undo at the end what fileConfig of an env.py does to the process's loggers, and keep alembic from chatting.

    It disables all loggers that there are and replaces the handlers of the root, pytest's among them.
    """
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    states = [(each, each.disabled, each.level, each.propagate, list(each.handlers)) for each in _loggers()]
    for name in _CHATTY:
        logging.getLogger(name).addFilter(_is_news)
    try:
        yield
    finally:
        for name in _CHATTY:
            logging.getLogger(name).removeFilter(_is_news)
        root.handlers[:] = handlers
        root.setLevel(level)
        for logger, disabled, its_level, propagate, its_handlers in states:
            logger.disabled, logger.propagate = disabled, propagate
            logger.setLevel(its_level)
            logger.handlers[:] = its_handlers


def _loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.values())
    return [each for each in known if isinstance(each, logging.Logger)]


def _is_news(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO
