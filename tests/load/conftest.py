"""The databases that loads are tried on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import sqlite_engine


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        engine = sqlite_engine(tmp_path / "test.db")
        yield engine
        engine.dispose()
    else:
        yield request.getfixturevalue(f"{request.param}_engine")
