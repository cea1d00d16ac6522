"""Reads out of what a database said when it refused a row which rule that row breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["unique", "foreign key", "check", "not null", "exclusion", "trigger", "value"]

_POSTGRESQL_KINDS: dict[str, Kind] = {
    "23502": "not null",
    "23503": "foreign key",
    "23505": "unique",
    "23514": "check",
    "23P01": "exclusion",
}
_KEY = re.compile(r"Key \((?P<columns>.*?)\)=\((?P<values>.*?)\) (?:already|is |conflicts|must)", re.DOTALL)
_KEY_TWICE = re.compile(r"Key \((?P<columns>.*?)\)=\((?P<values>.*?)\) is duplicated", re.DOTALL)
_ROW = re.compile(r"Failing row contains \((?P<row>.*)\)\.?$", re.DOTALL)
_RAISED = re.compile(r"PL/\w+ function (?P<function>[^\s(]+)\([^)]*\) line \d+ at RAISE")
_COPIED = re.compile(r"COPY \S+, line (?P<line>\d+)(?:, column (?P<column>[^:]+):)?")

_SQLITE: dict[str, tuple[re.Pattern[str], Kind]] = {
    "columns": (re.compile(r"UNIQUE constraint failed: (?!index ')(?P<columns>.+)"), "unique"),
    "index": (re.compile(r"UNIQUE constraint failed: index '(?P<constraint>.+)'"), "unique"),
    "null": (re.compile(r"NOT NULL constraint failed: (?P<columns>.+)"), "not null"),
    "check": (re.compile(r"CHECK constraint failed: (?P<constraint>.+)", re.DOTALL), "check"),
    "link": (re.compile(r"FOREIGN KEY constraint failed"), "foreign key"),
    "type": (re.compile(r"cannot store \w+ value in \w+ column (?P<columns>.+)"), "value"),
}
_MARIADB_LINK = re.compile(
    r"\(`[^`]+`\.`(?P<table>[^`]+)`, CONSTRAINT `(?P<constraint>[^`]+)` FOREIGN KEY \((?P<columns>[^)]+)\)"
)
_MARIADB_VALUE = re.compile(r"column '?(?:`[^`]+`\.)*`?(?P<columns>[^`']+)[`'] at row")
_MARIADB: dict[int, tuple[re.Pattern[str], Kind]] = {
    1062: (re.compile(r"for key '(?:[^'.]+\.)?(?P<constraint>[^']+)'$"), "unique"),
    1048: (re.compile(r"Column '(?P<columns>[^']+)' cannot be null"), "not null"),
    1364: (re.compile(r"Field '(?P<columns>[^']+)' doesn't have"), "not null"),
    1452: (_MARIADB_LINK, "foreign key"),
    1451: (_MARIADB_LINK, "foreign key"),
    4025: (re.compile(r"CONSTRAINT `(?P<constraint>.+?)` failed for `[^`]+`\.`(?P<table>[^`]+)`"), "check"),
    3819: (re.compile(r"[Cc]heck constraint '(?P<constraint>[^']+)'"), "check"),
    1644: (re.compile(r""), "trigger"),
    1264: (_MARIADB_VALUE, "value"),
    1265: (_MARIADB_VALUE, "value"),
    1366: (_MARIADB_VALUE, "value"),
    1406: (_MARIADB_VALUE, "value"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What a database told, in its own words: names as it has them, values as it writes them."""

    kind: Kind | None = None
    schema: str | None = None
    table: str | None = None
    constraint: str | None = None
    columns: tuple[str, ...] = ()
    values: str | None = None
    """The values of the columns, joined with ``", "``."""
    row: str | None = None
    """The values of the whole row, likewise."""
    function: str | None = None
    """What a trigger runs."""


def read_clue(error: BaseException | None, dialect: str) -> Clue:
    """Return what a driver's error says of the row that was refused."""
    readers: dict[str, Callable[[Any], Clue]] = {
        "postgresql": _postgresql,
        "sqlite": _sqlite,
        "mysql": _mariadb,
        "mariadb": _mariadb,
    }
    reader = readers.get(dialect)
    return reader(error) if reader and error is not None else Clue()


def _postgresql(error: Any) -> Clue:
    told = getattr(error, "diag", None)  # psycopg and psycopg2; asyncpg has the same on what SQLAlchemy wraps

    def field(diagnostic: str, attribute: str) -> str:
        source, name = (told, diagnostic) if told is not None else (error.__cause__, attribute)
        return str(getattr(source, name, None) or "")

    state = field("sqlstate", "sqlstate")
    detail, context = field("message_detail", "detail"), field("context", "context")
    raised = _RAISED.search(context)
    kind: Kind | None = _POSTGRESQL_KINDS.get(state, "value" if state.startswith("22") else None)
    if raised or state.startswith("P0"):
        kind = "trigger"
    key = _KEY_TWICE.search(detail) or _KEY.search(detail)
    row = _ROW.search(detail)
    copied = _COPIED.search(context)
    column = field("column_name", "column_name") or (copied["column"] if copied else None)
    return Clue(
        kind=kind,
        schema=field("schema_name", "schema_name") or None,
        table=field("table_name", "table_name") or None,
        constraint=field("constraint_name", "constraint_name") or None,
        columns=tuple(key["columns"].split(", ")) if key else (column,) if column else (),
        values=key["values"] if key else None,
        row=row["row"] if row else None,
        function=raised["function"] if raised else None,
    )


def _sqlite(error: Any) -> Clue:
    text = str(error)
    if getattr(error, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER":
        return Clue(kind="trigger")
    for pattern, kind in _SQLITE.values():
        if found := pattern.match(text):
            groups = found.groupdict()
            paths = (groups.get("columns") or "").split(", ")
            columns = tuple(path.rpartition(".")[2] for path in paths if path)
            table = paths[0].rpartition(".")[0] or None
            return Clue(kind=kind, table=table, columns=columns, constraint=groups.get("constraint"))
    return Clue()


def _mariadb(error: Any) -> Clue:
    code, text = error.args[:2] if len(error.args) > 1 else (None, "")
    if code not in _MARIADB:
        return Clue()
    pattern, kind = _MARIADB[code]
    found = pattern.search(str(text))
    groups = found.groupdict() if found else {}
    constraint = groups.get("constraint")
    return Clue(
        kind=kind,
        table=groups.get("table"),
        constraint=constraint.rpartition(".")[2].strip("`") if constraint else None,
        columns=tuple(name.strip(" `") for name in (groups.get("columns") or "").split(",") if name),
    )
