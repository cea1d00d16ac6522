"""Sessions for tests of factories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from syda.factories.traits import _HOOKS, _TRAITS
from tests.databases import sqlite_engine
from tests.factories.garage import Base, DataBase, Legacy

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = sqlite_engine()
    for base in (Base, DataBase, Legacy):
        base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture
def names() -> Iterator[None]:
    traits, hooks = dict(_TRAITS), dict(_HOOKS)
    yield
    _TRAITS.clear(), _HOOKS.clear()
    _TRAITS.update(traits), _HOOKS.update(hooks)
