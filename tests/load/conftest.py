"""The databases that loads are tried on."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import sqlite_engine


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return sqlite_engine(tmp_path / "test.db")
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found
