"""Reads the text of CHECKs and index predicates with sqlglot, and finds the parts that the other modules look for."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

from syda.planning.checks.plain import bare, plain
from syda.schema.model import Check, Column, Kind, LogicalType, Table

_OPERATOR = re.compile(r'OPERATOR\s*\(\s*(?:"?\w+"?\.)?([^\s)]+)\s*\)', re.IGNORECASE)
_CITEXT = re.compile(r'::\s*(?:"?\w+"?\.)?citext\b', re.IGNORECASE)
Node = Any
Item = TypeVar("Item")


@lru_cache(maxsize=4_096)
def parse(expression: str, dialect: str) -> Node | None:
    """Return the tree of an SQL expression, None when sqlglot cannot read it. It is shared: copy before changing."""
    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    text = _CITEXT.sub("::text", _OPERATOR.sub(r" \1 ", expression)) if dialect == "postgres" else expression
    try:
        # not by itself: ``commit ~ 'a'`` and ``replace(c, 'a', '') = 'b'`` begin as statements do
        query = sqlglot.parse_one(f"SELECT ({text})", dialect=dialect or None)
        tree = query.expressions[0].unnest() if len(query.expressions) == 1 else None
    except (sqlglot.errors.SqlglotError, ValueError):
        return None
    return None if tree is None else rewritten(tree.copy(), plain)


def guessed_dialect(expression: str) -> str:
    """Return the first dialect in which the text of a model's CHECK can be read: standard SQL, if it is that."""
    return next((dialect for dialect in ("", "postgres", "mysql") if parse(expression, dialect) is not None), "")


def rewritten(tree: Node, change: Callable[[Node], Node]) -> Node:
    """Return the tree with each node changed, those inside others first; `tree` itself may be used up."""
    for node in reversed(list(tree.walk())):
        changed = change(node)
        if changed is not node:
            tree = changed if node is tree else tree
            node.replace(changed)
    return tree


def terms(check: Check, table: Table) -> tuple[Node, ...]:
    """Return the parts of a check that must all hold, generated columns written out; none of one that is not read."""
    tree = parse(check.expression, check.dialect)
    if tree is None:
        return ()
    generated = {column.name: column.computed for column in table.columns if column.computed}
    if any(name in generated for name in columns_of(tree, table)):
        tree = tree.transform(_written_out, generated, table.dialect)
    return tuple(conjuncts(tree))


def generated_required(table: Table) -> Iterable[tuple[Column, Node]]:
    """Yield the generated columns that must not be NULL, each with the condition that its expression is not."""
    from sqlglot import exp

    for column in table.columns:
        tree = parse(column.computed, table.dialect) if column.computed and not column.nullable else None
        if tree is not None:
            yield column, exp.Not(this=exp.Is(this=exp.paren(tree.copy()), expression=exp.Null()))


def _written_out(node: Node, generated: Mapping[str, str], dialect: str) -> Node:
    from sqlglot import exp

    expression = generated.get(node.name) if isinstance(node, exp.Column) else None
    tree = None if expression is None else parse(expression, dialect)
    return node if tree is None else exp.paren(tree.copy())


def conjuncts(node: Node) -> list[Node]:
    """Return the parts of a condition that must all hold."""
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        return [part for side in (node.this, node.expression) for part in conjuncts(side)]
    return [node]


def column_of(node: Node, table: Table) -> Column | None:
    """Return the column that a node is, brackets and casts aside."""
    from sqlglot import exp

    node = bare(node)
    if isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
        field = field_of(node, table)
        return None if field is None else table.by_name.get(field.name)
    if not isinstance(node, exp.Column):
        return None
    found = table.by_name.get(node.name)
    return found or next((column for column in table.columns if column.name.lower() == node.name.lower()), None)


@dataclass(frozen=True, slots=True)
class Field:
    """A text inside a JSON document: the document's column, and the keys that lead to it."""

    document: str
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name under which conditions have it as a column."""
        return f"{self.document} ->> {'.'.join(self.path)}"


def field_of(node: Node, table: Table) -> Field | None:
    """Return the field that an extraction from a JSON document reads; None when its path is not plain keys."""
    from sqlglot import exp

    path: list[str] = []
    while isinstance(node, exp.JSONExtract | exp.JSONExtractScalar):
        steps = node.expression.expressions if isinstance(node.expression, exp.JSONPath) else [node.expression]
        keys = [step.this for step in steps if not isinstance(step, exp.JSONPathRoot)]
        if not all(isinstance(key, str) for key in keys):
            return None
        path = keys + path
        node = bare(node.this)
    document = column_of(node, table) if isinstance(node, exp.Column) else None
    return Field(document.name, tuple(path)) if document is not None and path else None


def fields_of(nodes: Iterable[Node], table: Table) -> tuple[Field, ...]:
    """Return the fields of JSON documents that conditions read."""
    from sqlglot import exp

    read = (field_of(each, table) for node in nodes for each in node.find_all(exp.JSONExtract, exp.JSONExtractScalar))
    return tuple(dict.fromkeys(field for field in read if field is not None))


def with_fields(table: Table, nodes: Iterable[Node]) -> Table:
    """Return the table with a text column for each field of a document that conditions read."""
    fields = fields_of(nodes, table)
    text = LogicalType(kind=Kind.TEXT)
    return replace(table, columns=(*table.columns, *(Column(name=field.name, type=text) for field in fields)))


def columns_of(node: Node, table: Table) -> tuple[str, ...]:
    """Return the names of the columns that an expression mentions."""
    from sqlglot import exp

    found = (column_of(each, table) for each in node.find_all(exp.Column))
    return tuple(dict.fromkeys(column.name for column in found if column is not None))


def columns_in(expression: str, dialect: str, table: Table) -> tuple[str, ...]:
    """Return the names of the columns that SQL text mentions; none where it cannot be read."""
    tree = parse(expression, dialect)
    return () if tree is None else columns_of(tree, table)


def is_condition(node: Node, table: Table) -> bool:
    """Tell whether a node is true or false: a comparison, a connective, or a column of such a type."""
    from sqlglot import exp

    node = bare(node)
    if isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Boolean | exp.In | exp.Between):
        return True
    column = column_of(node, table)
    return column is not None and column.type.kind is Kind.BOOLEAN


def connected(items: Iterable[Item], together: Callable[[Item], set[str]]) -> list[list[Item]]:
    """Return the items in groups that have something `together`, directly or through others."""
    groups: list[tuple[set[str], list[Item]]] = []
    for item in items:
        own = together(item)
        touching = [group for group in groups if own & group[0]]
        groups = [group for group in groups if group not in touching]
        shared = own.union(*(group[0] for group in touching))
        groups.append((shared, [*(each for group in touching for each in group[1]), item]))
    return [group for _, group in groups]
