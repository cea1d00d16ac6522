"""Large tables are loaded while they are made: the same rows, all of them or none."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.errors import IntegrityError
from syda.sources.scalar import Number
from syda.sources.values import Values
from tests.databases import dump, sqlite_engine, sqlite_violations
from tests.shop import Base

METADATA = sa.MetaData()
ORDERS = sa.Table("orders", METADATA, sa.Column("id", sa.Integer, primary_key=True))
ITEMS = sa.Table(
    "items",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("amount", sa.Integer, nullable=False),
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be a large table of several blocks."""
    monkeypatch.setattr("syda.streaming.STREAMED_ROWS", 30)
    monkeypatch.setattr("syda.streaming.BLOCK_SIZE", 16)


def counts(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (ORDERS, ITEMS)]


def failing(monkeypatch: pytest.MonkeyPatch, block: int, what: Any) -> None:
    """Have the items' amounts go wrong in one of their blocks."""
    real, made = Number.make, []

    def make(source: Number, context: Any) -> Values:
        made.append(context.start)
        return what(real(source, context)) if len(made) == block else real(source, context)

    monkeypatch.setattr(Number, "make", make)


def test_the_rows_are_those_of_a_dataset() -> None:
    streamed, whole = sqlite_engine(), sqlite_engine()
    for engine in (streamed, whole):
        Base.metadata.create_all(engine)
    rows = {"Customer": 100, "Order": 150, "Product": 40, "User": 60, "Project": 20, "Membership": 90}
    report = syda.seed(streamed, Base, rows=rows, seed=4)
    dataset = syda.generate(Base, rows=rows, seed=4)
    dataset.to_sql(whole)
    assert dump(streamed, Base) == dump(whole, Base)
    assert sqlite_violations(streamed) == []
    assert report.rows == dataset.rows


def test_circles_are_closed_when_all_rows_are_there(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    teams = sa.Table(
        "teams",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("head_id", sa.ForeignKey("people.id", name="head")),
    )
    sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team_id", sa.ForeignKey("teams.id", name="team"), nullable=False),
    )
    sa.Table("last", metadata, sa.Column("id", sa.Integer, primary_key=True))
    metadata.create_all(engine)
    syda.seed(engine, metadata, rows=100)
    made = syda.generate(metadata, rows=100).frames()["teams"].head_id
    with engine.connect() as connection:
        heads = connection.scalars(sa.select(teams.c.head_id).order_by(teams.c.id)).all()
    assert heads == [None if made.isna()[at] else int(made[at]) for at in range(100)]
    assert any(heads)


@pytest.mark.parametrize("error", [RuntimeError("fault"), KeyboardInterrupt()], ids=lambda e: type(e).__name__)
def test_a_fault_while_rows_are_made_leaves_nothing(
    engine: sa.Engine, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Values) -> Values:
        raise error

    METADATA.create_all(engine)
    failing(monkeypatch, 3, fail)
    with pytest.raises(type(error)):
        syda.seed(engine, METADATA, rows=100)
    assert counts(engine) == [0, 0]
    syda.seed(engine, METADATA, rows=100)
    assert counts(engine) == [100, 100]


def test_a_row_that_breaks_a_rule_is_not_sent(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    METADATA.create_all(engine)
    failing(monkeypatch, 3, lambda made: Values(made.data + 2**40))
    with pytest.raises(IntegrityError, match=r"items: range: amount=\d+ \(16 rows, first row 32\)"):
        syda.seed(engine, METADATA, rows=100)
    assert counts(engine) == [0, 0]


def test_progress_tells_of_each_block(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    told: list[tuple[str, int, int]] = []
    syda.seed(engine, METADATA, rows={"orders": 10, "items": 40}, progress=lambda *each: told.append(each))
    assert told[-1] == ("items", 40, 40)
    assert ("items", 16, 40) in told


def test_a_refused_row_is_explained(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("things", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("amount", sa.Integer))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE things")
        connection.exec_driver_sql("CREATE TABLE things (id INTEGER PRIMARY KEY, amount INTEGER CHECK (amount < -5))")
    with pytest.raises(syda.SydaError, match="amount"):
        syda.seed(engine, metadata, rows={"things": 100})
