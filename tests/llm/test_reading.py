"""Replies are read as they stand, and cut, wrapped or broken ones never become rows that nobody wrote."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syda.llm.reading import LARGEST, UnreadableError, read_rows

CELLS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
ROWS = st.lists(st.dictionaries(st.text(), CELLS, max_size=4), max_size=6)


@given(ROWS, st.sampled_from(["{}", "```json\n{}\n```", "Sure! Here you are:\n```\n{}```\nEnjoy.", "Here: {}"]))
def test_whole_lists_are_read_whatever_stands_around_them(rows, around):
    text = around.replace("{}", json.dumps({"rows": rows}), 1)
    found = read_rows(text)
    assert (found.rows, found.whole) == (rows, True)


@given(ROWS, st.data())
def test_of_a_cut_list_only_whole_rows_are_taken(rows, data):
    text = json.dumps({"rows": rows}, ensure_ascii=data.draw(st.booleans()))
    cut = data.draw(st.integers(len('{"rows": ['), len(text)))
    found = read_rows(text[:cut])
    assert found.rows == rows[: len(found.rows)]
    assert found.whole == (text[:cut].count("]") > 0 and found.rows == rows and cut >= len(text) - 1)


@given(st.text(alphabet='{}[]",:\\ \n`rowsnul01ud8', max_size=60))
def test_no_text_breaks_the_reader(text):
    with suppress(UnreadableError):
        read_rows(text)


@pytest.mark.parametrize(
    ("text", "rows", "whole"),
    [
        ('[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}], True),
        ('{"note": "x", "rows": [{"a": 1}]}', [{"a": 1}], True),
        ('{"rows": [{"a": NaN}, {"a": 2}]}', [{"a": 2}], True),
        ('{"rows": [{"a": 1, "a": 2}, {"a": 2}]}', [{"a": 2}], True),
        ('{"rows": [{"a": "\\ud800"}, {"a": "\\ud83d\\ude00"}]}', [{"a": "😀"}], True),
        ('{"rows": [{"a": 1}, {"a": "]}"', [{"a": 1}], False),
        ('{"rows": [{"a": 1}{"a": 2}]', [{"a": 1}, {"a": 2}], True),
        ('{"rows": [' + "[" * 100 + "]" * 100 + ', {"a": 1}]}', [{"a": 1}], True),
        ('{"rows": [{"a": "```sh\\nls\\n```"}]}', [{"a": "```sh\nls\n```"}], True),
        ('{"rows": [{"a": ' + "9" * 5000 + '}, {"a": 2}]}', [{"a": 2}], True),
        ('{"rows": []}', [], True),
        ('{"rows": [', [], False),
    ],
)
def test_rows(text, rows, whole):
    found = read_rows(text)
    assert (found.rows, found.whole) == (rows, whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "I'm sorry, but I can't help with that.",
        '{"data": [{"a": 1}]}',
        '{"a": {"rows": 3}}',
        "<html><body>502</body></html>",
        '{"rows": {}}',
        "x" * (LARGEST + 1),
    ],
)
def test_what_holds_no_list_of_rows(text):
    with pytest.raises(UnreadableError):
        read_rows(text)


def test_a_long_reply_without_the_list_is_read_in_no_time():
    rows = [{"row": number, "name": f"a name of nowhere {number}"} for number in range(5_000)]
    with pytest.raises(UnreadableError, match="no list 'rows'"):
        read_rows(json.dumps({"data": rows}))
    wrapped = json.dumps({"result": {"note": 'a {brace} and "quotes"', "rows": rows}})
    assert read_rows(wrapped).rows == rows


@pytest.mark.parametrize(
    "text",
    [
        '{"rows": [' + '"a",' * 100_000,
        '{"rows": [' + "1," * 100_000,
        '{"rows": [' + "{a}," * 100_000,
        '{"rows": [{' + "".join(f'"{number}": 1,' for number in range(20_000)) + '"0": 1}]}',
        "```" + "a" * 400_000,
        "{" * 400_000,
        "[" * 400_000,
    ],
    ids=lambda text: text[:14],
)
def test_what_takes_long_to_write_takes_no_time_to_read(text):
    began = time.monotonic()
    with suppress(UnreadableError):
        read_rows(text, fields=["a"])
    assert time.monotonic() - began < 2
