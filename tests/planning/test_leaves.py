"""What single comparisons say about a column, and that what cannot be told is not said."""

import numpy as np
import pytest

from syda.planning.checks.domain import Domain
from syda.planning.checks.leaves import leaf
from syda.planning.checks.reading import parse
from syda.schema.model import Column, Kind, LogicalType, Table

COLUMNS = {"n": Kind.INTEGER, "x": Kind.DECIMAL, "c": Kind.TEXT, "b": Kind.BOOLEAN, "d": Kind.DATE, "m": Kind.DATETIME}
TABLE = Table(name="t", columns=tuple(Column(name=name, type=LogicalType(kind=kind)) for name, kind in COLUMNS.items()))
CASES = [
    ("n < 5", Domain(high=4), Domain(low=5)),
    ("5 <= n", Domain(low=5), Domain(high=4)),
    ("n IN (1, 2)", Domain(values=(1, 2)), Domain(excluded=(1, 2))),
    ("n IS NULL", Domain(null=True), Domain(required=True)),
    ("n IS NOT NULL", Domain(required=True), Domain(null=True)),
    ("n BETWEEN 1 AND 3", Domain(low=1, high=3), None),
    ("b", Domain(values=(True,)), Domain(values=(False,))),
    ("c LIKE 'a%'", Domain(pieces=((1, "a"),)), None),
    ("c NOT LIKE 'a%'", None, Domain(pieces=((1, "a"),))),
    ("length(c) > 3", Domain(shortest=4), Domain(longest=3)),
    ("lower(c) = c", Domain(case="lower"), None),
    ("substr(c, 1, 2) = 'ab'", Domain(pieces=((1, "ab"),)), None),
    (
        "d >= '2020-01-01'",
        Domain(low=np.datetime64("2020-01-01", "us")),
        Domain(high=np.datetime64("2019-12-31", "us")),
    ),
    (
        "m < '2020-01-01'",
        Domain(high=np.datetime64("2019-12-31T23:59:59", "us")),
        Domain(low=np.datetime64("2020-01-01", "us")),
    ),
    ("n + 1 > 5", None, None),
    ("n < x", None, None),
]


@pytest.mark.parametrize(("text", "true", "false"), CASES)
@pytest.mark.parametrize("dialect", ["", "postgres", "sqlite", "mysql"])
def test_a_comparison_and_its_opposite(text, true, false, dialect):
    node = parse(text, dialect)
    for want, expected in ((True, true), (False, false)):
        found = leaf(node, TABLE, want=want)
        assert (found and found[1]) == expected
