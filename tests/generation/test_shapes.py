"""Lists, documents and ranges that are made of what conditions name."""

import numpy as np
import pytest

from syda.generation.settling.shapes import narrow_ranges, spelled
from syda.schema.model import Kind, LogicalType
from syda.sources.values import objects

TEXT, INTEGER = LogicalType(kind=Kind.TEXT), LogicalType(kind=Kind.INTEGER)


def array(item):
    return LogicalType(kind=Kind.ARRAY, item=item)


@pytest.mark.parametrize(
    ("item", "given", "expected"),
    [
        (TEXT, ["x", "y"], [["x"], ["y"], ["x", "y"]]),
        (TEXT, ["x", 3], [["x"]]),
        (INTEGER, ["x", 3, 4], [[3], [4], [3, 4]]),
        (TEXT, [], []),
    ],
)
def test_lists_hold_the_items_that_fit_alone_and_together(item, given, expected):
    assert spelled(array(item), given, None) == expected


def test_there_are_not_more_lists_than_can_be_tried():
    assert len(spelled(array(INTEGER), list(range(100)), None)) == 64


def test_documents_are_added_to_the_one_that_the_column_has():
    json = LogicalType(kind=Kind.JSON)
    given = ['{"a": 1}', "[1, 2]", "a word", "7", 7]
    assert spelled(json, given, {"b": 2}) == [{"b": 2, "a": 1}, [1, 2]]
    assert spelled(json, given, None) == [{"a": 1}, [1, 2]]


def test_other_values_stay_as_they_are_and_ranges_are_not_spelled():
    assert spelled(TEXT, ["x", "y"], None) == ["x", "y"]
    assert spelled(LogicalType(kind=Kind.OTHER, native="int4range"), ["[1,2)"], None) == []


@pytest.mark.parametrize(
    ("native", "item", "picked", "expected"),
    [
        ("int4range", "[5,9)", 0, "[0,1)"),
        ("numrange", "empty", 29, "[2,8)"),
        ("daterange", "[2024-02-28,2024-12-01)", 1, "[2024-02-28,2024-03-01)"),
        ("tsrange", '["2024-01-01 10:00:00","2024-05-01 10:00:00")', 0, "[2024-01-01T10:00:00,2024-01-01T10:30:00)"),
        (
            "tstzrange",
            '["2024-01-01 10:00:00+00",)',
            11,
            "[2024-01-01T10:00:00+00,2024-01-01T16:00:00+00)",
        ),
        ("tsrange", "empty", 3, "empty"),
    ],
)
def test_ranges_become_short_and_begin_where_they_began(native, item, picked, expected):
    made = narrow_ranges(objects([item]), LogicalType(kind=Kind.OTHER, native=native), np.array([picked]))
    assert made.data.tolist() == [expected]
