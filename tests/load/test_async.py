"""Asynchronous engines, connections and sessions as targets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import NullPool

import syda
from syda.errors import NotEmptyError, TargetError
from tests.shop import Base, Customer

COUNT = select(func.count()).select_from(Customer)


@pytest.fixture(params=["sqlite+aiosqlite", "postgresql+asyncpg", "postgresql+psycopg"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AsyncEngine]:
    if request.param == "sqlite+aiosqlite":
        url: Any = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    else:
        url = request.getfixturevalue("postgresql_engine").url.set(drivername=request.param)
    engine = create_async_engine(url, poolclass=NullPool)
    yield engine
    asyncio.run(engine.dispose())


def test_an_engine_is_filled_and_committed(engine: AsyncEngine) -> None:
    async def story() -> None:
        report = await syda.seed_async(engine, Base, rows=12, create=True)
        assert report.rows["customers"] == 12
        with pytest.raises(NotEmptyError):
            await syda.seed_async(engine, Base, rows=3)
        await syda.seed_async(engine, rows=3, mode="append")
        async with engine.connect() as connection:
            assert await connection.scalar(COUNT) == 15

    asyncio.run(story())


def test_options_of_the_load_are_taken(engine: AsyncEngine) -> None:
    async def story() -> None:
        options: Any = {"create": True, "constraints": "last", "allow_nontransactional": True}
        foretold = await syda.seed_async(engine, Base, rows=5, dry_run=True, **options)
        assert foretold.constraints["customers"].made == "last"
        done = await syda.seed_async(engine, Base, rows=5, **options)
        assert done.constraints == foretold.constraints
        assert done.total == foretold.total

    asyncio.run(story())


def test_a_connection_and_a_session_keep_their_transaction(engine: AsyncEngine) -> None:
    async def story() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with engine.connect() as connection:
            await connection.begin()
            await syda.seed_async(connection, Base, rows=4)
            await connection.rollback()
        async with AsyncSession(engine) as session:
            await syda.seed_async(session, Base, rows=5)
            assert await session.scalar(COUNT) == 5
            await session.rollback()
            assert await session.scalar(COUNT) == 0
        scoped = async_scoped_session(async_sessionmaker(engine), scopefunc=asyncio.current_task)
        await syda.seed_async(scoped, Base, rows=6)
        await scoped.commit()
        await scoped.remove()
        async with engine.connect() as connection:
            assert await connection.scalar(COUNT) == 6

    asyncio.run(story())


def test_seed_takes_an_engine_or_url_where_no_loop_runs(engine: AsyncEngine) -> None:
    assert syda.seed(engine, Base, rows=3, create=True).rows["customers"] == 3
    assert syda.check(engine, Base).ok
    if engine.dialect.is_async and "psycopg" not in engine.url.drivername:
        url = engine.url.render_as_string(hide_password=False)
        assert syda.seed(url, Base, rows=2, mode="append").rows["customers"] == 2


def test_within_a_loop_seed_names_seed_async(engine: AsyncEngine) -> None:
    async def story() -> None:
        with pytest.raises(TargetError, match=r"use syda\.seed_async"):
            syda.seed(engine, Base, rows=1)

    asyncio.run(story())
    with pytest.raises(TargetError, match=r"AsyncSession belongs to an event loop; use syda\.seed_async"):
        syda.seed(AsyncSession(engine), Base, rows=1)


def test_seed_async_takes_a_url(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(TargetError, match="the file does not exist"):
        asyncio.run(syda.seed_async(url, Base, rows=1))
    assert asyncio.run(syda.seed_async(url, Base, rows=1, create=True)).total


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("postgresql+asyncpg://u:hidden@127.0.0.1:1/x", "cannot reach the database"),
        ("sqlite:///x.db", "asynchronously"),
        (object(), "AsyncEngine"),
    ],
)
def test_a_target_that_cannot_be_used_is_said(target: Any, told: str) -> None:
    with pytest.raises(TargetError, match=told) as caught:
        asyncio.run(syda.seed_async(target, Base, rows=1, create=True))
    assert "hidden" not in str(caught.value)
