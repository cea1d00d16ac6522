"""What one comparison says about one column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from syda.planning.checks.clock import clock_bound, moment, written_day
from syda.planning.checks.domain import Domain
from syda.planning.checks.plain import bare, casts_to_number, literal
from syda.planning.checks.reading import Node, column_of, conjuncts
from syda.planning.checks.texts import TEXTS, Found, beginning, dated, matching, not_matching, of_text
from syda.schema.model import NUMBERS, Column, Kind, Table
from syda.schema.tables import ITEM

_DAYS = (Kind.DATE, Kind.DATETIME)
_JSON_LENGTHS = ("jsonb_array_length", "json_array_length", "json_length")
_JSON_TYPES = ("jsonb_typeof", "json_typeof", "json_type")


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
        return matching(node, table) if want else not_matching(node, table)
    if isinstance(node, exp.Exists):
        return None if want else _each_item(node, table)
    if isinstance(node, exp.StartsWith | exp.EndsWith | exp.ArrayContainsAll):
        read = _containing if isinstance(node, exp.ArrayContainsAll) else beginning
        return read(node, table) if want else None
    if isinstance(node, exp.Binary):
        return _comparison(node, table, want=want)
    return _itself(node, table, want=want)


def _itself(node: Node, table: Table, *, want: bool) -> Found | None:
    """Read a column that is a condition by itself."""
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
        return dated(node.this, table) if isinstance(what, exp.Null) and not want else None
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
    """Read ``= ANY (ARRAY[...])`` and ``<> ALL (ARRAY[...])``, and ``'a' = ANY (x)``."""
    from sqlglot import exp

    array = bare(node.expression.this)
    column, item = column_of(array, table), literal(node.this)
    if column is not None and column.type.kind is Kind.ARRAY and item is not None:
        holds = isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any) and want
        return (column.name, Domain(items=(item,))) if holds else None
    fits = isinstance(node, exp.EQ) == isinstance(node.expression, exp.Any)
    if not isinstance(array, exp.Array) or not fits:
        return None
    return _listed(node.this, array.expressions, table, want=want == isinstance(node, exp.EQ))


def _between(node: Node, table: Table, *, want: bool) -> Found | None:
    """Read BETWEEN as its two comparisons."""
    from sqlglot import exp

    if not want:
        return None
    low = _comparison(exp.GTE(this=node.this.copy(), expression=node.args["low"].copy()), table, want=True)
    high = _comparison(exp.LTE(this=node.this.copy(), expression=node.args["high"].copy()), table, want=True)
    return None if low is None or high is None else (low[0], low[1].narrowed(high[1]))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _each_item(node: Node, table: Table) -> Found | None:
    """Read ``NOT EXISTS (SELECT 1 FROM unnest(x) AS listed(item) WHERE NOT (...))``."""
    from sqlglot import exp

    listed, where = node.find(exp.Unnest), node.find(exp.Where)
    column = column_of(listed.expressions[0], table) if listed is not None else None
    if column is None or column.type.item is None or where is None or not isinstance(bare(where.this), exp.Not):
        return None
    item = Column(name=ITEM, type=column.type.item)
    found = [leaf(term, Table(name="", columns=(item,), dialect=table.dialect)) for term in conjuncts(where.this.this)]
    each = Domain()
    for one in found:
        each = each if one is None else each.narrowed(one[1])
    return None if each.says_nothing else (column.name, Domain(each=each))


def _containing(node: Node, table: Table) -> Found | None:
    """Read ``x @> ARRAY['a', 'b']``."""
    from sqlglot import exp

    column, items = column_of(node.this, table), bare(node.expression)
    values = tuple(literal(item) for item in items.expressions) if isinstance(items, exp.Array) else ()
    if column is None or column.type.kind is not Kind.ARRAY or not values or None in values:
        return None
    return column.name, Domain(items=values)


def _comparison(node: Node, table: Table, *, want: bool) -> Found | None:
    from sqlglot import exp

    kind, left, right = type(node), node.this, node.expression
    mirrored = {exp.LT: exp.GT, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.GTE: exp.LTE}
    if literal(left) is not None or (column_of(left, table) is None and column_of(right, table) is not None):
        kind, left, right = mirrored.get(kind, kind), right, left
    opposite = {
        exp.NullSafeEQ: exp.NullSafeNEQ,
        exp.NullSafeNEQ: exp.NullSafeEQ,
        exp.EQ: exp.NEQ,
        exp.NEQ: exp.EQ,
        exp.LT: exp.GTE,
        exp.GTE: exp.LT,
        exp.GT: exp.LTE,
        exp.LTE: exp.GT,
    }
    if kind not in opposite:
        return None
    kind = kind if want else opposite[kind]
    required = kind is exp.NullSafeEQ
    kind = {exp.NullSafeEQ: exp.EQ, exp.NullSafeNEQ: exp.NEQ}.get(kind, kind)
    value, column = literal(right), column_of(left, table)
    if value is None and column is not None and column.type.kind in _DAYS:
        return _beside_now(column, kind, right)
    if value is None:
        return _cased(kind, left, right, table)
    if column is not None and column.type.kind is Kind.TEXT and _are_numbers(value) and casts_to_number(left):
        return _as_number(column, kind, value)
    if column is not None:
        found = _compared(column, kind, right)
        return (found[0], replace(found[1], required=True)) if found and required else found
    return _of_function(kind, bare(left), value, table)


def _compared(column: Column, kind: type, right: Node) -> Found | None:
    from sqlglot import exp

    value = literal(right)
    named = (
        moment(right) if column.type.kind in _DAYS else written_day(right) if column.type.kind is Kind.TEXT else None
    )
    if named is not None and kind not in (exp.EQ, exp.NEQ):
        return column.name, _bounded(kind, named, np.timedelta64(1, "s" if column.type.kind is Kind.DATETIME else "D"))
    if kind is exp.EQ:
        return column.name, Domain(values=(value,))
    if kind is exp.NEQ:
        return column.name, Domain(excluded=(value,))
    if _are_numbers(value) and column.type.kind in NUMBERS:
        return column.name, _bounded(kind, value, _step(column))
    return None


def _beside_now(column: Column, kind: type, right: Node) -> Found | None:
    """Read ``x > now() - interval '30 days'``."""
    from sqlglot import exp

    after = kind in (exp.GT, exp.GTE)
    bound = clock_bound(right, after=after) if after or kind in (exp.LT, exp.LTE) else None
    if bound is None:
        return None
    if column.type.kind is Kind.DATE and after:
        bound = bound + np.timedelta64(1, "D")
    return column.name, Domain(low=bound) if after else Domain(high=bound)


def _as_number(column: Column, kind: type, value: float) -> Found:
    """Read ``x::int > 5``, where x is a text."""
    from sqlglot import exp

    if kind is exp.EQ:
        return column.name, Domain(values=(str(value),))
    if kind is exp.NEQ:
        return column.name, Domain(low=value + 1, numeric=True)
    return column.name, replace(_bounded(kind, value, 1), numeric=True)


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
    """Read ``x = lower(x)``, and SQLite's ``x IS date(x)``."""
    from sqlglot import exp

    if kind in (exp.EQ, exp.NullSafeEQ):
        shapes = (dated(side, table) for side in (left, right))
        found = next((shape for shape in shapes if shape is not None), None)
        if found is not None:
            return found

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
        listed = not isinstance(function, exp.Length | exp.ByteLength)
        return _of_length(measured, kind, int(value), listed=listed)
    document = _document(function, _JSON_TYPES, table)
    if document is not None:
        return (document.name, Domain(json_type=str(value).lower())) if kind is exp.EQ else None
    return dated(function, table) or of_text(kind, function, value, table)


