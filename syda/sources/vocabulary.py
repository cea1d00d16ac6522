"""Named vocabularies: syda's own words, and Faker's lists and providers, drawn once and then only indexed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np

from syda.errors import UnknownNameError, near
from syda.sources.stream import Bits, Floats, Integers, edged_index, to_index, to_uniform
from syda.sources.strings import Strings, strings

FAKER = "faker:"
_POOL = 600
_LISTS = {
    "first_name.female": ("person", "first_names_female"),
    "first_name.male": ("person", "first_names_male"),
    "last_name": ("person", "last_names"),
    "job": ("job", "jobs"),
    "company_suffix": ("company", "company_suffixes"),
    "currency_code": ("currency", "currencies"),
    "country": ("address", "countries"),
    "country_code": ("address", "alpha_2_country_codes"),
    "color": ("color", "all_colors"),
}
_PAIRS = {"product": ("adjective", "thing"), "street_name": ("street", "street_suffix")}
_ENGLISH = ("street_name",)
_PROVIDERS = {
    "first_name.female": "first_name_female",
    "first_name.male": "first_name_male",
    "last_name": "last_name",
    "job": "job",
    "company_suffix": "company_suffix",
    "street_name": "street_name",
    "catch_phrase": "catch_phrase",
}


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Different entries, none of which ends in a digit, and their weights (None: all alike)."""

    entries: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    @cached_property
    def array(self) -> Strings:
        return strings(self.entries)

    @cached_property
    def _edges(self) -> Floats:
        return np.cumsum(np.asarray(self.weights, dtype=np.float64))

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.entries), default=0)

    def draw(self, bits: Bits) -> Integers:
        """Return the index of an entry for each word of `bits`, by the entries' weights."""
        if self.weights is None:
            return to_index(bits, len(self.entries))
        return edged_index(to_uniform(bits), self._edges)

    def drawn(self, bits: Bits) -> Strings:
        """Return an entry for each word of `bits`."""
        return self.array[self.draw(bits)]

    @cached_property
    def _by_length(self) -> dict[int, Vocabulary]:
        return {}

    def fitting(self, length: int | None) -> Vocabulary:
        """Return the entries no longer than `length`; when there is none, all of them cut to it."""
        if length is None or self._longest <= length:
            return self
        if length not in self._by_length:
            kept = {entry: place for place, entry in enumerate(self.entries) if len(entry) <= length}
            if kept:
                weights = None if self.weights is None else tuple(self.weights[place] for place in kept.values())
                self._by_length[length] = Vocabulary(tuple(kept), weights)
            else:
                self._by_length[length] = Vocabulary(tuple(dict.fromkeys(entry[:length] for entry in self.entries)))
        return self._by_length[length]


@lru_cache(maxsize=512)
def vocabulary(name: str, locale: tuple[str, ...]) -> Vocabulary:
    """Return a vocabulary by name, or the values of a Faker provider by ``faker:<provider>``.

    Raises `UnknownNameError` for a vocabulary, provider or locale that does not exist.
    """
    weighted: dict[str, float] = {}
    for one in locale:
        for entry, weight in _entries(name, one).items():
            weighted[entry] = weighted.get(entry, 0.0) + weight
    alike = len(set(weighted.values())) == 1
    return Vocabulary(tuple(weighted), None if alike else tuple(weighted.values()))


def _entries(name: str, locale: str) -> dict[str, float]:
    own = _own_words()
    if name.startswith(FAKER):
        return _drawn(name.removeprefix(FAKER), locale)
    if name in _PAIRS and (name not in _ENGLISH or locale.startswith("en")):
        firsts, seconds = (own[part] for part in _PAIRS[name])
        return dict.fromkeys([f"{first} {second}" for first in firsts for second in seconds], 1.0)
    if name in own:
        return _tidy(own[name])
    if name not in _LISTS and name not in _PROVIDERS:
        raise UnknownNameError(f"no vocabulary is called {name!r}{near(name, [*own, *_LISTS, *_PROVIDERS, *_PAIRS])}")
    listed = _from_list(*_LISTS[name], locale) if name in _LISTS else {}
    # a list of one is the placeholder of a locale that makes its names by other means
    return listed if len(listed) > 1 or name not in _PROVIDERS else _drawn(_PROVIDERS[name], locale)


def _tidy(entries: Any) -> dict[str, float]:
    """Return entries with equal weights, without those that would collide when numbered or compared loosely."""
    kept: dict[str, str] = {}
    for entry in entries:
        text = str(entry).strip()
        if text and not text[-1].isdigit():
            kept.setdefault(text.casefold(), text)
    return dict.fromkeys(kept.values(), 1.0)


@lru_cache(maxsize=1)
def _own_words() -> dict[str, list[str]]:
    """Return vocabularies for which Faker has no list, or none that reads like English at work."""
    words: dict[str, list[str]] = json.loads(files("syda.sources").joinpath("data/words.json").read_text("utf-8"))
    return words


@lru_cache(maxsize=32)
def faker_for(locale: str) -> Any:
    """Return a Faker of the locale; its default, which weighs its lists at every call, is 14 times slower."""
    from faker import Faker

    check_locale(locale)
    return Faker(locale, use_weighting=False)


def check_locale(locale: str) -> None:
    """Raise `UnknownNameError` for a locale that Faker does not have."""
    from faker.config import AVAILABLE_LOCALES

    if locale not in AVAILABLE_LOCALES:
        raise UnknownNameError(f"Faker has no locale {locale!r}{near(locale, AVAILABLE_LOCALES)}")


def _from_list(provider: str, attribute: str, locale: str) -> dict[str, float]:
    """Return the list that a provider's class draws from, with its weights; empty when it has no such list."""
    check_locale(locale)
    found = getattr(_provider_class(f"faker.providers.{provider}", locale), attribute, None)
    if isinstance(found, dict):
        numeric = all(isinstance(weight, int | float) for weight in found.values())
        return {entry: float(found.get(entry, 1.0)) if numeric else 1.0 for entry in _tidy(found)}
    if found and isinstance(found, tuple | list):
        return _tidy(item[0] if isinstance(item, tuple) else item for item in found)
    return {}


def _provider_class(path: str, locale: str) -> Any:
    """Return the class that Faker would take: making a whole Faker to get at its lists takes 20 ms."""
    module = import_module(path)
    if getattr(module, "localized", False):
        there = locale.isidentifier() and find_spec(f"{path}.{locale}") is not None
        module = import_module(f"{path}.{locale if there else getattr(module, 'default_locale', 'en_US')}")
    return module.Provider


def _drawn(provider: str, locale: str) -> dict[str, float]:
    faker = faker_for(locale)
    draw = getattr(faker, provider, None)
    if draw is None or provider.startswith("_"):
        known = [name for name in dir(faker) if not name.startswith("_")]
        raise UnknownNameError(f"Faker has no provider {provider!r}{near(provider, known)}")
    faker.seed_instance(0)
    entries = [str(draw()) for _ in range(_POOL)]
    return _tidy(entries) or dict.fromkeys(entries, 1.0)
