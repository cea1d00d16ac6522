"""Bounds that are told from now hold when the rows are judged, whatever the length of a month."""

import numpy as np
import pytest

from syda.planning.checks.clock import clock_bound
from syda.planning.checks.reading import parse

DAY = np.timedelta64(1, "D")


@pytest.mark.parametrize(
    ("expression", "after", "least", "most"),
    [
        ("now()", True, 0, 1),
        ("now()", False, -1, 0),
        ("now() - interval '30 days'", True, -30, -29),
        ("now() - '1 month'::interval", True, -28, -27),
        ("current_timestamp + interval '1 year'", False, 364, 365),
        ("current_date + 7", False, 5, 7),
        ("now() - interval '2 hours'", True, -1, 1),
    ],
)
def test_how_far_from_now(expression, after, least, most):
    now = np.datetime64("now")
    found = clock_bound(parse(expression, "postgres"), after=after)
    assert now + least * DAY <= found <= now + most * DAY


@pytest.mark.parametrize("expression", ["a + b", "now() + b", "now() - interval '1 fortnight'", "'2020-01-01'"])
def test_what_is_not_told_from_now(expression):
    assert clock_bound(parse(expression, "postgres"), after=True) is None