def _document(function: Node, names: Collection[str], table: Table) -> Column | None:
    """Return the document, or the field of one, that a function of one of the names is given."""
    from sqlglot import exp

    if isinstance(function, exp.JSONType):
        read = function.this if "json_type" in names and not function.args.get("expression") else None
    elif isinstance(function, exp.Anonymous) and str(function.this).lower() in names and function.expressions:
        read = function.expressions[0]
    else:
        return None
    return None if read is None else column_of(read, table)


def _measured(function: Node, table: Table) -> Column | None:
    """Return the column whose length an expression is, of a text or a list in a document."""
    from sqlglot import exp

    function = bare(function)
    if not isinstance(function, exp.Length | exp.ByteLength):
        return _document(function, _JSON_LENGTHS, table)
    inner = bare(function.this)
    column = column_of(inner.this if isinstance(inner, exp.Trim) else inner, table)
    return column if column is not None and column.type.kind in (*TEXTS, Kind.BINARY) else None


def _of_length(column: Column, kind: type, size: int, *, listed: bool) -> Found | None:
    from sqlglot import exp

    limits: Mapping[type, Domain] = {
        exp.EQ: Domain(shortest=size, longest=size),
        exp.GT: Domain(shortest=size + 1),
        exp.GTE: Domain(shortest=size),
        exp.LT: Domain(longest=size - 1),
        exp.LTE: Domain(longest=size),
        exp.NEQ: Domain(shortest=size + 1),
    }
    found = limits.get(kind)
    if found is None:
        return None
    return column.name, replace(found, json_type="array") if listed else found
