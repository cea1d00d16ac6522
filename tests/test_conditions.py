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
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import syda
from syda.errors import CapacityError, ConstraintError
from tests.conditions import KEYS, Drawn, candidates, drawn_tables
from tests.databases import sqlite_engine

EXAMPLES = int(os.environ.get("SYDA_EXAMPLES", "40"))
_TRIED = 30_000
many = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking whole databases takes minutes
    max_examples=EXAMPLES,
    derandomize="SYDA_EXAMPLES" not in os.environ,  # the suite tries the same ones; SYDA_EXAMPLES=2000 looks for others
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
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
        found = None if _names_keys(drawn) else satisfying(drawn, {}, engine.dialect.name)
        if found is not None:
            raise AssertionError(f"{found} satisfies all") from error
        return
    checked = syda.check(engine)
    assert checked.ok, checked.violations
    made = report.rows["t"]
    assert made == rows or any(note.startswith(("t:", "table 't'")) or "t" in note for note in report.notes)
    if made == 0:
        found = satisfying(drawn, _keys(engine, metadata), engine.dialect.name)
        assert found is None, f"no rows, although {found} satisfies all; {report.notes}"
    elif made < rows:
        assert drawn.uniques or "self" in {kind for kind, _ in drawn.columns.values()}, report.notes


def _keys(engine: sa.Engine, metadata: sa.MetaData) -> dict[str, list[Any]]:
    """Return the keys that the parents have."""
    with engine.connect() as connection:
        keys = {name: list(connection.scalars(sa.select(metadata.tables[name].c.id))) for name in ("one", "two")}
        pairs = [tuple(row) for row in connection.execute(sa.select(metadata.tables["pair"]))]
    return keys | {"pair": pairs, "self": [1]}


def _names_keys(drawn: Drawn) -> bool:
    """Tell whether a CHECK names a foreign key, so that it depends on the parents whether it can be satisfied."""
    keys = [name for name, (kind, _) in drawn.columns.items() if kind in KEYS] + list(drawn.composite)
    return any(name in check for name in keys for check in drawn.checks)


def satisfying(drawn: Drawn, keys: dict[str, list[Any]], dialect: str) -> dict[str, Any] | None:
    """Return a row that satisfies the CHECKs, looked for at random by SQLite; None when none is found."""
    listed, chance = candidates(drawn, keys), random.Random(0)
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA case_sensitive_like = {dialect == 'postgresql'}")
    text = "TEXT COLLATE NOCASE" if dialect == "mysql" else "TEXT"
    kinds = {"bool": "BOOLEAN", "int": "INTEGER", "numeric": "NUMERIC"}
    columns = ", ".join(
        f"{name} {'INTEGER' if kind in ('one', 'two', 'self') else kinds.get(kind, text)}"
        for name, (kind, _) in drawn.columns.items()
    )
    connection.execute(f"CREATE TABLE t (id INTEGER, {columns})")
    tried = []
    for _ in range(_TRIED):
        row = {name: chance.choice(values) for name, values in listed.items()}
        if drawn.composite and keys:
            optional = drawn.columns[drawn.composite[0]][1] and chance.random() < 0.3
            row |= (
                dict.fromkeys(drawn.composite)
                if optional
                else dict(zip(drawn.composite, chance.choice(keys["pair"]), strict=True))
            )
        tried.append([1, *row.values()])
    connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * (len(listed) + 1))})", tried)
    where = " AND ".join(f"coalesce({check}, TRUE)" for check in drawn.checks)
    found = connection.execute(f"SELECT * FROM t WHERE {where} LIMIT 1").fetchone()
    connection.close()
    return None if found is None else dict(zip(("id", *listed), found, strict=True))
