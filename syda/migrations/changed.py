"""Values that a revision has changed: by a new type of their column, which nobody may have meant, or by a statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from syda.migrations.contents import changes
from syda.migrations.report import Finding
from syda.migrations.states import State
from syda.schema.model import Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

_DATA = re.compile(r"\W*(update|with|merge|do|call)\b|.*\bon (conflict|duplicate)\b", re.IGNORECASE | re.DOTALL)
_USING = re.compile(r"\btype\b.*\busing\b", re.IGNORECASE | re.DOTALL)
_TYPE = r"[\w ]+(\([\d, ]+\))?"
_CAST = re.compile(
    rf"\busing\s+\(?(\"?\w+\"?\s*::\s*{_TYPE}|cast\s*\(\s*\"?\w+\"?\s+as\s+{_TYPE}\s*\))\)?\s*(?=,|;|$)", re.IGNORECASE
)
"""A conversion that says no more than the new type does."""
_FAMILIES = {
    Kind.INTEGER: "number",
    Kind.DECIMAL: "number",
    Kind.FLOAT: "number",
    Kind.TEXT: "text",
    Kind.ENUM: "text",
    Kind.DATE: "time",
    Kind.DATETIME: "time",
    Kind.TIME: "time",
}


@dataclass(slots=True)
class Statements:
    """The statements of a revision that change rows, and those that say how values become another type's."""

    said: list[frozenset[str]] = field(default_factory=list)

    @contextmanager
    def on(self, migration: Connection) -> Iterator[None]:
        """Listen to a connection."""

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if _DATA.match(statement) or _USING.search(_CAST.sub("", statement)):
                self.said.append(frozenset(re.findall(r"\w+", statement.casefold())))

        event.listen(migration, "before_cursor_execute", before)
        try:
            yield
        finally:
            event.remove(migration, "before_cursor_execute", before)

    def name(self, *names: str) -> bool:
        """Tell whether one of them has all of some names."""
        wanted = {word for name in names for word in re.findall(r"\w+", name.casefold())}
        return any(wanted <= words for words in self.said)


@dataclass(slots=True)
class ValueWatch:
    """What the upgrade of one revision has changed, and what its downgrade does not give back."""

    dialect: str
    statements: Statements = field(default_factory=Statements)
    notes: list[str] = field(default_factory=list)
    _meant: set[tuple[str, str]] = field(default_factory=set)
    _found: set[tuple[str, str]] = field(default_factory=set)

    def upgraded(self, before: State, after: State) -> Iterator[Finding]:
        """Yield what a change of type has made of values; what statements have changed goes into the notes.

        On PostgreSQL only the revision itself can say how a type becomes one of another sort, so that it is meant, as
        is what an expression of its own makes; what becomes an enum is refused or given another name, but not cut.
        """
        for key, table in before.schema.tables.items():
            if key not in after.rows:
                continue
            for name, changed in changes(table, before.samples[key], after.samples[key]):
                old, new = table.column(name).type, after.schema.tables[key].column(name).type
                alike = self.dialect != "postgresql" or _family(old.kind) == _family(new.kind)
                if old == new or not alike or new.kind is Kind.ENUM or self.statements.name(table.name, name):
                    self._meant.add((key, name))
                    self.notes.append(f"{key}.{name}: {changed}")
                else:
                    self._found.add((key, name))
                    said = f"{key}.{name}: {changed} ({_named(old)} became {_named(new)})"
                    yield Finding(fault="values changed", phase="upgrade", said=said, table=key)

    def downgraded(self, before: State, now: State, statements: Statements) -> Iterator[Finding]:
        """Yield what the downgrade has not brought back, but for what the upgrade was told to have changed."""
        for key, table in before.schema.tables.items():
            if key not in now.rows:
                continue
            for name, changed in changes(table, before.samples[key], now.samples[key]):
                stamped = _family(table.column(name).type.kind) == "time" and statements.name(table.name)
                if (key, name) in self._found:
                    continue
                if (key, name) in self._meant or stamped:
                    self.notes.append(f"{key}.{name}: the downgrade does not bring back what it was: {changed}")
                else:
                    yield Finding(fault="values changed", phase="downgrade", said=f"{key}.{name}: {changed}", table=key)


def _family(kind: Kind) -> object:
    return _FAMILIES.get(kind, kind)


def _named(kind: Any) -> str:
    sizes = [str(each) for each in (kind.length, kind.precision, kind.scale, kind.bits) if each is not None]
    return f"{kind.kind.value}({', '.join(sizes)})" if sizes else str(kind.kind.value)
