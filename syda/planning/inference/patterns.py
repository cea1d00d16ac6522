"""Patterns of names that are compiled only when a name could match: compiling hundreds takes longer than a plan."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TypeAlias

_INNERMOST = re.compile(r"\((\?[!:])?([^()]*)\)([?*])?")
_FOLDED = re.compile(r"<(\d+)>")
_RUN = re.compile(r"[a-z_]*[a-z][a-z_]*")
_UNSURE = re.compile(r"[a-z_][?*]|\\.|\[[^]]*\]|\W")
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
    groups: list[Needles | None] = []

    def folded(group: re.Match[str]) -> str:
        if group[3] or group[1] == "?!":
            return " "
        groups.append(_one_of(group[2], groups))
        return f"<{len(groups) - 1}>"

    flat, found = expression, 1
    while found:
        flat, found = _INNERMOST.subn(folded, flat)
    return _one_of(flat, groups)


def _one_of(alternatives: str, groups: list[Needles | None]) -> Needles | None:
    needles: list[str] = []
    for alternative in alternatives.split("|"):
        inner = [groups[int(number)] for number in _FOLDED.findall(alternative)]
        runs = [(run,) for run in _RUN.findall(_UNSURE.sub(" ", alternative))]
        sure = [found for found in (*runs, *inner) if found]
        if not sure:
            return None
        needles += max(sure, key=lambda found: min(map(len, found)))
    return tuple(needles)


@lru_cache(maxsize=2_048)
def name_pattern(expression: str) -> NamePattern:
    """Return the pattern of an expression, the same one each time."""
    return NamePattern(expression)
