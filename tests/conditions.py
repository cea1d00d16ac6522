"""Random tables with CHECKs over several columns and unique sets of every shape, for each database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

_TYPES: dict[str, Any] = {
    "int": sa.Integer,
    "bool": lambda: sa.Boolean(create_constraint=False),
    "date": sa.Date,
    "moment": sa.DateTime,
    "numeric": lambda: sa.Numeric(8, 2),
    "text": lambda: sa.String(20),
    "short": lambda: sa.String(4),
    "status": lambda: sa.String(12),
    "json": lambda: sa.JSON(none_as_null=True),
    "one": sa.Integer,
    "two": sa.Integer,
    "self": sa.Integer,
}
_WORDS = ("new", "paid", "sent", "it''s")
_DATES = ("'2020-02-29'", "'2023-06-01'", "'2024-12-31'")
_ORDER = ("<", "<=", ">", ">=", "<>", "=")
_TEXTS = ("text", "short", "status")
KEYS = ("one", "two", "self")


@dataclass(frozen=True)
class Drawn:
    """What a table looks like: columns as name -> (kind, nullable), CHECKs, and unique sets as (members, predicate)."""

    columns: dict[str, tuple[str, bool]]
    checks: tuple[str, ...]
    uniques: tuple[tuple[tuple[str, ...], str], ...] = ()
    composite: tuple[str, ...] = ()
    parents: int = field(default=12)

    def tables(self, dialect: str, name: str = "t") -> sa.MetaData:
        """Return the table and its parents in a dialect; what the dialect lacks is left out."""
        metadata = sa.MetaData()
        for parent in ("one", "two"):
            sa.Table(parent, metadata, sa.Column("id", sa.Integer, primary_key=True))
        pair = [
            sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("b", sa.String(4), primary_key=True),
        ]
        sa.Table("pair", metadata, *pair)
        mentioned = any("id " in check for check in self.checks)
        items: list[Any] = [sa.Column("id", sa.Integer, primary_key=True, autoincrement=not mentioned)]
        for column, (kind, nullable) in self.columns.items():
            keys = [sa.ForeignKey(f"{name if kind == 'self' else kind}.id")] if kind in KEYS else []
            items.append(sa.Column(column, _TYPES[kind](), *keys, nullable=nullable))
        if self.composite:
            items.append(sa.ForeignKeyConstraint(self.composite, ["pair.a", "pair.b"]))
        items += [sa.CheckConstraint(check, name=f"c{place}") for place, check in enumerate(self.checks)]
        table = sa.Table(name, metadata, *items)
        for place, (members, predicate) in enumerate(self.uniques):
            if dialect == "mariadb" and (predicate or not all(member in self.columns for member in members)):
                continue
            parts = [table.c[each] if each in self.columns else sa.text(each) for each in members]
            where = {f"{one}_where": sa.text(predicate) for one in ("sqlite", "postgresql") if predicate}
            sa.Index(f"u{place}", *parts, unique=True, _table=table, **where)
        return metadata


@st.composite
def drawn_tables(draw: st.DrawFn) -> Drawn:
    """Draw 3 to 7 columns, 1 to 4 CHECKs and 0 to 3 unique sets."""
    columns: dict[str, tuple[str, bool]] = {}
    for number in range(draw(st.integers(3, 7))):
        kind = draw(st.sampled_from(tuple(_TYPES)))
        columns[f"{kind[0]}{number}"] = (kind, kind == "self" or draw(st.booleans()))
    composite: tuple[str, ...] = ()
    if draw(st.integers(0, 4)) == 0:
        nullable = draw(st.booleans())
        columns |= {"pair_a": ("int", nullable), "pair_b": ("short", nullable)}
        composite = ("pair_a", "pair_b")
    free = {name: kind for name, kind in columns.items() if name not in composite}
    depth = draw(st.integers(0, 3))
    checks = tuple(
        draw(_conditions(free if draw(st.integers(0, 5)) else columns, depth)) for _ in range(draw(st.integers(1, 4)))
    )
    return Drawn(columns, checks, tuple(draw(st.lists(_uniques(columns), max_size=3))), composite)


def _conditions(columns: dict[str, tuple[str, bool]], depth: int) -> st.SearchStrategy[str]:
    leaves = _leaves(columns)
    if not depth:
        return leaves
    inner = _conditions(columns, depth - 1)
    pairs = st.tuples(inner, inner)
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        leaves,
        several.map(lambda parts: "(" + " OR ".join(parts) + ")"),
        several.map(lambda parts: "(" + " AND ".join(parts) + ")"),
        inner.map(lambda part: f"(NOT {part})"),
        pairs.map(lambda parts: f"(({parts[0]}) = ({parts[1]}))"),
        pairs.map(lambda parts: f"(NOT {parts[0]} OR {parts[1]})"),
        _counts(columns),
    )


@st.composite
def _counts(draw: st.DrawFn, columns: dict[str, tuple[str, bool]]) -> str:
    optional = [name for name, (_, nullable) in columns.items() if nullable]
    if len(optional) < 2:
        return draw(_leaves(columns))
    names = draw(st.lists(st.sampled_from(optional), min_size=2, max_size=3, unique=True))
    counted = " + ".join(f"(CASE WHEN {name} IS NOT NULL THEN 1 ELSE 0 END)" for name in names)
    return f"({counted} {draw(st.sampled_from(('=', '<=', '>=')))} 1)"


@st.composite
def _leaves(draw: st.DrawFn, columns: dict[str, tuple[str, bool]]) -> str:
    name = draw(st.sampled_from(sorted(columns)))
    kind, nullable = columns[name]
    if kind == "json" or (nullable and draw(st.integers(0, 3)) == 0):
        return f"({name} IS {draw(st.sampled_from(('', 'NOT ')))}NULL)"
    alike = [other for other, (one, _) in columns.items() if other != name and _family(one) == _family(kind)]
    if alike and kind != "bool" and draw(st.integers(0, 2)) == 0:
        operator = draw(st.sampled_from(_ORDER[:5] if kind in _TEXTS else _ORDER))
        return f"({name} {operator if kind not in _TEXTS else '<>'} {draw(st.sampled_from(alike))})"
    if kind == "bool":
        return draw(st.sampled_from((f"({name})", f"(NOT {name})", f"({name} = TRUE)", f"({name} IS TRUE)")))
    if kind in ("date", "moment"):
        low, high = sorted(draw(st.lists(st.sampled_from(_DATES), min_size=2, max_size=2, unique=True)))
        compared = f"({name} {draw(st.sampled_from(_ORDER[:5]))} {low})"
        return draw(st.sampled_from((compared, f"({name} BETWEEN {low} AND {high})")))
    return draw(_of_texts(name, kind) if kind in _TEXTS else _of_numbers(name))


def _family(kind: str) -> str:
    return "text" if kind in _TEXTS else kind


@st.composite
def _of_numbers(draw: st.DrawFn, name: str) -> str:
    low, high = sorted(draw(st.lists(st.integers(1, 9), min_size=2, max_size=2, unique=True)))
    listed = ", ".join(map(str, sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=4)))))
    return draw(
        st.sampled_from(
            (
                f"({name} {draw(st.sampled_from(_ORDER))} {high})",
                f"({name} BETWEEN {low} AND {high})",
                f"({name} IN ({listed}))",
                f"({name} NOT IN ({listed}))",
                f"({name} + 1 > {low})",
            )
        )
    )


@st.composite
def _of_texts(draw: st.DrawFn, name: str, kind: str) -> str:
    words = draw(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3, unique=True))
    listed = ", ".join(f"'{word}'" for word in words)
    return draw(
        st.sampled_from(
            (
                f"({name} IN ({listed}))",
                f"({name} NOT IN ({listed}))",
                f"({name} = '{words[0]}')",
                f"({name} <> '')",
                f"({name} = '')",
                f"(length({name}) {draw(st.sampled_from(_ORDER[:4]))} {draw(st.integers(1, 4))})",
                f"(length({name}) = {draw(st.integers(1, 4))})",
                f"({name} LIKE '{draw(st.sampled_from('abx'))}%')",
                f"({name} LIKE '%{draw(st.sampled_from('abx'))}')",
                f"({name} NOT LIKE '{draw(st.sampled_from('abx'))}%')",
                f"(lower({name}) = {name})",
                f"({name} = upper({name}))",
            )
        )
    )


@st.composite
def _uniques(draw: st.DrawFn, columns: dict[str, tuple[str, bool]]) -> tuple[tuple[str, ...], str]:
    plain = sorted(name for name, (kind, _) in columns.items() if kind != "json")
    if not plain:
        return (next(iter(columns)),), f"{next(iter(columns))} IS NULL AND FALSE"
    members = []
    for name in draw(st.lists(st.sampled_from(plain), min_size=1, max_size=3, unique=True)):
        kind = columns[name][0]
        ways = {"text": (f"lower({name})", f"coalesce({name}, '')"), "number": (f"coalesce({name}, 0)",)}
        family = "text" if kind in _TEXTS else "number" if kind in ("int", "one", "two", "self") else ""
        members.append(draw(st.sampled_from((name, name, name, *ways.get(family, ())))))
    predicate = draw(_conditions(columns, draw(st.integers(0, 1)))) if draw(st.booleans()) else ""
    return tuple(members), predicate


def candidates(drawn: Drawn, keys: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return for each column values among which a row that satisfies the CHECKs is found where there is any."""
    texts = (
        "",
        "a",
        "b",
        "x",
        "new",
        "paid",
        "sent",
        "it's",
        "A",
        "B",
        "X",
        "ab",
        "xa",
        "ax",
        "aX",
        "q",
        "qqqq",
        "abcd",
        "axxx",
        "xaaa",
        "zzzzzzzz",
        "NEW",
        "bcda",
    )
    made: dict[str, list[Any]] = {}
    for name, (kind, nullable) in drawn.columns.items():
        limit = {"short": 4, "status": 12}.get(kind, 20)
        values: list[Any]
        if kind in _TEXTS:
            values = [text for text in texts if len(text) <= limit]
        elif kind in KEYS:
            values = keys.get(kind) or list(range(1, 13))
        elif kind in ("date", "moment"):
            days = (
                "2019-05-05",
                "2020-02-29",
                "2021-01-01",
                "2023-06-01",
                "2024-01-01",
                "2024-12-31",
                "2025-03-03",
                "2019-01-01",
            )
            values = [day if kind == "date" else f"{day} 00:00:00.000000" for day in days]
        else:
            values = {"bool": [True, False], "json": ["{}"]}.get(kind, list(range(-2, 14)))
        made[name] = [*values, *([None, None] if nullable else [])]
    return made
