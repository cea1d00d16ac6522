"""Rows of tables that list what a standard lists: countries (ISO 3166), currencies (ISO 4217), languages (ISO 639).

Countries and currencies are Faker's lists; `data/languages.csv` holds the languages.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from syda.schema.model import Column
from syda.sources.base import Context, Source, rows_of
from syda.sources.permutation import permute
from syda.sources.stream import Integers, stream_key
from syda.sources.strings import Strings, fit, lengths, strings
from syda.sources.text import from_text
from syda.sources.values import Values

List = Literal["country", "currency", "language"]
Part = Literal["name", "code", "code3", "capital", "continent", "symbol"]
_SYMBOL = 3
_ENTRIES: dict[List, tuple[Part, ...]] = {
    "country": ("name", "code", "code3", "capital", "continent"),
    "currency": ("name", "code", "symbol"),
    "language": ("name", "code", "code3"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard(Source):
    """One `part` of the entries of a `list`: each row is another entry, the same one in all of its columns."""

    source: Literal["standard"] = "standard"
    list: List
    part: Part

    @property
    def scope(self) -> str:
        return f"standard {self.list}"

    @property
    def countable(self) -> bool:
        return self.part in ("name", "code", "code3")

    @property
    def longest(self) -> int:
        """The length of the longest entry."""
        return int(lengths(_column(self.list, self.part)).max())

    def make(self, context: Context) -> Values:
        key = stream_key(context.settings.seed, context.table.key, self.scope, "permutation")
        size = len(_column(self.list, self.part))
        return self.at(context, permute(key, rows_of(context) % size, size))

    def capacity(self, column: Column) -> int | None:
        return len(_column(self.list, self.part)) if self.countable else None

    def at(self, context: Context, index: Integers) -> Values:
        return from_text(fit(_column(self.list, self.part)[index], context.column), context)

    def describe(self) -> str:
        return f"{self.part} of a {self.list}"


@lru_cache(maxsize=32)
def _column(listed: List, part: Part) -> Strings:
    place = _ENTRIES[listed].index(part)
    return strings(entry[place] for entry in _entries(listed))


@lru_cache(maxsize=4)
def _entries(listed: List) -> tuple[tuple[str, ...], ...]:
    """Return the entries; of those with one name only the first, because names may have to be unique."""
    entries = {"country": _countries, "currency": _currencies, "language": _languages}[listed]()
    return tuple({entry[0]: entry for entry in reversed(entries)}.values())[::-1]


def _countries() -> tuple[tuple[str, ...], ...]:
    from faker.providers.date_time import Provider

    fields = ("name", "alpha-2-code", "alpha-3-code", "capital", "continent")
    return tuple(tuple(_field(country, field) for field in fields) for country in Provider.countries)


def _field(country: Any, name: str) -> str:
    """Read a field of one of Faker's countries, which were dicts before they were objects."""
    return str(country[name] if isinstance(country, dict) else getattr(country, name.replace("-", "_")))


def _currencies() -> tuple[tuple[str, ...], ...]:
    from faker.providers.currency import Provider

    symbols = {code: symbol for code, symbol in Provider.currency_symbols.items() if len(symbol) <= _SYMBOL}
    return tuple((name, code, symbols.get(code, code)) for code, name in Provider.currencies)


def _languages() -> tuple[tuple[str, ...], ...]:
    text = files("syda.sources").joinpath("data/languages.csv").read_text("utf-8")
    return tuple((row["name"], row["code"], row["code3"]) for row in csv.DictReader(text.splitlines()))
