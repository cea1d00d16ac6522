"""Which unique sets are kept by their columns alone, and from which a row can be taken out."""

import pytest

from syda.planning.checks import is_escapable, is_plain
from syda.schema.model import Column, Kind, LogicalType, Table, Unique

INTEGER, TEXT = LogicalType(kind=Kind.INTEGER), LogicalType(kind=Kind.TEXT)


def table(**unique):
    return Table(
        name="t",
        columns=(
            Column(name="id", type=INTEGER, nullable=False),
            Column(name="a", type=INTEGER),
            Column(name="b", type=TEXT),
            Column(name="gone", type=LogicalType(kind=Kind.DATETIME)),
            Column(name="live", type=LogicalType(kind=Kind.BOOLEAN), nullable=False),
        ),
        primary_key=("id",),
        uniques=(Unique(name="u", **unique),),
        dialect="postgres",
    )


@pytest.mark.parametrize(
    ("unique", "expected"),
    [
        ({"columns": ("a", "b")}, True),
        ({"columns": ("a",), "predicate": "a IS NOT NULL"}, True),
        ({"columns": ("a", "b"), "predicate": "a IS NOT NULL AND (b IS NOT NULL)"}, True),
        ({"columns": ("a",), "predicate": "b IS NOT NULL"}, False),
        ({"columns": ("a",), "predicate": "a > 3"}, False),
        ({"columns": ("a",), "predicate": "a IN (1, 2)"}, False),
        ({"columns": ("a",), "predicate": "a IS NULL"}, False),
        ({"columns": ("a",), "predicate": "gone IS NULL"}, False),
        ({"columns": ("b",), "expressions": ("lower(b)",)}, False),
        ({"columns": ("a",), "nulls_not_distinct": True}, False),
        ({"columns": ("a",), "predicate": "a IS NOT NULL AND what is this"}, False),
    ],
)
def test_plain_sets(unique, expected):
    made = table(**unique)
    assert is_plain(made, made.uniques[0]) is expected


@pytest.mark.parametrize(
    ("predicate", "given", "expected"),
    [
        ("gone IS NULL", (), True),
        ("gone IS NULL", ("gone",), False),
        ("live", (), True),
        ("live AND gone IS NULL", ("live",), True),
        ("live AND gone IS NULL", ("live", "gone"), False),
        ("id > 5", (), False),  # keys are computed, not changed
        ("a IS NOT NULL", (), False),  # a plain set has nothing to be taken out of
    ],
)
def test_rows_can_be_taken_out_by_columns_that_are_free(predicate, given, expected):
    made = table(columns=("a",), predicate=predicate)
    assert is_escapable(made, made.uniques[0], given) is expected
