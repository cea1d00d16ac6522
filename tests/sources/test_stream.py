"""The random words are Philox's own, wherever in the stream a block begins and whichever thread asks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Philox

from syda.sources.stream import random_bits

KEYS = st.integers(0, 2**128 - 1)
STARTS = st.integers(0, 2**40)


@given(KEYS, STARTS, st.integers(0, 50))
def test_words_are_those_of_numpys_philox(key, start, size):
    counter, skip = divmod(start, 4)
    expected = Philox(key=key, counter=counter).random_raw(size + skip)[skip:]
    assert np.array_equal(random_bits(key, start, start + size), expected)


@given(KEYS, STARTS, st.integers(0, 50), st.integers(0, 50))
def test_a_block_does_not_depend_on_the_one_before(key, start, first, second):
    whole = random_bits(key, start, start + first + second)
    assert np.array_equal(random_bits(key, start + first, start + first + second), whole[first:])


def test_threads_do_not_disturb_each_other():
    keys = list(range(64))
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda key: random_bits(key, 3, 5_003), keys))
    assert all(np.array_equal(made, random_bits(key, 3, 5_003)) for key, made in zip(keys, together, strict=True))
