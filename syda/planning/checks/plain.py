"""Writes what sqlglot has several nodes for, and what databases have functions for, in one way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PATH = re.compile(r'\$((?:\.(?:\w+|"\w+"))+)(\[\*\])?')
Node = Any


def plain(node: Node) -> Node:
    """Write what sqlglot has several nodes for in one way."""
    from sqlglot import exp

    tested = (exp.JSONBContainsTopKey, exp.JSONBExists, exp.JSONBContainsAllTopKeys, exp.JSONBContainsAnyTopKeys)
    if isinstance(node, exp.Is | exp.Like | exp.ILike) and node.args.get("negate"):
        return exp.Not(this=plain(type(node)(this=node.this.copy(), expression=node.expression.copy())))
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and _calls(node.this, "regexp_match"):
        matched = bare(node.this).expressions
        return exp.Not(this=exp.RegexpLike(this=matched[0].copy(), expression=matched[1].copy()))
    if isinstance(node, exp.Anonymous):
        return _function(node)
    if isinstance(node, exp.SimilarTo):
        return _similar(node, literal(node.expression))
    if isinstance(node, exp.RegexpLike) and _calls(node.expression, "similar_to_escape"):
        return _similar(node, literal(bare(node.expression).expressions[0]))
    if isinstance(node, tested):
        return _with_keys(node)
    if isinstance(node, exp.JSONBExtract | exp.JSONBExtractScalar):
        keys = literal(node.expression)
        if isinstance(keys, str) and keys.startswith("{"):
            kind = exp.JSONExtractScalar if isinstance(node, exp.JSONBExtractScalar) else exp.JSONExtract
            return _extracted(node.this, keys.strip("{}").split(","), kind)
    if isinstance(node, exp.JSONExtract | exp.JSONExtractScalar) and not isinstance(node.expression, exp.JSONPath):
        key = literal(node.expression)
        if isinstance(key, str):
            return _extracted(node.this, [key], type(node))
    if isinstance(node, exp.JSONValue):
        return exp.JSONExtractScalar(this=node.this.copy(), expression=node.args["path"].copy())
    return node


def _calls(node: Node, name: str) -> bool:
    """Tell whether a node calls a function that sqlglot does not know."""
    from sqlglot import exp

    node = bare(node)
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == name and len(node.expressions) > 0


def _function(node: Node) -> Node:
    """Return a function of one database in the form that all have."""
    from sqlglot import exp

    name, given = str(node.this).lower(), node.expressions
    if name == "jsonb_path_exists" and len(given) == len(("document", "path")):
        return _path_exists(node, given[0], literal(given[1]))
    if name == "json_contains_path" and len(given) > len(("document", "one")):
        tests = [_path_exists(node, given[0], literal(path)) for path in given[2:]]
        return node if node in tests else _joined(tests, exp.And if literal(given[1]) == "all" else exp.Or)
    renamed = {"all": exp.All, "octet_length": exp.ByteLength, "ucase": exp.Upper, "lcase": exp.Lower}.get(name)
    if renamed is not None and len(given) == 1:
        return renamed(this=given[0].copy())
    if name == "json_unquote" and len(given) == 1 and isinstance(given[0], exp.JSONExtract):
        return exp.JSONExtractScalar(this=given[0].this.copy(), expression=given[0].expression.copy())
    return node


def _path_exists(node: Node, document: Node, path: object) -> Node:
    """Return the test of a document for a path of plain keys; `node` for another path."""
    from sqlglot import exp

    found = _PATH.fullmatch(path) if isinstance(path, str) else None
    if found is None:
        return node
    extract = _extracted(document, found[1].replace('"', "").strip(".").split("."))
    if found[2]:
        return exp.GT(
            this=exp.Anonymous(this="json_array_length", expressions=[extract]), expression=exp.Literal.number(0)
        )
    return _present(extract)


def _extracted(document: Node, keys: Sequence[str], kind: Any = None) -> Node:
    from sqlglot import exp

    path = exp.JSONPath(expressions=[exp.JSONPathRoot(), *(exp.JSONPathKey(this=key) for key in keys)])
    return (kind or exp.JSONExtract)(this=document.copy(), expression=path)


def _present(node: Node) -> Node:
    from sqlglot import exp

    return exp.Not(this=exp.Is(this=exp.paren(node), expression=exp.Null()))


def _joined(tests: Sequence[Node], kind: Any) -> Node:
    from sqlglot import exp

    found = tests[0]
    for test in tests[1:]:
        found = kind(this=found, expression=test)
    return exp.paren(found)


def _with_keys(node: Node) -> Node:
    """Write ``j ?& array['a', 'b']`` as tests of the document's keys."""
    from sqlglot import exp

    operand = bare(node.args.get("path") or node.expression)
    listed = operand.expressions if isinstance(operand, exp.Array) else [operand]
    keys = [literal(each) for each in listed]
    if not keys or not all(isinstance(key, str) for key in keys):
        return node
    tests = [_present(_extracted(node.this, [key])) for key in keys]
    return _joined(tests, exp.Or if isinstance(node, exp.JSONBContainsAnyTopKeys) else exp.And)


def _similar(node: Node, pattern: object) -> Node:
    """Write SIMILAR TO as a regular expression."""
    from sqlglot import exp

    if not isinstance(pattern, str):
        return node
    parts = re.findall(r"\\.|\[\^?\]?[^\]]*\]|.", pattern, re.DOTALL)
    written = "".join({"%": ".*", "_": ".", ".": r"\.", "^": r"\^", "$": r"\$"}.get(part, part) for part in parts)
    return exp.RegexpLike(this=node.this.copy(), expression=exp.Literal.string(f"^(?:{written})$"))


def bare(node: Node) -> Node:
    """Return the node inside brackets and casts."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast | exp.Collate):
        node = node.this
    return node


def literal(node: Node) -> Any:
    """Return the value of a literal as a bool, int, float or str; None of anything else."""
    from sqlglot import exp

    is_number = casts_to_number(node)
    node = bare(node)
    if isinstance(node, exp.Neg):
        inner = literal(node.this)
        return -inner if isinstance(inner, int | float) else None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if not isinstance(node, exp.Literal):
        return None
    text = str(node.this)
    if node.is_string and not (is_number and _NUMBER.fullmatch(text)):
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def casts_to_number(node: Node) -> bool:
    """Tell whether a node is cast to a number: PostgreSQL writes -1 as ``'-1'::integer``."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast):
        if isinstance(node, exp.Cast) and node.to.is_type(*exp.DataType.NUMERIC_TYPES):
            return True
        node = node.this
    return False
