"""The values that conditions leave a column."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

Case = Literal["", "lower", "upper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values that the checks leave a column.

    A list, bounds (inclusive; of moments `datetime64`), values shut out, whether NULL is required or excluded; of text
    the regular expressions that it matches, how many characters it has, its case, and pieces that stand at fixed places
    (counted from 1, from the end where negative); of JSON its type. `text` is the checks' own.
    """

    values: tuple[Any, ...] | None = None
    low: Any = None
    high: Any = None
    excluded: tuple[Any, ...] = ()
    required: bool = False
    null: bool = False
    patterns: tuple[str, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    case: Case = ""
    pieces: tuple[tuple[int, str], ...] = ()
    json_type: str = ""
    letters: str = ""
    """A class of a regular expression that all characters belong to: ``[0-9a-f]``."""
    items: tuple[Any, ...] = ()
    """What a list holds, among others."""
    each: Domain | None = None
    """What each item of a list is."""
    numeric: bool = False
    """The text is a number, within the bounds."""
    text: str = ""

    def narrowed(self, other: Domain) -> Domain:
        """Return the domain that satisfies both."""
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            values = tuple(value for value in self.values if value in other.values)
        return Domain(
            values=values,
            low=_greater(self.low, other.low),
            high=_lesser(self.high, other.high),
            excluded=self.excluded + other.excluded,
            required=self.required or other.required,
            null=self.null or other.null,
            patterns=tuple(dict.fromkeys(self.patterns + other.patterns)),
            shortest=_greater(self.shortest, other.shortest),
            longest=_lesser(self.longest, other.longest),
            case=other.case or self.case,
            pieces=tuple(dict.fromkeys(self.pieces + other.pieces)),
            json_type=other.json_type or self.json_type,
            letters=other.letters or self.letters,
            items=tuple(dict.fromkeys(self.items + other.items)),
            each=self.each.narrowed(other.each) if self.each and other.each else self.each or other.each,
            numeric=self.numeric or other.numeric,
            text=" and ".join(dict.fromkeys(filter(None, (self.text, other.text)))),
        )

    def allowed(self) -> tuple[Any, ...] | None:
        """Return the listed values that the bounds and exclusions leave, None when there is no list."""
        if self.values is None:
            return None
        return tuple(value for value in self.values if value not in self.excluded and self.inside(value))

    @property
    def open_above(self) -> bool:
        """True when every number from some small one on is allowed."""
        return self.values is None and not self.excluded and self.high is None and (self.low is None or self.low <= 1)

    @property
    def is_empty(self) -> bool:
        """True when no value satisfies it, NULL aside."""
        empty_range = self.low is not None and self.high is not None and self.low > self.high
        too_short = self.shortest is not None and self.longest is not None and self.shortest > self.longest
        return self.allowed() == () or empty_range or too_short

    @property
    def is_shaped(self) -> bool:
        """True when it says more than lists, bounds and NULL: how a text or document is made up."""
        sized = (self.shortest or 0) > 1 or self.longest is not None
        said = self.patterns or self.case or self.pieces or self.json_type or self.letters or self.items
        return bool(said or sized or self.numeric or self.each)

    @property
    def is_timed(self) -> bool:
        """True when its bounds are moments."""
        return isinstance(self.low, np.datetime64) or isinstance(self.high, np.datetime64)

    def inside(self, value: Any) -> bool:
        if not isinstance(value, int | float) or self.is_timed:
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def says_nothing(self) -> bool:
        return all(getattr(self, item.name) == item.default for item in fields(self) if item.name != "text")


def _greater(one: Any, other: Any) -> Any:
    return max((bound for bound in (one, other) if bound is not None), default=None)


def _lesser(one: Any, other: Any) -> Any:
    return min((bound for bound in (one, other) if bound is not None), default=None)
