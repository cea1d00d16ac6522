"""Explains why a database refused a row: the rule, the values that break it, and what made them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exc

from syda.errors import RejectedError, TargetError
from syda.load.refused.clues import Clue, read_clue
from syda.load.target import state_of
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.schema.model import Check, ForeignKey, Table, Unique
from syda.sources.values import Values, to_python

HIDDEN = "***"
Rule = Unique | ForeignKey | Check


@dataclass(frozen=True, slots=True)
class Loaded:
    """One table of a load: what it is, and its columns."""

    table: Table
    columns: Mapping[str, Values]


@contextmanager
def explaining(
    plan: Plan, made: Mapping[str, Mapping[str, Values]], existing: Existing, *, redact_values: bool = False
) -> Iterator[None]:
    """Say of a row that is refused inside the block what is known about it; see `RejectedError`.

    `made` are the columns by table. With `redact_values` no value is told, and so neither are the words of the
    database, which hold some whatever went wrong.
    """
    try:
        yield
    except RejectedError as error:
        cause = error.__cause__
        loads = [Loaded(plan.schema.tables[key], columns) for key, columns in made.items()]
        said = _Refusal(plan, loads, existing, error).explain(redact_values=redact_values)
        raise said from (None if redact_values else cause)
    except TargetError as error:
        if not redact_values or not isinstance(error.__cause__, exc.DBAPIError):
            raise
        raise type(error)(f"{str(error).partition(': ')[0]}: {_kind(error.__cause__)}") from None


def _kind(error: exc.DBAPIError) -> str:
    """Return what kind of failure the driver tells of, without its words."""
    orig = error.orig
    code = state_of(error) or next(iter(getattr(orig, "args", ())), None)
    told = f" {code}" if isinstance(code, int) or (isinstance(code, str) and re.fullmatch(r"\w{5}", code)) else ""
    return f"the database failed with {type(orig).__name__}{told}; its words are not shown, since they may hold values"


@dataclass(frozen=True, slots=True)
class _Refusal:
    plan: Plan
    loads: Sequence[Loaded]
    existing: Existing
    error: RejectedError

    def explain(self, *, redact_values: bool) -> RejectedError:
        clue = self._clue()
        load = self._load(clue)
        what = str(self.error).partition(": ")[0]
        said = f"{what}: the database refused it" if redact_values else str(self.error)
        if load is None:
            return RejectedError(said + _trigger(clue), table=self.error.table, constraint=clue.constraint)
        table = load.table
        rule = _rule(table, clue)
        columns = _columns(table, rule, clue)
        values = self._values(load, rule, clue, columns)
        sources = {name: self._source(table, name, redact_values=redact_values) for name in columns}
        expression = _expression(table, rule, clue)
        constraint = clue.constraint or getattr(rule, "name", None)
        lines = [said + _trigger(clue)]
        if clue.kind and clue.kind != "trigger":
            named = f" {constraint}" if constraint and constraint != expression else ""
            lines.append(f"  {table.key}: {clue.kind}{named}{f': {expression}' if expression else ''}")
        shown = {name: HIDDEN if redact_values else repr(value)[:100] for name, value in values.items()}
        lines += [
            f"  {name}{f' = {shown[name]}' if name in shown else ''}: {source}" for name, source in sources.items()
        ]
        return RejectedError(
            "\n".join(lines),
            table=table.key,
            constraint=constraint,
            expression=expression,
            columns=columns,
            values=dict.fromkeys(values, HIDDEN) if redact_values else values,
            sources=sources,
        )

    def _clue(self) -> Clue:
        cause = self.error.__cause__
        if not isinstance(cause, exc.DBAPIError) or cause.orig is None:
            return Clue(kind="value")
        module = type(cause.orig).__module__
        dialect = next((name for part, name in _DRIVERS.items() if part in module), "postgresql")
        return read_clue(cause.orig, dialect)

    def _load(self, clue: Clue) -> Loaded | None:
        """Return the table that was refused: the one that the database names, else the one that was sent."""
        named = [load for load in self.loads if clue.table and load.table.name.lower() == clue.table.lower()]
        exact = [load for load in named if load.table.schema == clue.schema]
        sent = [load for load in self.loads if load.table.key == self.error.table]
        found = exact or named or sent
        if found:
            return found[0]
        if clue.kind == "foreign key":
            return next((load for load in self.loads if self._orphan(load) is not None), None)
        return None

    def _orphan(self, load: Loaded) -> ForeignKey | None:
        return next(
            (link for link in load.table.foreign_keys if self._row_without_parent(load, link) is not None), None
        )

    def _values(self, load: Loaded, rule: Rule | None, clue: Clue, columns: Sequence[str]) -> dict[str, Any]:
        """Return the columns' values in a row that breaks the rule; none when no such row can be told."""
        if clue.values is not None:
            return _from_key(load, clue, columns)
        row = self._row(load, rule, clue, columns)
        return {} if row is None else {name: _at(load, name, row) for name in columns if name in load.columns}

    def _row(self, load: Loaded, rule: Rule | None, clue: Clue, columns: Sequence[str]) -> int | None:
        if clue.row is not None:
            return _row_of_text(load, clue.row)
        if clue.kind == "unique" and isinstance(rule, Unique) and not rule.expressions:
            return _repeated(load, rule, self.existing)
        if clue.kind == "foreign key":
            link = rule if isinstance(rule, ForeignKey) else self._orphan(load)
            return self._row_without_parent(load, link) if link else None
        if clue.kind == "not null":
            return next((row for name in columns for row, each in enumerate(_listed(load, name)) if each is None), None)
        return _row_failing(load, rule) if isinstance(rule, Check) else None

    def _row_without_parent(self, load: Loaded, link: ForeignKey) -> int | None:
        parents: set[tuple[Any, ...]] = set()
        for each in self.loads:
            if each.table.key == link.parent:
                parents |= set(_rows(each, link.parent_columns))
        if there := self.existing.get(link.parent):
            known = [there.column(name) for name in link.parent_columns]
            parent = self.plan.schema.tables[link.parent]
            types = [parent.column(name).type for name in link.parent_columns]
            lists = [to_python(values, type_) for values, type_ in zip(known, types, strict=True) if values is not None]
            parents |= set(_hashable(lists))
        rows = enumerate(_rows(load, link.columns))
        return next((place for place, key in rows if None not in key and key not in parents), None)

    def _source(self, table: Table, name: str, *, redact_values: bool) -> str:
        """Return in words what made a column."""
        planned = self.plan.tables[table.key]
        links = [planned.links[link.name] for link in table.foreign_keys if link.name in planned.links]
        followed = {
            link.name: link.parent
            for link in table.foreign_keys
            if link.name in planned.links and name in planned.links[link.name].followed(table, link)
        }
        if name in planned.columns:
            column = planned.columns[name]
            # What a source says of itself may hold values that it was given.
            source = column.source.source if redact_values else column.source.describe()
            return ", ".join(filter(None, (f"made by {source}", column.reason)))
        if followed and links:
            key, parent = next(iter(followed.items()))
            return ", ".join(filter(None, (f"follows a row of {parent}", planned.links[key].reason)))
        return "left to the database"


