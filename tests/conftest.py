"""Databases for tests, and how Hypothesis runs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import settings
from sqlalchemy import Engine, NullPool, create_engine, exc

settings.register_profile("syda", deadline=None)
settings.register_profile("syda-ci", deadline=None, derandomize=True)
settings.load_profile("syda-ci" if os.environ.get("CI") else "syda")


@pytest.fixture
def postgresql_engine() -> Iterator[Engine]:
    """An engine for an empty PostgreSQL database of the test's own."""
    yield from _own_database("SYDA_TEST_POSTGRESQL_URL", drop="DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mariadb_engine() -> Iterator[Engine]:
    """An engine for an empty MariaDB database of the test's own."""
    yield from _own_database("SYDA_TEST_MARIADB_URL", drop="DROP DATABASE {name}")


def _own_database(variable: str, *, drop: str) -> Iterator[Engine]:
    url = os.environ.get(variable)
    if not url:
        _give_up(f"{variable} is not set")
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"syda_test_{uuid.uuid4().hex}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except exc.OperationalError as error:
        _give_up(f"the server of {variable} does not answer: {error.orig}")
    engine = create_engine(server.url.set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(drop.format(name=name))


def _give_up(reason: str) -> NoReturn:
    """Skip the test, or fail it where the databases are required."""
    if os.environ.get("SYDA_REQUIRE_DATABASES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
