"""The words that a pattern needs are found without compiling it; that must never hide a match."""

import re

import numpy as np
import pytest

from syda.planning.inference.matching import matchers
from syda.sources.pattern import LARGEST, parse_pattern

DRAWN = 300
LOOK_AHEAD = re.compile(r"\(\?!(\([^()]*\)|[^()])*\)")


@pytest.mark.parametrize("matcher", matchers(), ids=lambda matcher: matcher.meaning.name)
def test_every_name_that_a_pattern_covers_may_match(matcher):
    language = parse_pattern(LOOK_AHEAD.sub("", matcher.meaning.words))
    last = min(language.size, LARGEST) - 1
    numbers = np.array(sorted({last * step // DRAWN for step in range(DRAWN + 1)}))
    covered = [name for name in language.at(numbers).tolist() if re.fullmatch(matcher.meaning.words, name)]
    assert covered
    for name in covered:
        assert matcher.names.may_cover(name), name
