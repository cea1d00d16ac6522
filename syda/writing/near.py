"""Texts that say nearly the same as one that is there.

Two texts are as alike as the sets of their word triples: the Jaccard index of w-shingles (Broder, On the resemblance
and containment of documents, 1997).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

_WORDS = re.compile(r"\w+")
_TOO_ALIKE = 0.6
_FEWEST = 6
"""Words from which on a text says something of its own; shorter ones are names and kinds, which may come again."""


class Texts:
    """The texts of one column that were accepted."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._holding: dict[tuple[str, ...], list[int]] = defaultdict(list)

    def has_near(self, text: str) -> bool:
        """Tell whether a text is there that this one nearly repeats."""
        words = _words(text)
        if len(words) < _FEWEST:
            return False
        triples = _triples(words)
        shared = Counter(place for triple in triples for place in self._holding.get(triple, ()))
        if max(shared.values(), default=0) < _TOO_ALIKE * len(triples):  # both together have no fewer
            return False
        return any(count / (len(triples) + self._sizes[place] - count) >= _TOO_ALIKE for place, count in shared.items())

    def add(self, text: str) -> None:
        words = _words(text)
        if len(words) < _FEWEST:
            return
        triples = _triples(words)
        for triple in triples:
            self._holding[triple].append(len(self._sizes))
        self._sizes.append(len(triples))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.casefold()))


def _triples(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[place : place + 3] for place in range(len(words) - 2)}
