"""Named vocabularies: syda's own words, and Faker's lists and providers, drawn once and then only indexed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from syda.errors import UnknownNameError, near

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
    def array(self) -> NDArray[np.object_]:
        array = np.empty(len(self.entries), dtype=object)
        array[:] = self.entries
        return array

    @cached_property
    def _by_length(self) -> dict[int, Vocabulary]:
        return {}

    def fitting(self, length: int | None) -> Vocabulary:
        """Return the entries no longer than `length`; when there is none, all of them cut to it."""
        if length is None or all(len(entry) <= length for entry in self.entries):
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
    if name == "product":
        return _tidy(f"{first} {second}" for first in own["adjective"] for second in own["thing"])
    if name in own:
        return _tidy(own[name])
    if name not in _LISTS and name not in _PROVIDERS:
        raise UnknownNameError(f"no vocabulary is called {name!r}{near(name, [*own, *_LISTS, *_PROVIDERS, 'product'])}")
    listed = _from_list(*_LISTS[name], locale) if name in _LISTS else {}
    return listed or _drawn(_PROVIDERS[name], locale)


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
    import yaml

    text = files("syda.sources").joinpath("data/words.yaml").read_text(encoding="utf-8")
    words: dict[str, list[str]] = yaml.safe_load(text)
    return words


@lru_cache(maxsize=32)
def faker_for(locale: str) -> Any:
    """Return a Faker of the locale; its default, which weighs its lists at every call, is 14 times slower."""
    from faker import Faker
    from faker.config import AVAILABLE_LOCALES

    if locale not in AVAILABLE_LOCALES:
        raise UnknownNameError(f"Faker has no locale {locale!r}{near(locale, AVAILABLE_LOCALES)}")
    return Faker(locale, use_weighting=False)


def _from_list(provider: str, attribute: str, locale: str) -> dict[str, float]:
    """Return the list that a provider's class draws from, with its weights."""
    for instance in faker_for(locale).factories[0].get_providers():
        if f".{provider}" in type(instance).__module__ or type(instance).__module__.endswith(provider):
            found = getattr(type(instance), attribute, None)
            if isinstance(found, dict):
                numeric = all(isinstance(weight, int | float) for weight in found.values())
                return {entry: float(found.get(entry, 1.0)) if numeric else 1.0 for entry in _tidy(found)}
            if found and isinstance(found, tuple | list):
                return _tidy(item[0] if isinstance(item, tuple) else item for item in found)
    return {}


def _drawn(provider: str, locale: str) -> dict[str, float]:
    faker = faker_for(locale)
    draw = getattr(faker, provider, None)
    if draw is None or provider.startswith("_"):
        known = [name for name in dir(faker) if not name.startswith("_")]
        raise UnknownNameError(f"Faker has no provider {provider!r}{near(provider, known)}")
    faker.seed_instance(0)
    entries = [str(draw()) for _ in range(_POOL)]
    return _tidy(entries) or dict.fromkeys(entries, 1.0)
