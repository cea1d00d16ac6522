"""Patterns of names that are compiled only when a name could match: compiling hundreds takes longer than a plan."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TypeAlias

_TOKEN = re.compile(r"(\((?:\?[!:])?|\)[?*]?|\|)")
_RUN = re.compile(r"(?<!\\)_*[a-z][a-z_]*(?![?*])")
Needles: TypeAlias = tuple[str, ...]


class NamePattern:
    """A regular expression for whole names: lower-case words joined by ``_``."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    @cached_property
    def _listed(self) -> frozenset[str] | None:
        plain = self.expression.replace("|", "").replace("_", "").isalpha()
        return frozenset(self.expression.split("|")) if plain else None

    @cached_property
    def _needles(self) -> Needles | None:
        return needles_of(self.expression)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.expression})")

    def may_cover(self, words: str) -> bool:
        """Tell, without compiling, whether `covers` could be true."""
        return self._needles is None or any(needle in words for needle in self._needles)

    def covers(self, words: str) -> bool:
        """Tell whether the whole name matches."""
        if self._listed is not None:
            return words in self._listed
        return self.may_cover(words) and self._compiled.fullmatch(words) is not None

    def covers_one(self, names: frozenset[str]) -> bool:
        """Tell whether one of the names matches."""
        if self._listed is not None:
            return not self._listed.isdisjoint(names)
        return any(map(self.covers, names))


def needles_of(expression: str) -> Needles | None:
    """Return letters of which every string that matches has at least one run; None where that is not easily told."""
    outer: list[_Choice] = []
    choice = _Choice()
    for part in filter(None, _TOKEN.split(expression)):
        if part == "|":
            choice.next()
        elif part[0] == "(":
            outer.append(choice)
            choice = _Choice(shown="?!" not in part)
        elif part[0] == ")":
            inner, choice = choice, outer.pop()
            if inner.shown and part == ")":
                choice.add(inner.needles())
        else:
            for run in _RUN.findall(part):
                choice.add((run,))
    return choice.needles()


class _Choice:
    """The alternatives of a group: of each, the needles that say most."""

    def __init__(self, *, shown: bool = True) -> None:
        self.shown = shown
        self._found: list[str] = []
        self._best: Needles | None = None
        self._sure = True

    def add(self, needles: Needles | None) -> None:
        """Take note of needles of which the present alternative has one."""
        if needles and (self._best is None or min(map(len, needles)) > min(map(len, self._best))):
            self._best = needles

    def next(self) -> None:
        """End the present alternative."""
        self._sure = self._sure and self._best is not None
        self._found += self._best or ()
        self._best = None

    def needles(self) -> Needles | None:
        """End the last alternative and return the needles of all, None when one has none."""
        self.next()
        return tuple(self._found) if self._sure else None


@lru_cache(maxsize=2_048)
def name_pattern(expression: str) -> NamePattern:
    """Return the pattern of an expression, the same one each time."""
    return NamePattern(expression)
