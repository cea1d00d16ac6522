"""COPY FROM STDIN on the connection that SQLAlchemy has open, for each driver of PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exc
from sqlalchemy.util import await_only

from syda.load.roads.columns import quoted_names, quoted_table
from syda.load.roads.csv_text import ToText, UnencodableError
from syda.load.roads.timing import LARGE_ROWS

if TYPE_CHECKING:
    import sqlalchemy as sa

_PARTS_WAITING = 24  # of up to 128 KB
_MOMENT = 0.001
Copy = Callable[[Connection, "sa.Table", list[str], Iterator[bytes], int], None]


def copier(connection: Connection) -> Copy | None:
    """Return what copies blocks of CSV into a table through the connection's driver, or None where nothing does."""
    driver = connection.dialect.driver
    return _psycopg_async if connection.dialect.is_async and driver == "psycopg" else _COPIERS.get(driver)


def driver_text(connection: Connection) -> ToText | None:
    """Return what writes objects as the connection's own adapters do, where the driver has such for text."""
    if connection.dialect.driver != "psycopg":
        return None
    from psycopg import Error
    from psycopg.adapt import PyFormat, Transformer

    driver: Any = connection.connection.driver_connection
    adapters = Transformer(driver)

    def written(item: Any) -> str:
        try:
            dumped = adapters.get_dumper(item, PyFormat.TEXT).dump(item)
            if dumped is not None:
                return bytes(dumped).decode(driver.info.encoding)
        except (Error, UnicodeError) as error:
            raise UnencodableError(str(error)) from error
        raise UnencodableError(f"{type(item).__name__} is written as NULL")

    return written


def _statement(connection: Connection, target: sa.Table, names: list[str]) -> str:
    table, columns = quoted_table(target, connection.dialect), quoted_names(names, connection.dialect)
    return f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')"


def _psycopg(connection: Connection, target: sa.Table, names: list[str], blocks: Iterator[bytes], rows: int) -> None:
    from psycopg.copy import LibpqWriter, QueuedLibpqWriter

    statement = _statement(connection, target, names)
    driver: Any = connection.connection.driver_connection
    with _failures(connection, statement), driver.cursor() as cursor:
        # a thread that sends one block while the next one is made and encoded pays for large tables only
        queued = QueuedLibpqWriter(cursor) if rows >= LARGE_ROWS else None
        with cursor.copy(statement, writer=queued or LibpqWriter(cursor)) as copy:
            for block in blocks:
                copy.write(block)
                while queued and _is_behind(queued):
                    sleep(_MOMENT)


def _is_behind(writer: Any) -> bool:
    """Tell whether more waits to be sent than is good for memory: psycopg itself lets 128 MB wait."""
    return writer._queue.qsize() > _PARTS_WAITING and writer._worker_error is None  # noqa: SLF001 - psycopg tells nobody


def _psycopg_async(
    connection: Connection,
    target: sa.Table,
    names: list[str],
    blocks: Iterator[bytes],
    rows: int,  # noqa: ARG001 - as _psycopg
) -> None:
    statement = _statement(connection, target, names)
    driver: Any = connection.connection.driver_connection

    async def copied() -> None:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for block in blocks:
                await copy.write(block)

    with _failures(connection, statement):
        await_only(copied())


def _psycopg2(connection: Connection, target: sa.Table, names: list[str], blocks: Iterator[bytes], rows: int) -> None:  # noqa: ARG001 - as _psycopg
    statement = _statement(connection, target, names)
    driver: Any = connection.connection.driver_connection
    source = _Reader(blocks)
    with _failures(connection, statement), driver.cursor() as cursor:
        try:
            cursor.copy_expert(statement, source)
        except Exception as error:  # noqa: BLE001 - sorted by _failures
            raise source.error or error from None  # psycopg2 shows only the text of what the source raised
    if source.error:
        raise source.error


class _Reader:
    """A file to read from, as psycopg2 wants it, over blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = b""
        self._place = 0
        self.error: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            while self._place >= len(self._rest):
                block = next(self._blocks, None)
                if block is None:
                    return b""
                self._rest, self._place = block, 0
        except BaseException as error:
            self.error = error
            raise
        part = self._rest[self._place : self._place + size]
        self._place += len(part)
        return part


def _asyncpg(connection: Connection, target: sa.Table, names: list[str], blocks: Iterator[bytes], rows: int) -> None:  # noqa: ARG001 - as _psycopg
    async def source() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    driver: Any = connection.connection.driver_connection
    copying = driver.copy_to_table(
        target.name, source=source(), columns=names, schema_name=target.schema, format="csv", encoding="UTF8"
    )
    with _failures(connection, f"COPY {target.name}"):
        await_only(copying)


@contextmanager
def _failures(connection: Connection, statement: str) -> Iterator[None]:
    """Turn what the driver raises into what SQLAlchemy would have raised, and note that a connection is lost."""
    try:
        yield
    except Exception as error:
        known = connection.dialect.loaded_dbapi.Error
        wrapped = error if isinstance(error, known) else _translated(connection, error)
        if wrapped is None:
            raise
        lost = _is_lost(connection, wrapped)
        if lost:
            connection.invalidate(wrapped)
        raise exc.DBAPIError.instance(
            statement, None, wrapped, known, connection_invalidated=lost, dialect=connection.dialect
        ) from error


def _translated(connection: Connection, error: Exception) -> BaseException | None:
    """Return an error of asyncpg's as the class that PEP 249 has for it; it is none of SQLAlchemy's adapter."""
    if connection.dialect.driver != "asyncpg" or not type(error).__module__.startswith(("asyncpg.", "builtins")):
        return None
    adapter: Any = connection.dialect.loaded_dbapi
    state = getattr(error, "sqlstate", None)
    if state is None and not isinstance(error, OSError) and not type(error).__module__.startswith("asyncpg."):
        return None
    classes = {"22": adapter.DataError, "23": adapter.IntegrityError, "42": adapter.ProgrammingError}
    class_ = classes.get((state or "")[:2], adapter.OperationalError)
    translated: BaseException = class_(str(error))
    return translated


def _is_lost(connection: Connection, error: Any) -> bool:
    driver: Any = connection.connection.driver_connection
    closed = getattr(driver, "closed", False) or (hasattr(driver, "is_closed") and driver.is_closed())
    return bool(closed) or connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)


_COPIERS: dict[str, Copy] = {"psycopg": _psycopg, "psycopg2": _psycopg2, "asyncpg": _asyncpg}
