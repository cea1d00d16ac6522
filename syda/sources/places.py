"""The parts of an address, which agree within a row.

The gazetteer (`data/places.csv`) holds cities with their region, the beginning of their postal codes, rounded
coordinates and time zone; `data/countries.csv` the ISO 3166 codes, currencies (ISO 4217) and calling codes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import numpy as np

from syda.schema.model import Kind
from syda.sources.base import Context, Source
from syda.sources.stream import Integers, to_index, to_uniform
from syda.sources.text import fit
from syda.sources.values import Values, from_python, objects
from syda.sources.vocabulary import vocabulary

Part = Literal[
    "city", "state", "state_code", "postcode", "country", "country_code", "country_code3", "latitude", "longitude",
    "timezone", "street", "street_name", "building", "unit", "address", "currency",
]  # fmt: skip
_HOME = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Source):
    """One `part` of an address; columns of the same `group` in a row are the same address.

    Three quarters of the rows lie in the countries of the plan's locales. `widest` limits places to those whose
    postal code is no longer than that many characters.
    """

    source: Literal["place"] = "place"
    part: Part
    group: str = ""
    widest: int | None = None

    def make(self, context: Context) -> Values:
        places = self._rows(context)
        if self.part in ("latitude", "longitude"):
            return self._coordinates(context, places)
        text = self._text(context, places)
        if context.column.type.kind not in (Kind.TEXT, Kind.OTHER, Kind.ENUM):
            return from_python([item if item.isdigit() else "0" for item in text], context.column.type)
        return Values(objects(fit(text, context.column)))

    def _rows(self, context: Context) -> Integers:
        home, world = _choices(context.settings.locale, self.widest)
        scope = f"place {self.group}"
        at_home = to_uniform(context.bits("home", scope)) < _HOME
        bits = context.bits("place", scope)
        return np.where(at_home, home[to_index(bits, len(home))], world[to_index(bits, len(world))])

    def _coordinates(self, context: Context, places: Integers) -> Values:
        values = np.asarray(_column(self.part), dtype=np.float64)[places]
        wobble = to_uniform(context.bits("near")) * 0.1 - 0.05
        return from_python(np.round(values + wobble, 6).tolist(), context.column.type)

    def _text(self, context: Context, places: Integers) -> list[str]:
        if self.part in ("street", "street_name", "building", "unit", "address"):
            return self._streets(context, places)
        if self.part == "postcode":
            return self._postcodes(context, places)
        drawn: list[str] = np.asarray(_column(self.part), dtype=object)[places].tolist()
        return drawn

    def _streets(self, context: Context, places: Integers) -> list[str]:
        scope = f"place {self.group}"
        numbers = (to_index(context.bits("number", scope), 980) + 1).tolist()
        if self.part == "building":
            return [str(number) for number in numbers]
        if self.part == "unit":
            return [f"Apt. {number % 60 + 1}" for number in numbers]
        names = vocabulary("street_name", context.settings.locale)
        streets = names.array[to_index(context.bits("street", scope), len(names.entries))].tolist()
        if self.part == "street_name":
            return list(streets)
        first = [f"{number} {street}" for number, street in zip(numbers, streets, strict=True)]
        if self.part == "street":
            return first
        cities = np.asarray(_column("city"), dtype=object)[places].tolist()
        codes = self._postcodes(context, places)
        return [f"{one}, {city} {code}" for one, city, code in zip(first, cities, codes, strict=True)]

    def _postcodes(self, context: Context, places: Integers) -> list[str]:
        bits = context.bits("postcode", f"place {self.group}").tolist()
        shapes = np.asarray(_column("postcode"), dtype=object)[places].tolist()
        return [_spell(shape, word) for shape, word in zip(shapes, bits, strict=True)]

    def describe(self) -> str:
        return self.part.replace("_", " ") + " of a place"


def _spell(shape: str, bits: int) -> str:
    letters = []
    head, marks = shape[:2], shape[2:]
    for mark in marks:
        if mark == "#":
            bits, digit = divmod(bits, 10)
            mark = str(digit)
        elif mark == "A":
            bits, digit = divmod(bits, 20)
            mark = "BCDEFGHJKLMNPRSTVWXZ"[digit]
        letters.append(mark)
    return head + "".join(letters)


@lru_cache(maxsize=1)
def _gazetteer() -> tuple[dict[str, str], ...]:
    folder = files("syda.sources").joinpath("data")
    countries = {
        row["code"]: row for row in csv.DictReader(folder.joinpath("countries.csv").read_text("utf-8").splitlines())
    }
    rows = []
    for row in csv.DictReader(folder.joinpath("places.csv").read_text("utf-8").splitlines()):
        country = countries[row["country"]]
        named = {"country": country["name"], "country_code": country["code"], "country_code3": country["alpha3"]}
        rows.append({**row, **named, "currency": country["currency"]})
    return tuple(rows)


@lru_cache(maxsize=32)
def _column(part: str) -> tuple[str, ...]:
    return tuple(row[part] for row in _gazetteer())


@lru_cache(maxsize=32)
def _choices(locale: tuple[str, ...], widest: int | None) -> tuple[Integers, Integers]:
    """Return the places in the locales' countries, and all places."""
    fits = [place for place, row in enumerate(_gazetteer()) if widest is None or len(row["postcode"]) <= widest]
    world = np.asarray(fits or range(len(_gazetteer())), dtype=np.int64)
    codes = {one.partition("_")[2] for one in locale}
    home = np.asarray(
        [place for place in world.tolist() if _gazetteer()[place]["country_code"] in codes], dtype=np.int64
    )
    return (home if len(home) else world), world
