from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syda.sources.permutation import permute
from syda.sources.stream import random_bits, stream_key, to_index, to_uniform


@given(st.integers(0, 2**128 - 1), st.integers(0, 500), st.integers(0, 300), st.integers(0, 300))
def test_a_block_of_bits_is_a_slice_of_the_whole(key: int, start: int, first: int, second: int) -> None:
    whole = random_bits(key, start, start + first + second)
    parts = [random_bits(key, start, start + first), random_bits(key, start + first, start + first + second)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_paths_are_told_apart_by_their_parts_and_not_by_their_text() -> None:
    assert stream_key(1, "ab", "c") != stream_key(1, "a", "bc")
    assert stream_key(1, "a") != stream_key(2, "a")


@given(st.integers(0, 2**128 - 1), st.integers(1, 3_000))
def test_a_permutation_hits_every_number_once(key: int, size: int) -> None:
    assert sorted(permute(key, np.arange(size), size)) == list(range(size))


@pytest.mark.parametrize("size", [2**31, 2**40 + 7, 2**62])
def test_a_permutation_of_a_huge_range_stays_inside_and_repeats_nothing(size: int) -> None:
    images = permute(7, np.arange(50_000), size)
    assert images.min() >= 0
    assert images.max() < size
    assert len(np.unique(images)) == 50_000


def test_a_permutation_depends_on_its_key() -> None:
    assert not np.array_equal(permute(1, np.arange(100), 100), permute(2, np.arange(100), 100))


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    uniform = to_uniform(random_bits(5, 0, 200_000))
    counts, _ = np.histogram(uniform, bins=20, range=(0, 1))
    assert counts.sum() == 200_000
    assert abs(counts - 10_000).max() < 500


def test_indexes_stay_below_a_size_that_differs_by_row() -> None:
    sizes = np.arange(1, 10_001)
    index = to_index(random_bits(3, 0, 10_000), sizes)
    assert ((index >= 0) & (index < sizes)).all()
