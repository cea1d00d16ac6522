"""How many children each parent has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from syda.planning.model import Cardinality
from syda.sources.permutation import permute
from syda.sources.stream import Bits, Integers, random_bits, stream_key, to_uniform

if TYPE_CHECKING:
    from syda.generation.maker import Maker

_POISSON_TAIL = 12


_PARENTS = 1 << 16
"""How many parents' numbers of children are held at a time."""


class Children:
    """The children of all parents, parent by parent, with the numbers that a cardinality draws.

    Numbers are drawn again for the parents that a block of children belongs to, so that only a few are held.
    """

    def __init__(self, cardinality: Cardinality, key: int, first: int, total: int) -> None:
        self._cardinality, self._key, self._first, self._total = cardinality, key, first, total
        # the shares of a zipf are known only beside each other
        self._step = max(total - first, 1) if cardinality.shape == "zipf" else _PARENTS
        self._last: tuple[int, Integers] | None = None
        pieces = range(0, total - first, self._step)
        sums = [int(self._counts(piece).sum()) for piece in range(len(pieces))]
        self._starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sums, dtype=np.int64)])

    @property
    def rows(self) -> int:
        """Return how many children there are."""
        return int(self._starts[-1])

    def parents(self, start: int, stop: int) -> Integers:
        """Return the parent rows of the children ``start..stop``."""
        return self._joined(start, stop, lambda first, counts: np.repeat(first + np.arange(len(counts)), counts))

    def ordinals(self, start: int, stop: int) -> Integers:
        """Return the place of each of the children ``start..stop`` among those of its parent."""
        return self._joined(
            start, stop, lambda _, counts: np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        )

    def _joined(self, start: int, stop: int, of_piece: Callable[[int, Integers], Integers]) -> Integers:
        parts = [np.zeros(0, dtype=np.int64)]
        piece = int(np.searchsorted(self._starts, start, side="right")) - 1
        while piece < len(self._starts) - 1 and self._starts[piece] < stop:
            before = int(self._starts[piece])
            made = of_piece(self._first + piece * self._step, self._counts(piece))
            parts.append(made[max(start - before, 0) : stop - before])
            piece += 1
        return np.concatenate(parts)

    def _counts(self, piece: int) -> Integers:
        if self._last is None or self._last[0] != piece:
            first = self._first + piece * self._step
            bits = random_bits(self._key, first, min(first + self._step, self._total))
            self._last = (piece, draw_counts(self._cardinality, bits, self._key))
        return self._last[1]


def children_of_each(maker: Maker, table: str, foreign_key: str) -> Children:
    """Return the children that each parent of a table's rows has; only new parents, unless there is no new one."""
    link = maker.table(table).foreign_key(foreign_key)
    cardinality = maker.table_plan(table).links[foreign_key].children
    assert cardinality is not None
    first, total = maker.first(link.parent), maker.total(link.parent)
    first = 0 if first == total else first
    key = stream_key(maker.plan.settings.seed, table, foreign_key, "children")
    return Children(cardinality, key, first, total)


def draw_counts(cardinality: Cardinality, bits: Bits, key: int) -> Integers:
    """Return a number of children for each word of `bits`."""
    uniform = to_uniform(bits)
    low, high = cardinality.low, cardinality.high
    mean = cardinality.mean if cardinality.mean is not None else (low + (high if high is not None else low + 4)) / 2
    if cardinality.shape == "uniform":
        top = high if high is not None else low
        counts = low + np.floor(uniform * (top - low + 1))
    elif cardinality.shape == "poisson":
        counts = np.searchsorted(_poisson_edges(mean), uniform, side="right").astype(np.float64)
    elif cardinality.shape == "geometric":
        counts = np.floor(np.log1p(-uniform) / np.log1p(-1 / (1 + mean)))
    else:
        counts = _zipf_counts(mean, key, len(bits))
    return np.asarray(np.clip(counts, low, high).astype(np.int64))


def _poisson_edges(mean: float) -> np.ndarray:
    """Return the cumulative Poisson probabilities of 0, 1, 2, ... far into the tail."""
    number = np.arange(1, int(mean + _POISSON_TAIL * (1 + mean**0.5)))
    log_terms = np.concatenate([[0.0], np.cumsum(np.log(mean) - np.log(number))]) - mean if mean > 0 else np.zeros(1)
    return np.cumsum(np.exp(log_terms))


def _zipf_counts(mean: float, key: int, size: int) -> np.ndarray:
    rank = permute(key, np.arange(size, dtype=np.int64), size) + 1 if size else np.zeros(0)
    weights = 1.0 / np.maximum(rank, 1)
    return np.rint(weights * (mean * size / weights.sum())) if size else weights


def spread_counts(cardinality: Cardinality, counts: Integers, rows: int, key: int) -> Integers:
    """Change `counts`, within the cardinality's bounds, until they add up to `rows`."""
    order = permute(key, np.arange(len(counts), dtype=np.int64), len(counts)) if len(counts) else counts
    counts = counts.copy()
    while (missing := rows - int(counts.sum())) != 0:
        step = 1 if missing > 0 else -1
        bound = cardinality.high if step > 0 else cardinality.low
        free = order if bound is None else order[counts[order] != bound]
        if not len(free):
            break
        counts[free[: abs(missing)]] += step
    return counts
