"""What a test leaves open hinders the emptying of the tables for some seconds, and nothing after that."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from syda.errors import TargetError
from syda.testing import emptying
from syda.testing.isolation import isolated
from tests.shop import Base, Customer


def leave_open(engine: sa.Engine, left: Session) -> None:
    with isolated(engine, [], "truncate", Base, is_own=True):
        left.execute(sa.select(Customer.id)).all()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_session_that_was_left_open(request, monkeypatch, server):
    monkeypatch.setattr(emptying, "LOCK_SECONDS", 1)
    engine = request.getfixturevalue(f"{server}_engine")
    Base.metadata.create_all(engine)
    with (
        Session(engine) as left,
        pytest.raises(TargetError, match=r"cannot be emptied: .*(Lock wait|lock) timeout.* session open"),
    ):
        leave_open(engine, left)
    settings = ("lock_wait_timeout", "foreign_key_checks") if server == "mariadb" else ()
    with engine.connect() as one, engine.connect() as other:  # all that are in the pool
        for connection in (one, other):
            for name in settings:
                asked = f"SELECT @@SESSION.{name} = @@GLOBAL.{name}"
                assert connection.exec_driver_sql(asked).scalar() == 1
