"""A form in which everything ends, of keywords that are known."""

import json

import pytest

from syda.llm.providers.grammar import grammar_of, narrowed

KNOWN = {"type", "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const", "anyOf"}
KNOWN |= {"allOf", "$ref", "$defs", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern", "format"}
KNOWN |= {"minItems", "maxItems"}


def keywords(schema):
    for name, value in schema.items():
        yield name
        inner = value.values() if name in ("properties", "$defs") else value if isinstance(value, list) else [value]
        for each in inner if name not in ("enum", "const") else ():
            if isinstance(each, dict):
                yield from keywords(each)


def test_only_known_keywords_pass_at_any_depth():
    odd = {"uniqueItems": True, "not": {"type": "null"}, "if": {}, "title": "T", "default": 1, "examples": [], "x": 1}
    inner = {"type": "object", "properties": {"title": {"type": "string", **odd}}, "minProperties": 1, **odd}
    schema = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": inner, **odd},
            "fixed": {"type": "array", "prefixItems": [inner], **odd},
            "choice": {"oneOf": [inner, {"$ref": "#/$defs/D"}], **odd},
            "all": {"allOf": [inner]},
        },
        "$defs": {"D": inner},
        **odd,
    }
    assert set(keywords(narrowed(schema))) <= KNOWN
    assert narrowed(inner)["properties"].keys() == {"title"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"minLength": 1, "maxLength": 80}),
        ({"type": "string", "maxLength": 0}, {"minLength": 0, "maxLength": 0}),
        ({"type": "string", "minLength": 3, "maxLength": 5000}, {"minLength": 3, "maxLength": 400}),
        ({"type": "string", "minLength": 100}, {"minLength": 100, "maxLength": 200}),
        ({"type": ["string", "null"], "maxLength": 9}, {"minLength": 1, "maxLength": 9}),
        ({"type": "string", "format": "date"}, {"format": "date"}),
        ({"type": "string", "format": "wish"}, {"minLength": 1, "maxLength": 80}),
        ({"type": "string", "pattern": "[A-Z]+", "maxLength": 7}, {"pattern": "^(?:[A-Z]+)$", "maxLength": 7}),
        ({"type": "string", "pattern": "^[A-Z]$"}, {"pattern": "^(?:[A-Z])$", "maxLength": 40}),
        ({"type": "string", "pattern": "^a|b$"}, {"minLength": 1, "maxLength": 80}),
        ({"type": "string", "pattern": "^(?=a)b"}, {"minLength": 1, "maxLength": 80}),
        ({"type": "string", "pattern": "(((", "format": "date"}, {"format": "date"}),
        ({"type": "integer"}, {"minimum": 0, "maximum": 100_000}),
        ({"type": "integer", "minimum": 7}, {"minimum": 7, "maximum": 100_007}),
        ({"type": "integer", "maximum": -5}, {"minimum": -100_005, "maximum": -5}),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4}, {"minimum": 2, "maximum": 3}),
        ({"type": "integer", "minimum": 0.5, "maximum": 3.5}, {"minimum": 1, "maximum": 3}),
        ({"type": "integer", "multipleOf": 5, "maximum": 9}, {"multipleOf": 5, "minimum": 0, "maximum": 9}),
        ({"type": "number", "minimum": 1}, {"minimum": 1, "maximum": 100_001, "multipleOf": 0.01}),
        ({"type": "array", "items": {"type": "null"}}, {"minItems": 0, "maxItems": 5, "items": {"type": "null"}}),
        (
            {"type": "array", "items": {"type": "null"}, "minItems": 30},
            {"minItems": 30, "maxItems": 30, "items": {"type": "null"}},
        ),
        ({"type": "boolean", "minLength": 3}, {}),
        ({}, {"type": "string", "minLength": 1, "maxLength": 80}),
    ],
)
def test_what_has_no_end_gets_one(schema, expected):
    assert narrowed(schema) == {**({"type": schema["type"]} if "type" in schema else {}), **expected}


def test_mail_addresses_and_the_like_are_patterns():
    for kind in ("email", "hostname", "uri"):
        made = narrowed({"type": "string", "format": kind})
        assert "format" not in made
        assert made["pattern"].startswith("^")
        assert made["maxLength"]


def test_objects_are_closed_and_whole():
    made = narrowed({"properties": {"a": {"enum": [1, "x"], "title": "T"}, "b": {"const": 3}}, "required": ["a"]})
    assert made == {
        "type": "object",
        "properties": {"a": {"enum": [1, "x"]}, "b": {"const": 3}},
        "required": ["a", "b"],
        "additionalProperties": False,
    }


def test_a_schema_without_an_end_ends():
    endless = {"type": "array", "minItems": 1}
    endless["items"] = endless
    assert narrowed(endless)


def test_a_grammar_asks_for_compact_json():
    grammar = grammar_of({"type": "object", "properties": {"größe": {"type": "integer"}}})
    head, _, form = grammar.partition("%json ")
    assert head == "%llguidance {}\nstart: "
    assert json.loads(form)["x-guidance"] == {"whitespace_flexible": False}
    assert form.isascii()
