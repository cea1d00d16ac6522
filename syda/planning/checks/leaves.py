"""What one comparison says about one column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np

from syda.planning.checks.domain import Domain
from syda.planning.checks.reading import Node, bare, column_of, literal
from syda.schema.model import NUMBERS, Column, Kind, Table

Found = tuple[str, Domain]
_TEXT = (Kind.TEXT, Kind.ENUM, Kind.OTHER)
_DAYS = (Kind.DATE, Kind.DATETIME)
_JSON_TYPES = ("jsonb_typeof", "json_typeof", "json_type")
_CLASSES = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": " ",
    "[:xdigit:]": "0-9a-f",
    "[:punct:]": "-_.,;:!?",
    "[:word:]": "A-Za-z0-9_",
}


def leaf(node: Node, table: Table, *, want: bool = True) -> Found | None:
    """Return the column that a comparison is about and the domain in which it is `want`; None of another expression."""
    from sqlglot import exp

    node = bare(node)
    if isinstance(node, exp.Not):
        return leaf(node.this, table, want=not want)
    if isinstance(node, exp.Is):
        return _is(node, table, want=want)
    if isinstance(node, exp.In):
        return _listed(node.this, node.expressions, table, want=want)
    if isinstance(node, exp.EQ | exp.NEQ) and isinstance(node.expression, exp.Any | exp.All):
        return _quantified(node, table, want=want)
    if isinstance(node, exp.Between):
        return _between(node, table, want=want)
    if isinstance(node, exp.Like | exp.ILike | exp.RegexpLike | exp.RegexpILike | exp.Glob):
        return _matching(node, table) if want else None
    if isinstance(node, exp.JSONBContainsTopKey | exp.JSONBExists):
        return _has_key(node, table, want=want)
    if isinstance(node, exp.Binary):
        return _comparison(node, table, want=want)
    column = column_of(node, table)
    if column is not None and column.type.kind is Kind.BOOLEAN:
        return column.name, Domain(values=(want,))
    if column is not None and column.type.kind in NUMBERS:
        return column.name, Domain(excluded=(0,)) if want else Domain(values=(0,))
    return None


def _is(node: Node, table: Table, *, want: bool) -> Found | None:
    from sqlglot import exp

    column, what = column_of(node.this, table), bare(node.expression)
    if isinstance(what, exp.Not):
        what, want = bare(what.this), not want
    if column is None:
        return None
    if isinstance(what, exp.Null):
        return column.name, Domain(null=True) if want else Domain(required=True)
    value = literal(what)
    if value is None:
        return None
    return column.name, Domain(values=(value,), required=True) if want else Domain(excluded=(value,))


def _listed(subject: Node, items: list[Node], table: Table, *, want: bool) -> Found | None:
    column, values = column_of(subject, table), tuple(literal(item) for item in items)
    if column is None or not values or None in values:
        return None
    return column.name, Domain(values=values) if want else Domain(excluded=values)


def _quantified(node: Node, table: Table, *, want: bool) -> Found | None:
    """Read ``= ANY (ARRAY[...])`` and ``<> ALL (ARRAY[...])``."""
    from sqlglot import exp

    array = bare(node.expression.this)
    fits = isinstance(node, exp.EQ) == isinstance(node.expression, exp.Any)
    if not isinstance(array, exp.Array) or not fits:
        return None
    return _listed(node.this, array.expressions, table, want=want == isinstance(node, exp.EQ))


def _between(node: Node, table: Table, *, want: bool) -> Found | None:
    low, high = literal(node.args["low"]), literal(node.args["high"])
    column = column_of(node.this, table)
    if want and column is not None and column.type.kind in _DAYS:
        first, last = _moment(low), _moment(high)
        return None if first is None or last is None else (column.name, Domain(low=first, high=last))
    if not want or not _are_numbers(low, high):
        return None
    if column is not None:
        return column.name, Domain(low=low, high=high)
    measured = _measured(node.this, table)
    return None if measured is None else (measured.name, Domain(shortest=int(low), longest=int(high)))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _matching(node: Node, table: Table) -> Found | None:
    """Read LIKE, GLOB and regular expressions as patterns of Python's `re`."""
    from sqlglot import exp

    column, pattern = column_of(node.this, table), literal(node.expression)
    if column is None or not isinstance(pattern, str) or column.type.kind not in _TEXT:
        return None
    if isinstance(node, exp.Like | exp.ILike):
        return column.name, Domain(patterns=(_of_wildcards(pattern),))
    if isinstance(node, exp.Glob):
        return column.name, Domain(patterns=("".join(_of_glob(pattern)),))
    for name, letters in _CLASSES.items():
        pattern = pattern.replace(name, letters)
    return column.name, Domain(patterns=(pattern,))


def _of_wildcards(pattern: str) -> str:
    parts = {"%": "[a-z0-9]*", "_": "[a-z0-9]"}
    return "^" + "".join(parts.get(letter, re.escape(letter)) for letter in pattern) + "$"


def _has_key(node: Node, table: Table, *, want: bool) -> Found | None:
    from sqlglot import exp

    key = bare(node.args.get("path") or node.expression)
    column = column_of(exp.JSONExtractScalar(this=node.this.copy(), expression=key.copy()), table)
    return None if column is None else (column.name, Domain(required=True) if want else Domain(null=True))


