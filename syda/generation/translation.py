"""Writes conditions in DuckDB's SQL: sqlglot does most of it, this what it leaves as the other database has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from syda.planning.checks.plain import literal
from syda.planning.checks.reading import Node, column_of, rewritten
from syda.schema.model import Kind, Table

Change = Callable[[Node, Table], Node]


def written(node: Node, table: Table) -> str | None:
    """Return the expression in DuckDB's SQL, with the columns' own names; None when sqlglot cannot write it."""
    from sqlglot import errors

    changes = _changes()

    def change(each: Node) -> Node:
        found = changes.get(type(each))
        return each if found is None else found(each, table)

    try:
        text: str = rewritten(node.copy(), change).sql(dialect="duckdb")
    except (errors.SqlglotError, ValueError):
        return None
    return text


@lru_cache(maxsize=1)
def _changes() -> Mapping[type, Change]:
    from sqlglot import exp

    compared = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.ILike)
    return {
        exp.Column: _column,
        exp.CurrentTimestamp: _now,
        exp.DataType: _data_type,
        exp.Extract: _extract,
        exp.Like: _like,
        exp.RegexpLike: _padded,
        exp.RegexpILike: _padded,
        exp.Glob: _glob,
        exp.ByteLength: _byte_length,
        exp.ArraySize: _array_size,
        exp.Anonymous: lambda node, table: _valid_json(node, table) or _function(str(node.this).lower(), node),
        **dict.fromkeys(compared, _bracketed),
    }


def _valid_json(node: Node, table: Table) -> Node | None:
    """Have NULL be no valid JSON, as in older versions of SQLite: rows that suit these suit all."""
    from sqlglot import exp

    if table.dialect != "sqlite" or str(node.this).lower() != "json_valid":
        return None
    return exp.func("coalesce", node.copy(), exp.false())


def _column(node: Node, table: Table) -> Node:
    from sqlglot import exp

    column = column_of(node, table)
    return node if column is None else exp.Column(this=exp.to_identifier(column.name, quoted=True))


def _now(node: Node, _: Table) -> Node:
    from sqlglot import exp

    return node if isinstance(node.parent, exp.Cast) else exp.cast(node.copy(), "timestamp")


def _data_type(node: Node, _: Table) -> Node:
    from sqlglot import exp

    if node.this == exp.DataType.Type.USERDEFINED:  # an enum or a domain
        return exp.DataType.build("text")
    return exp.DataType.build("timestamp") if node.is_type("timestamptz", "timestampltz") else node


def _extract(node: Node, _: Table) -> Node:
    """Name the part that is asked for without the cast that PostgreSQL shows it with."""
    from sqlglot import exp

    part = literal(node.this)
    return exp.Extract(this=exp.var(part), expression=node.expression.copy()) if isinstance(part, str) else node


def _like(node: Node, table: Table) -> Node:
    from sqlglot import exp

    node = _padded(node, table)
    if table.dialect == "sqlite":  # there it does not regard case
        return exp.ILike(this=node.this.copy(), expression=node.expression.copy())
    return _bracketed(node, table)


def _padded(node: Node, table: Table) -> Node:
    """Fill text of a fixed length with blanks, as PostgreSQL has it when it looks for a pattern."""
    from sqlglot import exp

    column = column_of(node.this, table)
    direct = isinstance(node.this, exp.Column)
    if not direct or column is None or not column.type.fixed_length or table.dialect != "postgres":
        return node
    filled = [node.this.copy(), exp.Literal.number(column.type.length or 1), exp.Literal.string(" ")]
    return type(node)(this=exp.Anonymous(this="rpad", expressions=filled), expression=node.expression.copy())


def _bracketed(node: Node, _: Table) -> Node:
    """Put a comparison inside a comparison in brackets: DuckDB has no ``a = b <> c``."""
    from sqlglot import exp

    return exp.paren(node.copy()) if isinstance(node.parent, exp.Predicate) else node


def _glob(node: Node, _: Table) -> Node:
    """Write the classes that a GLOB shuts out as DuckDB does."""
    from sqlglot import exp

    pattern = literal(node.expression)
    if not isinstance(pattern, str) or "[^" not in pattern:
        return node
    return exp.Glob(this=node.this.copy(), expression=exp.Literal.string(pattern.replace("[^", "[!")))


def _byte_length(node: Node, table: Table) -> Node:
    from sqlglot import exp

    column = column_of(node.this, table)
    if column is not None and column.type.kind is Kind.BINARY:
        return exp.Anonymous(this="octet_length", expressions=[node.this.copy()])
    return exp.Anonymous(this="strlen", expressions=[exp.cast(node.this.copy(), "varchar")])


def _array_size(node: Node, _: Table) -> Node:
    """Return NULL for an empty array, which has no length in PostgreSQL."""
    from sqlglot import exp

    return exp.Nullif(this=exp.ArraySize(this=node.this.copy()), expression=exp.Literal.number(0))


def _function(name: str, node: Node) -> Node:
    from sqlglot import exp

    given = node.expressions
    if name in ("num_nonnulls", "num_nulls"):
        test = "IS NULL" if name == "num_nulls" else "IS NOT NULL"
        terms: list[Node] = [exp.maybe_parse(f"CASE WHEN x {test} THEN 1 ELSE 0 END", dialect="duckdb") for _ in given]
        for term, argument in zip(terms, given, strict=True):
            term.find(exp.Column).replace(argument.copy())
        return exp.paren(_sum(terms))
    if name == "julianday" and len(given) == 1:  # DuckDB's days begin at midnight, SQLite's at noon
        days = exp.Anonymous(this="julian", expressions=[exp.cast(given[0].copy(), "timestamp")])
        return exp.paren(exp.Sub(this=days, expression=exp.Literal.number("0.5")))
    if name in ("jsonb_array_length", "json_length") and len(given) == 1:
        return exp.Anonymous(this="json_array_length", expressions=[given[0].copy()])
    if name in ("jsonb_typeof", "json_typeof") and len(given) == 1:
        return exp.maybe_parse(_JSON_TYPE, dialect="duckdb").transform(
            lambda each: given[0].copy() if isinstance(each, exp.Column) else each
        )
    return node


def _sum(terms: list[Node]) -> Node:
    from sqlglot import exp

    total = terms[0]
    for term in terms[1:]:
        total = exp.Add(this=total, expression=term)
    return total


_JSON_TYPE = """CASE json_type(x) WHEN 'VARCHAR' THEN 'string' WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array'
    WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN NULL THEN NULL ELSE 'number' END"""
