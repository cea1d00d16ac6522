"""The words that a pattern needs are found without compiling it; that must never hide a match."""

import re

import numpy as np
import pytest

from syda.planning.inference.meanings import MEANINGS
from syda.planning.inference.patterns import name_pattern
from syda.sources.pattern import LARGEST, parse_pattern

DRAWN = 300
LOOK_AHEAD = re.compile(r"\(\?!(\([^()]*\)|[^()])*\)")


@pytest.mark.parametrize("meaning", MEANINGS, ids=lambda meaning: meaning.name)
def test_every_name_that_a_pattern_covers_may_match(meaning):
    language = parse_pattern(LOOK_AHEAD.sub("", meaning.words))
    last = min(language.size, LARGEST) - 1
    numbers = np.array(sorted({last * step // DRAWN for step in range(DRAWN + 1)}))
    covered = [name for name in language.at(numbers).tolist() if re.fullmatch(meaning.words, name)]
    assert covered
    for name in covered:
        assert name_pattern(meaning.words).may_cover(name), name
