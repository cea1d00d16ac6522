"""The strings of regular expressions: they match, the numbers cover the language, and ambiguity is seen."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import syda
from syda.sources.pattern import LARGEST, Entropy, is_unambiguous, parse_pattern
from syda.sources.stream import random_bits

CLEAR = [
    "",
    "abc",
    r"[A-Z]{3}-\d{5}",
    r"\d{3}(-\d{2})?",
    r"INV-\d{6}|CR-\d{6}",
    r"[a-f]{2,9}",
    r"(red|green|blue)-\w",
    r"x*",
    r"[A-Z]{20}",
    r"(\d{2}){0,3}Z",
]
UNCLEAR = [r"a|a", r"[ab]{0,5}[ab]{0,9}", r"(a|aa){1,20}", r"A\d{5}|\w\d{5}", r"\w+-?\w+"]


def drawn(regex, rows=400, seed=1):
    language = parse_pattern(regex)
    return language.pick(Entropy(lambda word: random_bits(seed * 1_000 + word, 0, rows))).tolist()


@pytest.mark.parametrize("regex", CLEAR + UNCLEAR)
def test_strings_match_from_end_to_end(regex):
    language = parse_pattern(regex)
    last = min(language.size, LARGEST) - 1
    counted = language.at(np.array(sorted({last * step // 500 for step in range(501)}))).tolist()
    for text in (*drawn(regex), *counted):
        assert re.fullmatch(regex, text)
        assert language.shortest <= len(text) <= language.longest


@pytest.mark.parametrize("regex", [regex for regex in CLEAR if parse_pattern(regex).size <= 200_000])
def test_numbers_go_through_a_small_language_once(regex):
    language = parse_pattern(regex)
    listed = language.at(np.arange(language.size)).tolist()
    assert len(set(listed)) == language.size


@given(st.integers(1, 40), st.integers(0, 40))
def test_a_row_draws_the_same_string_whatever_rows_are_drawn_with_it(rows, first):
    whole = drawn(r"(\d|[a-z]{2,5})-x*|Q", rows + first)
    language = parse_pattern(r"(\d|[a-z]{2,5})-x*|Q")
    part = language.pick(Entropy(lambda word: random_bits(1_000 + word, first, first + rows))).tolist()
    assert whole[first:] == part


@pytest.mark.parametrize("regex", CLEAR)
def test_a_language_that_can_be_read_in_one_way_is_countable(regex):
    assert is_unambiguous(regex)


@pytest.mark.parametrize("regex", UNCLEAR)
def test_a_language_that_can_be_read_in_two_ways_is_not(regex):
    assert not is_unambiguous(regex)


def test_branches_and_counts_are_equally_likely():
    texts = drawn(r"a|[0-9]{5}", 4_000)
    assert 1_800 < texts.count("a") < 2_200
    sizes = np.bincount([len(text) for text in drawn(r"[a-z]{1,4}", 4_000)])[1:]
    assert sizes.min() > 850


@pytest.mark.parametrize("regex", [r"[ab]{0,6}[ab]{0,6}", r"[A-Z]{2}\d{3}", r"(a|ab)(c|bcd)[0-9]{0,3}[0-9]{0,3}"])
def test_a_unique_column_repeats_nothing_even_where_the_expression_is_ambiguous(regex):
    schema = {
        "tables": {"t": {"columns": {"id": "integer", "code": "text"}, "primary_key": ["id"], "unique": [["code"]]}}
    }
    codes = syda.generate(schema, rows=300, overrides={"t.code": syda.regex(regex)}).frames()["t"]["code"]
    assert codes.is_unique
    assert codes.map(lambda code: bool(re.fullmatch(regex, code))).all()
