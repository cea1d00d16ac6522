"""Random schemas, filled: no rule is broken, and no circumstance changes a row."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import syda
from syda.quality.database import check_database
from syda.schema import read_schema
from syda.schema.model import Schema
from syda.sources.values import to_python
from tests.databases import sqlite_engine
from tests.strategies import schemas


@settings(max_examples=150, deadline=None)
@given(schemas(), st.integers(0, 25), st.integers(0, 2**32))
def test_any_schema_is_filled_on_sqlite_with_no_violation(schema: Schema, rows: int, seed: int) -> None:
    engine = sqlite_engine()
    dataset = syda.generate(schema, rows=rows, seed=seed)
    dataset.to_sql(engine, create=True)
    with engine.connect() as connection:
        report = check_database(connection, read_schema(connection).schema)
    assert report.ok, report.violations
    assert all(made <= max(rows, 0) for made in dataset.rows.values())
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(schemas(), st.integers(1, 30), st.integers(0, 2**32), st.integers(0, 1))
def test_any_schema_is_filled_twice_over(schema: Schema, rows: int, seed: int, step: int) -> None:
    """The second seeding, with the same seed or another, continues after the rows of the first."""
    engine = sqlite_engine()
    for number in range(2):
        syda.seed(engine, schema, rows=rows, seed=seed + step * number, create=True, mode="append")
    with engine.connect() as connection:
        report = check_database(connection, read_schema(connection).schema)
    assert report.ok, report.violations
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(schemas(), st.integers(1, 25), st.integers(1, 30), st.integers(0, 2**32))
def test_the_block_size_changes_no_value(schema: Schema, rows: int, block_size: int, seed: int) -> None:
    whole = _values(syda.generate(schema, rows=rows, seed=seed))
    blocks = _values(syda.generate(schema, rows=rows, seed=seed, block_size=block_size))
    assert whole == blocks


def _values(dataset: syda.Dataset) -> dict[str, Any]:
    schema = dataset.plan.schema
    return {
        f"{key}.{name}": [repr(item) for item in to_python(values, schema.tables[key].column(name).type)]
        for key, table in dataset.tables.items()
        for name, values in table.columns.items()
    }
