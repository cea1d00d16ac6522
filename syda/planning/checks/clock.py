"""Moments that conditions name: literals, and times before or after the present one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np

from syda.planning.checks.plain import bare, literal
from syda.planning.checks.reading import Node

_LENGTH = re.compile(r"([+-]?\d+)\s*(second|minute|hour|day|week|month|mon|year)s?", re.IGNORECASE)
_DAY_BEGUN = re.compile(r"\d{4}(?:-\d\d){0,2}")
_DAYS = {"day": 1, "week": 7, "month": 31, "mon": 31, "year": 366}
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600}
_MARGIN = np.timedelta64(2, "h")


def moment(node: Node) -> np.datetime64 | None:
    """Return a literal that is an ISO date or timestamp, without its zone."""
    value = literal(node)
    return _iso(value) if isinstance(value, str) else None


def written_day(node: Node) -> np.datetime64 | None:
    """Return the first day that a text is the beginning of: ``'2020'``, ``'2020-05'``; None of another text."""
    value = literal(node)
    if not isinstance(value, str) or _DAY_BEGUN.fullmatch(value) is None:
        return None
    return _iso(value + "2020-01-01"[len(value) :])


def _iso(text: str) -> np.datetime64 | None:
    try:
        return np.datetime64(datetime.fromisoformat(text).replace(tzinfo=None), "us")
    except ValueError:
        return None


def clock_bound(node: Node, *, after: bool) -> np.datetime64 | None:
    """Return a moment that is for certain after, or before, what is so much away from now; None of another expression.

    The rows are judged some time after they are made, and a month is no certain number of days.
    """
    found = _from_now(node)
    if found is None:
        return None
    earliest, latest = found
    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "h").astype("datetime64[us]")
    bound: np.datetime64 = now + latest + _MARGIN if after else now + earliest
    return bound


def _from_now(node: Node) -> tuple[np.timedelta64, np.timedelta64] | None:
    """Return how far from now an expression is at least and at most."""
    from sqlglot import exp

    node = bare(node)
    now = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime, exp.Localtimestamp)
    if isinstance(node, now):
        day = np.timedelta64(1 if isinstance(node, exp.CurrentDate) else 0, "D")
        return -day, np.timedelta64(0, "D")
    if not isinstance(node, exp.Add | exp.Sub):
        return None
    start, length = _from_now(node.this), _length(node.expression)
    if start is None or length is None:
        return None
    low, high = length if isinstance(node, exp.Add) else (-length[1], -length[0])
    return start[0] + low, start[1] + high


def _length(node: Node) -> tuple[np.timedelta64, np.timedelta64] | None:
    """Return the length of an interval at least and at most."""
    from sqlglot import exp

    inner: Any = bare(node)
    if isinstance(inner, exp.Interval):
        text = f"{literal(inner.this) if inner.this is not None else ''} {inner.args.get('unit') or ''}"
    else:
        text = str(literal(inner))
    if isinstance(literal(inner), int):
        text = f"{literal(inner)} day"
    parts = _LENGTH.findall(text)
    if not parts:
        return None
    bounds = [_bounds(int(number), unit.lower()) for number, unit in parts]
    low = sum((each[0] for each in bounds), np.timedelta64(0, "s"))
    high = sum((each[1] for each in bounds), np.timedelta64(0, "s"))
    return low, high


def _bounds(number: int, unit: str) -> tuple[np.timedelta64, np.timedelta64]:
    if unit in _SECONDS:
        exact = np.timedelta64(number * _SECONDS[unit], "s")
        return exact, exact
    most = number * _DAYS[unit]
    least = number * {31: 28, 366: 365}.get(_DAYS[unit], _DAYS[unit])
    low, high = sorted((least, most))
    return np.timedelta64(low, "D"), np.timedelta64(high, "D")