_DRIVERS = {"sqlite": "sqlite", "pymysql": "mysql", "MySQLdb": "mysql", "aiomysql": "mysql", "asyncmy": "mysql"}


def _trigger(clue: Clue) -> str:
    if clue.kind != "trigger":
        return ""
    return f" (a trigger said so{f', in its function {clue.function}' if clue.function else ''})"


def _rule(table: Table, clue: Clue) -> Rule | None:
    """Return the rule of the schema that the database means, by its name or else by what it is about."""
    rules: dict[str, Sequence[Rule]] = {
        "unique": table.unique_sets,
        "foreign key": table.foreign_keys,
        "check": table.checks,
    }
    candidates = rules.get(clue.kind or "", ())
    name = (clue.constraint or "").lower()
    named = [rule for rule in candidates if name and (rule.name or "").lower() == name]
    if named:
        return named[0]
    if clue.kind == "check":
        return _unnamed_check(table, name) or _told(clue)
    if name == "primary" or (name.endswith("_pkey") and not clue.columns):
        return next((rule for rule in table.unique_sets if rule.name is None), None)
    about = {column.strip('"').lower() for column in clue.columns} or {name}
    same = [rule for rule in candidates if {each.lower() for each in getattr(rule, "columns", ())} == about]
    if same or about - {""}:
        return same[0] if same else _told(clue)
    return candidates[0] if len(candidates) == 1 else None


