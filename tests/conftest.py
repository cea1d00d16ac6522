"""Databases for tests, and how Hypothesis runs."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings
from sqlalchemy import Engine, NullPool, create_engine, exc

from tests import server

POSTGRESQL, MARIADB = "SYDA_TEST_POSTGRESQL_URL", "SYDA_TEST_MARIADB_URL"

settings.register_profile("syda", deadline=None)
settings.register_profile("syda-ci", deadline=None, derandomize=True)
settings.load_profile("syda-ci" if os.environ.get("CI") else "syda")


def pytest_collection_finish() -> None:
    """Have the collector pass over what stays until the end, which took it a sixth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The server that the environment names, otherwise one that runs as long as the tests."""
    if url := os.environ.get(POSTGRESQL):
        yield url
        return
    if not server.is_installed():
        _give_up(f"{POSTGRESQL} is not set and {server.PACKAGE} is not installed")
    with server.postgresql_server() as url:
        yield url


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    """An engine for an empty PostgreSQL database of the test's own."""
    yield from _own_database(postgresql_url, drop="DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mariadb_engine() -> Iterator[Engine]:
    """An engine for an empty MariaDB database of the test's own."""
    url = os.environ.get(MARIADB)
    if not url:
        _give_up(f"{MARIADB} is not set")
    yield from _own_database(url, drop="DROP DATABASE {name}")


def _own_database(url: str, *, drop: str) -> Iterator[Engine]:
    administrator = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"syda_test_{uuid.uuid4().hex}"
    try:
        with administrator.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except exc.OperationalError as error:
        _give_up(f"the server at {administrator.url} does not answer: {error.orig}")
    engine = create_engine(administrator.url.set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with administrator.connect() as connection:
            connection.exec_driver_sql(drop.format(name=name))


def _give_up(reason: str) -> NoReturn:
    """Skip the test, or fail it where the databases are required."""
    if os.environ.get("SYDA_REQUIRE_DATABASES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