def _of_glob(pattern: str) -> Iterator[str]:
    """Yield the parts of a regular expression for a GLOB, whose classes are those of regular expressions."""
    yield "^"
    for part in re.findall(r"\[\^?\]?[^\]]*\]|.", pattern, re.DOTALL):
        if part.startswith("[") and len(part) > 2:
            yield part
        else:
            yield {"*": "[a-z0-9]*", "?": "[a-z0-9]"}.get(part, re.escape(part))
    yield "$"


def _comparison(node: Node, table: Table, *, want: bool) -> Found | None:
    from sqlglot import exp

    kind, left, right = type(node), node.this, node.expression
    mirrored = {exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.GTE: exp.LTE}
    if literal(left) is not None:
        kind, left, right = mirrored.get(kind, kind), right, left
    opposite = {exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT}
    if kind not in opposite:
        return None
    kind = kind if want else opposite[kind]
    value = literal(right)
    if value is None:
        return _cased(kind, left, right, table)
    column = column_of(left, table)
    if column is not None:
        return _compared(column, kind, value)
    return _of_function(kind, bare(left), value, table)


def _compared(column: Column, kind: type, value: Any) -> Found | None:
    from sqlglot import exp

    moment = _moment(value) if column.type.kind in _DAYS else None
    if moment is not None and kind not in (exp.EQ, exp.NEQ):
        return column.name, _bounded(kind, moment, np.timedelta64(1, "D" if column.type.kind is Kind.DATE else "s"))
    if kind is exp.EQ:
        return column.name, Domain(values=(value,))
    if kind is exp.NEQ:
        return column.name, Domain(excluded=(value,))
    if _are_numbers(value) and column.type.kind in NUMBERS:
        return column.name, _bounded(kind, value, _step(column))
    return None


def _moment(value: Any) -> np.datetime64 | None:
    """Return a literal that is an ISO date or timestamp without a zone."""
    try:
        return (
            np.datetime64(datetime.fromisoformat(value).replace(tzinfo=None), "us") if isinstance(value, str) else None
        )
    except ValueError:
        return None


def _bounded(kind: type, value: Any, step: Any) -> Domain:
    from sqlglot import exp

    bounds: Mapping[type, Callable[[], Domain]] = {
        exp.GT: lambda: Domain(low=value + step),
        exp.GTE: lambda: Domain(low=value),
        exp.LT: lambda: Domain(high=value - step),
        exp.LTE: lambda: Domain(high=value),
    }
    return bounds[kind]()


def _step(column: Column) -> float:
    if column.type.kind is Kind.INTEGER:
        return 1
    return float(10.0 ** -(column.type.scale if column.type.scale is not None else 2))


def _cased(kind: type, left: Node, right: Node, table: Table) -> Found | None:
    """Read ``x = lower(x)``."""
    from sqlglot import exp

    for one, other in ((left, right), (right, left)):
        column, function = column_of(one, table), bare(other)
        if column and kind is exp.EQ and isinstance(function, exp.Lower | exp.Upper):
            inner = column_of(function.this, table)
            if inner is not None and inner.name == column.name:
                return column.name, Domain(case="lower" if isinstance(function, exp.Lower) else "upper")
    return None


def _of_function(kind: type, function: Node, value: Any, table: Table) -> Found | None:
    """Read what a length, a trimmed text, the first letters or the type of a document are compared with."""
    from sqlglot import exp

    measured = _measured(function, table)
    if measured is not None and _are_numbers(value):
        return _of_length(measured, kind, int(value))
    if isinstance(function, exp.Anonymous) and str(function.this).lower() in _JSON_TYPES and function.expressions:
        document = column_of(function.expressions[0], table)
        return (document.name, Domain(json_type=str(value).lower())) if document and kind is exp.EQ else None
    column = column_of(function.this, table) if isinstance(function, exp.Func) and function.this is not None else None
    if column is None or column.type.kind not in _TEXT:
        return None
    if isinstance(function, exp.Trim) and kind is exp.NEQ and value == "":
        return column.name, Domain(excluded=("",))
    if isinstance(function, exp.Substring | exp.Left) and kind is exp.EQ and isinstance(value, str):
        start = literal(function.args["start"]) if isinstance(function, exp.Substring) else 1
        return (column.name, Domain(pieces=((start, value),))) if isinstance(start, int) and start > 0 else None
    return None


def _measured(function: Node, table: Table) -> Column | None:
    """Return the column whose length an expression is."""
    from sqlglot import exp

    function = bare(function)
    if not isinstance(function, exp.Length | exp.ByteLength):
        return None
    inner = bare(function.this)
    column = column_of(inner.this if isinstance(inner, exp.Trim) else inner, table)
    return column if column is not None and column.type.kind in (*_TEXT, Kind.BINARY) else None


def _of_length(column: Column, kind: type, size: int) -> Found | None:
    from sqlglot import exp

    limits: Mapping[type, Domain] = {
        exp.EQ: Domain(shortest=size, longest=size),
        exp.GT: Domain(shortest=size + 1),
        exp.GTE: Domain(shortest=size),
        exp.LT: Domain(longest=size - 1),
        exp.LTE: Domain(longest=size),
        exp.NEQ: Domain(shortest=size + 1),
    }
    return column.name, limits[kind]
