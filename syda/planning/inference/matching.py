"""Finds the meaning of a column's name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from syda.planning.inference.meaning import Meaning
from syda.planning.inference.meanings import MEANINGS
from syda.planning.inference.patterns import name_pattern
from syda.schema.model import Kind

_PLURALS = [first + second for first in ("", "y", "ie") for second in ("", "s", "es", "is", "ses")]


@lru_cache(maxsize=4_096)
def find_meaning(table_words: str, words: str, kind: Kind) -> Meaning | None:
    """Return the first meaning whose pattern covers all the words, in a kind of column that it can stand in.

    `table_words` are the names of the table and its classes, separated by spaces. Meanings that the last word of a
    table's name asks for go first.
    """
    return _first(_asked(table_words), words, kind) or _first(_possible(table_words), words, kind)


@lru_cache(maxsize=4_096)
def find_asked(noun: str, words: str, kind: Kind) -> Meaning | None:
    """Return the first meaning that a table of things called `noun` asks for, by the column's words."""
    return _first(_asked(noun), words, kind)


def _first(meanings: Iterable[Meaning], words: str, kind: Kind) -> Meaning | None:
    for meaning in meanings:
        if kind in meaning.kinds and name_pattern(meaning.words).covers(words):
            return meaning
    return None


@lru_cache(maxsize=1_024)
def _asked(table_words: str) -> tuple[Meaning, ...]:
    """Return the meanings that the last word of a table's name asks for."""
    last, _ = _stems(table_words)
    return tuple(meaning for meaning in MEANINGS if meaning.table and name_pattern(meaning.table).covers_one(last))


@lru_cache(maxsize=1_024)
def _possible(table_words: str) -> tuple[Meaning, ...]:
    """Return the meanings that hold in such a table."""
    _, anywhere = _stems(table_words)
    return tuple(
        meaning for meaning in MEANINGS if not meaning.table or name_pattern(meaning.table).covers_one(anywhere)
    )


def _stems(table_words: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the runs of words that the names end with, and all their runs of words, each without plural endings."""
    last: set[str] = set()
    anywhere: set[str] = set()
    for name in table_words.split(" "):
        parts = name.split("_")
        for stop in range(1, len(parts) + 1):
            runs = {"_".join(parts[start:stop]).removesuffix(ending) for start in range(stop) for ending in _PLURALS}
            anywhere |= runs
            if stop == len(parts):
                last |= runs
    return frozenset(last), frozenset(anywhere)
