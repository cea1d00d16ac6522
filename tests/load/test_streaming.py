"""Large tables are loaded while they are made: the same rows, all of them or none."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.errors import IntegrityError
from syda.sources.scalar import Number, Sequence
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


def test_rows_beside_others_are_those_of_a_dataset(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"Customer": 100, "Order": 150, "Product": 40, "User": 60, "Project": 40, "Membership": 60}
    found = []
    for least in (30, 10_000):
        monkeypatch.setattr("syda.streaming.STREAMED_ROWS", least)
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        syda.seed(engine, Base, rows=25, seed=4)
        told: list[tuple[str, int, int]] = []
        syda.seed(engine, Base, rows=rows, seed=4, mode="append", progress=lambda *each, told=told: told.append(each))
        assert (("orders", 16, 150) in told) == (least == 30)
        found.append(dump(engine, Base))
    assert found[0] == found[1]
    if engine.dialect.name == "sqlite":
        assert sqlite_violations(engine) == []


def people() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "companies",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("domain", sa.String(60), nullable=False),
    )
    sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("company_id", sa.ForeignKey("companies.id"), nullable=False),
        sa.Column("boss_id", sa.ForeignKey("people.id")),
        sa.Column("email", sa.String(100), nullable=False, unique=True),
        sa.Column("login", sa.String(100), nullable=False),
    )
    return metadata


LOGIN = {"people.login": syda.template("{row}@{company_id.domain}")}


def test_what_new_rows_need_of_old_ones_is_read_before_the_load(engine: sa.Engine) -> None:
    metadata = people()
    companies, persons = metadata.tables.values()
    metadata.create_all(engine)
    syda.seed(engine, metadata, rows={"companies": 8, "people": 0})
    options: dict[str, Any] = {"rows": {"companies": 0, "people": 100}, "mode": "append", "overrides": LOGIN}
    for seed in range(3):
        syda.seed(engine, metadata, seed=seed, **options)
    read = (persons.c.id, persons.c.login, persons.c.email, persons.c.boss_id, companies.c.domain)
    with engine.connect() as connection:
        found = connection.execute(sa.select(*read).join_from(persons, companies).order_by(persons.c.id)).all()
    assert [row.id for row in found] == list(range(1, 301))
    assert all(row.login.endswith(f"@{row.domain}") for row in found)
    assert len({row.email for row in found}) == 300
    bosses = [row.boss_id for row in found[200:] if row.boss_id]
    assert min(bosses) <= 100
    assert max(bosses) > 200


def test_a_value_that_an_old_row_has_is_made_again(engine: sa.Engine) -> None:
    metadata = people()
    email = metadata.tables["people"].c.email
    found: list[list[Any]] = []
    for clash in (False, True):
        metadata.drop_all(engine)
        metadata.create_all(engine)
        syda.seed(engine, metadata, rows=10)
        if clash:
            with engine.begin() as connection:
                connection.execute(email.table.update().where(email.table.c.id == 1).values(email=found[0][50]))
        syda.seed(engine, metadata, rows={"companies": 0, "people": 100}, mode="append")
        with engine.connect() as connection:
            found.append(list(connection.scalars(sa.select(email).order_by(email.table.c.id))))
    assert len(set(found[1])) == 110
    assert [row for row in range(110) if found[0][row] != found[1][row]] == [0, 50]


def test_gaps_and_numbers_of_old_rows_that_new_ones_would_get(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(ORDERS.insert(), [{"id": key} for key in (3, 70, 71, 500)])
    starts_among_them = {"orders.id": Sequence(start=60)}
    syda.seed(engine, METADATA, rows={"orders": 100, "items": 2_000}, mode="append", overrides=starts_among_them)
    with engine.connect() as connection:
        keys = set(connection.scalars(sa.select(ORDERS.c.id)))
        used = set(connection.scalars(sa.select(ITEMS.c.order_id)))
    assert len(keys) == 104
    assert {3, 70, 71, 500} < keys
    assert used == keys  # those that were made again as well


def test_memory_does_not_grow_with_rows_beside_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syda.streaming.STREAMED_ROWS", 2_000)
    monkeypatch.setattr("syda.streaming.BLOCK_SIZE", 1_000)
    metadata = people()
    peaks = []
    for rows in (1_000, 4_000, 40_000):  # the first one pays for what is made once
        engine = sqlite_engine(tmp_path / f"{rows}.db")
        metadata.create_all(engine)
        syda.seed(engine, metadata, rows=300)
        tracemalloc.start()
        syda.seed(engine, metadata, rows={"companies": 0, "people": rows}, mode="append", overrides=LOGIN)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.3 * peaks[1], peaks
