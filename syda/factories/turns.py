"""A column of which something is said for each object in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from syda.sources.base import Context, Source, rows_of
from syda.sources.values import Values, from_python


class Unsaid:
    """Stands where nothing is said of an object's attribute, though of others it is."""

    def __repr__(self) -> str:
        return "UNSAID"


UNSAID = Unsaid()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns(Source):
    """The `values` in turn, and again from the first; `otherwise` makes those that are `UNSAID`."""

    source: str = "turns"
    values: tuple[Any, ...]
    otherwise: Source | None = None

    def make(self, context: Context) -> Values:
        place = rows_of(context) % len(self.values)
        said = np.asarray([value is not UNSAID for value in self.values])
        given = from_python([None if value is UNSAID else value for value in self.values], context.column.type)
        if self.otherwise is None:
            return given.take(place)
        made = self.otherwise.make(context)
        own = given.take(place)
        data = made.data.copy()
        data[said[place]] = own.data[said[place]]
        none = np.zeros(len(place), dtype=bool)
        null = np.where(said[place], none if own.null is None else own.null, none if made.null is None else made.null)
        return Values(data, null if null.any() else None)

    def needs(self) -> tuple[str, ...]:
        return () if self.otherwise is None else self.otherwise.needs()

    def describe(self) -> str:
        return "what the test says, in turn"
