"""Finds the meaning of a column's name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from syda.planning.inference.meaning import Meaning
from syda.planning.inference.meanings import MEANINGS
from syda.planning.inference.patterns import NamePattern, name_pattern
from syda.schema.model import Kind

_PLURALS = [first + second for first in ("", "y", "ie") for second in ("", "s", "es", "is", "ses")]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Compares the names of a column and its table with one meaning."""

    meaning: Meaning
    names: NamePattern
    tables: NamePattern | None

    @classmethod
    def of(cls, meaning: Meaning) -> Matcher:
        return cls(meaning, name_pattern(meaning.words), name_pattern(meaning.table) if meaning.table else None)

    def stands_in(self, stems: frozenset[str]) -> bool:
        """Tell whether a table whose name has these stems is one that the meaning asks for."""
        return self.tables is not None and any(map(self.tables.covers, stems))


@lru_cache(maxsize=1)
def matchers() -> tuple[Matcher, ...]:
    """Return a matcher for each row of the table of meanings."""
    return tuple(map(Matcher.of, MEANINGS))


@lru_cache(maxsize=4_096)
def find_meaning(table_words: str, words: str, kind: Kind) -> Meaning | None:
    """Return the first meaning whose pattern covers all the words, in a kind of column that it can stand in.

    `table_words` are the names of the table and its classes, separated by spaces. Meanings that the last word of a
    table's name asks for go first.
    """
    found = [matcher for matcher in matchers() if kind in matcher.meaning.kinds and matcher.names.covers(words)]
    last, anywhere = _stems(table_words)
    for matcher in found:
        if matcher.stands_in(last):
            return matcher.meaning
    for matcher in found:
        if matcher.tables is None or matcher.stands_in(anywhere):
            return matcher.meaning
    return None


@lru_cache(maxsize=1_024)
def _stems(table_words: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the runs of words that the names end with, and all their runs of words, each without plural endings."""
    last: set[str] = set()
    anywhere: set[str] = set()
    for name in table_words.split(" "):
        parts = name.split("_")
        for stop in range(1, len(parts) + 1):
            runs = {_without(ending, "_".join(parts[start:stop])) for start in range(stop) for ending in _PLURALS}
            anywhere |= runs
            if stop == len(parts):
                last |= runs
    return frozenset(last), frozenset(anywhere)


def _without(ending: str, text: str) -> str:
    return text.removesuffix(ending)
