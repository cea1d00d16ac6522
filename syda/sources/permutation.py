"""Distinct numbers without a memory of what was drawn: a keyed permutation of 0..size-1.

A balanced Feistel network over the next even number of bits, walked until it lands inside the range
(Black and Rogaway, "Ciphers with arbitrary finite domains", 2002). Each index maps to one value on its own, so
any block of rows can be made without the others.
"""

from __future__ import annotations

import numpy as np

from syda.sources.stream import Integers

_ROUNDS = 4
_MASK_64 = (1 << 64) - 1
LARGEST = 1 << 62


def _mix(words: np.ndarray, round_key: np.uint64) -> np.ndarray:
    """splitmix64's finaliser (Steele, Lea and Flood 2014)."""
    mixed = words + round_key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def permute(key: int, index: Integers, size: int) -> Integers:
    """Return the images of `index` (each in [0, size)) under the permutation of 0..size-1 chosen by `key`."""
    if not 0 < size <= LARGEST:
        raise ValueError(f"a permutation needs a size from 1 to 2**62, not {size}")
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    shift, mask = np.uint64(half), np.uint64((1 << half) - 1)
    round_keys = [np.uint64((key * (2 * n + 1) + 0x9E3779B97F4A7C15 * (n + 1)) & _MASK_64) for n in range(_ROUNDS)]

    def once(words: np.ndarray) -> np.ndarray:
        left, right = words >> shift, words & mask
        for round_key in round_keys:
            left, right = right, left ^ (_mix(right, round_key) & mask)
        return np.asarray((left << shift) | right)

    result = once(index.astype(np.uint64))
    outside = np.flatnonzero(result >= size)
    while outside.size:
        result[outside] = once(result[outside])
        outside = outside[result[outside] >= size]
    return np.asarray(result.astype(np.int64))
