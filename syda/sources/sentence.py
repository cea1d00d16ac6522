"""Sentences put together from patterns, columns and words, so that few words give very many different texts."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from syda.sources.base import Context, Mask, Source
from syda.sources.scalar import Choice
from syda.sources.stream import Integers, to_uniform, weighted_index
from syda.sources.strings import Strings, fit, joined, lengths, strings
from syda.sources.text import Words, field_of, formatted, from_text, told_apart
from syda.sources.values import Values
from syda.sources.vocabulary import Vocabulary, vocabulary

Part = tuple[str, str | None, str, str | None]
"""What `string.Formatter` reads: text, and the name, format and conversion of the field behind it."""
_LISTED = 200
"""How many words a text is compared with when it is verified."""
_CUT = 4
"""How much shorter than its column a text may be that was cut: spaces at the end go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Source):
    """One of the `patterns`, drawn with `weights`, in which ``{name}`` stands for one of the `words` of that name.

    All other fields are those of a `Template`: columns of the row and of parents, and ``{row}``. A field that occurs
    twice in a pattern is the same both times. Patterns and words that are longer than the column are left out where
    there are others, and what is too long all the same is cut. A distinct column has the row's number at the end.
    """

    source: Literal["sentence"] = "sentence"
    patterns: tuple[str, ...]
    weights: tuple[float, ...] | None = None
    words: Mapping[str, Choice | Words]
    numbered: ClassVar[bool] = True

    def needs(self) -> tuple[str, ...]:
        fields = (name for pattern in self.patterns for _, name, _, _ in parsed(pattern))
        return tuple(dict.fromkeys(name for name in fields if name and name != "row" and name not in self.words))

    def make(self, context: Context) -> Values:
        text = np.full(context.stop - context.start, "", dtype=object)
        fields: dict[str, Strings] = {}
        drawn = self._drawn(context)
        for place in np.unique(drawn).tolist():
            rows = np.flatnonzero(drawn == place)
            text[rows] = self._filled(context, parsed(self.patterns[place]), rows, fields)
        return from_text(told_apart(fit(text, context.column), context), context)

    def _drawn(self, context: Context) -> Integers:
        """Return the pattern of each row: those whose own text fits, when there are any."""
        length = context.column.type.length
        longest = len(max(self.patterns, key=len)) if length is None else length
        fitting = [sum(len(part[0]) for part in parsed(pattern)) <= longest for pattern in self.patterns]
        usual = self.weights or (1.0,) * len(self.patterns)
        weights = [weight if fits else 0.0 for weight, fits in zip(usual, fitting, strict=True)]
        return weighted_index(to_uniform(context.bits()), weights if any(weights) else usual)

    def _filled(
        self, context: Context, parts: tuple[Part, ...], rows: Integers, fields: dict[str, Strings]
    ) -> Strings | str:
        pieces: list[Strings | str] = []
        for literal, name, spec, conversion in parts:
            if literal:
                pieces.append(literal)
            if name is not None:
                key = f"{name}!{conversion}:{spec}"
                if key not in fields:
                    fields[key] = self._field(context, name, spec, conversion)
                pieces.append(fields[key][rows])
        return joined(*pieces) if pieces else ""

    def _field(self, context: Context, name: str, spec: str, conversion: str | None) -> Strings:
        if name not in self.words:
            return strings(formatted(item, spec, conversion) for item in field_of(context, name))
        length = context.column.type.length
        known = self._vocabulary(name, context.settings.locale).fitting(length)
        index = known.draw(context.bits(f"word {name}"))
        if not spec and not conversion:
            return known.array[index]
        return strings(formatted(item, spec, conversion) for item in known.entries)[index]

    def _vocabulary(self, name: str, locale: tuple[str, ...]) -> Vocabulary:
        words = self.words[name]
        if isinstance(words, Words):
            return vocabulary(words.vocabulary, locale)
        return Vocabulary(tuple(map(str, words.values)), words.weights)

    def broken(self, context: Context, made: Values) -> Mask | None:
        """Tell which texts no pattern gives; those that may have been cut are taken to be right."""
        long = lengths(made.data) >= (context.column.type.length or np.inf) - _CUT
        rows = np.flatnonzero(~long if made.null is None else ~long & ~made.null)
        open_rows = rows
        for pattern in self.patterns:
            if not len(open_rows):
                break
            open_rows = open_rows[~self._fits(context, parsed(pattern), made.data, open_rows)]
        wrong = np.zeros(len(made), dtype=bool)
        wrong[open_rows] = True
        return wrong if made.null is None else wrong | made.null

    def _fits(self, context: Context, parts: tuple[Part, ...], text: Strings, rows: Integers) -> Mask:
        """Tell which of the rows hold the pattern with some of its words and with the columns of the row."""
        columns: list[list[str]] = []
        pieces: list[str | None] = []
        for literal, name, spec, conversion in parts:
            pieces.append(re.escape(literal))
            if name in self.words:
                pieces.append(self._any_word(context, str(name), spec, conversion))
            elif name == "row":
                pieces.append(".*")
            elif name is not None:
                pieces.append(None)
                columns.append([formatted(item, spec, conversion) for item in field_of(context, name)])
        pieces.append(" [0-9]+" if context.distinct else "")
        guess = re.compile("".join("(.*)" if piece is None else piece for piece in pieces), re.DOTALL)
        found = np.zeros(len(rows), dtype=bool)
        for place, row in enumerate(rows.tolist()):
            match = guess.fullmatch(text[row])
            if match is None:
                continue
            held = tuple(column[row] for column in columns)
            if match.groups() == held:
                found[place] = True
                continue
            known = iter(held)  # a column that itself holds the text around it can be found in several places
            exact = "".join(re.escape(next(known)) if piece is None else piece for piece in pieces)
            found[place] = re.fullmatch(exact, text[row], re.DOTALL) is not None
        return found

    def _any_word(self, context: Context, name: str, spec: str, conversion: str | None) -> str:
        known = self._vocabulary(name, context.settings.locale).fitting(context.column.type.length)
        if len(known.entries) > _LISTED:
            return ".*"
        words = sorted({formatted(item, spec, conversion) for item in known.entries}, key=len, reverse=True)
        return f"(?:{'|'.join(map(re.escape, words))})"

    def describe(self) -> str:
        more = f" and {len(self.patterns) - 1} more patterns" if len(self.patterns) > 1 else ""
        return f"{self.patterns[0]!r}{more}"


@lru_cache(maxsize=1_000)
def parsed(pattern: str) -> tuple[Part, ...]:
    """Return the parts of a pattern; raise `ValueError` for braces that do not pair."""
    parts = string.Formatter().parse(pattern)
    return tuple((literal, name, spec or "", conversion) for literal, name, spec, conversion in parts)
