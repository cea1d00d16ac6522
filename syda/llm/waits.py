"""How long a server asks to wait: by its headers, or in words."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime

_LONGEST = 10_000
"""Characters of a body that are looked at."""
_IN_WORDS = re.compile(
    r"(?:retry|try again) (?:in|after) (?:(?P<minutes>\d{1,4}) ?m(?:in\w*)? ?)?"
    r"(?P<number>\d{1,6}(?:\.\d*)?) ?(?P<unit>ms|s)"
    r"|['\"]retryDelay['\"]: ?['\"](?P<delay>\d{1,6}(?:\.\d*)?)s",
    re.IGNORECASE,
)


def wait_told(headers: Mapping[str, str], body: object) -> float | None:
    """Return the seconds to wait for; None where a server says nothing of the kind."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):
            seconds = float(headers[name]) * unit
            if 0 <= seconds < float("inf"):
                return seconds
    until = _seconds_until(headers)
    return _in_words(str(body)[:_LONGEST]) if until is None else until


def _seconds_until(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until a date, by the server's own clock where it tells that."""
    try:
        then = parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None
    now = time.time()
    with suppress(KeyError, ValueError, OverflowError):
        now = parsedate_to_datetime(headers["date"]).timestamp()
    return max(0.0, then - now)


def _in_words(said: str) -> float | None:
    found = _IN_WORDS.search(said)
    if found is None:
        return None
    if found["delay"]:
        return float(found["delay"])
    return 60.0 * int(found["minutes"] or 0) + float(found["number"]) * (0.001 if found["unit"] == "ms" else 1.0)
