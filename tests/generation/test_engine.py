"""What DuckDB says of a condition is what the database says that will enforce it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syda.generation.engine import Engine
from syda.planning.checks.reading import parse
from syda.schema.model import Column, Kind, LogicalType, Table
from syda.sources.values import from_python
from tests.databases import sqlite_engine

TYPES = {
    "n": LogicalType(kind=Kind.INTEGER),
    "k": LogicalType(kind=Kind.INTEGER),
    "x": LogicalType(kind=Kind.DECIMAL, precision=8, scale=2),
    "c": LogicalType(kind=Kind.TEXT),
    "e": LogicalType(kind=Kind.TEXT),
    "b": LogicalType(kind=Kind.BOOLEAN),
}
EVERYWHERE = (
    "n < k", "n + 1 > k", "n = 1 OR k IS NULL", "NOT (n BETWEEN 1 AND 3)", "n IN (1, 2)", "n NOT IN (1, 2)",
    "(n IS NULL) = (k > 1)", "(n > 1) <> b", "NOT b", "b IS TRUE", "x >= n", "x * 2 < 5", "x = 1.5", "c = e", "c <> ''",
    "c LIKE 'a%'", "c NOT LIKE 'a%'", "NOT (c NOT LIKE '%b')", "c LIKE '_'", "lower(c) = c", "upper(c) <> e",
    "length(c) > 1",
    "c IN ('a', 'B')", "coalesce(c, e) = 'a'", "coalesce(n, 0) > 1", "nullif(n, 1) = k", "abs(n) > 1", "trim(c) = c",
    "replace(c, 'a', '') = ''",
    "substr(c, 1, 1) = 'a'", "CASE WHEN b THEN n > 1 ELSE k > 1 END", "CASE WHEN b THEN n > 1 END",
    "(CASE WHEN n IS NULL THEN 1 ELSE 0 END) + (CASE WHEN k IS NULL THEN 1 ELSE 0 END) = 1",

)  # fmt: skip
POSTGRESQL = (
    "num_nonnulls(n, k, c) = 1", "num_nulls(n, k) < 2", "(n IS NOT NULL)::int + (k IS NOT NULL)::int = 1",
    "c ~ '^[ab]+$'",
    "c ~* '^[ab]+$'", "c !~ 'a'", "c ILIKE 'a%'", "n = ANY (ARRAY[1, 2])", "n <> ALL (ARRAY[1, 2])",
    "n IS DISTINCT FROM k",
    "char_length(c) = 1", "btrim(c) <> ''", "starts_with(c, 'a')", "greatest(n, k) > 1", "left(c, 1) = 'a'",
    "c::text = e",
    "octet_length(c) <= 1", "n % 2 = 0",
)  # fmt: skip
NUMBERS = st.one_of(st.none(), st.integers(-2, 4))
TEXTS = st.one_of(st.none(), st.text("abAB", max_size=3))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "n": NUMBERS,
            "k": NUMBERS,
            "x": st.one_of(st.none(), st.decimals("-2", "4", places=2)),
            "c": TEXTS,
            "e": TEXTS,
            "b": st.one_of(st.none(), st.booleans()),
        }
    ),
    min_size=1,
    max_size=8,
)
REAL = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Integer) for name in "nk"),
    sa.Column("x", sa.Numeric(8, 2)),
    *(sa.Column(name, sa.String(9)) for name in "ce"),
    sa.Column("b", sa.Boolean),
)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    found = sqlite_engine() if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_engine")
    REAL.create(found)
    yield found
    found.dispose()


@pytest.mark.filterwarnings("ignore:Dialect sqlite.* does \\*not\\* support Decimal")
def test_duckdb_and_the_database_agree(engine: sa.Engine) -> None:
    name = {"postgresql": "postgres"}.get(engine.dialect.name, engine.dialect.name)
    texts = (*EVERYWHERE, *(POSTGRESQL if name == "postgres" else ()))
    table = Table(name="t", dialect=name, columns=tuple(Column(name=key, type=type_) for key, type_ in TYPES.items()))
    asked = Engine(table, [parse(text, name) for text in texts])
    assert [text for text, decided in zip(texts, asked.decided, strict=True) if not decided] == []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def agree(rows: list[dict[str, Any]]) -> None:
        columns = {key: from_python([row[key] for row in rows], type_) for key, type_ in TYPES.items()}
        ours = asked.conditions(columns)
        theirs = _theirs(engine, texts, rows)
        for place, text in enumerate(texts):
            found = ours[place]
            assert found is not None, text
            assert found.tolist() == [bool(row[place]) for row in theirs], (text, rows)

    agree()


def _theirs(engine: sa.Engine, texts: tuple[str, ...], rows: list[dict[str, Any]]) -> list[Any]:
    with engine.connect() as connection:
        connection.execute(sa.insert(REAL), [{"id": number, **row} for number, row in enumerate(rows, 1)])
        wanted = [sa.literal_column(f"coalesce(({text}), TRUE)").label(f"c{place}") for place, text in enumerate(texts)]
        found = list(connection.execute(sa.select(*wanted).select_from(REAL).order_by(REAL.c.id)))
        connection.rollback()
    return found
