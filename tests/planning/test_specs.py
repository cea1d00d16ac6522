"""The words of `syda.specs` refuse what they cannot mean, before a plan is made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import syda
from syda.errors import PlanError, UnknownNameError


@pytest.mark.parametrize(
    ("word", "given", "options", "message"),
    [
        (syda.number, (1, 5), {"distribution": "unifrm"}, "there is no distribution 'unifrm'; did you mean 'uniform'"),
        (syda.number, (1, 5), {"distribution": 3}, "there is no distribution 3; known: exponential"),
        (syda.number, ("a", 5), {}, "expected a number for low, got str 'a'"),
        (syda.number, (1, float("nan")), {}, "expected a number for high, got float nan"),
        (syda.number, (1, 5), {"places": "x"}, "expected a whole number for places, got str 'x'"),
        (syda.number, (1, 5), {"places": -1}, "expected 0 or more places, got -1"),
        (syda.number, (5, 1), {}, "expected low <= high"),
        (syda.poisson, ("a",), {}, "expected a number for mean, got str 'a'"),
        (syda.poisson, (True,), {}, "expected a number for mean, got bool True"),
        (syda.geometric, (2,), {"low": 0.5}, "expected a whole number for low, got float 0.5"),
        (syda.zipf, (float("inf"),), {}, "expected a number for mean, got float inf"),
        (syda.zipf, (2,), {"high": "many"}, "expected a whole number for high, got str 'many'"),
        (syda.zipf, (-2,), {}, "expected mean > 0"),
        (syda.between, ("a", 2), {}, "expected a whole number for low, got str 'a'"),
        (syda.between, (1, None), {}, "expected a whole number for high, got NoneType None"),
        (syda.between, (3, 2), {}, "expected 0 <= low <= high"),
        (syda.choice, (3,), {}, "expected a list of values, got int 3"),
        (syda.choice, ("abc",), {}, "expected a list of values, got str 'abc'"),
        (syda.choice, ([1, 2],), {"weights": ["a", 1]}, "expected a number for a weight, got str 'a'"),
        (syda.choice, ([1, 2],), {"weights": 1}, "expected a list of weights, got int 1"),
        (syda.choice, ([1, 2],), {"weights": [1]}, "as many weights"),
        (syda.template, (3,), {}, "template: expected a text such as .*, got int 3"),
        (syda.regex, (3,), {}, "regex: expected a text such as .*, got int 3"),
        (syda.faker, (3,), {}, "faker: expected a text such as .*, got int 3"),
    ],
)
def test_nonsense_is_refused(word: Any, given: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        word(*given, **options)


def test_a_misspelt_distribution_is_an_unknown_name() -> None:
    with pytest.raises(UnknownNameError):
        syda.number(1, 2, distribution="normel")  # type: ignore[arg-type]


def test_numbers_of_all_kinds_are_taken() -> None:
    assert syda.number(Decimal("0.5"), np.int64(3)) == syda.number(0.5, 3)
    assert syda.between(np.int32(1), 2) == syda.between(1, 2)
    assert syda.poisson(2).mean == 2.0
