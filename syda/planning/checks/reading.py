"""Reads the text of CHECKs and of index predicates with sqlglot, and names the parts that the other modules look for."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

from syda.schema.model import Check, Column, Kind, Table

_OPERATOR = re.compile(r'OPERATOR\s*\(\s*(?:"?\w+"?\.)?([^\s)]+)\s*\)', re.IGNORECASE)
_CITEXT = re.compile(r'::\s*(?:"?\w+"?\.)?citext\b', re.IGNORECASE)
Node = Any


@lru_cache(maxsize=4_096)
def parse(expression: str, dialect: str) -> Node | None:
    """Return the tree of an SQL expression, None when sqlglot cannot read it. The tree is shared: copy before changing."""
    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    text = _CITEXT.sub("::text", _OPERATOR.sub(r" \1 ", expression)) if dialect == "postgres" else expression
    try:
        return sqlglot.parse_one(text, dialect=dialect or None).transform(_plain)
    except (sqlglot.errors.SqlglotError, ValueError):
        return None


def _plain(node: Node) -> Node:
    """Write what sqlglot has several nodes for in one way."""
    from sqlglot import exp

    if isinstance(node, exp.Is) and node.args.get("negate"):
        return exp.Not(this=exp.Is(this=node.this, expression=node.expression))
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        renamed = {"all": exp.All, "octet_length": exp.ByteLength}.get(str(node.this).lower())
        return renamed(this=node.expressions[0]) if renamed else node
    return node


def terms(check: Check) -> tuple[Node, ...]:
    """Return the parts of a check that must all hold; none of one that cannot be read."""
    tree = parse(check.expression, check.dialect)
    return () if tree is None else tuple(_conjuncts(tree))


def _conjuncts(node: Node) -> list[Node]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        return [part for side in (node.this, node.expression) for part in _conjuncts(side)]
    return [node]


def bare(node: Node) -> Node:
    """Return the node inside brackets and casts."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast | exp.Collate):
        node = node.this
    return node


def column_of(node: Node, table: Table) -> Column | None:
    """Return the column that a node is, brackets and casts aside."""
    from sqlglot import exp

    node = bare(node)
    if not isinstance(node, exp.Column):
        return None
    found = table.by_name.get(node.name)
    return found or next((column for column in table.columns if column.name.lower() == node.name.lower()), None)


def columns_of(node: Node, table: Table) -> tuple[str, ...]:
    """Return the names of the columns that an expression mentions."""
    from sqlglot import exp

    found = (column_of(each, table) for each in node.find_all(exp.Column))
    return tuple(dict.fromkeys(column.name for column in found if column is not None))


def literal(node: Node) -> Any:
    """Return the value of a literal as a bool, int, float or str; None of anything else."""
    from sqlglot import exp

    node = bare(node)
    if isinstance(node, exp.Neg):
        inner = literal(node.this)
        return -inner if isinstance(inner, int | float) else None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if not isinstance(node, exp.Literal):
        return None
    text = str(node.this)
    if node.is_string:
        return text
    return int(text) if text.isdigit() else float(text)


def is_condition(node: Node, table: Table) -> bool:
    """Tell whether a node is true or false: a comparison, a connective, or a column of such a type."""
    from sqlglot import exp

    node = bare(node)
    if isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Boolean | exp.In | exp.Between):
        return True
    column = column_of(node, table)
    return column is not None and column.type.kind is Kind.BOOLEAN
