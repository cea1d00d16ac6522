"""Ranges beside one another: which overlap, and where there is room for more."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from random import Random

import numpy as np

from syda.generation.settling.state import Mask
from syda.sources.stream import Integers

Ranges = tuple[Integers, Integers, Integers]
"""Of each its group, where it begins and where the next may begin."""
UNBOUNDED = 1 << 62
"""Where a range ends that has no end; one without a beginning begins at its negative."""
_PERIODS = 100


def overlapping(ranges: Ranges, fixed: Mask) -> Mask:
    """Tell which ranges overlap one of their group that is fixed, or that begins earlier and is kept.

    One without an end is kept when it is the last.
    """
    group, start, end = ranges
    place = np.where((end >= UNBOUNDED) & ~fixed, UNBOUNDED, start)
    order = np.lexsort((~fixed, place, group)).tolist()
    before_next = _next_fixed(order, group, start, fixed)
    found = np.zeros(len(group), dtype=bool)
    current, last = None, 0
    for row in order:
        if group[row] != current:
            current, last = group[row], start[row]
        if not fixed[row] and (start[row] < last or end[row] > before_next.get(row, end[row])):
            found[row] = True
        else:
            last = max(last, end[row])
    return found


def _next_fixed(order: list[int], group: Integers, start: Integers, fixed: Mask) -> dict[int, int]:
    """Return for each range where the next fixed one of its group begins, when there is any."""
    found: dict[int, int] = {}
    later: int | None = None
    for row in reversed(order):
        if later is not None and group[later] != group[row]:
            later = None
        if later is not None:
            found[row] = int(start[later])
        if fixed[row]:
            later = row
    return found


@dataclass(frozen=True, slots=True)
class Wish:
    """How ranges are placed: none shorter than `least`, at places that `key` decides unless the attempt is the first.

    A range that is moved by a multiple of `period` (a day) begins at the same time of day.
    """

    least: int
    period: int
    attempt: int
    key: int


def placed(others: Ranges, wanted: Ranges, wish: Wish) -> tuple[Integers, Integers]:
    """Return where the wanted ranges, whose third array is their length, find room between the others.

    At first behind the range that is in their way, later anywhere. A range is cut off where the gap ends.
    """
    taken: dict[int, list[tuple[int, int]]] = {}
    for number, low, high in zip(*(each.tolist() for each in others), strict=True):
        taken.setdefault(number, []).append((low, high))
    for listed in taken.values():
        listed.sort()
    random = Random(wish.key)
    starts, ends = wanted[1].copy(), wanted[1] + wanted[2]
    for row, (number, low, length) in enumerate(zip(*(each.tolist() for each in wanted), strict=True)):
        listed = taken.setdefault(number, [])
        finite = [each for each in listed if each[0] > -UNBOUNDED and each[1] < UNBOUNDED]
        if finite and (wish.attempt or low <= -UNBOUNDED):
            low = _elsewhere(finite, low, wish.period, random)
        starts[row], ends[row] = _room(listed, max(low, -UNBOUNDED // 2), length, wish.least)
        insort(listed, (int(starts[row]), int(ends[row])))
    return starts, ends


def _elsewhere(taken: list[tuple[int, int]], low: int, period: int, random: Random) -> int:
    """Return where one of the ranges ends, a place between the first and the last, or one some periods away."""
    way = random.randrange(3)
    if way == 0:
        return random.choice(taken)[1]
    return low + period * random.randint(-_PERIODS, _PERIODS) if way == 1 else random.randint(taken[0][0], taken[-1][1])


def _room(taken: list[tuple[int, int]], low: int, length: int, least: int) -> tuple[int, int]:
    """Return the first gap from `low` on, cut off to `length`; before all ranges where the last has no end."""
    place = bisect_left(taken, (low, low))
    if place and taken[place - 1][1] > low:
        low = taken[place - 1][1]
    while place < len(taken) and taken[place][0] - low < least:
        low = max(low, taken[place][1])
        place += 1
    if low >= UNBOUNDED:
        return taken[0][0] - length, taken[0][0]
    return low, min(low + length, taken[place][0]) if place < len(taken) else low + length
