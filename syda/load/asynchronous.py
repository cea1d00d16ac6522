"""Lets SQLAlchemy's asynchronous engines, connections and sessions be targets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL, StaticPool, exc, make_url

from syda.errors import MissingExtraError, TargetError
from syda.load.target import use_transactions
from syda.redact import redact_cause, redact_url
from syda.schema.drivers import ASYNCHRONOUS, missing_driver
from syda.schema.reach import full_url

try:
    import_module("greenlet")  # some versions of SQLAlchemy miss it only later, and in other words
    from sqlalchemy.ext.asyncio import (
        AsyncConnection,
        AsyncEngine,
        AsyncSession,
        async_scoped_session,
        create_async_engine,
    )
except ImportError as error:
    raise MissingExtraError(f"asynchronous engines need greenlet: {ASYNCHRONOUS}") from error

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

AsyncTarget = AsyncEngine | AsyncConnection | AsyncSession | async_scoped_session[Any] | URL | str
Result = TypeVar("Result")
Work = Callable[[Any], Result]
"""What is to be done with a Connection or Session."""


def run_blocking(target: Any, work: Work[Result], *, instead: str) -> Result:
    """Do the work in an event loop of its own, for an engine or a URL.

    Raises `TargetError` that names what to use `instead` where that cannot be: a connection or session belongs to the
    loop that opened it, and within a running loop nothing may wait for another.
    """
    if not isinstance(target, AsyncEngine | URL | str):
        raise TargetError(f"{type(target).__name__} belongs to an event loop; use {instead}")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_in_own_loop(target, work))
    raise TargetError(f"an event loop is running, which an asynchronous engine needs; use {instead}")


async def _in_own_loop(target: AsyncEngine | URL | str, work: Work[Result]) -> Result:
    try:
        return await run_async(target, work)
    finally:
        # Pooled connections would outlive their loop. StaticPool's only one may be a database in memory.
        if isinstance(target, AsyncEngine) and not isinstance(target.sync_engine.pool, StaticPool):
            await target.dispose()


async def run_async(target: AsyncTarget, work: Work[Result]) -> Result:
    """Do the work with the synchronous face of the target, while the event loop runs on."""
    if isinstance(target, async_scoped_session):
        target = target()
    if isinstance(target, AsyncSession):
        return await target.run_sync(_with_session, work)
    if isinstance(target, AsyncConnection):
        if target.closed or target.sync_connection is None:
            raise TargetError("the connection is closed, or has not been opened")
        return await target.run_sync(work)
    if isinstance(target, AsyncEngine):
        return await _through(target, work)
    if isinstance(target, URL | str):
        async with _engine(target) as engine:
            return await _through(engine, work)
    expected = "an AsyncEngine, AsyncConnection, AsyncSession or a database URL"
    raise TargetError(f"expected {expected}, got {type(target).__name__}; syda.seed takes what is not asynchronous")


def _with_session(session: Session, work: Work[Result]) -> Result:
    return work(session)


async def _through(engine: AsyncEngine, work: Work[Result]) -> Result:
    async with _reached(engine) as connection:
        is_changed = await connection.run_sync(use_transactions)
        try:
            return await connection.run_sync(work)
        finally:
            if is_changed and not connection.invalidated:
                await connection.invalidate()


@asynccontextmanager
async def _reached(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    try:
        connection = await engine.connect()
    except Exception as error:  # noqa: BLE001 (drivers raise anything for options that they do not know)
        url = full_url(engine.url)
        cause = getattr(error, "orig", None) or error
        # Not chained: the driver's own message may repeat the password.
        raise TargetError(f"cannot reach the database {redact_url(url)}: {redact_cause(cause, url)}") from None
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _engine(url: URL | str) -> AsyncIterator[AsyncEngine]:
    try:
        engine = create_async_engine(url)
    except ImportError as error:
        raise missing_driver(make_url(url), error) from error
    except (exc.ArgumentError, exc.InvalidRequestError, ValueError) as error:
        written = url if isinstance(url, str) else full_url(url)
        cause = redact_cause(error, written)
        raise TargetError(f"cannot use {redact_url(written)} asynchronously: {cause}") from None
    try:
        yield engine
    finally:
        await engine.dispose()
