"""The rules of a schema as queries for the rows that break them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, and_, func, select

from syda.errors import ConstraintError
from syda.planning.checks import check_domains
from syda.schema.model import Check, Column, ForeignKey, Kind, LogicalType, Schema, Table, Unique
from syda.schema.sqltext import sqlglot_name

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import TableClause


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of one table: `count` gives the number of rows that break it, `sample` gives such rows.

    `unfit` says why the rule cannot be asked of this database; there are no queries then.
    """

    name: str
    detail: str
    count: Select[Any] | None = None
    sample: Select[Any] | None = None
    unfit: str = ""


def clause(of: Table) -> TableClause:
    """Return the table for use in queries; SQLAlchemy quotes its names as the database wants them."""
    return sa.table(of.name, *(sa.column(each.name) for each in of.columns), schema=of.schema)


class TableRules:
    """Writes the rules of one table of a schema for one database."""

    def __init__(self, schema: Schema, of: Table, dialect: str) -> None:
        self._schema = schema
        self._of = of
        self._from = clause(of)
        self._name = sqlglot_name(dialect)

    def __iter__(self) -> Iterator[Rule]:
        """Yield every rule of the table: keys, uniqueness, NOT NULL, references, CHECKs, enums and lengths."""
        for unique in self._of.unique_sets:
            yield self._unique(unique)
        for each in self._of.columns:
            if not each.nullable:
                yield self._rows("not null", each.name, self._from.c[each.name].is_(None))
        for link in self._of.foreign_keys:
            yield self._link(link)
        for check in self._of.checks:
            yield self._check(check)
        for each in self._of.columns:
            yield from self._values(each)

    def _unique(self, unique: Unique) -> Rule:
        name = "primary key" if self._of.primary_key and unique is self._of.unique_sets[0] else "unique"
        detail = ", ".join((*unique.columns, *unique.expressions))
        if unique.predicate:
            detail += f" where {unique.predicate}"
        written = bool(unique.expressions or unique.predicate)
        if written and sqlglot_name(self._schema.dialect) not in ("", self._name):
            return Rule(name=name, detail=detail, unfit=f"it is written for {self._schema.dialect}")
        members: list[ColumnElement[Any]] = [self._from.c[each] for each in unique.columns]
        members += [_sql(text) for text in unique.expressions]
        keys = select(*(member.label(f"key_{place}") for place, member in enumerate(members))).select_from(self._from)
        if unique.predicate:
            keys = keys.where(_sql(unique.predicate))
        return _repeats(keys, (*unique.columns, *unique.expressions), unique, name=name, detail=detail)

    def _link(self, link: ForeignKey) -> Rule:
        child = self._from.alias("child")
        parent = clause(self._schema.tables[link.parent]).alias("parent")
        # The parent stands first: SQLite then compares as its own foreign keys do.
        found = sa.exists().where(*(parent.c[there] == child.c[here] for here, there in link.pairs)).select_from(parent)
        here = list(dict.fromkeys(link.columns))
        broken = and_(*(child.c[name].is_not(None) for name in here), ~found.correlate(child))
        names = dict.fromkeys((*self._of.primary_key, *here))
        detail = f"{', '.join(link.columns)} -> {link.parent} ({', '.join(link.parent_columns)})"
        return Rule(
            name="foreign key",
            detail=detail,
            count=select(func.count()).select_from(child).where(broken),
            sample=select(*(child.c[name] for name in names)).where(broken),
        )

    def _check(self, check: Check) -> Rule:
        detail = f"{check.name}: {check.expression}" if check.name else check.expression
        if check.dialect not in ("", self._name):
            return Rule(name="check", detail=detail, unfit=f"it is written for {check.dialect}")
        text = check.expression
        if self._name == "mysql" and not check.dialect:
            text = self._with_own_quotes(text)
        return self._rows("check", detail, _sql(text, prefix="NOT "))

    def _with_own_quotes(self, text: str) -> str:
        """Quote columns as MySQL does, for which ``"name"`` is a string."""
        for name in self._of.by_name:
            text = text.replace(f'"{name}"', f"`{name.replace('`', '``')}`")
        return text

    def _values(self, each: Column) -> Iterator[Rule]:
        type_, value = each.type, self._from.c[each.name]
        if type_.kind is Kind.ENUM and type_.values:
            as_text = sa.cast(value, sa.Text) if self._name == "postgres" else value
            yield self._rows("enum", f"{each.name} in {', '.join(type_.values)}", as_text.not_in(type_.values))
        elif type_.length is not None and (type_.kind is Kind.BINARY or _is_text(type_)):
            too_long = self._size(value, type_.kind) > type_.length
            listed = _listed(self._of, each.name) if self._name == "sqlite" else []
            if listed:
                too_long = and_(too_long, value.not_in(listed))
            yield self._rows("length", f"{each.name} at most {type_.length}", too_long)

    def _size(self, value: ColumnElement[Any], kind: Kind) -> ColumnElement[int]:
        if self._name == "sqlite":
            return func.length(value)
        return func.octet_length(value) if kind is Kind.BINARY else func.char_length(value)

    def _rows(self, name: str, detail: str, broken: ColumnElement[bool]) -> Rule:
        """Return the rule that no row of the table is `broken`."""
        return Rule(
            name=name,
            detail=detail,
            count=select(func.count()).select_from(self._from).where(broken),
            sample=select(sa.literal_column("*")).select_from(self._from).where(broken),
        )


def _is_text(type_: LogicalType) -> bool:
    """Tell whether a column stores text; a type of the application may take text and store bytes, of another length."""
    return type_.kind is Kind.TEXT and not type_.native.endswith(("blob", "binary", "bytea"))


def _repeats(keys: Select[Any], names: tuple[str, ...], unique: Unique, *, name: str, detail: str) -> Rule:
    """Return the rule that no combination of `keys` repeats; the first row of each combination does not count."""
    given = keys.subquery("given")
    members = list(given.c)
    groups = select(*members, func.count().label("n")).group_by(*members).having(func.count() > 1)
    if not unique.nulls_not_distinct:
        groups = groups.where(*(member.is_not(None) for member in members))
    found = groups.subquery("found")
    return Rule(
        name=name,
        detail=detail,
        count=select(func.sum(found.c.n - 1)),
        sample=select(*(found.c[f"key_{place}"].label(shown) for place, shown in enumerate(names))),
    )


def _sql(text: str, *, prefix: str = "") -> ColumnElement[Any]:
    """Return SQL text as an expression; the line break ends a comment that the text may end with."""
    return sa.literal_column(f"{prefix}({text}\n)")


def _listed(of: Table, name: str) -> list[str]:
    """Return the values that a CHECK lists: a database that does not enforce lengths may demand longer ones."""
    try:
        domain = check_domains(of).get(name)
    except ConstraintError:
        return []
    return [value for value in (domain.allowed() if domain else None) or () if isinstance(value, str)]
