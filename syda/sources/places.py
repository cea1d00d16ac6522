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
from syda.sources.stream import Bits, Integers, to_index, to_uniform
from syda.sources.strings import Strings, fit, joined, numerals, strings
from syda.sources.text import from_text
from syda.sources.values import Values, from_python
from syda.sources.vocabulary import vocabulary

Part = Literal[
    "city", "state", "state_code", "postcode", "country", "country_code", "country_code3", "latitude", "longitude",
    "timezone", "street", "street_name", "building", "unit", "address", "currency",
]  # fmt: skip
_HOME = 0.75
_AREA = 2
_LETTERS = np.frombuffer("BCDEFGHJKLMNPRSTVWXZ".encode("utf-32-le"), dtype=np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Source):
    """One `part` of an address; columns of the same `group` in a row are the same address.

    Three quarters of the rows lie in the countries of the plan's locales. `widest` limits places to those whose
    postal code is no longer than that many characters, `state_width` to those whose state code is not.
    """

    source: Literal["place"] = "place"
    part: Part
    group: str = ""
    widest: int | None = None
    state_width: int | None = None

    def make(self, context: Context) -> Values:
        places = self._rows(context)
        if self.part in ("latitude", "longitude"):
            return self._coordinates(context, places)
        text = self._text(context, places)
        if context.column.type.kind not in (Kind.TEXT, Kind.OTHER, Kind.ENUM):
            text = strings(item if item.isdigit() else "0" for item in text.tolist())
        return from_text(fit(text, context.column), context)

    def _rows(self, context: Context) -> Integers:
        home, world = _choices(context.settings.locale, self.widest, self.state_width)
        scope = f"place {self.group}"
        at_home = to_uniform(context.bits("home", scope)) < _HOME
        bits = context.bits("place", scope)
        return np.where(at_home, home[to_index(bits, len(home))], world[to_index(bits, len(world))])

    def _coordinates(self, context: Context, places: Integers) -> Values:
        values = _column(self.part).astype(np.float64)[places]
        wobble = to_uniform(context.bits("near")) * 0.1 - 0.05
        return from_python(np.round(values + wobble, 6).tolist(), context.column.type)

    def _text(self, context: Context, places: Integers) -> Strings:
        if self.part in ("street", "street_name", "building", "unit", "address"):
            return self._streets(context, places)
        return self._postcodes(context, places) if self.part == "postcode" else _column(self.part)[places]

    def _streets(self, context: Context, places: Integers) -> Strings:
        scope = f"place {self.group}"
        numbers = to_index(context.bits("number", scope), 980) + 1
        if self.part == "building":
            return numerals(numbers)
        if self.part == "unit":
            return numerals(numbers % 60 + 1, "Apt. {}")
        streets = vocabulary("street_name", context.settings.locale).drawn(context.bits("street", scope))
        if self.part == "street_name":
            return streets
        first = joined(numerals(numbers, "{} "), streets)
        if self.part == "street":
            return first
        return joined(first, ", ", _column("city")[places], " ", self._postcodes(context, places))

    def _postcodes(self, context: Context, places: Integers) -> Strings:
        return _spelled(_column("postcode")[places], context.bits("postcode", f"place {self.group}"))

    def describe(self) -> str:
        return self.part.replace("_", " ") + " of a place"


def _spelled(forms: Strings, bits: Bits) -> Strings:
    """Return postal codes of the given forms: # is a digit, A behind the first two characters a letter."""
    marks = forms.astype("U")
    letters = marks.view(np.uint32).reshape(len(forms), -1).copy()
    for place in range(letters.shape[1]):
        bits, drawn = np.divmod(bits, np.uint64(len(_LETTERS)))
        marked = letters[:, place]
        if place >= _AREA:
            marked = np.where(marked == ord("A"), _LETTERS[drawn], marked)
        letters[:, place] = np.where(marked == ord("#"), ord("0") + drawn % 10, marked)
    return letters.view(marks.dtype).reshape(len(forms)).astype(object)


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
def _column(part: str) -> Strings:
    return strings(row[part] for row in _gazetteer())


@lru_cache(maxsize=32)
def _choices(locale: tuple[str, ...], widest: int | None, state_width: int | None) -> tuple[Integers, Integers]:
    """Return the places in the locales' countries, and all places."""
    fits = [
        place
        for place, row in enumerate(_gazetteer())
        if (widest is None or len(row["postcode"]) <= widest)
        and (state_width is None or len(row["state_code"]) <= state_width)
    ]
    world = np.asarray(fits or range(len(_gazetteer())), dtype=np.int64)
    codes = {one.partition("_")[2] for one in locale}
    home = np.asarray(
        [place for place in world.tolist() if _gazetteer()[place]["country_code"] in codes], dtype=np.int64
    )
    return (home if len(home) else world), world
