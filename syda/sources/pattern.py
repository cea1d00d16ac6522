"""The finite language of a regular expression, counted and numbered.

`re`'s own parser reads the expression; each node knows how many strings it has, what its n-th string is and how to
draw one. Sizes multiply along a sequence and add over branches, so that n is read as a number in mixed radix. All of
it works on a column at a time.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise, product
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Protocol

import numpy as np

from syda.sources.stream import Bits, Integers
from syda.sources.strings import Strings, joined, strings

UNLIMITED = 8
"""Repeats beyond the least number, where the expression sets no limit."""

LARGEST = 1 << 62
"""Strings with higher numbers are never asked for."""

_TABLE = 4_096
_ALL_BITS = 1 << 64
_FAIRNESS = 1 << 20
_PRINTABLE = string.ascii_letters + string.digits
_CATEGORIES = {
    codes.CATEGORY_DIGIT: string.digits,
    codes.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_DIGIT: string.ascii_letters,
    codes.CATEGORY_NOT_WORD: "-.,;: ",
    codes.CATEGORY_NOT_SPACE: _PRINTABLE,
}


class Entropy:
    """Random numbers for each row, several from each word: `draw` returns the n-th word of every row."""

    def __init__(self, draw: Callable[[int], Bits]) -> None:
        self._draw = draw
        self._words = 0
        self._left = 0
        self._word: Bits = np.zeros(0, dtype=np.uint64)

    def take(self, size: int) -> Integers:
        """Return a number in [0, size) for each row; no number is likelier than another by more than a millionth."""
        if self._left < size * _FAIRNESS:
            self._word, self._left = self._draw(self._words), _ALL_BITS
            self._words += 1
        self._word, index = np.divmod(self._word, np.uint64(size))
        self._left //= size
        return index.astype(np.int64)


class Language(Protocol):
    """`size` strings of `shortest` to `longest` characters; a string that can be read in two ways counts twice."""

    @property
    def size(self) -> int: ...
    @property
    def shortest(self) -> int: ...
    @property
    def longest(self) -> int: ...

    def at(self, number: Integers) -> Strings:
        """Return the strings with these numbers, each in [0, min(size, `LARGEST`))."""
        ...

    def pick(self, entropy: Entropy) -> Strings:
        """Draw a string for each row: each branch and each count of repeats is as likely as the others."""
        ...


@dataclass(frozen=True)
class Listed:
    """A few strings, written out."""

    entries: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.entries)

    @cached_property
    def shortest(self) -> int:
        return min(map(len, self.entries))

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.entries))

    @cached_property
    def _array(self) -> Strings:
        return strings(self.entries)

    def at(self, number: Integers) -> Strings:
        return self._array[number]

    def pick(self, entropy: Entropy) -> Strings:
        return self._array[entropy.take(self.size)]


@dataclass(frozen=True)
class Joined:
    """One string of each part, in a row."""

    parts: tuple[Language, ...]

    @cached_property
    def size(self) -> int:
        size = 1
        for part in self.parts:
            size *= part.size
        return size

    @cached_property
    def shortest(self) -> int:
        return sum(part.shortest for part in self.parts)

    @cached_property
    def longest(self) -> int:
        return sum(part.longest for part in self.parts)

    def at(self, number: Integers) -> Strings:
        pieces = []
        for part in reversed(self.parts):
            number, own = _divided(number, part.size)
            pieces.append(part.at(own))
        return joined(*pieces[::-1])

    def pick(self, entropy: Entropy) -> Strings:
        return joined(*(part.pick(entropy) for part in self.parts))


@dataclass(frozen=True)
class United:
    """A string of one of the branches."""

    branches: tuple[Language, ...]

    @cached_property
    def size(self) -> int:
        return sum(branch.size for branch in self.branches)

    @cached_property
    def shortest(self) -> int:
        return min(branch.shortest for branch in self.branches)

    @cached_property
    def longest(self) -> int:
        return max(branch.longest for branch in self.branches)

    def at(self, number: Integers) -> Strings:
        ends = [min(end, LARGEST) for end in accumulate(branch.size for branch in self.branches)]
        chosen = np.searchsorted(np.asarray(ends[:-1], dtype=np.int64), number, side="right")
        result = np.empty(len(number), dtype=object)
        for place, branch in enumerate(self.branches):
            rows = np.flatnonzero(chosen == place)
            result[rows] = branch.at(number[rows] - (ends[place - 1] if place else 0))
        return result

    def pick(self, entropy: Entropy) -> Strings:
        chosen = entropy.take(len(self.branches))
        result = self.branches[0].pick(entropy)
        for place, branch in enumerate(self.branches[1:], start=1):
            result = np.where(chosen == place, branch.pick(entropy), result)
        return result


@dataclass(frozen=True)
class Repeated:
    """From `least` to `most` strings of the body, in a row."""

    body: Language
    least: int
    most: int

    @cached_property
    def _sizes(self) -> list[int]:
        return [self.body.size**count for count in range(self.least, self.most + 1)]

    @cached_property
    def size(self) -> int:
        return sum(self._sizes)

    @cached_property
    def shortest(self) -> int:
        return self.least * self.body.shortest

    @cached_property
    def longest(self) -> int:
        return self.most * self.body.longest

    def at(self, number: Integers) -> Strings:
        ends = np.asarray([min(end, LARGEST) for end in accumulate(self._sizes)], dtype=np.int64)
        chosen = np.searchsorted(ends[:-1], number, side="right")
        number = number - np.concatenate([[0], ends])[chosen]
        pieces = []
        for place in range(self.most - 1, -1, -1):
            there = place < chosen + self.least
            rest, own = _divided(number, self.body.size)
            number = np.where(there, rest, number)
            pieces.append(np.where(there, self.body.at(own), ""))
        return joined(*pieces[::-1]) if pieces else _nothing(len(number))

    def pick(self, entropy: Entropy) -> Strings:
        count = self.least + entropy.take(self.most - self.least + 1)
        pieces = [np.where(place < count, self.body.pick(entropy), "") for place in range(self.most)]
        return joined(*pieces) if pieces else _nothing(len(count))


def _divided(number: Integers, size: int) -> tuple[Integers, Integers]:
    if size >= LARGEST:
        return np.zeros_like(number), number
    quotient, rest = np.divmod(number, size)
    return quotient, rest


def _nothing(size: int) -> Strings:
    return np.full(size, "", dtype=object)


@lru_cache(maxsize=256)
def is_unambiguous(regex: str) -> bool:
    """Tell whether different numbers of the expression's language surely give different strings."""
    return _repeats_nothing(parse_pattern(regex))