def _told(clue: Clue) -> Rule | None:
    """Return the rule as the database tells it, for one that the schema does not have."""
    if clue.kind == "check" and re.search(r"[^\w.`]", clue.constraint or ""):  # a text, not a name
        return Check(expression=clue.constraint or "")
    return Unique(name=clue.constraint, columns=clue.columns) if clue.kind == "unique" and clue.columns else None


def _unnamed_check(table: Table, name: str) -> Check | None:
    """Return the CHECK without a name that a database calls by its text, its column or its number."""
    unnamed = [check for check in table.checks if not check.name]
    for check in unnamed:
        if _squeezed(check.expression) == _squeezed(name):
            return check
    about = [
        check
        for check in unnamed
        if name.endswith("_check")
        and any(f"_{column.lower()}_check" in f"_{name}" for column in _mentioned(table, check.expression))
    ]
    if about:
        return about[0]
    number = name.removeprefix("constraint_")  # as MariaDB names them
    if number.isdigit() and 0 < int(number) <= len(unnamed):
        return unnamed[int(number) - 1]
    column_check = [check for check in unnamed if name in map(str.lower, _mentioned(table, check.expression))]
    return column_check[0] if column_check else table.checks[0] if len(table.checks) == 1 else None


def _squeezed(text: str) -> str:
    return "".join(text.lower().split()).strip("()")


def _mentioned(table: Table, text: str) -> list[str]:
    """Return the columns that SQL text mentions, by its words."""
    import re

    words = {word.lower() for word in re.findall(r"\w+", text)}
    return [column.name for column in table.columns if column.name.lower() in words]


def _columns(table: Table, rule: Rule | None, clue: Clue) -> tuple[str, ...]:
    if isinstance(rule, Check):
        return tuple(_mentioned(table, rule.expression))
    if isinstance(rule, ForeignKey):
        return tuple(dict.fromkeys(rule.columns))
    if isinstance(rule, Unique):
        return tuple(
            dict.fromkeys((*rule.columns, *_mentioned(table, " ".join((*rule.expressions, rule.predicate or "")))))
        )
    by_lower = {name.lower(): name for name in table.by_name}
    told = [by_lower.get(each.strip('"').lower()) for each in clue.columns]
    named = re.sub(rf"^{re.escape(table.name)}_|_check\d*$", "", clue.constraint or "") if clue.kind == "check" else ""
    words = " ".join((*clue.columns, named))
    return tuple(name for name in told if name) or tuple(_mentioned(table, words))


def _expression(table: Table, rule: Rule | None, clue: Clue) -> str | None:
    """Return a rule as SQL would have it."""
    if isinstance(rule, Check):
        return rule.expression
    if isinstance(rule, ForeignKey):
        return f"({', '.join(rule.columns)}) REFERENCES {rule.parent} ({', '.join(rule.parent_columns)})"
    if isinstance(rule, Unique):
        where = f" WHERE {rule.predicate}" if rule.predicate else ""
        return f"({', '.join((*rule.columns, *rule.expressions))}){where}"
    if clue.kind == "not null":
        return "NOT NULL"
    if clue.kind == "value" and clue.columns and clue.columns[0] in table.by_name:
        return table.column(clue.columns[0]).type.native or str(table.column(clue.columns[0]).type.kind)
    return None


