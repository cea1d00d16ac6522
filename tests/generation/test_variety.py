"""Conditions of one column, one small table each: all rows are made, and they differ where they may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import syda
from tests.databases import sqlite_engine
from tests.generation.test_settling import create, table_rows

if TYPE_CHECKING:
    import sqlalchemy as sa

ON_POSTGRESQL = (
    "a timestamptz NOT NULL CHECK (a > now())",
    "a timestamptz NOT NULL CHECK (a > now() - interval '30 days' AND a < now() + interval '1 year')",
    "a date NOT NULL CHECK (a BETWEEN current_date AND current_date + 30)",
    "a jsonb NOT NULL CHECK (a ? 'k')",
    "a jsonb NOT NULL CHECK (a ?& array['k', 'l'])",
    "a jsonb NOT NULL CHECK (a ?| array['k', 'l'])",
    "a jsonb NOT NULL CHECK (jsonb_path_exists(a, '$.items[*]'))",
    "a jsonb NOT NULL CHECK (jsonb_path_exists(a, '$.k.l'))",
    "a jsonb NOT NULL CHECK (jsonb_typeof(a -> 'k' -> 'l') = 'array')",
    "a jsonb NOT NULL CHECK (jsonb_typeof(a) = 'array')",
    "a jsonb NOT NULL CHECK (jsonb_typeof(a -> 'k') = 'number' AND (a ->> 'k')::int > 3)",
    "a jsonb NOT NULL CHECK (jsonb_array_length(a) BETWEEN 1 AND 3)",
    "a text NOT NULL CHECK (position('@' IN a) > 1)",
    "a text NOT NULL CHECK (a SIMILAR TO '[a-z]{3,8}')",
    "a text NOT NULL CHECK (regexp_match(a, '^[a-z]+$') IS NOT NULL)",
    "a text NOT NULL CHECK (a::int > 5)",
    "a text NOT NULL CHECK (CASE WHEN a LIKE 'a%' THEN length(a) = 3 ELSE length(a) = 5 END)",
    "a text NOT NULL CHECK (left(a, 3) = 'abc')",
    "a text NOT NULL CHECK (starts_with(a, 'abc'))",
    "a varchar(12) NOT NULL CHECK (right(a, 4) = '.png')",
    "a text NOT NULL CHECK (split_part(a, ':', 1) = 'urn')",
    r"a text NOT NULL CHECK (a !~ '\s')",
    "a text NOT NULL CHECK (a !~* '[^a-z0-9_]')",
    "a text NOT NULL CHECK (a NOT LIKE '% %')",
    "a text[] NOT NULL CHECK ('x' = ANY (a))",
    "a text[] NOT NULL CHECK (a @> ARRAY['x', 'y'])",
    "a int NOT NULL, b int NOT NULL, c int NOT NULL, CHECK (a + b + c = 100)",
    "a int NOT NULL CHECK (a > 0), b int NOT NULL CHECK (b > 0), c int NOT NULL, CHECK (a + b + c = 100 AND c > 0)",
    "a int NOT NULL, b int NOT NULL, c int NOT NULL, CHECK (a * b = c)",
    "a numeric(8, 2) NOT NULL, b numeric(8, 2) NOT NULL, c numeric(9, 2) NOT NULL, CHECK (c - a = -b)",
)
ON_SQLITE = (
    "a text NOT NULL CHECK (instr(a, '@') > 1)",
    "a text NOT NULL CHECK (date(a) IS a)",
    "a text NOT NULL CHECK (datetime(a) IS NOT NULL)",
    "a text NOT NULL CHECK (unixepoch(a) > 0)",
    "a text NOT NULL CHECK (a NOT GLOB '*[^a-z]*')",
    "a text NOT NULL CHECK (substr(a, 1, 2) = 'x/')",
    "a text NOT NULL CHECK (substr(a, -4) = '.png')",
    "a text NOT NULL CHECK (a >= '2020' AND a < '2030')",
)
_FEW = 5


def fill(engine: sa.Engine, columns: str) -> list[dict]:
    create(engine, f"CREATE TABLE t (id integer PRIMARY KEY, {columns})")
    report = syda.seed(engine, rows=40, seed=3)
    assert not report.notes
    assert syda.check(engine).ok
    return table_rows(engine)


def varied(rows: list[dict]) -> int:
    return len({repr({name: value for name, value in row.items() if name != "id"}) for row in rows})


@pytest.mark.parametrize("columns", ON_POSTGRESQL)
def test_rows_of_postgresql_differ(columns: str, postgresql_engine: sa.Engine) -> None:
    rows = fill(postgresql_engine, columns)
    assert len(rows) == 40
    assert varied(rows) >= _FEW


@pytest.mark.parametrize("columns", ON_SQLITE)
def test_rows_of_sqlite_differ(columns: str) -> None:
    rows = fill(sqlite_engine(), columns)
    assert len(rows) == 40
    assert varied(rows) >= _FEW


@pytest.mark.parametrize(
    ("condition", "base"),
    [("VALUE ~ '^[A-Z]{3}$'", "text"), ("VALUE > 500 AND VALUE < 1000", "int"), ("VALUE IN ('a', 'b')", "text")],
)
def test_items_of_a_domain(condition: str, base: str, postgresql_engine: sa.Engine) -> None:
    create(postgresql_engine, f"CREATE DOMAIN of_items AS {base} CHECK ({condition})")
    rows = fill(postgresql_engine, "a of_items[] NOT NULL")
    assert len(rows) == 40
    assert varied(rows) >= _FEW
