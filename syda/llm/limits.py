"""Reads of a refusal how many tokens a reply may have at most."""

from __future__ import annotations

import re

_NUMBER = r"[`'\"]?(\d[\d,]*)"
_MOST = re.compile(
    rf"at most {_NUMBER} (?:completion|output) tokens"
    rf"|max_\w*tokens\W{{0,3}}\d+ > {_NUMBER}"
    rf"|max_\w*tokens\W.{{0,40}}(?:less than or equal to|at most|<=) {_NUMBER}"
    rf"|range of max_\w*tokens is \[\d+, ?{_NUMBER}"
    rf"|maximum (?:allowed )?(?:number of )?(?:output|completion) tokens\D{{0,20}}?{_NUMBER}",
    re.IGNORECASE,
)
_CONTEXT = re.compile(rf"maximum context length (?:is|of) {_NUMBER}", re.IGNORECASE)
_ASKED = re.compile(r"(\d[\d,]*) (?:input tokens|(?:tokens )?(?:in|from) the (?:messages|prompt|input))", re.IGNORECASE)
_SUM = re.compile(r"(\d[\d,]*) \+ \d[\d,]* > (\d[\d,]*)")
"""What was asked, what was to be answered, and what both may have together."""


def most_told(message: str, sent: int) -> int | None:
    """Return the most tokens that a refusal allows a reply; None where it tells none, or none below those `sent`."""
    told = _most(message)
    return told if told is not None and 0 < told < sent else None


def _most(message: str) -> int | None:
    if found := _SUM.search(message):
        return _whole(found[2]) - _whole(found[1])
    if found := _MOST.search(message):
        return _whole(next(filter(None, found.groups())))
    if found := _CONTEXT.search(message):
        asked = _ASKED.search(message)
        return _whole(found[1]) - _whole(asked[1]) if asked else _whole(found[1]) // 2
    return None


def _whole(digits: str) -> int:
    return int(digits[:18].replace(",", ""))
