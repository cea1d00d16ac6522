"""YAML as scenarios and fixture files have it."""

from __future__ import annotations

import pytest

from syda.documents import MistakeError, read_yaml


@pytest.mark.parametrize(
    "text",
    [
        "b: &b {x: 1, y: 1}\na: {<<: *b, x: 2}",
        "b: &b {x: 1, y: 3}\nc: &c {y: 1}\na: {<<: [*c, *b], x: 2}",
        "b: &b {x: 1, y: 1}\nc:\n  d: &d {<<: *b, x: 2}\na: {<<: *d}",
    ],
)
def test_mappings_are_merged(text):
    assert read_yaml(text)["a"] == {"x": 2, "y": 1}
    assert "<<" in read_yaml(text, dates=False)["a"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!bool maybe", "'maybe' is no value: expected a bool"),
        ("a: !!timestamp soon", "'soon' is no value: expected a timestamp"),
        ("{1: a, 1.0: b}", "1.0 is given twice"),
        ("b: &b {x: 1}\na: {<<: *b, x: 1, x: 2}", "'x' is given twice"),
    ],
)
def test_what_cannot_be_meant(text, words):
    for dates in (True, False):
        with pytest.raises(MistakeError, match=words):
            read_yaml(text, dates=dates)
