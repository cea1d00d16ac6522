"""How many children each parent has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from syda.planning.model import Cardinality
from syda.sources.permutation import permute
from syda.sources.stream import Bits, Integers, random_bits, stream_key, to_uniform

if TYPE_CHECKING:
    from syda.generation.maker import Maker

_POISSON_TAIL = 12


def children_of_each(maker: Maker, table: str, foreign_key: str) -> Integers:
    """Return the parent row of each child, parent by parent, with the numbers that the link's cardinality draws.

    Only new parents get children, unless there is no new one.
    """
    link = maker.table(table).foreign_key(foreign_key)
    cardinality = maker.table_plan(table).links[foreign_key].children
    assert cardinality is not None
    first, total = maker.first(link.parent), maker.total(link.parent)
    first = 0 if first == total else first
    key = stream_key(maker.plan.settings.seed, table, foreign_key, "children")
    counts = draw_counts(cardinality, random_bits(key, first, total), key)
    return np.repeat(np.arange(first, total, dtype=np.int64), counts)


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
