"""Ranges beside one another: which overlap, and where there is room for more."""

from __future__ import annotations

from bisect import bisect_left
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
    taken: dict[int, _Taken] = {}
    for number, low, high in sorted(zip(*(each.tolist() for each in others), strict=True)):
        taken.setdefault(number, _Taken(wish.least)).add(low, high)
    random = Random(wish.key)
    starts, ends = wanted[1].copy(), wanted[1] + wanted[2]
    for row, (number, low, length) in enumerate(zip(*(each.tolist() for each in wanted), strict=True)):
        room = taken.setdefault(number, _Taken(wish.least))
        finite = room.finite()
        if finite and (wish.attempt or low <= -UNBOUNDED):
            low = _elsewhere(room.blocks[finite.start : finite.stop], low, wish.period, random)
        starts[row], ends[row] = room.take(max(low, -UNBOUNDED // 2), length)
    return starts, ends


def _elsewhere(taken: list[tuple[int, int]], low: int, period: int, random: Random) -> int:
    """Return where one of the ranges ends, a place between the first and the last, or one some periods away."""
    way = random.randrange(3)
    if way == 0:
        return random.choice(taken)[1]
    return low + period * random.randint(-_PERIODS, _PERIODS) if way == 1 else random.randint(taken[0][0], taken[-1][1])


class _Taken:
    """What is taken of an axis, as blocks in order; between two of them there is room for `least` at the least.

    Ranges with less between them are one block, so that a long row of them is passed in one step.
    """

    def __init__(self, least: int) -> None:
        self.blocks: list[tuple[int, int]] = []
        self._least = least

    def finite(self) -> range:
        """Return the places of the blocks that have a beginning and an end."""
        first = int(bool(self.blocks) and self.blocks[0][0] <= -UNBOUNDED)
        open_end = bool(self.blocks) and self.blocks[-1][1] >= UNBOUNDED
        return range(first, max(first, len(self.blocks) - int(open_end)))

    def add(self, low: int, high: int) -> None:
        place = bisect_left(self.blocks, (low, low))
        first = place - 1 if place and low - self.blocks[place - 1][1] < self._least else place
        last = place
        while last < len(self.blocks) and self.blocks[last][0] - high < self._least:
            last += 1
        joined = self.blocks[first:last]
        ends = [low, high, *(bound for block in joined for bound in block)]
        self.blocks[first:last] = [(min(ends), max(ends))]

    def take(self, low: int, length: int) -> tuple[int, int]:
        """Take the first gap from `low` on, cut off to `length`; before all blocks where the last has no end."""
        blocks = self.blocks
        place = bisect_left(blocks, (low, low))
        if place and blocks[place - 1][1] > low:
            low = blocks[place - 1][1]
        while place < len(blocks) and blocks[place][0] - low < self._least:
            low = max(low, blocks[place][1])
            place += 1
        if low >= UNBOUNDED:
            found = blocks[0][0] - length, blocks[0][0]
        else:
            found = low, min(low + length, blocks[place][0]) if place < len(blocks) else low + length
        self.add(*found)
        return found