def _repeats_nothing(language: Language) -> bool:
    """Tell whether no string has two numbers; False also where that is not easily told."""
    if language.size <= _TABLE:
        return len(set(language.at(np.arange(language.size)).tolist())) == language.size
    if isinstance(language, Joined):
        loose = [part for part in language.parts if part.shortest < part.longest]
        return len(loose) <= 1 and all(map(_repeats_nothing, language.parts))
    if isinstance(language, United):
        spans = sorted((branch.shortest, branch.longest) for branch in language.branches)
        apart = all(before[1] < after[0] for before, after in pairwise(spans))
        return apart and all(map(_repeats_nothing, language.branches))
    if isinstance(language, Repeated):
        return 0 < language.body.shortest == language.body.longest and _repeats_nothing(language.body)
    return False


@lru_cache(maxsize=256)
def parse_pattern(regex: str) -> Language:
    """Return the language of a regular expression; raise `re.error` or `ValueError` when it has none to list."""
    return _sequence(parser.parse(regex))


def _sequence(nodes: Iterable[Any]) -> Language:
    return _joined([_node(operation, argument) for operation, argument in nodes])


def _joined(parts: Iterable[Language]) -> Language:
    """Join the parts; neighbours that are few together are written out."""
    kept: list[Language] = []
    for part in parts:
        before = kept[-1] if kept else None
        if isinstance(before, Listed) and isinstance(part, Listed) and before.size * part.size <= _TABLE:
            kept[-1] = Listed(tuple(map("".join, product(before.entries, part.entries))))
        else:
            kept.append(part)
    if len(kept) == 1:
        return kept[0]
    return Joined(tuple(kept)) if kept else Listed(("",))


def _letters(letters: str) -> Language:
    if not letters:
        raise ValueError("a character class allows no printable character")
    return Listed(tuple(letters))


def _node(operation: Any, argument: Any) -> Language:
    if operation is codes.LITERAL:
        return _letters(chr(argument))
    if operation is codes.ANY:
        return _letters(_PRINTABLE)
    if operation is codes.NOT_LITERAL:
        return _letters(_PRINTABLE.replace(chr(argument), ""))
    if operation is codes.IN:
        return _letters(_class(argument))
    if operation is codes.BRANCH:
        return United(tuple(_sequence(branch) for branch in argument[1]))
    if operation is codes.SUBPATTERN:
        return _sequence(argument[3])
    if operation in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _repeat(*argument)
    if operation is codes.AT:
        return Listed(("",))
    raise ValueError(f"{str(operation).lower()} is not supported")


def _class(items: list[tuple[Any, Any]]) -> str:
    negated = items[0][0] is codes.NEGATE
    letters = "".join(_class_item(operation, argument) for operation, argument in items[negated:])
    if negated:
        return "".join(letter for letter in _PRINTABLE if letter not in letters)
    return "".join(dict.fromkeys(letters))


def _class_item(operation: Any, argument: Any) -> str:
    if operation is codes.LITERAL:
        return chr(argument)
    if operation is codes.RANGE:
        return "".join(map(chr, range(argument[0], argument[1] + 1)))
    return _CATEGORIES[argument]


def _repeat(least: int, most: Any, body: Any) -> Language:
    limit = least + UNLIMITED if most is codes.MAXREPEAT else int(most)
    part = _sequence(body)
    return _joined([part] * least) if least == limit else Repeated(part, least, limit)
