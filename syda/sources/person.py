"""The parts of a person, which agree within a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from syda.schema.model import Column, Kind
from syda.sources.base import Context, Source, rows_of
from syda.sources.scalar import weighted_index
from syda.sources.stream import Integers, to_index, to_uniform
from syda.sources.text import fit, slug
from syda.sources.values import Values, from_python, objects, to_python
from syda.sources.vocabulary import vocabulary

Part = Literal[
    "first_name", "middle_name", "last_name", "full_name", "initials", "gender", "prefix", "email", "username"
]
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example", "inbox.example")


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

    def make(self, context: Context) -> Values:
        if self.part == "gender":
            return self._genders(context)
        if context.column.type.kind not in (Kind.TEXT, Kind.OTHER):
            return from_python(self._text(context), context.column.type)
        return Values(objects(fit(self._text(context), context.column)))

    def _text(self, context: Context) -> list[str]:
        first, last = self._names(context)
        match self.part:
            case "first_name" | "middle_name":
                return self._numbered(context, first, " ")
            case "last_name":
                return self._numbered(context, last, " ")
            case "initials":
                return [f"{one[:1]}{two[:1]}" for one, two in zip(first, last, strict=True)]
            case "prefix":
                return ["Ms." if female else "Mr." for female in self._female(context)]
            case "email" | "username":
                return self._address(context, first, last)
        return self._numbered(context, [f"{one} {two}".strip() for one, two in zip(first, last, strict=True)], " ")

    def _numbered(self, context: Context, text: list[str], separator: str) -> list[str]:
        if not context.distinct:
            return text
        length = context.column.type.length or 1_000
        tails = [f"{separator}{row + 1}" for row in rows_of(context).tolist()]
        return [item[: max(length - len(tail), 0)] + tail for item, tail in zip(text, tails, strict=True)]

    def _scope(self, part: str) -> str:
        return f"person {self.group} {part}"

    def _female(self, context: Context) -> list[bool]:
        female: list[bool] = (to_uniform(context.bits("gender", self._scope("gender"))) < 0.5).tolist()
        return female

    def _names(self, context: Context) -> tuple[list[str], list[str]]:
        if self.full is not None and self.part in ("email", "username", "initials"):
            pairs = [item.rpartition(" ") for item in self._read(context, self.full)]
            return [first or last for first, _, last in pairs], [last if first else "" for first, _, last in pairs]
        first = self._read(context, self.first) if self.first else self._drawn_first(context)
        last = self._read(context, self.last) if self.last else self._drawn(context, "last_name", "last")
        return first, last

    def _drawn_first(self, context: Context) -> list[str]:
        salt = "middle" if self.part == "middle_name" else "first"
        female = self._drawn(context, "first_name.female", salt)
        male = self._drawn(context, "first_name.male", salt)
        return [
            one if is_female else other
            for is_female, one, other in zip(self._female(context), female, male, strict=True)
        ]

    def _drawn(self, context: Context, name: str, salt: str) -> list[str]:
        words = vocabulary(name, context.settings.locale)
        if self.part in ("first_name", "middle_name", "last_name"):
            words = words.fitting(context.column.type.length)
        uniform = to_uniform(context.bits(salt, self._scope(salt)))
        index = (
            weighted_index(uniform, words.weights) if words.weights else (uniform * len(words.entries)).astype(np.int64)
        )
        drawn: list[str] = words.array[index].tolist()
        return drawn

    @staticmethod
    def _read(context: Context, name: str) -> list[str]:
        items = to_python(context.sibling(name), context.table.column(name).type)
        return ["" if item is None else str(item) for item in items]

    def _genders(self, context: Context) -> Values:
        words = _gender_words(context.column)
        female = np.asarray(self._female(context), dtype=np.int64)
        return from_python(words, context.column.type).take(female)

    def _address(self, context: Context, first: list[str], last: list[str]) -> list[str]:
        length = context.column.type.length or 80
        shape = to_index(context.bits("shape", self._scope("address")), 4).tolist()
        domain = to_index(context.bits("domain", self._scope("domain")), len(_DOMAINS)).tolist()
        slugs: dict[str, str] = {}
        made = []
        for row, one, two, form, place in zip(rows_of(context).tolist(), first, last, shape, domain, strict=True):
            one, two = (slugs.setdefault(item, slug(item)) for item in (one, two))
            local = _LOCAL[form].format(one=one, two=two, initial=one[:1]).strip(".") or "user"
            tail = str(row + 1) if context.distinct else ""
            host = f"@{_DOMAINS[place]}" if self.part == "email" else ""
            if self.part == "email" and len(host) + len(tail) + 2 > length:
                host = "@a.io" if length > len(tail) + 6 else ""
            made.append(local[: max(length - len(host) - len(tail), 0)].rstrip(".-") + tail + host)
        return made

    def capacity(self, column: Column) -> int | None:
        return 2 if self.part == "gender" else None

    def describe(self) -> str:
        return self.part.replace("_", " ") + " of a person"


_LOCAL = ("{one}.{two}", "{initial}{two}", "{one}{two}", "{two}.{one}")


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
        length = context.column.type.length or 40
        style = "+1-{area}-555-01{line:02d}" if length >= 15 else "{area}55501{line:02d}"
        text = [style.format(area=200 + one, line=two) for one, two in zip(area.tolist(), line.tolist(), strict=True)]
        return from_python([item[:length] for item in text], context.column.type)

    def describe(self) -> str:
        return "fictional telephone number"
