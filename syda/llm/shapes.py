"""An answer's JSON Schema in the words of one provider.

We write schemas of objects, lists, strings, numbers, booleans and enums, in which every property is required. What a
provider cannot enforce goes into descriptions, so that the model reads it all the same; every row is checked again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_STRING_BOUNDS = ("minLength", "maxLength")
_BOUNDS = (*_STRING_BOUNDS, "minimum", "maximum", "multipleOf", "pattern", "format", "minItems", "maxItems")


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as OpenAI's strict mode takes it: closed objects, no lengths of strings."""
    return _closed(schema, _STRING_BOUNDS)


def described(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as Anthropic's grammars take it: closed objects, all bounds in words."""
    return _closed(schema, _BOUNDS)


def _closed(schema: Mapping[str, Any], in_words: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {name: value for name, value in schema.items() if name not in in_words}
    if words := {name: schema[name] for name in in_words if name in schema}:
        said = ", ".join(f"{name}: {value}" for name, value in words.items())
        made["description"] = f"{made['description']} ({said})" if "description" in made else said
    if "properties" in made:
        made["properties"] = {name: _closed(each, in_words) for name, each in schema["properties"].items()}
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    if isinstance(made.get("items"), Mapping):
        made["items"] = _closed(made["items"], in_words)
    return made


def in_words(schema: Mapping[str, Any]) -> str:
    """Return what to tell a model that is asked for the form by the prompt alone."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object that fits this JSON Schema, and with nothing else:\n{text}"
