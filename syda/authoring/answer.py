"""The form in which a model says how columns are made, and what each entry of it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from syda.sources.scalar import Distribution

MOST_COLUMNS = 20
"""Columns that one request asks about; wider tables take several."""
TOKENS_OF_COLUMN = 400
KINDS = (
    "keep", "choice", "template", "sentence", "case", "number", "near", "total", "date", "after", "workflow",
)  # fmt: skip


class UnfitError(ValueError):
    """An entry that cannot be used; the message says why, for the model to read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a model said of one column."""

    kind: str
    values: tuple[tuple[str, float, str], ...]
    """Value, weight, and the value of the column `of` under which it holds."""
    of: str
    low: str
    high: str
    distribution: str
    null_share: float


def answer_schema(columns: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of an answer about the columns: flat, without options, as all providers take it."""
    text = {"type": "string"}
    value = {"value": text, "weight": {"type": "number"}, "when": text}
    entry = {
        "column": {"type": "string", "enum": list(columns)},
        "kind": {"type": "string", "enum": list(KINDS)},
        "values": {"type": "array", "items": {"type": "object", "properties": value}},
        "of": text,
        "low": text,
        "high": text,
        "distribution": {"type": "string", "enum": list(get_args(Distribution))},
        "null_share": {"type": "number", "minimum": 0, "maximum": 0.99},
    }
    listed = {"type": "array", "items": {"type": "object", "properties": entry}}
    return {"type": "object", "properties": {"columns": listed}}


def read_entry(written: Mapping[str, Any]) -> Entry:
    """Return an entry of the answer. Raises `UnfitError`."""
    kind = written.get("kind")
    if kind not in KINDS:
        raise UnfitError(f"there is no kind {kind!r}; expected one of {', '.join(KINDS)}")
    listed = written.get("values") or []
    if not isinstance(listed, list):
        raise UnfitError('"values" is no list')
    return Entry(
        kind=kind,
        values=tuple(_value(each) for each in listed),
        of=_text(written, "of"),
        low=_text(written, "low"),
        high=_text(written, "high"),
        distribution=_text(written, "distribution") or "uniform",
        null_share=_share(written.get("null_share", 0)),
    )


def _value(written: Any) -> tuple[str, float, str]:
    if isinstance(written, str | int | float):  # a bare value, as models without a grammar write it
        return str(written), 1.0, ""
    if not isinstance(written, Mapping) or isinstance(written.get("value"), dict | list | None):
        raise UnfitError(f"{str(written)[:60]!r} is no value with a weight")
    weight = written.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e12:
        raise UnfitError(f"the weight {weight!r} of {str(written['value'])[:40]!r} is no number from 0 on")
    return str(written["value"]), float(weight), str(written.get("when") or "")


def _text(written: Mapping[str, Any], name: str) -> str:
    value = written.get(name)
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise UnfitError(f"{name!r} is no text")


def _share(value: Any) -> float:
    """Return a share; what is more than 1 was meant in percent."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not (0 <= value < 1 or 1 < value < 100):
        raise UnfitError(f"null_share is {value!r}, expected a number from 0 to less than 1")
    return value / 100 if value > 1 else float(value)
