"""An answer's JSON Schema as a grammar of LLGuidance, by which a model can write nothing else.

A keyword that LLGuidance does not know makes llama.cpp write without any grammar and say nothing, so only known ones
pass. What has no end (a string without a length, a number without bounds) gets one: a small model goes on until it is
stopped. All but what is left out only narrows the form, and who reads the answer checks it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

LONGEST, MOST_ITEMS = 400, 20
"""Characters of a string, and items of a list, where the schema allows more."""
_USUAL_LENGTH, _USUAL_PATTERN, _USUAL_ITEMS, _WIDEST = 80, 40, 5, 100_000
_DEEPEST = 32
_KEPT = ("enum", "const", "$ref", "multipleOf", "format")
_FORMATS = ("date", "date-time", "time", "uuid", "ipv4")
_WORD = "[a-z][a-z0-9]{1,15}"
_AS_PATTERNS = {  # LLGuidance's own grammars of these ramble, or do not compile
    "email": rf"^{_WORD}([._]{_WORD})?@{_WORD}\.(com|org|net)$",
    "hostname": rf"^{_WORD}(\.{_WORD})?\.(com|org|net)$",
    "uri": rf"^https://{_WORD}\.(com|org|net)(/{_WORD}){{0,2}}$",
}
_STRANGE = re.compile(r"\(\?[^:]|\\[1-9bBAZzpPkGuQE]")
"""What LLGuidance's regular expressions lack: looking around, references, borders of words."""


def grammar_of(schema: Mapping[str, Any]) -> str:
    """Return the grammar of compact JSON that fits a schema."""
    made = narrowed(schema) | {"x-guidance": {"whitespace_flexible": False}}
    return "%llguidance {}\nstart: %json " + json.dumps(made)


def narrowed(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return a schema with known keywords only, in which everything ends."""
    if depth > _DEEPEST:
        return {"type": "null"}
    made = {name: schema[name] for name in _KEPT if name in schema}
    for name in ("$defs", "definitions"):
        if isinstance(schema.get(name), Mapping):
            made[name] = {key: narrowed(_schema(each), depth + 1) for key, each in schema[name].items()}
    if {"enum", "const", "$ref"} & made.keys():
        made.pop("format", None)
        return made
    for name in ("anyOf", "oneOf", "allOf"):
        if choices := schema.get(name):
            arms = [narrowed(_schema(each), depth + 1) for each in choices]
            return made | ({"allOf": arms} if name == "allOf" else {"anyOf": arms})
    return made | _of_kinds(schema, made, depth)


def _of_kinds(schema: Mapping[str, Any], made: dict[str, Any], depth: int) -> dict[str, Any]:
    written = schema.get("type") or ("object" if "properties" in schema else "string")
    kinds = [written] if isinstance(written, str) else list(written)
    found: dict[str, Any] = {"type": written}
    wanted = made.pop("format", None)
    if "string" in kinds:
        found |= _string(schema, wanted)
    if "number" in kinds or "integer" in kinds:
        found |= _bounds(schema, whole="number" not in kinds)
    if "array" in kinds:
        found |= _array(schema, depth)
    if "object" in kinds:
        inner = {name: narrowed(_schema(each), depth + 1) for name, each in (schema.get("properties") or {}).items()}
        found |= {"properties": inner, "required": list(inner), "additionalProperties": False}
    return found


def _string(schema: Mapping[str, Any], wanted: object) -> dict[str, Any]:
    pattern = _anchored(schema.get("pattern"))
    if pattern is None and wanted in _FORMATS:
        return {"format": wanted}
    if pattern is None:
        pattern = _AS_PATTERNS.get(str(wanted))
    longest = schema.get("maxLength")
    # a small model leaves empty what it may
    shortest = min(max(int(schema.get("minLength") or 0), 0 if longest == 0 else 1), LONGEST)
    usual = max(_USUAL_LENGTH if pattern is None else _USUAL_PATTERN, 2 * shortest)
    made: dict[str, Any] = {"maxLength": max(shortest, min(usual if longest is None else int(longest), LONGEST))}
    if pattern is None:
        return made | {"minLength": shortest}
    return made | {"pattern": pattern}


def _anchored(pattern: object) -> str | None:
    """Return a pattern for the whole string, since what may stand around it has no end; None for what is not known."""
    if not isinstance(pattern, str) or _STRANGE.search(pattern):
        return None
    try:
        re.compile(pattern)
    except re.error:
        return None
    inner = pattern.removeprefix("^").removesuffix("$")
    if "|" in pattern and not (pattern.startswith("^(") and pattern.endswith(")$")) and inner != pattern:
        return None  # ^a|b$: what is bound to which end is not worth guessing
    return f"^(?:{inner})$"


def _bounds(schema: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    step = 1 if whole else 0.01
    low, high = schema.get("minimum"), schema.get("maximum")
    over, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if over is not None:
        low = over + step if low is None else max(low, over + step)
    if below is not None:
        high = below - step if high is None else min(high, below - step)
    if low is None:
        low = 0 if high is None or high >= 0 else high - _WIDEST
    if high is None:
        high = low + _WIDEST
    if whole:
        return {"minimum": _ceiling(low), "maximum": int(high // 1)}
    return {"minimum": low, "maximum": high, "multipleOf": schema.get("multipleOf", step)}


def _ceiling(number: float) -> int:
    return int(-(-number // 1))


def _array(schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    least = int(schema.get("minItems") or 0)
    most = schema.get("maxItems")
    made: dict[str, Any] = {"minItems": least}
    made["maxItems"] = max(least, min(max(least, _USUAL_ITEMS) if most is None else int(most), MOST_ITEMS))
    if isinstance(fixed := schema.get("prefixItems"), list):
        inner = [narrowed(_schema(each), depth + 1) for each in fixed]
        return {"prefixItems": inner, "items": False, "minItems": len(inner)}
    return made | {"items": narrowed(_schema(schema.get("items")), depth + 1)}


def _schema(found: object) -> Mapping[str, Any]:
    """Return a schema within a schema; true and false, and what is left out, say nothing."""
    return found if isinstance(found, Mapping) else {}
