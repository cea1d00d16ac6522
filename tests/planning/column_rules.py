"""Predicates that the values of a column satisfy when it was understood, and would not if it was taken for another."""

from __future__ import annotations

import csv
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from syda.sources.vocabulary import vocabulary

Rule = Callable[[Any], bool]
LOCALE = ("en_US",)


def regex(pattern: str) -> Rule:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def within(low: float, high: float) -> Rule:
    return lambda value: not isinstance(value, bool | str) and low <= value <= high


def one_of(listed: str) -> Rule:
    allowed = listed.split("|")
    return lambda value: value in allowed


def one_of_numbers(*allowed: float) -> Rule:
    return lambda value: value in allowed


def words(*names: str) -> Rule:
    allowed = {entry for name in names for entry in vocabulary(name, LOCALE).entries}
    return lambda value: value in allowed


def table_column(name: str, file: str = "places") -> Rule:
    text = files("syda.sources").joinpath(f"data/{file}.csv").read_text(encoding="utf-8")
    allowed = {row[name] for row in csv.DictReader(text.splitlines())}
    return lambda value: value in allowed


def full_name(value: Any) -> bool:
    first, _, last = str(value).partition(" ")
    return first_name(first) and last_name(last)


def company(value: Any) -> bool:
    last = str(value).rpartition(" ")[2]
    return " " in value and (words("company_suffix")(last) or " and " in value or any(map(value.count, _INDUSTRIES)))


_INDUSTRIES = vocabulary("industry", LOCALE).entries
first_name = words("first_name.female", "first_name.male")
last_name = words("last_name")


def moment(earliest: str, latest: str) -> Rule:
    low, high = datetime.fromisoformat(earliest), datetime.fromisoformat(latest)
    return lambda value: isinstance(value, date) and low <= as_moment(value) <= high


def as_moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)


past = moment("2023-12-01", "2026-01-01")
ahead = moment("2026-01-01", "2027-01-02")


def unix(earliest: str, latest: str) -> Rule:
    low, high = (datetime.fromisoformat(f"{text}+00:00").timestamp() for text in (earliest, latest))
    return within(low, high)


def iso_text(value: Any) -> bool:
    return isinstance(value, str) and past(datetime.fromisoformat(value))


def clock(earliest: str, latest: str) -> Rule:
    return lambda value: time.fromisoformat(earliest) <= value <= time.fromisoformat(latest)


def seconds(low: float, high: float) -> Rule:
    return lambda value: timedelta(seconds=low) <= value <= timedelta(seconds=high)


def sentences(value: Any) -> bool:
    return isinstance(value, str) and value[0].isupper() and value.endswith(".") and len(value.split()) >= 5


def headline(value: Any) -> bool:
    return isinstance(value, str) and value[0].isupper() and not value.endswith(".") and len(value.split()) >= 4


def is_uuid(value: Any) -> bool:
    return str(uuid.UUID(value)) == value


def listed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


boolean: Rule = lambda value: isinstance(value, bool)  # noqa: E731
number_flag: Rule = lambda value: not isinstance(value, bool) and value in (0, 1)  # noqa: E731
FILE = regex(r"[a-z]+-\d{4}\.\w{3}")
HEX40, HEX60, HEX32 = regex(r"[0-9a-f]{40}"), regex(r"[0-9a-f]{60}"), regex(r"[0-9a-f]{32}")
EMAIL = regex(r"[a-z0-9.\-]+@[a-z.]+\.(com|org|net|example|io)")
URL = regex(r"https://[a-z0-9-]+\.example")
IPV4 = regex(r"10(\.\d{1,3}){3}")
PHONE = regex(r"[+\d(][\d ()./x-]{8,19}")
USERNAME = regex(r"[a-z][a-z0-9.\-]*")
STREET = regex(r"\d+ \S.*")