def _listed(load: Loaded, name: str) -> list[Any]:
    return to_python(load.columns[name], load.table.column(name).type) if name in load.columns else []


def _at(load: Loaded, name: str, row: int) -> Any:
    return to_python(load.columns[name].slice(row, row + 1), load.table.column(name).type)[0]


def _hashable(columns: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    for row in zip(*columns, strict=True):
        yield tuple(each if each.__hash__ else repr(each) for each in row)


def _rows(load: Loaded, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return _hashable([_listed(load, name) for name in names]) if all(n in load.columns for n in names) else iter(())


def _repeated(load: Loaded, rule: Unique, existing: Existing) -> int | None:
    """Return the first row with a combination that an earlier row, or one that was there, has."""
    seen: set[tuple[Any, ...]] = set()
    if (there := existing.get(load.table.key)) and all(name in there.columns for name in rule.columns):
        seen |= set(_hashable([to_python(there.columns[name], load.table.column(name).type) for name in rule.columns]))
    for place, key in enumerate(_rows(load, rule.columns)):
        if key in seen and (rule.nulls_not_distinct or None not in key):
            return place
        seen.add(key)
    return None


def _from_key(load: Loaded, clue: Clue, columns: Sequence[str]) -> dict[str, Any]:
    """Return what ``Key (a, b)=(1, x)`` says, with the values as they were made where the row can be found."""
    text = clue.values or ""
    names = [name.strip('"') for name in clue.columns]
    parts = [text] if len(names) == 1 else text.split(", ")
    told = dict(zip(names, parts, strict=True)) if len(parts) == len(names) else {}
    if told and all(name in load.columns for name in told):
        for place, key in enumerate(zip(*(_listed(load, name) for name in told), strict=True)):
            if [*map(_written, key)] == [*told.values()]:
                return {name: _at(load, name, place) for name in columns if name in load.columns}
    return told or {", ".join(names): text}


def _written(value: Any) -> str:
    """Return a value as PostgreSQL writes it, for the types that keys mostly have."""
    if value is None:
        return "null"
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else str(value)


def _row_of_text(load: Loaded, text: str) -> int | None:
    """Return the row that PostgreSQL shows, which it does without names; its key tells which of the rows made it is."""
    parts = {*text.split(", ")}
    names = [name for name in load.table.primary_key if name in load.columns]
    if not names:
        names = [name for name in load.columns if len(text.split(", ")) == len(load.table.columns)]
    found = [row for row, key in enumerate(_rows(load, names)) if parts.issuperset(map(_written, key))]
    if len(found) < 2:
        return found[0] if found else None
    # A key such as 7 may stand in another column as well: the row shows more of its values than others do.
    shown = {name: _listed(load, name) for name in load.columns}
    return max(found, key=lambda row: sum(_written(values[row]) in parts for values in shown.values()))


def _row_failing(load: Loaded, rule: Check) -> int | None:
    """Return the first row that breaks a CHECK, by asking an SQLite of our own; None when it cannot tell.

    SQLite evaluates its own CHECKs and those of MariaDB that are written in the SQL that both share.
    """
    names = _mentioned(load.table, rule.expression)
    lists = [[_plain(value) for value in _listed(load, name)] for name in names]
    if not names or not all(lists):
        return None
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute(f"CREATE TABLE made ({quoted})")
            database.executemany(f"INSERT INTO made VALUES ({', '.join('?' * len(names))})", zip(*lists, strict=True))
            found = database.execute(f"SELECT min(rowid) FROM made WHERE NOT ({rule.expression}\n)").fetchone()[0]
        except (sqlite3.Error, OverflowError):
            return None
    return None if found is None else int(found) - 1


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, int | float | str | bytes):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
