"""The finite language of a regular expression, counted and numbered.

`re`'s own parser reads the expression; each node knows how many strings it has and what its n-th string is.
Sizes multiply along a sequence and add over branches, so that n is read as a number in mixed radix.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

UNLIMITED = 8
"""Repeats beyond the least number, where the expression sets no limit."""

_PRINTABLE = string.ascii_letters + string.digits
_CATEGORIES = {
    codes.CATEGORY_DIGIT: string.digits,
    codes.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_DIGIT: string.ascii_letters,
    codes.CATEGORY_NOT_WORD: "-.,;: ",
    codes.CATEGORY_NOT_SPACE: _PRINTABLE,
}


@dataclass(frozen=True, slots=True)
class Language:
    """`size` strings; `at(n)` is the n-th, n from 0.

    `pick(bits)` spends a large random number: each branch and each count of repeats is as likely as the others,
    however many strings it has. It returns the string and what is left of the number.
    """

    size: int
    at: Callable[[int], str]
    pick: Callable[[int], tuple[str, int]]


@lru_cache(maxsize=256)
def parse_pattern(regex: str) -> Language:
    """Return the language of a regular expression; raise `re.error` or `ValueError` when it has none to list."""
    return _sequence(parser.parse(regex))


def _sequence(nodes: Iterable[Any]) -> Language:
    return _joined([_node(operation, argument) for operation, argument in nodes])


def _joined(parts: list[Language]) -> Language:
    size = 1
    for part in parts:
        size *= part.size

    def at(number: int) -> str:
        pieces = []
        for part in reversed(parts):
            number, own = divmod(number, part.size)
            pieces.append(part.at(own))
        return "".join(reversed(pieces))

    def pick(bits: int) -> tuple[str, int]:
        pieces = []
        for part in parts:
            piece, bits = part.pick(bits)
            pieces.append(piece)
        return "".join(pieces), bits

    return Language(size, at, pick)


def _united(parts: list[Language]) -> Language:
    def at(number: int) -> str:
        for part in parts:
            if number < part.size:
                return part.at(number)
            number -= part.size
        raise IndexError(number)

    def pick(bits: int) -> tuple[str, int]:
        rest, branch = divmod(bits, len(parts))
        return parts[branch].pick(rest)

    return Language(sum(part.size for part in parts), at, pick)


def _letters(letters: str) -> Language:
    if not letters:
        raise ValueError("a character class allows no printable character")

    def pick(bits: int) -> tuple[str, int]:
        rest, place = divmod(bits, len(letters))
        return letters[place], rest

    return Language(len(letters), letters.__getitem__, pick)


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
        return _united([_sequence(branch) for branch in argument[1]])
    if operation is codes.SUBPATTERN:
        return _sequence(argument[3])
    if operation in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _repeat(*argument)
    if operation is codes.AT:
        return Language(1, lambda _: "", lambda bits: ("", bits))
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
    return _united([_joined([part] * count) for count in range(least, limit + 1)])
