"""The parts of a person, which agree within a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from syda.schema.model import Column, Kind
from syda.sources.base import Context, Source
from syda.sources.stream import Bits, Integers, to_index, to_uniform
from syda.sources.strings import Strings, fit, joined, lengths, numerals, shortened, slugs, strings
from syda.sources.text import from_text, tails_of, told_apart
from syda.sources.values import Values, from_python, to_python
from syda.sources.vocabulary import vocabulary

Part = Literal[
    "first_name", "middle_name", "last_name", "full_name", "initials", "gender", "prefix", "email", "username"
]
_HOSTS = strings(["@example.com", "@example.org", "@example.net", "@mail.example", "@post.example", "@inbox.example"])
_SHORT_HOST = "@a.io"
_LONGEST_ADDRESS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Source):
    """One `part` of a person; columns of the same `group` in a row belong to the same person.

    `first`, `last` and `full` name columns of the row to take the name from; without them the group's own is used.
    """

    source: Literal["person"] = "person"
    part: Part
    group: str = ""
    first: str | None = None
    last: str | None = None
    full: str | None = None
    numbered: ClassVar[bool] = True

    def needs(self) -> tuple[str, ...]:
        if self.part == "gender":
            return ()
        if self.full is not None and self.part in ("email", "username", "initials"):
            return (self.full,)
        return tuple(name for name in (self.first, self.last) if name)

    def make(self, context: Context) -> Values:
        if self.part == "gender":
            return self._genders(context)
        return from_text(fit(self._text(context), context.column), context)

    def _text(self, context: Context) -> Strings:
        first, last = self._names(context)
        match self.part:
            case "first_name" | "middle_name":
                return told_apart(first, context)
            case "last_name":
                return told_apart(last, context)
            case "initials":
                return joined(_initial(first), _initial(last))
            case "prefix":
                return strings(["Mr.", "Ms."])[self._female(context).astype(np.int64)]
            case "email" | "username":
                return self._address(context, first, last)
        both = (first != "") & (last != "")
        return told_apart(joined(first, np.where(both, " ", ""), last), context)

    def _bits(self, context: Context, salt: str) -> Bits:
        return context.bits(salt, f"person {self.group} {salt}")

    def _female(self, context: Context) -> NDArray[np.bool_]:
        return to_uniform(self._bits(context, "gender")) < 0.5

    def _names(self, context: Context) -> tuple[Strings, Strings]:
        if self.full is not None and self.part in ("email", "username", "initials"):
            pairs = [item.rpartition(" ") for item in self._read(context, self.full).tolist()]
            first = strings(one or two for one, _, two in pairs)
            return first, strings(two if one else "" for one, _, two in pairs)
        first = self._read(context, self.first) if self.first else self._drawn_first(context)
        last = (
            self._read(context, self.last)
            if self.last
            else self._drawn(context, "last_name", self._bits(context, "last"))
        )
        return first, last

    def _drawn_first(self, context: Context) -> Strings:
        salt = "middle" if self.part == "middle_name" else "first"
        bits = self._bits(context, salt)
        female, male = (self._drawn(context, f"first_name.{which}", bits) for which in ("female", "male"))
        return np.where(self._female(context), female, male)

    def _drawn(self, context: Context, name: str, bits: Bits) -> Strings:
        words = vocabulary(name, context.settings.locale)
        if self.part in ("first_name", "middle_name", "last_name"):
            words = words.fitting(context.column.type.length)
        return words.drawn(bits)

    @staticmethod
    def _read(context: Context, name: str) -> Strings:
        values = context.sibling(name)
        if values.null is None and context.table.column(name).type.kind is Kind.TEXT:
            return values.data
        items = to_python(values, context.table.column(name).type)
        return strings("" if item is None else str(item) for item in items)

    def _genders(self, context: Context) -> Values:
        words = _gender_words(context.column)
        return from_python(words, context.column.type).take(self._female(context).astype(np.int64))

    def _address(self, context: Context, first: Strings, last: Strings) -> Strings:
        local = _local_part(slugs(first), slugs(last), to_index(self._bits(context, "address"), 4))
        tails = tails_of(context)
        if self.part == "username":
            return joined(shortened(local, tails, context.column.type.length), tails)
        length = context.column.type.length or _LONGEST_ADDRESS
        hosts = _HOSTS[to_index(self._bits(context, "domain"), len(_HOSTS))]
        whole = joined(local, tails, hosts)
        if not (lengths(whole) > length).any():
            return whole
        size = lengths(hosts) + lengths(tails) + 2
        hosts = np.where(size <= length, hosts, _SHORT_HOST if len(_SHORT_HOST) + 3 < length else "")
        tails = joined(tails, hosts)
        short = shortened(local, tails, length)
        if short is not local:
            short = strings(item.rstrip(".-") for item in short.tolist())
        return joined(short, tails)

    def capacity(self, column: Column) -> int | None:
        return 2 if self.part == "gender" else None

    def describe(self) -> str:
        return self.part.replace("_", " ") + " of a person"


def _local_part(one: Strings, two: Strings, shape: Integers) -> Strings:
    """Return ``one.two``, ``otwo``, ``onetwo`` or ``two.one`` for each row."""
    dotted = (shape == 0) | (shape == 3)
    head = np.where(shape == 3, two, np.where(shape == 1, _initial(one), one))
    tail = np.where(shape == 3, one, two)
    local = joined(head, np.where(dotted & (head != "") & (tail != ""), ".", ""), tail)
    return np.where(local == "", "user", local)


def _initial(text: Strings) -> Strings:
    return strings(item[:1] for item in text.tolist())


def _gender_words(column: Column) -> list[Any]:
    if column.type.kind in (Kind.BOOLEAN, Kind.INTEGER):
        return [0, 1]
    values = column.type.values
    if len(values) >= 2:
        female = next((value for value in values if value.lower().startswith("f")), values[0])
        male = next((value for value in values if value.lower().startswith("m")), values[1])
        return [male, female]
    return ["M", "F"] if (column.type.length or 10) < 6 else ["male", "female"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone(Source):
    """A telephone number in a range that is kept free for fiction (North America's 555-01xx)."""

    source: Literal["phone"] = "phone"

    def make(self, context: Context) -> Values:
        return self.at(context, to_index(context.bits(), self.capacity(context.column) or 1))

    def capacity(self, column: Column) -> int | None:
        return 700 * 100

    def at(self, context: Context, index: Integers) -> Values:
        area, line = np.divmod(index, 100)
        styles = ("+1-{}-555-01", "{:02d}") if (context.column.type.length or 40) >= 15 else ("{}55501", "{:02d}")
        text = joined(numerals(200 + area, styles[0]), numerals(line, styles[1]))
        return from_text(fit(text, context.column), context)

    def describe(self) -> str:
        return "fictional telephone number"
