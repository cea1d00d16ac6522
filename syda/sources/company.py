"""The parts of a company, which agree within a row, and internet names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from syda.sources.base import Context, Source, rows_of
from syda.sources.stream import Integers, to_index
from syda.sources.strings import Strings, fit, joined, lengths, numerals, slugs, strings
from syda.sources.text import from_text, tails_of, told_apart
from syda.sources.values import Values
from syda.sources.vocabulary import vocabulary

_AROUND_HOST = 22
_LONE_SENTENCE = 60
_OFFICES = strings(["info@", "office@", "hello@", "contact@", "sales@", "mail@"])
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
            return from_text(self._numbers(context), context)
        text = told_apart(self._names(context), context) if self.part == "name" else self._internet(context)
        return from_text(fit(text, context.column), context)

    def _drawn(self, context: Context) -> tuple[Strings, Strings, Strings, Integers]:
        """Return a family's name, a trade and a legal form, and which of the three make up the name."""
        scope = f"company {self.group}"
        one, kind, end = (
            vocabulary(name, context.settings.locale).drawn(context.bits(name, scope))
            for name in ("last_name", "industry", "company_suffix")
        )
        return one, kind, end, to_index(context.bits("form", scope), 3)

    def _names(self, context: Context) -> Strings:
        one, kind, end, shape = self._drawn(context)
        made = joined(one, np.where(shape > 0, " " + kind, ""), np.where(shape != 1, " " + end, ""))
        length = context.column.type.length
        return made if length is None else np.where(lengths(made) <= length, made, one)

    def _hosts(self, context: Context) -> Strings:
        one, kind, end, shape = self._drawn(context)
        one, kind, end = slugs(one), slugs(kind), slugs(end)
        hosts = joined(one, np.where(shape > 0, "-" + kind, ""), np.where(shape != 1, "-" + end, ""))
        digits = lengths(numerals(rows_of(context) + 1))  # of its own number, so that no other row changes the host
        room = np.maximum((context.column.type.length or 200) - digits - _AROUND_HOST, 1)
        if (lengths(hosts) > room).any():
            hosts = strings(host[:size] for host, size in zip(hosts.tolist(), room.tolist(), strict=True))
        return strings(host.strip("-") or "company" for host in hosts.tolist())

    def _internet(self, context: Context) -> Strings:
        hosts = joined(self._hosts(context), tails_of(context))
        match self.part:
            case "website":
                return joined("https://", hosts, ".example")
            case "email":
                office = _OFFICES[to_index(context.bits("office", f"company {self.group}"), len(_OFFICES))]
                return joined(office, hosts, ".example")
            case "path":
                return strings("/" + host.replace("-", "/") for host in hosts.tolist())
        return joined(hosts, ".example")

    def _numbers(self, context: Context) -> Strings:
        rows = rows_of(context).astype(np.uint64) if context.distinct else context.bits()
        match self.part:
            case "ipv4":
                parts = [numerals(rows >> np.uint64(shift) & np.uint64(255)) for shift in (16, 8, 0)]
                return joined("10.", parts[0], ".", parts[1], ".", parts[2])
            case "mac":
                pairs = [numerals(rows >> np.uint64(shift) & np.uint64(255), ":{:02x}") for shift in (32, 24, 16, 8, 0)]
                return joined("02", *pairs)
        groups = [numerals(rows >> np.uint64(shift) & np.uint64(0xFFFF), "{:x}") for shift in (32, 16, 0)]
        return joined("2001:db8:", groups[0], ":", groups[1], "::", groups[2])

    def describe(self) -> str:
        return f"{self.part} of a company" if self.part not in ("ipv4", "ipv6", "mac") else f"{self.part} address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose(Source):
    """Sentences of plain English on a `topic`, at most `sentences` of them, cut at a sentence or word to fit."""

    source: Literal["prose"] = "prose"
    topic: str = "note"
    sentences: int = 2
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        length = context.column.type.length
        count = 1 if length is not None and length < _LONE_SENTENCE else self.sentences
        wanted = to_index(context.bits("count"), count)
        text = self._sentence(context, 0)
        for number in range(1, count):
            text = joined(text, np.where(wanted >= number, " " + self._sentence(context, number), ""))
        return from_text(told_apart(_cut(text, length), context, " #"), context)

    def _sentence(self, context: Context, number: int) -> Strings:
        head, middle, tail = (
            words[to_index(context.bits(f"{place} {number}"), len(words))]
            for place, words in zip(("head", "middle", "tail"), _topic(self.topic), strict=True)
        )
        return joined(head, " ", middle, " ", tail, "" if self.topic == "title" else ".")

    def describe(self) -> str:
        return f"prose: {self.topic}"


def _topic(name: str) -> tuple[Strings, ...]:
    return tuple(strings(words) for words in _TOPICS.get(name, _TOPICS["note"]))


def _cut(text: Strings, length: int | None) -> Strings:
    """Cut what is too long behind a sentence, or else behind a word."""
    long = np.flatnonzero(lengths(text) > length) if length is not None else ()
    if len(long):
        text = text.copy()
        text[long] = strings(_cut_one(item, length or 0) for item in text[long].tolist())
    return text


def _cut_one(text: str, length: int) -> str:
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
