from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.migrations.histories import History, file_engine, shop

if TYPE_CHECKING:
    from sqlalchemy import Engine

SERVERS = ["sqlite", "postgresql", "mariadb"]


@pytest.fixture
def history(tmp_path) -> History:
    """An empty history of alembic's."""
    return History(tmp_path)


@pytest.fixture
def shop_history(tmp_path) -> History:
    return shop(tmp_path)


@pytest.fixture(params=SERVERS)
def engine(request) -> Iterator[Engine]:
    """An engine of an empty database, on each server."""
    if request.param == "sqlite":
        made = file_engine(request.getfixturevalue("tmp_path") / "own.db")
        yield made
        made.dispose()
    else:
        yield request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def own(tmp_path) -> Iterator[Engine]:
    """An engine of an empty database in a file."""
    made = file_engine(tmp_path / "own.db")
    yield made
    made.dispose()
