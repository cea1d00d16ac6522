"""Every way to satisfy conditions is found, and none that contradicts itself."""

import pytest

from syda.planning.checks.arms import find_arms, find_negations
from syda.planning.checks.domain import Domain
from syda.planning.checks.reading import parse
from syda.schema.model import Column, Kind, LogicalType, Table

INTEGER, BOOLEAN = LogicalType(kind=Kind.INTEGER), LogicalType(kind=Kind.BOOLEAN)
TABLE = Table(
    name="t",
    columns=(
        *(Column(name=name, type=INTEGER) for name in "abc"),
        *(Column(name=name, type=BOOLEAN, nullable=False) for name in "xy"),
        Column(name="k", type=INTEGER, nullable=False),
    ),
)


def nulls(arm):
    return tuple(sorted(name for name, domain in arm.items() if domain.null))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["num_nonnulls(a, b, c) = 1"], {("a", "b"), ("a", "c"), ("b", "c")}),
        (["(a IS NULL) <> (b IS NULL)"], {("a",), ("b",)}),
        (["(a IS NULL) = (b IS NULL)"], {(), ("a", "b")}),
        (["(a IS NOT NULL)::int + (b IS NOT NULL)::int <= 1"], {("a",), ("b",), ("a", "b")}),
        (["x OR a IS NULL", "NOT x"], {("a",)}),
        (["k <> 1 OR a IS NULL", "k <> 2 OR b IS NULL", "k IN (1, 2)"], {("a",), ("b",), ("a", "b")}),
        (["a IS NULL", "a IS NOT NULL"], set()),
    ],
)
def test_all_ways_are_found(texts, expected):
    assert {nulls(arm) for arm in find_arms(TABLE, [parse(text, "postgres") for text in texts], {})} == expected


def test_a_value_that_a_domain_shuts_out_is_no_way():
    arms = find_arms(TABLE, [parse("k IN (3, 4, 5) OR x", "")], {"k": Domain(low=6, high=8)})
    assert arms
    assert all(not arm["k"].is_empty and arm["x"].values == (True,) for arm in arms)


def test_values_that_no_condition_names_are_a_way_too():
    arms = find_arms(TABLE, [parse("k IN (3, 4) OR x", "")], {})
    assert any(not arm["k"].values for arm in arms)


def test_ways_out_of_a_predicate():
    assert {nulls(arm) for arm in find_negations(TABLE, parse("a IS NOT NULL AND b IS NOT NULL", ""), {})} == {
        ("a",),
        ("b",),
    }
