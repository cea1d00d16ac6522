"""Finds the meaning of a column's name: quickly, because a plan asks for thousands and compiling a pattern is slow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from syda.planning.inference.meaning import Meaning
from syda.planning.inference.meanings import MEANINGS
from syda.schema.model import Kind

_OPTIONAL = re.compile(r"\([^()]*\)[?*]|[a-z][?*]|\\.|\[[^]]*\]")
"""The parts of a pattern that a name can match without showing a letter of theirs."""

_PLURALS = [first + second for first in ("", "y", "ie") for second in ("", "s", "es", "is", "ses")]


@dataclass(frozen=True)
class Matcher:
    """Compares names with one meaning; its pattern is compiled when a name holds one of its words."""

    meaning: Meaning

    @cached_property
    def _needles(self) -> tuple[str, ...]:
        return tuple(re.findall(r"[a-z]+", _OPTIONAL.sub(" ", self.meaning.words)))

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.meaning.words.split("|") if _is_list(self.meaning.words) else ())

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.meaning.words})")

    @cached_property
    def _tables(self) -> re.Pattern[str] | frozenset[str]:
        words = self.meaning.table or ""
        return frozenset(words.split("|")) if _is_list(words) else re.compile(f"(?:{words})")

    def may_match(self, words: str) -> bool:
        """Tell, cheaply, whether `matches` could be true."""
        return not self._needles or any(needle in words for needle in self._needles)

    def matches(self, words: str) -> bool:
        """Tell whether the meaning's pattern covers all the words of a column's name."""
        if self._listed:
            return words in self._listed
        return self.may_match(words) and bool(self._pattern.fullmatch(words))

    def stands_in(self, stems: frozenset[str]) -> bool:
        """Tell whether a table whose name has these stems is one that the meaning holds in."""
        if isinstance(self._tables, frozenset):
            return not self._tables.isdisjoint(stems)
        return any(map(self._tables.fullmatch, stems))


def _is_list(pattern: str) -> bool:
    return pattern.replace("|", "").replace("_", "").isalpha()


@lru_cache(maxsize=1)
def matchers() -> tuple[Matcher, ...]:
    """Return a matcher for each row of the table of meanings."""
    return tuple(map(Matcher, MEANINGS))


@lru_cache(maxsize=4_096)
def find_meaning(table_words: str, words: str, kind: Kind) -> Meaning | None:
    """Return the first meaning whose pattern covers all the words, in a kind of column that it can stand in.

    `table_words` are the names of the table and its classes, separated by spaces. Meanings that the last word of a
    table's name asks for go first.
    """
    found = [matcher for matcher in matchers() if kind in matcher.meaning.kinds and matcher.matches(words)]
    last, anywhere = _stems(table_words)
    for matcher in found:
        if matcher.meaning.table and matcher.stands_in(last):
            return matcher.meaning
    for matcher in found:
        if not matcher.meaning.table or matcher.stands_in(anywhere):
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
