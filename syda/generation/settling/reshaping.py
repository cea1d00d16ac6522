"""Ways to write a drafted text so that it may fit a domain: little of it is changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from zlib import crc32

from syda.generation.domains import stands
from syda.planning.checks import Domain
from syda.schema.model import Column

Reshape = Callable[[str], str]
_FEW_WORDS = 3
_NUMBER = re.compile(r"\+?[\d\s().-]+")
_BETWEEN = re.compile(r"[\s().-]+")


def reshapes(domain: Domain, column: Column) -> list[Reshape]:
    """Return ways to write a text: in the right case, of the letters allowed, with its pieces, as a slug, cut off."""
    most = min((limit for limit in (domain.longest, column.type.length) if limit is not None), default=None)
    first: list[Reshape] = []
    if domain.case:
        first.append(str.lower if domain.case == "lower" else str.upper)
    if domain.letters:
        first.append(partial(_of_letters, re.compile(domain.letters)))
    if domain.pieces:
        first.append(partial(_with_pieces, domain, most))
    ways: list[Reshape] = [partial(_all_of, first)] if first else []
    if domain.patterns:
        ways += [str.lower, _slug("-"), _slug("_"), _slug(""), str.upper, lambda text: _slug("_")(text).upper()]
    if domain.patterns or domain.shortest is not None:
        ways.append(_closed_up)
    if domain.shortest is not None and not domain.patterns:
        ways.append(partial(_lengthened, domain.shortest, most))
    if domain.pieces:
        ways.insert(0, lambda text: _all_of(first, _slugged(text)))
    if most is not None:
        ways.append(lambda text: text[:most].rstrip())
    return ways


def _all_of(ways: list[Reshape], text: str) -> str:
    for way in ways:
        text = way(text)
    return text


def _slug(separator: str) -> Reshape:
    return lambda text: re.sub(r"[^a-z0-9]+", separator, text.lower()).strip(separator or None)


def _slugged(text: str) -> str:
    """Return the first words as a slug; what is one word is not of words, but a code."""
    words = text.split()[:_FEW_WORDS]
    return text if len(words) == 1 else _slug("-")(" ".join(words))


def _closed_up(text: str) -> str:
    """Return a number without the marks between its digits: a telephone number, an ISBN."""
    return _BETWEEN.sub("", text) if _NUMBER.fullmatch(text) else text


def _lengthened(least: int, most: int | None, text: str) -> str:
    """Return a text with digits behind it that are its own, as many as it needs."""
    missing = least - len(text)
    digits = str(crc32(text.encode())).ljust(missing, "0")
    return text if missing <= 0 or not text else f"{text}{digits[:missing]}"[:most]


def _of_letters(letters: re.Pattern[str], text: str) -> str:
    """Return the text with each letter that is not allowed in the other case, or as a separator, or left out."""
    separator = next((each for each in (" ", "-", "_") if letters.fullmatch(each)), "")
    written = (
        next((each for each in (letter, letter.lower(), letter.upper()) if letters.fullmatch(each)), separator)
        for letter in text
    )
    return "".join(written).strip(separator or None)


def _led_in(before: str, after: str) -> str:
    return f"{before}-{after}" if before[-1:].isalnum() and after[:1].isalnum() else before + after


def _with_pieces(domain: Domain, most: int | None, text: str) -> str:
    """Return the text with the pieces put at their places, what stands there pushed behind."""
    for start, piece in sorted(each for each in domain.pieces if each[0] > 0):
        if not stands(text, start, piece):
            text = _led_in(text[: start - 1].ljust(start - 1, "x") + piece, text[start - 1 :])
    ends = "".join(piece for start, piece in domain.pieces if start < 0)
    if not ends or text.endswith(ends):
        return text if most is None else text[:most]
    return text[: None if most is None else max(most - len(ends), 0)].rstrip(" .") + ends
