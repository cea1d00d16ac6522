"""What a row of the table of meanings is, and short ways to write one."""

from __future__ import annotations

from dataclasses import dataclass

from syda.schema.model import MOMENTS, NUMBERS, Kind
from syda.sources.base import Source
from syda.sources.company import Prose
from syda.sources.moment import Moment
from syda.sources.scalar import Choice, Distribution, Flag, Number
from syda.sources.text import Pattern, Words

TEXT = (Kind.TEXT, Kind.OTHER)
FRACTIONS = (Kind.FLOAT, Kind.DECIMAL)
WHOLE = (Kind.INTEGER,)
CLOCK = (Kind.TIME,)
STAMPS = (Kind.INTEGER, Kind.FLOAT, Kind.TEXT)
TIMES = (*MOMENTS, *STAMPS)
FLAGS = (Kind.BOOLEAN, Kind.INTEGER)
LOW, HIGH, HEX = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table; `nulls` is the share of NULL in a column that may be NULL.

    A row with a `table` pattern only holds in tables of such a name. The pattern is a list of stems; one that the
    table's last word has (``role`` in ``user_roles``) wins over one that stands elsewhere in it.
    """

    name: str
    words: str
    kinds: tuple[Kind, ...]
    source: Source
    nulls: float = 0.1
    table: str | None = None


def words_in(
    name: str, words: str, vocabulary: str | None = None, table: str | None = None, nulls: float = 0.1
) -> Meaning:
    return Meaning(name, words, TEXT, Words(vocabulary=vocabulary or name), nulls, table)


def choice(
    name: str, words: str, listed: str, weights: tuple[float, ...] | None = None, table: str | None = None
) -> Meaning:
    return Meaning(name, words, TEXT, Choice(values=tuple(listed.split("|")), weights=weights), 0.05, table)


def number(
    name: str,
    words: str,
    low: float,
    high: float,
    shape: Distribution = "uniform",
    kinds: tuple[Kind, ...] = NUMBERS,
    table: str | None = None,
) -> Meaning:
    return Meaning(name, words, kinds, Number(low=low, high=high, distribution=shape), 0.1, table)


def flag(name: str, words: str, probability: float, kinds: tuple[Kind, ...] = FLAGS) -> Meaning:
    return Meaning(name, words, kinds, Flag(probability=probability), 0.05)


def moment(
    name: str, words: str, low: str, high: str = "now", nulls: float = 0.1, kinds: tuple[Kind, ...] = TIMES
) -> Meaning:
    return Meaning(name, words, kinds, Moment(low=low, high=high, recent=0.5, office_hours=True), nulls)


def code(name: str, words: str, regex: str, table: str | None = None, nulls: float = 0.1) -> Meaning:
    return Meaning(name, words, TEXT, Pattern(regex=regex), nulls, table)


def prose(
    name: str, words: str, topic: str, sentences: int = 2, nulls: float = 0.1, table: str | None = None
) -> Meaning:
    return Meaning(name, words, TEXT, Prose(topic=topic, sentences=sentences), nulls, table)
