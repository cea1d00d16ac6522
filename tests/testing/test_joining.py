"""What code under test does with the connection of a test that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from syda.errors import TargetError
from syda.testing.isolation import isolated
from tests.databases import sqlite_engine
from tests.load.conftest import engine
from tests.shop import Base

__all__ = ["engine"]


@pytest.fixture
def words(engine: Engine) -> Iterator[sa.Table]:
    table = sa.Table("words", sa.MetaData(), sa.Column("word", sa.String(20), primary_key=True))
    table.create(engine)
    yield table
    with engine.connect() as connection:
        assert connection.scalars(sa.select(table.c.word)).all() == []


def test_autocommit_commits_nothing(engine: Engine, words: sa.Table) -> None:
    with isolated(engine, [], "rollback", Base, is_own=True) as own:
        with own.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.insert(words).values(word="a"))
        with own.connect() as connection:
            assert connection.scalars(sa.select(words.c.word)).all() == ["a"]


def test_autocommit_is_that_of_one_connection(engine: Engine, words: sa.Table) -> None:
    with isolated(engine, [], "rollback", Base, is_own=True) as own:
        held = own.connect().execution_options(isolation_level="AUTOCOMMIT")
        own.execution_options(isolation_level="AUTOCOMMIT").connect().close()
        held.execute(sa.insert(words).values(word="kept"))
        with Session(own) as session:
            session.execute(sa.insert(words).values(word="rolled back"))
            session.rollback()
        held.close()
        with own.connect() as connection:
            assert connection.scalars(sa.select(words.c.word)).all() == ["kept"]


def test_the_autocommit_of_an_engine(engine: Engine, words: sa.Table) -> None:
    committing = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with isolated(committing, [], "rollback", Base, is_own=True) as own, Session(own) as session:
        session.execute(sa.insert(words).values(word="kept"))
        session.rollback()
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        session.execute(sa.insert(words).values(word="rolled back"))
        session.rollback()
        assert session.scalars(sa.select(words.c.word)).all() == ["kept"]
    committing.dispose()


def test_transactions_that_only_read(postgresql_engine: Engine) -> None:
    reading = postgresql_engine.execution_options(postgresql_readonly=True, postgresql_deferrable=True)
    with isolated(postgresql_engine, [], "rollback", Base, is_own=True), reading.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_applications_that_tell_sqlite_to_begin() -> None:
    engine = sqlite_engine()
    table = sa.Table("words", sa.MetaData(), sa.Column("word", sa.String(20)))
    table.create(engine)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    with isolated(engine, [], "rollback", Base, is_own=True) as own, Session(own) as session:
        session.execute(sa.insert(table).values(word="kept"))
        session.commit()
        session.execute(sa.insert(table).values(word="rolled back"))
        session.rollback()
        assert session.scalars(sa.select(table.c.word)).all() == ["kept"]
    with Session(engine) as session:
        assert session.scalars(sa.select(table.c.word)).all() == []
    engine.dispose()


def test_savepoints_of_several_sessions_are_their_own(engine: Engine, words: sa.Table) -> None:
    with isolated(engine, [], "rollback", Base, is_own=True) as own, Session(own) as one, Session(own) as other:
        outer = one.begin_nested()
        one.execute(sa.insert(words).values(word="a"))
        with other.begin_nested():
            other.execute(sa.insert(words).values(word="b"))
        outer.rollback()
        assert one.scalars(sa.select(words.c.word)).all() == []


def test_a_savepoint_that_is_released_leaves_others_to_roll_back(engine: Engine, words: sa.Table) -> None:
    with isolated(engine, [], "rollback", Base, is_own=True) as own, Session(own) as one, Session(own) as other:
        outer = one.begin_nested()
        one.execute(sa.insert(words).values(word="kept"))
        inner = one.begin_nested()
        other.execute(sa.insert(words).values(word="rolled back"))
        inner.commit()
        outer.commit()
        other.rollback()
        one.commit()
        assert other.scalars(sa.select(words.c.word)).all() == ["kept"]


def commit_by_the_driver(engine: Engine) -> None:
    with isolated(engine, [], "rollback", Base, is_own=True) as own:
        raw = own.raw_connection()
        raw.cursor().execute("INSERT INTO words VALUES ('a')")
        raw.driver_connection.commit()  # type: ignore[union-attr]


def test_a_commit_of_the_driver_is_told(engine: Engine, words: sa.Table) -> None:
    with pytest.raises(TargetError, match="transaction was ended while it ran, and its rows are in the database"):
        commit_by_the_driver(engine)
    with engine.begin() as connection:
        assert connection.execute(sa.delete(words)).rowcount == 1


def test_connections_from_before_the_test_are_left_alone(engine: Engine, words: sa.Table) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with engine.connect() as before, isolated(engine, [], "rollback", Base, is_own=True):
        before.execute(sa.insert(words).values(word="a"))
        before.commit()
        before.execute(sa.insert(words).values(word="b"))
        before.rollback()
        assert before.scalars(sa.select(words.c.word)).all() == ["a"]
        before.rollback()
    with engine.begin() as connection:
        assert connection.execute(sa.delete(words)).rowcount == 1
