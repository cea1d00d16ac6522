"""Takes the rows of a reply one by one, and says of each that cannot be taken why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from syda.quality.row_rules import RowRules
from syda.schema.model import Column, Kind, Table
from syda.sources.values import Values, from_python
from syda.writing.near import Texts

_LARGEST_WHOLE = 2**63 - 1
_ROOM_OF_SENTENCES = 80
"""Characters of the shortest column that holds sentences."""


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})
"""Letters with strokes and ligatures, which have no accent to leave out."""
Fold: TypeAlias = Callable[[Any], Any]
_FORMS = {
    "email": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
    "url": re.compile(r"https?://[^\s/]+\.\S+"),
    "host": re.compile(r"[^\s/@]+\.[^\s/@.]+"),
}


class RefusedError(ValueError):
    """A row that cannot be taken; the message says why, for the model to read."""


class UnfittingError(RefusedError):
    """A row that breaks a rule only together with what else stands in it, which is not the model's."""


@dataclass(slots=True)
class Accepted:
    """The rows of one table that were taken, by their place among the table's new rows."""

    table: Table
    written: Sequence[str]
    distinct: frozenset[str]
    taken: Mapping[str, set[Any]]
    """Values of distinct columns that existing rows have, folded; those accepted are added."""
    fold: Fold
    forms: Mapping[str, str] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    _rules: RowRules = field(init=False)
    _texts: dict[str, Texts] = field(init=False)

    def __post_init__(self) -> None:
        self._rules = RowRules(self.table)
        prose = [name for name, form in self.forms.items() if form == "sentences" and self._has_room(name)]
        self._texts = {name: Texts() for name in prose}

    def _has_room(self, name: str) -> bool:
        """Tell whether a column is for sentences; a shorter one is for titles, reasons and kinds, which many share."""
        length = self.table.column(name).type.length
        return length is None or length >= _ROOM_OF_SENTENCES

    def take(self, place: int, row: Any, told: Mapping[str, Values]) -> None:
        """Take a row; `told` holds what else stands in it, one value a column. Raises `RefusedError`."""
        if place in self.rows:
            raise RefusedError("a row with this number was given already")
        self.rows[place] = self._read(row, told)

    def _read(self, row: Any, told: Mapping[str, Values]) -> dict[str, Any]:
        if not isinstance(row, Mapping):
            raise RefusedError(f"expected an object, got {type(row).__name__}")
        items = {name: read_value(self.table.column(name), row.get(name)) for name in self.written}
        for name, form in self.forms.items():
            if form in _FORMS and not _FORMS[form].fullmatch(items[name]):
                raise RefusedError(f"{name}: {_shown(items[name])} is no {form}")
        self._require_rules(items, told)
        for name in self.distinct:
            if self.fold(items[name]) in self.taken[name]:
                raise RefusedError(f"{name}: {_shown(items[name])} is used already")
        for name, texts in self._texts.items():
            if texts.has_near(items[name]):
                raise RefusedError(f"{name}: {_shown(items[name])} nearly repeats another row")
        for name in self.distinct:
            self.taken[name].add(self.fold(items[name]))
        for name, texts in self._texts.items():
            texts.add(items[name])
        return items

    def _require_rules(self, items: Mapping[str, Any], told: Mapping[str, Values]) -> None:
        columns = {name: from_python([value], self.table.column(name).type) for name, value in items.items()}
        for beside, refused in (({}, RefusedError), (told, UnfittingError)):
            breach = next(iter(self._rules.breaches(columns, beside)), None)
            if breach is not None:
                raise refused(f"{breach.rule} is broken by {breach.detail}")

    @property
    def ordered(self) -> list[dict[str, Any]]:
        """The rows in the order of their places."""
        return [self.rows[place] for place in sorted(self.rows)]

    def columns(self) -> dict[str, Values]:
        """Return the rows as columns, in the order of their places."""
        ordered = self.ordered
        return {
            name: from_python([row[name] for row in ordered], self.table.column(name).type) for name in self.written
        }


def row_numbers(entries: Sequence[Mapping[str, Any]], asked: int, *, whole: bool) -> list[int | None]:
    """Return which of the rows that were `asked` for each entry is, from 1 on; None where it does not say.

    Entries that are all there and say nothing stand in order. Raises `RefusedError` where they are not counted from 1.
    """
    if whole and len(entries) == asked and not any("row" in each for each in entries):
        return list(range(1, asked + 1))
    numbers = [_row_number(each.get("row")) for each in entries]
    if 0 not in numbers:
        return numbers
    counted = [number for number in numbers if number is not None]
    if len(counted) == len(numbers) and sorted(counted) == list(range(asked)):
        return [number + 1 for number in counted]
    raise RefusedError("the rows of a reply are not numbered as they were listed, from 1 on")


def _row_number(item: Any) -> int | None:
    try:
        return _whole(item)
    except (TypeError, ValueError):
        return None


def read_value(column: Column, item: Any) -> Any:
    """Return what a model wrote as a value of the column. Raises `RefusedError`."""
    if item is None:
        raise RefusedError(f"{column.name}: expected a value, got none")
    kind = column.type.kind
    try:
        if kind is Kind.TEXT:
            return _text(item)
        return _whole(item) if kind is Kind.INTEGER else _number(item)
    except (TypeError, ValueError) as error:
        raise RefusedError(f"{column.name}: expected {kind}, got {_shown(item)}: {error}") from None


def _text(item: Any) -> str:
    if isinstance(item, bool | dict | list):
        raise TypeError("it is no text")
    text = str(item).strip()
    if not text:
        raise ValueError("it is empty")
    if not text.isprintable() and any(
        unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text
    ):
        raise ValueError("it holds characters that cannot be stored")
    return text


def _whole(item: Any) -> int:
    if isinstance(item, bool) or (isinstance(item, float) and not item.is_integer()):
        raise ValueError("it is no whole number")
    number = int(item)
    if abs(number) > _LARGEST_WHOLE:
        raise ValueError("it is too large")
    return number


def _number(item: Any) -> float:
    if isinstance(item, bool):
        raise TypeError("it is no number")
    number = float(item)
    if not np.isfinite(number) or abs(number) > 1e15:
        raise ValueError("it is too large")
    return number


def folding(dialect: str) -> Fold:
    """Return what makes values alike that a database may take for equal; `dialect` is `""` where it is not known."""
    return _collated if dialect in ("", "mysql", "mariadb") else _caseless


def _caseless(item: Any) -> Any:
    return item.casefold() if isinstance(item, str) else item


def _collated(item: Any) -> Any:
    """Return a value as the usual collations of MariaDB compare it: without case, accents and spaces at the end."""
    if not isinstance(item, str):
        return item
    signs = unicodedata.normalize("NFKD", item.casefold().translate(_LETTERS))
    return "".join(sign for sign in signs if not unicodedata.combining(sign)).rstrip()


def _shown(item: Any) -> str:
    return repr(item)[:80]
