"""Random CHECKs and unique sets on all three databases: rows that break none, as many as can be had.

SYDA_EXAMPLES=2000 tries more of them.
"""

from __future__ import annotations

import os
import random
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import syda
from syda.errors import CapacityError, ConstraintError
from tests.conditions import Drawn, candidates, drawn_tables
from tests.databases import sqlite_engine

EXAMPLES = int(os.environ.get("SYDA_EXAMPLES", "40"))
_TRIED = 30_000
many = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


def examples(test: Any) -> Any:
    return many(given(drawn_tables(), st.integers(5, 60), st.integers(0, 2**20), st.booleans())(test))


@examples
def test_any_conditions_on_sqlite(drawn: Drawn, rows: int, seed: int, reflect: bool) -> None:
    engine = sqlite_engine()
    fill(engine, drawn, rows, seed, reflect=reflect)
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_any_conditions_on_a_server(server: str, request: pytest.FixtureRequest) -> None:
    engine: sa.Engine = request.getfixturevalue(f"{server}_engine")

    @examples
    def tried(drawn: Drawn, rows: int, seed: int, reflect: bool) -> None:
        fill(engine, drawn, rows, seed, reflect=reflect)

    tried()


def fill(engine: sa.Engine, drawn: Drawn, rows: int, seed: int, *, reflect: bool) -> None:
    """Create the table, seed it, and hold the result to the rules."""
    dialect = "mariadb" if engine.dialect.name == "mysql" else engine.dialect.name
    metadata = drawn.tables(dialect)
    metadata.create_all(engine)
    try:
        _seed(engine, metadata, drawn, rows, seed, reflect=reflect)
    finally:
        metadata.drop_all(engine)


def _seed(engine: sa.Engine, metadata: sa.MetaData, drawn: Drawn, rows: int, seed: int, *, reflect: bool) -> None:
    try:
        report = syda.seed(engine, None if reflect else metadata, rows=rows, seed=seed)
    except (ConstraintError, CapacityError) as error:
        found = satisfying(drawn)
        assert found is None, f"{error}, although {found} satisfies all"
        return
    checked = syda.check(engine)
    assert checked.ok, checked.violations
    made = report.rows["t"]
    assert made == rows or any(note.startswith(("t:", "table 't'")) or "t" in note for note in report.notes)
    if made == 0:
        found = satisfying(drawn)
        assert found is None, f"no rows, although {found} satisfies all; {report.notes}"
    elif made < rows:
        assert drawn.uniques or "self" in {kind for kind, _ in drawn.columns.values()}, report.notes


def satisfying(drawn: Drawn) -> dict[str, Any] | None:
    """Return a row that satisfies the CHECKs, looked for at random by SQLite; None when none is found."""
    listed, chance = candidates(drawn), random.Random(0)
    connection = sqlite3.connect(":memory:")
    kinds = {"bool": "BOOLEAN", "int": "INTEGER", "numeric": "NUMERIC"}
    columns = ", ".join(
        f"{name} {'INTEGER' if kind in ('one', 'two', 'self') else kinds.get(kind, 'TEXT')}"
        for name, (kind, _) in drawn.columns.items()
    )
    connection.execute(f"CREATE TABLE t (id INTEGER, {columns})")
    tried = [[1, *(chance.choice(values) for values in listed.values())] for _ in range(_TRIED)]
    connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * (len(listed) + 1))})", tried)
    where = " AND ".join(f"coalesce({check}, TRUE)" for check in drawn.checks)
    row = connection.execute(f"SELECT * FROM t WHERE {where} LIMIT 1").fetchone()
    connection.close()
    return None if row is None else dict(zip(("id", *listed), row, strict=True))
