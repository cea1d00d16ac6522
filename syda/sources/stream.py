"""Keyed randomness: every number is a function of (seed, table, column, row), never of what was drawn before.

NumPy's Philox is a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
word *n* of a key can be had without the words before it. The key is a hash of the seed and of a path of names,
the row number is the counter.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

_WORDS_PER_COUNTER = 4
_WORD = (1 << 64) - 1
_TO_UNIT = 2.0**-53
_THREAD = threading.local()


def stream_key(seed: int, *path: str) -> int:
    """Return the 128-bit key of the stream that belongs to a path such as (table, column, purpose)."""
    digest = blake2b(digest_size=16)
    for part in (str(seed), *path):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "little") + encoded)
    return int.from_bytes(digest.digest(), "little")


def random_bits(key: int, start: int, stop: int) -> Bits:
    """Return one 64-bit word for each row of ``start..stop``."""
    counter, skip = divmod(start, _WORDS_PER_COUNTER)
    generator = _generator()
    generator.state = {
        "bit_generator": "Philox",
        "state": {"key": _words(key, 2), "counter": _words(counter, _WORDS_PER_COUNTER)},
        "buffer": _words(0, _WORDS_PER_COUNTER),
        "buffer_pos": _WORDS_PER_COUNTER,
        "has_uint32": 0,
        "uinteger": 0,
    }
    words: Bits = generator.random_raw(stop - start + skip)
    return words[skip:]


def _generator() -> Philox:
    """Return this thread's generator: to make one costs more than to draw a thousand words."""
    made: Philox | None = getattr(_THREAD, "generator", None)
    if made is None:
        made = _THREAD.generator = Philox(key=0)
    return made


def _words(number: int, count: int) -> Bits:
    return np.array([number >> 64 * place & _WORD for place in range(count)], dtype=np.uint64)


def to_uniform(bits: Bits) -> Floats:
    """Map words to [0, 1) with 53 bits."""
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def to_index(bits: Bits, size: int | Integers) -> Integers:
    """Map words to whole numbers in [0, size); `size` may differ per row and must be positive."""
    scaled = np.floor(to_uniform(bits) * size).astype(np.int64)
    return np.minimum(scaled, np.asarray(size, dtype=np.int64) - 1)


def weighted_index(uniform: Floats, weights: Sequence[float]) -> Integers:
    """Return indexes into `weights`, each drawn in proportion to its weight."""
    return edged_index(uniform, np.cumsum(np.asarray(weights, dtype=np.float64)))


def edged_index(uniform: Floats, edges: Floats) -> Integers:
    """Return indexes of weights whose cumulated sums are `edges`, each drawn in proportion to its weight."""
    index = np.searchsorted(edges, uniform * edges[-1], side="right")
    return np.asarray(np.minimum(index, len(edges) - 1), dtype=np.int64)
