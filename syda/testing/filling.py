"""What is made for a test before it, and what it makes itself."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from syda.bound import Bound
from syda.running import RUN
from syda.testing.databases import hosts_of
from syda.testing.marks import Mark
from syda.testing.settings import Settings


def bound_for(settings: Settings, models: Any, session: Any, mark: Mark) -> Bound:
    """Return what makes rows for the test that runs."""
    RUN.used = True
    seed = seed_of(settings.seed, RUN.test) if mark.seed is None else mark.seed
    return Bound(
        models=models,
        session=session,
        seed_number=seed,
        llm=settings.language_model(),
        hosts=hosts_of(session.get_bind().engine),
        scenarios=settings.scenarios,
    )


def seed_of(suite: int, test: str) -> int:
    """Return the seed of a test: it follows from the suite's seed and from the test's name alone."""
    return int.from_bytes(blake2b(f"{suite}/{test}".encode(), digest_size=4).digest())


def fill(bound: Bound, mark: Mark) -> None:
    """Fill the test's database as its marks say."""
    if mark.fixtures is not None:
        bound.load(mark.fixtures)
    if mark.plan is not None:
        bound.seed(plan=mark.plan)
    elif mark.rows is not None:
        bound.seed(mark.rows)
    if mark.scenario is not None:
        bound.scenario(mark.scenario, **mark.parameters)
