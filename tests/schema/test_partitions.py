"""The bounds of partitions put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import syda
from syda.schema.partitions import Bounds, in_some_partition

if TYPE_CHECKING:
    import sqlalchemy as sa

A = "((d IS NOT NULL) AND (d >= '2020-01-01'::date) AND (d < '2020-07-01'::date))"
B = "((d IS NOT NULL) AND (d >= '2020-07-01'::date) AND (d < '2021-01-01'::date))"
C = "((d IS NOT NULL) AND (d >= '2022-01-01'::date))"
LAST = "d >= '2022-01-01'::date"
HASHED = "satisfies_hash_partition('16400'::oid, 2, 0, lower(x))"


@pytest.mark.parametrize(
    ("bounds", "condition"),
    [
        ([], None),
        ([A, None], None),
        ([HASHED], None),
        ([A], "d >= '2020-01-01'::date AND d < '2020-07-01'::date"),
        ([B, A], "d >= '2020-01-01'::date AND d < '2021-01-01'::date"),
        ([A, C, B], f"(d >= '2020-01-01'::date AND d < '2021-01-01'::date) OR ({LAST})"),
        (
            ["((k IS NOT NULL) AND (k = ANY (ARRAY['a'::text, 'b'::text])))", "((k IS NOT NULL) AND (k = 'c'::text))"],
            "k = ANY (ARRAY['a'::text, 'b'::text, 'c'::text])",
        ),
        (["((k IS NULL) OR (k = 'c'::text))", A], f"(((k IS NULL) OR (k = 'c'::text))) OR ({A})"),
    ],
)
def test_partitions_are_put_together(bounds: list[str | None], condition: str | None) -> None:
    found = in_some_partition(bounds)
    assert (found and found.condition) == condition


def test_a_column_that_partitions_go_by_is_required() -> None:
    assert in_some_partition([A]) == Bounds("d >= '2020-01-01'::date AND d < '2020-07-01'::date", "d")
    assert in_some_partition([A.replace("d ", '"D""" ')]).required == 'D"'  # type: ignore[union-attr]


def test_partitioned_tables_are_filled(postgresql_engine: sa.Engine) -> None:
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql(
            """
            CREATE TABLE listed (id int, kind text) PARTITION BY LIST (kind);
            CREATE TABLE l1 PARTITION OF listed FOR VALUES IN ('a', 'b');
            CREATE TABLE l2 PARTITION OF listed FOR VALUES IN ('c');
            CREATE TABLE counted (id serial, n int, PRIMARY KEY (id, n)) PARTITION BY RANGE (n);
            CREATE TABLE n1 PARTITION OF counted FOR VALUES FROM (0) TO (10);
            CREATE TABLE n2 PARTITION OF counted FOR VALUES FROM (10) TO (20);
            """
        )
    syda.seed(postgresql_engine, rows=60)
    with postgresql_engine.connect() as connection:
        for name in ("l1", "l2", "n1", "n2"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
