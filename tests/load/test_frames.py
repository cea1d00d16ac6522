"""Frames are a Mapping by table, whose keys have other names too."""

from __future__ import annotations

from typing import Any

import pytest

import syda
from syda.errors import UnknownNameError
from tests.shop import Base, Customer


@pytest.fixture(scope="module")
def frames() -> Any:
    return syda.generate(Base, rows=3).frames()


@pytest.mark.parametrize("key", ["customers", "Customer", Customer])
def test_a_table_is_found_by_its_names(frames: Any, key: Any) -> None:
    assert key in frames
    assert frames[key] is frames.get(key)
    assert len(frames[key]) == 3


@pytest.mark.parametrize("key", ["nope", "Custmer", int, 3, None, ("a", "b"), ["customers"]])
def test_what_names_no_table_is_not_in_them(frames: Any, key: Any) -> None:
    assert key not in frames
    assert frames.get(key) is None
    assert frames.get(key, "other") == "other"
    for error in (KeyError, UnknownNameError):
        with pytest.raises(error):
            frames[key]


def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(frames: Any) -> None:
    with pytest.raises(KeyError) as caught:
        frames["Custmer"]
    assert (
        str(caught.value) == "no table or class is called 'Custmer'; did you mean 'Customer' or 'customers' or 'User'?"
    )


def test_they_are_listed_by_table(frames: Any) -> None:
    assert list(frames) == list(frames.keys())
    assert [id(frames[name]) for name in frames] == [id(frame) for frame in frames.values()]
