"""What a test leaves open hinders the emptying of the tables for some seconds, and nothing after that."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from syda.errors import TargetError
from syda.testing import emptying
from syda.testing.isolation import isolated
from tests.load.conftest import engine
from tests.shop import Base, Customer

__all__ = ["engine"]


def leave_open(engine: sa.Engine, left: Session) -> None:
    with isolated(engine, [], "truncate", Base, is_own=True):
        left.execute(sa.select(Customer.id)).all()


@pytest.mark.parametrize("level", [None, "AUTOCOMMIT"])
@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_session_that_was_left_open(request, monkeypatch, server, level):
    monkeypatch.setattr(emptying, "LOCK_SECONDS", 1)
    engine = request.getfixturevalue(f"{server}_engine")
    emptied = sa.create_engine(engine.url, isolation_level=level) if level else engine
    Base.metadata.create_all(engine)
    with (
        Session(engine) as left,
        pytest.raises(TargetError, match=r"cannot be emptied: .*(Lock wait|lock) timeout.* session open"),
    ):
        leave_open(emptied, left)
    settings = ("lock_wait_timeout", "foreign_key_checks") if server == "mariadb" else ()
    with emptied.connect() as one, emptied.connect() as other:  # all that are in the pool
        for connection in (one, other):
            for name in settings:
                asked = f"SELECT @@SESSION.{name} = @@GLOBAL.{name}"
                assert connection.exec_driver_sql(asked).scalar() == 1
    emptied.dispose()


def test_engines_in_autocommit(engine):
    committing = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        sa.event.listen(committing, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
    parents, children = parents_and_children().tables.values()
    parents.metadata.create_all(committing)
    with isolated(committing, [], "truncate", parents.metadata, is_own=True), committing.connect() as connection:
        connection.execute(sa.insert(parents).values(id=1))
        connection.execute(sa.insert(children).values(id=1, parent_id=1))
    with committing.connect() as connection:
        assert connection.execute(sa.select(parents)).all() == []
    committing.dispose()


def parents_and_children() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("parents", metadata, sa.Column("id", sa.Integer, primary_key=True))
    parent = sa.Column("parent_id", sa.ForeignKey("parents.id"), nullable=False)
    sa.Table("children", metadata, sa.Column("id", sa.Integer, primary_key=True), parent)
    return metadata


def test_a_server_that_is_gone(mariadb_engine):
    Base.metadata.create_all(mariadb_engine)
    others = sa.create_engine(mariadb_engine.url)

    @sa.event.listens_for(mariadb_engine, "before_cursor_execute")
    def end(connection, cursor, statement, *_):
        if statement.startswith("TRUNCATE"):
            with others.connect() as other:
                other.exec_driver_sql(f"KILL {connection.connection.dbapi_connection.thread_id()}")

    with (
        pytest.raises(TargetError, match=r"cannot be emptied: .*(Lost connection|gone away)"),
        mariadb_engine.connect() as one,
    ):
        emptying.empty(one, Base)
    others.dispose()
