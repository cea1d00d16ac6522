"""All or nothing, whatever the target thinks of transactions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

import syda
from syda.errors import LoadError, RejectedError, TargetError
from tests.databases import execute
from tests.shop import Base, Customer

METADATA = sa.MetaData()
FIRST = sa.Table("first", METADATA, sa.Column("id", sa.Integer, primary_key=True))
SECOND = sa.Table("second", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("size", sa.Integer))


def count(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(FIRST))


ASKED = {"first": 3, "second": 3}


def breaking(engine: Engine) -> None:
    """Make the tables so that the second refuses what is made for it."""
    METADATA.create_all(engine)
    execute(engine, "DROP TABLE second", "CREATE TABLE second (id INTEGER PRIMARY KEY, size INTEGER CHECK (size < -9))")


def of_engine(engine: Engine, **options: Any) -> Engine:
    return sa.create_engine(engine.url, **options)


@pytest.fixture(params=["engine", "options", "driver"])
def autocommitting(request: pytest.FixtureRequest, engine: Engine) -> Any:
    """An engine whose connections commit each statement, for the reasons that there are."""
    name = engine.dialect.name
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    if request.param == "driver":
        options = {"connect_args": {"isolation_level": None} if name == "sqlite" else {"autocommit": True}}
    made = of_engine(engine, **({} if request.param == "options" else options))
    yield made.execution_options(isolation_level="AUTOCOMMIT") if request.param == "options" else made
    made.dispose()


def test_an_engine_in_autocommit_gets_a_transaction(engine: Engine, autocommitting: Engine) -> None:
    breaking(engine)
    with pytest.raises(LoadError, match="second"):
        syda.seed(autocommitting, METADATA, rows=ASKED)
    assert count(engine) == 0
    assert syda.seed(autocommitting, METADATA, rows={"first": 3, "second": 0}).total == 3
    assert count(engine) == 3
    with autocommitting.connect() as connection:  # what the user opens afterwards is as it was
        connection.execute(FIRST.insert().values(id=99))
    assert count(engine) == 4


def test_a_connection_or_session_in_autocommit_is_refused(engine: Engine, autocommitting: Engine) -> None:
    METADATA.create_all(engine)
    dataset = syda.generate(METADATA, rows=3)
    if engine.dialect.name == "sqlite":  # which syda tells to begin
        with autocommitting.connect() as connection:
            breaking(engine)
            with pytest.raises(LoadError, match="second"):
                syda.seed(connection, METADATA, rows=ASKED)
        assert count(engine) == 0
        return
    with autocommitting.connect() as connection, Session(autocommitting) as session:
        for target in (connection, session):
            with pytest.raises(TargetError, match=r"AUTOCOMMIT.*give the engine"):
                syda.seed(target, METADATA, rows=3)
            with pytest.raises(TargetError, match="AUTOCOMMIT"):
                dataset.to_sql(target)
    assert count(engine) == 0


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_asynchronous_engine_in_autocommit_gets_a_transaction(postgresql_engine: Engine, driver: str) -> None:
    breaking(postgresql_engine)

    async def story() -> None:
        url = postgresql_engine.url.set(drivername=f"postgresql+{driver}")
        engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with pytest.raises(LoadError, match="second"):
            await syda.seed_async(engine, METADATA, rows=ASKED)
        async with engine.connect() as connection:
            with pytest.raises(TargetError, match="AUTOCOMMIT"):
                await syda.seed_async(connection, METADATA, rows=3)
        await engine.dispose()

    asyncio.run(story())
    assert count(postgresql_engine) == 0


def customer(email: str) -> Customer:
    return Customer(first_name="A", last_name="B", email=email, country="France")


def test_pending_changes_of_a_session_are_rows_that_are_there(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(customer("a@b.example"))
        syda.seed(session, Base, rows={"Customer": 4}, mode="append")
        assert session.query(Customer).count() == 5
        session.rollback()
        assert session.query(Customer).count() == 0
        session.rollback()
        session.add(customer("a@b.example"))
        syda.seed(session, Base, rows={"Customer": 4}, mode="append")
        session.commit()
    with Session(engine) as session:
        assert session.query(Customer).count() == 5


def test_pending_changes_that_are_refused_are_told(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([customer("a@b.example"), customer("a@b.example")])
        with pytest.raises(RejectedError, match="flushing the session"):
            syda.seed(session, Base, rows={"Customer": 4}, mode="append")
        session.rollback()
        assert session.query(Customer).count() == 0
