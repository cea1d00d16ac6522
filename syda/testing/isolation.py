"""How a test leaves no rows to the next one: rolled back, in a database of its own, or emptied after it.

While a test runs, the suite's engine leads to the test's own database or transaction, so that code under test that
uses this engine sees the test's rows, and leaves none either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Pool, StaticPool

from syda.errors import PlanError, TargetError
from syda.load.target import one_transaction, use_transactions
from syda.testing.databases import copied
from syda.testing.emptying import empty
from syda.testing.joining import Joined, SharedPool, execute
from syda.testing.settings import Isolation


@contextmanager
def isolated(
    source: Engine, engines: Iterable[Engine], isolation: Isolation, models: Any, *, is_own: bool
) -> Iterator[Engine]:
    """Yield an engine of what is in `source`, whose rows no other test sees; the `engines` lead there meanwhile.

    `is_own` says that nobody but the suite uses the database. Raises `PlanError` for an isolation that cannot be had,
    `TargetError` where the database cannot be copied.
    """
    leading = list(dict.fromkeys((source, *engines)))
    if isolation == "template":
        with copied(source) as own, _led(leading, own.pool):
            yield own
    elif isolation == "truncate":
        if len(leading) > 1:
            raise PlanError("syda_isolation = truncate empties the database; one that is filled once needs another")
        try:
            yield source
        finally:
            with one_transaction(source) as connection:  # also where the engine is in AUTOCOMMIT
                empty(connection, models)
    else:
        with source.connect() as connection, _numbers_kept(connection, is_own=is_own), rolled_back(connection):
            fairy: Any = connection.connection
            driver = fairy.dbapi_connection
            with _whole(driver), _joined(leading, Joined(driver)), _led(leading, SharedPool.of(driver, source.dialect)):
                yield source


@contextmanager
def _led(engines: list[Engine], pool: Pool) -> Iterator[None]:
    """Have engines take their connections from a pool."""
    before = [each.pool for each in engines]
    for each in engines:
        each.pool = pool
    try:
        yield
    finally:
        for each, own in zip(engines, before, strict=True):
            each.pool = own


@contextmanager
def _joined(engines: list[Engine], joined: Joined) -> Iterator[None]:
    """Have what engines begin, commit and roll back be savepoints."""
    with ExitStack() as stack:
        for dialect in {id(each.dialect): each.dialect for each in engines}.values():
            stack.enter_context(_standing_in(vars(dialect), joined.attributes(dialect)))
        yield


@contextmanager
def _standing_in(attributes: dict[str, Any], others: dict[str, Any]) -> Iterator[None]:
    before = {name: attributes[name] for name in others if name in attributes}
    attributes.update(others)
    try:
        yield
    finally:
        for name in others:
            del attributes[name]
        attributes.update(before)


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """Undo all that is done on the connection, which nobody else commits."""
    is_changed = use_transactions(connection)
    transaction = connection.begin()
    if connection.dialect.name == "sqlite" and not _is_begun(connection):
        connection.exec_driver_sql("BEGIN")  # the driver begins no transaction before the first row is written
    try:
        yield
    finally:
        transaction.rollback()
        if connection.dialect.name == "sqlite" and _is_begun(connection):
            connection.exec_driver_sql("ROLLBACK")
        if is_changed and not isinstance(connection.engine.pool, StaticPool):  # the only one may be the database
            connection.invalidate()


@contextmanager
def _whole(driver: Any) -> Iterator[None]:
    """Raise `TargetError` where something ended the test's transaction without SQLAlchemy, so that its rows stay."""
    execute(driver, "SAVEPOINT syda_test")
    yield
    try:
        execute(driver, "ROLLBACK TO SAVEPOINT syda_test")
    except Exception as error:
        raise TargetError(
            "the test's transaction was ended while it ran, and its rows are in the database: by a commit of the "
            "driver's own, or by DDL on MySQL or MariaDB; use syda_isolation = template or truncate for such tests"
        ) from error


def _is_begun(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))


@contextmanager
def _numbers_kept(connection: Connection, *, is_own: bool) -> Iterator[None]:
    """Have sequences of PostgreSQL go on where they were: a transaction that is rolled back does not take them back.

    Only where nobody else takes numbers of them.
    """
    if connection.dialect.name != "postgresql" or not is_own:
        yield
        return
    before = _numbers(connection)
    try:
        yield
    finally:
        for name, number in _numbers(connection).items():
            start, last = before.get(name, number)
            if (start, last) != number:
                at, is_called = (start, False) if last is None else (last, True)
                asked = sa.text("SELECT setval(CAST(:name AS regclass), :at, :is_called)")
                connection.execute(asked, {"name": name, "at": at, "is_called": is_called})
        connection.commit()


def _numbers(connection: Connection) -> dict[str, tuple[int, int | None]]:
    """Return where each sequence starts, and its last number."""
    asked = "SELECT format('%%I.%%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"
    found = connection.exec_driver_sql(asked).all()
    connection.rollback()
    return {name: (start, last) for name, start, last in found}
