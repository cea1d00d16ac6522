"""The words that a pattern needs are found without compiling it; that must never hide a match."""

import re

import numpy as np
import pytest

from syda.planning.inference.infer import matchers
from syda.sources.pattern import LARGEST, parse_pattern

DRAWN = 300


@pytest.mark.parametrize("matcher", matchers(), ids=lambda matcher: matcher.meaning.name)
def test_every_name_that_a_pattern_covers_may_match(matcher):
    language = parse_pattern(matcher.meaning.words)
    last = min(language.size, LARGEST) - 1
    numbers = np.array(sorted({last * step // DRAWN for step in range(DRAWN + 1)}))
    for name in language.at(numbers).tolist():
        assert re.fullmatch(matcher.meaning.words, name)
        assert matcher.may_match(name), name
