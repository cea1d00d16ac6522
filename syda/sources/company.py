"""The parts of a company, which agree within a row, and internet names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from syda.schema.model import Kind
from syda.sources.base import Context, Source, rows_of
from syda.sources.stream import to_index
from syda.sources.text import slug, with_number
from syda.sources.values import Values, from_python, objects
from syda.sources.vocabulary import vocabulary

Part = Literal["name", "domain", "website", "email", "path", "ipv4", "ipv6", "mac"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Source):
    """One `part` of a company; columns of the same `group` in a row are the same company.

    Distinct columns carry the number of the row, so that they stay unique in any number of rows.
    """

    source: Literal["company"] = "company"
    part: Part = "name"
    group: str = ""
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        if self.part in ("ipv4", "ipv6", "mac"):
            return _typed(context, self._numbers(context))
        names = self._names(context)
        if self.part == "name":
            text = with_number(names, self._tails(context), context.column) if context.distinct else names
        else:
            text = self._internet(context, names)
        length = context.column.type.length
        return _typed(context, [item[:length] for item in text])

    @staticmethod
    def _tails(context: Context) -> list[int]:
        return [row + 1 for row in rows_of(context).tolist()]

    def _names(self, context: Context) -> list[str]:
        scope = f"company {self.group}"
        locale = context.settings.locale
        parts = []
        for name in ("last_name", "industry", "company_suffix"):
            words = vocabulary(name, locale)
            parts.append(words.array[to_index(context.bits(name, scope), len(words.entries))].tolist())
        form = to_index(context.bits("form", scope), 3).tolist()
        made = [
            (f"{one} {end}", f"{one} {kind}", f"{one} {kind} {end}")[shape]
            for one, kind, end, shape in zip(*parts, form, strict=True)
        ]
        length = context.column.type.length
        return [item if length is None or len(item) <= length else item.split(" ")[0] for item in made]

    def _internet(self, context: Context, names: list[str]) -> list[str]:
        tails = self._tails(context) if context.distinct else [""] * len(names)
        length = context.column.type.length or 200
        room = length - len(str(context.stop)) - 22
        hosts = [
            f"{slug(name)[: max(room, 1)].strip('-') or 'company'}{tail}"
            for name, tail in zip(names, tails, strict=True)
        ]
        match self.part:
            case "website":
                return [f"https://{host}.example" for host in hosts]
            case "email":
                return [f"info@{host}.example" for host in hosts]
            case "path":
                return [f"/{host.replace('-', '/')}" for host in hosts]
        return [f"{host}.example" for host in hosts]

    def _numbers(self, context: Context) -> list[str]:
        words = context.bits().tolist()
        rows = rows_of(context).tolist() if context.distinct else words
        match self.part:
            case "ipv4":
                return [f"10.{row >> 16 & 255}.{row >> 8 & 255}.{row & 255}" for row in rows]
            case "mac":
                return ["02:" + ":".join(f"{row >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0)) for row in rows]
        return [f"2001:db8:{row >> 32 & 0xFFFF:x}:{row >> 16 & 0xFFFF:x}::{row & 0xFFFF:x}" for row in rows]

    def describe(self) -> str:
        return f"{self.part} of a company" if self.part not in ("ipv4", "ipv6", "mac") else f"{self.part} address"


def _typed(context: Context, text: list[str]) -> Values:
    if context.column.type.kind in (Kind.TEXT, Kind.OTHER):
        return Values(objects(text))
    return from_python(text, context.column.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose(Source):
    """Sentences of plain English on a `topic`, at most `sentences` of them, cut at a sentence or word to fit."""

    source: Literal["prose"] = "prose"
    topic: str = "note"
    sentences: int = 2
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        length = context.column.type.length
        count = 1 if length is not None and length < 60 else self.sentences
        pieces = [self._sentence(context, number) for number in range(count)]
        wanted = to_index(context.bits("count"), count).tolist()
        text = [" ".join(parts[: last + 1]) for parts, last in zip(zip(*pieces, strict=True), wanted, strict=True)]
        if context.distinct:
            numbers = [row + 1 for row in rows_of(context).tolist()]
            text = with_number([_cut(item, length) for item in text], numbers, context.column, " #")
        return _typed(context, [_cut(item, length) for item in text])

    def _sentence(self, context: Context, number: int) -> list[str]:
        heads, middles, tails = _TOPICS.get(self.topic, _TOPICS["note"])
        drawn = []
        for name, words in (("head", heads), ("middle", middles), ("tail", tails)):
            index = to_index(context.bits(f"{name} {number}"), len(words))
            drawn.append(np.asarray(words, dtype=object)[index].tolist())
        end = "" if self.topic == "title" else "."
        return [f"{one} {two} {three}".strip() + end for one, two, three in zip(*drawn, strict=True)]

    def describe(self) -> str:
        return f"prose: {self.topic}"


def _cut(text: str, length: int | None) -> str:
    if length is None or len(text) <= length:
        return text
    sentence = text[:length].rfind(". ")
    if sentence > length // 2:
        return text[: sentence + 1]
    word = text[:length].rfind(" ")
    return text[:word] if word > 0 else text[:length]


_TOPICS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "note": (
        ("Called back and", "Spoke by phone and", "Checked the file and", "Met on site and", "Wrote an e-mail and"),
        ("agreed on the next step", "confirmed the details", "sent the missing papers", "asked for more time",
         "moved the appointment", "cleared up the open question"),
        ("for this week", "before the end of the month", "as discussed", "without further changes", "with the team"),
    ),
    "description": (
        ("A practical choice for", "Made for", "Designed with care for", "A reliable companion for", "Well suited to"),
        ("everyday use", "small teams", "busy mornings", "long journeys", "the home office", "demanding work"),
        ("at a fair price", "in every season", "with a two-year warranty", "and easy to maintain", "from day one"),
    ),
    "review": (
        ("Works well and", "Arrived on time and", "Better than expected and", "Not quite what I wanted but", "Solid and"),
        ("does what it promises", "feels well made", "is easy to set up", "fits the description", "holds up so far"),
        ("after a few weeks", "for the money", "in daily use", "so I would buy it again", "although the manual is thin"),
    ),
    "bio": (
        ("Works in", "Has spent ten years in", "Writes about", "Teaches", "Leads a small team in"),
        ("logistics", "public health", "software", "design", "education", "renewable energy"),
        ("and lives by the sea", "and runs at weekends", "with a weakness for coffee", "between two cities", "and likes maps"),
    ),
    "message": (
        ("Could you please check", "Thank you for", "I have a question about", "We are still waiting for", "Here is"),
        ("the last invoice", "the delivery", "my account", "the new contract", "the report", "your offer"),
        ("when you have a moment", "from Monday", "as promised", "before Friday", "and let me know"),
    ),
    "title": (
        ("How to plan", "Notes on", "A closer look at", "What we learned from", "Five questions about", "The case for"),
        ("the first release", "remote teams", "a small budget", "customer feedback", "better search", "clear writing"),
        ("in practice", "this year", "for beginners", "without stress", "step by step", "that last"),
    ),
}  # fmt: skip
