"""Reads what models write: JSON that may be fenced, wrapped in prose, or cut.

Nothing is repaired. An object or row is taken as it stands or not at all: what a repair adds was never written.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

LARGEST = 4_000_000
"""Characters of a reply from which on it is not read."""
_DEEPEST = 64
_LONGEST_NUMBER = 300
"""Digits: a longer one is no number of any column, and Python refuses to read 4,300."""
_MOST_FAULTS = 200
"""Rows that are no JSON, after which the rest of a list is not read."""
_MOST_OPENINGS = 40
"""Braces at which the object with the rows is looked for: prose before it may hold some."""
_OPENED = re.compile(r"\s*:\s*\[")
_FENCE = "```"
_LANGUAGE = re.compile(r"[\w-]*[ \t]*\n?")
_SPACE = " \t\r\n"


class UnreadableError(ValueError):
    """A reply is not the JSON that was asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a reply. `whole` says that the list was closed: no row of it is missing.

    `faults` are why further rows are no JSON by our rules.
    """

    rows: list[Any]
    whole: bool
    faults: tuple[str, ...] = ()


def read_rows(text: str, key: str = "rows", fields: Collection[str] = ()) -> Rows:
    """Return the rows of a reply that is an object with a list under `key`, or such a list by itself.

    What holds objects with all `fields` may also be the only list of an object, under another key, or JSON Lines. Of a
    list that is cut, the rows before the cut. A row that is no JSON by our rules is left out.

    Raises `UnreadableError` when there is no such list.
    """
    _require_readable(text)
    start = _list_start(text, key)
    if start is not None:
        return _listed(text, start + 1)
    for found in _otherwise(text) if fields else ():
        if found.rows and all(isinstance(row, Mapping) and row.keys() >= set(fields) for row in found.rows):
            return found
    raise UnreadableError(f"it holds no list {key!r}")


def _listed(text: str, place: int) -> Rows:
    """Return the rows of a list from the place on where its first one stands."""
    rows: list[Any] = []
    faults: list[str] = []
    while True:
        place = _skip(text, place, _SPACE + ",")
        if place >= len(text):
            return Rows(rows, False, tuple(faults))
        if text[place] == "]":
            return Rows(rows, True, tuple(faults))
        try:
            row, place = _decode(text, place)
        except UnreadableError as error:
            faults.append(str(error))
            end = _end_of_value(text, place)
            if end is None or len(faults) >= _MOST_FAULTS:
                return Rows(rows, False, tuple(faults))
            place = end
        else:
            rows.append(row)


def _otherwise(text: str) -> Iterator[Rows]:
    """Yield the lists that a reply may hold where none stands under the key that was asked for."""
    body, _ = _unfenced(text)
    lines: list[Any] = []
    place = body.find("{")
    with suppress(UnreadableError):
        while 0 <= place < len(body) and body[place] == "{":
            found, place = _decode(body, place)
            lines.append(found)
            place = _skip(body, place, _SPACE + ",")
    if len(lines) == 1:
        lists = [each for each in lines[0].values() if isinstance(each, list)]
        if len(lists) == 1:
            yield Rows(lists[0], whole=True)
    yield Rows(lines, whole=place >= len(body))


def _list_start(text: str, key: str) -> int | None:
    """Return where the list of rows opens: the one under the key, or one that stands by itself."""
    body, offset = _unfenced(text)
    bare = _skip(body, 0, _SPACE)
    if bare < len(body) and body[bare] == "[":
        return offset + bare
    for opened in itertools.islice(re.finditer(r"\{", body), _MOST_OPENINGS):
        found = _key_in(body, opened.start(), key)
        if found is not None:
            return offset + found
    return None


def _key_in(body: str, start: int, key: str) -> int | None:
    """Return where the list under a key of the object that opens at `start` opens."""
    depth = 0
    for token in _TOKEN.finditer(body, start):
        sign = token[0]
        if sign[0] == '"':
            opened = _OPENED.match(body, token.end()) if depth == 1 and sign == f'"{key}"' else None
            if opened is not None:
                return opened.end() - 1
            continue
        depth += 1 if sign in "{[" else -1
        if depth == 0 or depth > _DEEPEST:
            return None
    return None


def _require_readable(text: str) -> None:
    if len(text) > LARGEST:
        raise UnreadableError(f"it has {len(text):,} characters")
    if not text.strip():
        raise UnreadableError("it is empty")


def _unfenced(text: str) -> tuple[str, int]:
    """Return the inside of the first fenced block, or the whole text, and where that begins."""
    opened = -1 if text.lstrip()[:1] in ("{", "[") else text.find(_FENCE)
    named = _LANGUAGE.match(text, opened + len(_FENCE)) if opened >= 0 else None
    closed = text.find(_FENCE, named.end()) if named else -1
    return (text[named.end() : closed], named.end()) if named and closed >= 0 else (text, 0)


def _decode(text: str, start: int) -> tuple[Any, int]:
    _require_shallow(text, start)
    try:
        found, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is not JSON: {error}") from None
    _require_unicode(text[start:end], found)
    return found, end


def _require_shallow(text: str, start: int) -> None:
    if text[start : start + 1] not in ("{", "["):
        return  # what opens nothing has no depth, and what comes after it is not its own
    depth = 0
    for place, sign in _signs(text, start):
        depth += 1 if sign in "{[" else -1
        if depth > _DEEPEST:
            raise UnreadableError(f"it is nested deeper than {_DEEPEST} levels at character {place}")
        if depth == 0:
            return


def _require_unicode(written: str, found: object) -> None:
    if "\\u" not in written:
        return
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UnreadableError("it holds half of a surrogate pair") from None


def _signs(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the brackets from `start` on that stand in no string."""
    for found in _TOKEN.finditer(text, start):
        if found[0][0] != '"':
            yield found.start(), found[0]


def _end_of_value(text: str, start: int) -> int | None:
    """Return where the object or list that opens at `start` ends; None where it is cut, or is no such thing."""
    depth = 0
    for place, sign in _signs(text, start):
        if depth == 0 and place != start:
            return None
        depth += 1 if sign in "{[" else -1
        if depth == 0:
            return place + 1
    return None


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def _skip(text: str, place: int, signs: str) -> int:
    while place < len(text) and text[place] in signs:
        place += 1
    return place


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", name, 0)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise json.JSONDecodeError(f"the key {twice!r} stands twice", twice, 0)
    return made


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise json.JSONDecodeError(f"a number has {len(digits):,} digits", digits, 0)
    return int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_whole, parse_constant=_refuse_constant)
