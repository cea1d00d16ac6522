"""What is made for a test before it, and what it makes itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from hashlib import blake2b
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc

from syda.bound import Bound
from syda.errors import PlanError
from syda.load.guard import require_development
from syda.load.target import is_async
from syda.running import RUN
from syda.testing.marks import Mark
from syda.testing.settings import Settings

if TYPE_CHECKING:
    import pytest


def bound_for(settings: Settings, models: Any, session: Any, mark: Mark) -> Bound:
    """Return what makes rows for the test that runs.

    Raises `ProtectedTargetError` for a session of a database that looks like production.
    """
    RUN.used = True
    require_development(session)
    return Bound(
        models=models,
        session=session,
        seed_number=seed_of(settings.seed, RUN.test) if mark.seed is None else mark.seed,
        reseeds_plans=mark.seed is not None or settings.seed != 0,
        llm=settings.language_model(),
        scenarios=settings.scenarios,
        folder=settings.folder,
    )


def seed_of(suite: int, test: str) -> int:
    """Return the seed of a test: it follows from the suite's seed and from the test's name alone."""
    return int.from_bytes(blake2b(f"{suite}/{test}".encode(), digest_size=4).digest())


def require_filled(session: Any, engine: Any) -> None:
    """Raise `PlanError` for a session that does not lead to the database that is filled once."""
    if not leads_to(session, engine):
        raise PlanError(
            "pytest.mark.syda: filled=True is for the suite's database, and syda_session is a session of your own that "
            "leads elsewhere; bind it to syda_engine, or fill its database by rows= or plan="
        )


def leads_to(session: Any, engine: Any) -> bool:
    """Tell whether a session takes its connections where an engine does."""
    if engine is None or is_async(session):
        return False
    try:
        return session.get_bind().engine.pool is engine.pool
    except exc.UnboundExecutionError:  # it asks each mapper
        return False


def fill(bound: Bound, mark: Mark, request: pytest.FixtureRequest) -> None:
    """Fill the test's database as its marks say: now, or when the test begins that an event loop runs."""
    if not mark.fills:
        return
    if is_async(bound.session):
        _fill_first(request, lambda: _fill_async(bound, mark))
    else:
        _fill(bound, mark)


def _fill(bound: Bound, mark: Mark) -> None:
    if mark.fixtures is not None:
        bound.load(mark.fixtures)
    if mark.plan is not None:
        bound.seed(plan=mark.plan)
    elif mark.rows is not None:
        bound.seed(mark.rows)
    if mark.scenario is not None:
        bound.scenario(mark.scenario, **mark.parameters)


async def _fill_async(bound: Bound, mark: Mark) -> None:
    from syda.load.asynchronous import run_async

    await run_async(bound.session, lambda session: _fill(replace(bound, session=session), mark))


def _fill_first(request: pytest.FixtureRequest, filled: Callable[[], Awaitable[None]]) -> None:
    """Have a test begin with filling its database, since its session belongs to the event loop that runs the test."""
    item: Any = request.node
    test = getattr(item, "obj", None)
    if not iscoroutinefunction(test):
        raise PlanError(
            "pytest.mark.syda: an asynchronous session is filled by the event loop that runs the test, and this test "
            "is no `async def`; make it one, or fill the database by `await syda.seed(...)` or `syda.scenario(...)`"
        )

    @wraps(test)
    async def begun(*args: Any, **kwargs: Any) -> Any:
        await filled()
        return await test(*args, **kwargs)

    def restore() -> None:
        item.obj = test

    item.obj = begun
    request.addfinalizer(restore)
