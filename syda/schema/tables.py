"""SQLAlchemy tables as `Table`: columns, keys and constraints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN, ExcludeConstraint
from sqlalchemy.exc import ArgumentError, NoReferenceError
from sqlalchemy.sql import operators

from syda.errors import MissingTableError, near
from syda.schema.columns import read_column
from syda.schema.keys import distinct_uniques, named_apart
from syda.schema.model import Check, Exclusion, ForeignKey, Kind, Table, Unique
from syda.schema.sqltext import sql_text, sqlglot_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from syda.schema.model import Column


def table_key(table: sa.Table) -> str:
    """Return the key of a table in `Schema.tables`."""
    return f"{table.schema}.{table.name}" if table.schema else str(table.name)


def read_table(table: sa.Table, *, foreign_keys: tuple[ForeignKey, ...] = (), dialect: str = "") -> Table:
    """Return a SQLAlchemy table with the foreign keys given, which `read_foreign_keys` reads."""
    columns = tuple(map(read_column, table.columns))
    return Table(
        name=str(table.name),
        schema=str(table.schema) if table.schema else None,
        columns=columns,
        comment=table.comment,
        primary_key=tuple(str(column.name) for column in table.primary_key.columns),
        foreign_keys=foreign_keys,
        uniques=_uniques(table, dialect),
        checks=_checks(table, columns, dialect),
        dialect=sqlglot_name(dialect),
        exclusions=tuple(sorted(_exclusions(table), key=lambda exclusion: (exclusion.name or "", exclusion.elements))),
    )


def read_foreign_keys(table: sa.Table) -> tuple[ForeignKey, ...]:
    """Return the foreign keys of a table; raise `MissingTableError` for one whose target is unknown."""
    constraints = [constraint for constraint in table.foreign_key_constraints if constraint.elements]
    positions = _positions(table)
    found = [_foreign_key(table, constraint) for constraint in constraints]
    found.sort(key=lambda key: ([positions[name] for name in key.columns], key.parent, key.parent_columns))
    return named_apart(found)


def parent_tables(table: sa.Table) -> Iterator[sa.Table]:
    """Yield the tables that foreign keys of a table point to; raise `MissingTableError` for an unknown one."""
    for constraint in table.foreign_key_constraints:
        for element in constraint.elements:
            yield _target(table, element).table


def _positions(table: sa.Table) -> dict[str, int]:
    return {str(column.name): position for position, column in enumerate(table.columns)}


def _name(constraint: sa.Constraint | sa.Index) -> str | None:
    # A naming convention may leave a symbol in place of a name.
    return str(constraint.name) if isinstance(constraint.name, str) else None


def _target(table: sa.Table, element: sa.ForeignKey) -> sa.Column[Any]:
    try:
        return element.column
    except (NoReferenceError, ArgumentError) as exc:
        target = element.target_fullname
        parent = target.rpartition(".")[0]
        known = [table_key(other) for other in table.metadata.tables.values()]
        hint = "" if parent in known else near(parent, known)
        raise MissingTableError(
            f"table {table_key(table)!r}: column {element.parent.name!r} refers to {target!r}, which was not given; "
            f"add the class or the Table {parent!r} to what is read, with that column{hint}"
        ) from exc


def _foreign_key(table: sa.Table, constraint: sa.ForeignKeyConstraint) -> ForeignKey:
    targets = [_target(table, element) for element in constraint.elements]
    children = [str(element.parent.name) for element in constraint.elements]
    return ForeignKey(
        name=_name(constraint) or "_".join(dict.fromkeys(children)),
        pairs=tuple(zip(children, (str(target.name) for target in targets), strict=True)),
        parent=table_key(targets[0].table),
        deferrable=bool(constraint.deferrable),
        initially_deferred=(constraint.initially or "").upper() == "DEFERRED",
        on_delete=_action(constraint.ondelete),
        on_update=_action(constraint.onupdate),
    )


def _action(text: str | None) -> str | None:
    return " ".join(text.upper().split()) if text else None


def _uniques(table: sa.Table, dialect: str) -> tuple[Unique, ...]:
    positions = _positions(table)
    constraints = [_unique_constraint(each) for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    indexes = [_unique_index(index, dialect) for index in table.indexes if index.unique]
    found = sorted(
        (unique for unique in constraints + indexes if unique.columns or unique.expressions),
        key=lambda unique: ([positions[name] for name in unique.columns], unique.expressions, unique.name or ""),
    )
    return distinct_uniques(found, [str(column.name) for column in table.primary_key.columns])


def _unique_constraint(constraint: sa.UniqueConstraint) -> Unique:
    return Unique(
        name=_name(constraint),
        columns=tuple(str(column.name) for column in constraint.columns),
        nulls_not_distinct=bool(constraint.dialect_kwargs.get("postgresql_nulls_not_distinct")),
    )


def _unique_index(index: sa.Index, dialect: str) -> Unique:
    parts = [_index_part(part, index, dialect) for part in index.expressions]
    return Unique(
        name=_name(index),
        columns=tuple(text for text, is_column in parts if is_column),
        expressions=tuple(text for text, is_column in parts if not is_column),
        predicate=_predicate(index, dialect),
        nulls_not_distinct=bool(index.dialect_kwargs.get("postgresql_nulls_not_distinct")),
    )


def _index_part(part: Any, index: sa.Index, dialect: str) -> tuple[str, bool]:
    """Return the text of one part of an index, and whether it is a plain column."""
    while isinstance(part, sa.UnaryExpression) and part.modifier in _ORDERINGS:
        part = part.element
    if not isinstance(part, sa.Column):
        return sql_text(part), False
    length = _prefix_length(index, str(part.name)) if dialect in {"mysql", "mariadb"} else None
    return (f"LEFT(`{part.name}`, {length})", False) if length else (str(part.name), True)


_ORDERINGS = {operators.asc_op, operators.desc_op, operators.nulls_first_op, operators.nulls_last_op}


def _prefix_length(index: sa.Index, column: str) -> int | None:
    lengths = index.dialect_kwargs.get("mysql_length") or index.dialect_kwargs.get("mariadb_length")
    length = lengths.get(column) if isinstance(lengths, dict) else lengths
    return int(length) if length else None


def _predicate(index: sa.Index, dialect: str) -> str | None:
    for name in dict.fromkeys((dialect, "postgresql", "sqlite", "mssql")):
        condition = index.dialect_kwargs.get(f"{name}_where")
        if condition is not None:
            return sql_text(condition)
    return None


def _checks(table: sa.Table, columns: Iterable[Column], dialect: str) -> tuple[Check, ...]:
    constraints = [*table.constraints, *(each for column in table.columns for each in column.constraints)]
    # `_type_bound` marks the checks that a Boolean or Enum adds by itself: the column's type says the same.
    declared = [
        Check(name=_name(constraint), expression=sql_text(constraint.sqltext), dialect=sqlglot_name(dialect))
        for constraint in constraints
        if isinstance(constraint, sa.CheckConstraint) and not getattr(constraint, "_type_bound", False)
    ]
    declared.sort(key=lambda check: (check.name or "", check.expression))
    # The catalogue of a live database says more about domains than reflection.
    of_domains = () if dialect else tuple(_domain_checks(table))
    return (*declared, *of_domains, *year_checks(columns))


def _domain_checks(table: sa.Table) -> Iterator[Check]:
    for column in table.columns:
        if isinstance(column.type, DOMAIN) and column.type.check is not None:
            yield domain_check(str(column.name), sql_text(column.type.check))


def domain_check(column: str, expression: str) -> Check:
    """Return the check of a domain as one of the column that has the domain."""
    quoted = '"' + column.replace('"', '""') + '"'
    text = _VALUE.sub(lambda match: quoted if match[0].upper() == "VALUE" else match[0], expression)
    return Check(expression=text, dialect="postgres")


def items_check(column: str, expression: str) -> Check:
    """Return the check of the domain of an array's items as one of the column: none of the items breaks it."""
    quoted = '"' + column.replace('"', '""') + '"'
    text = _VALUE.sub(lambda match: ITEM if match[0].upper() == "VALUE" else match[0], expression)
    broken = f"SELECT 1 FROM unnest({quoted}) AS listed({ITEM}) WHERE NOT ({text})"  # noqa: S608 (it is the database's own)
    return Check(expression=f"NOT EXISTS ({broken})", dialect="postgres")


ITEM = "syda_item"
"""What an array's item is called in `items_check`."""


# Strings and quoted names are matched as a whole, so that no VALUE inside them is.
_VALUE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\bVALUE\b""", re.IGNORECASE)


def _exclusions(table: sa.Table) -> Iterator[Exclusion]:
    for constraint in table.constraints:
        if isinstance(constraint, ExcludeConstraint):
            rendered = constraint._render_exprs  # noqa: SLF001 - the operators are nowhere else
            yield Exclusion(
                name=_name(constraint),
                elements=tuple((sql_text(expression), operator) for expression, _, operator in rendered),
                predicate=None if constraint.where is None else sql_text(constraint.where),
                using=constraint.using,
            )


def year_checks(columns: Iterable[Column]) -> Iterator[Check]:
    """Yield which numbers MySQL's YEAR columns take: those of two digits would mean other years."""
    for column in columns:
        if column.type.native == "year" and column.type.kind is Kind.INTEGER:
            name = column.name.replace("`", "``")
            yield Check(expression=f"`{name}` BETWEEN 1901 AND 2155", dialect="mysql")
