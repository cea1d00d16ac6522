"""Tests to import into a suite: that its plan, its models and its database fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from syda.load.modes import count_rows
from syda.planning.drift import changes_since
from syda.planning.model import Plan
from syda.schema import read_schema
from syda.testing.settings import Settings
from syda.testing.suite import Suite

if TYPE_CHECKING:
    from sqlalchemy import Engine


def test_plan_fits_models(syda_settings: Settings, syda_models: Any) -> None:
    """The committed plan was made for the models as they are."""
    if syda_settings.plan is None:
        pytest.fail("syda_plan is not set: which plan?")
    changes = changes_since(Plan.from_yaml(syda_settings.plan), read_schema(syda_models).schema)
    listed = "\n".join(f"  {change}" for change in changes)
    if changes:
        pytest.fail(
            f"{syda_settings.plan} was made for other tables:\n{listed}\n`syda plan --check --update` updates it"
        )


def test_models_can_be_seeded(syda_suite: Suite, syda_models: Any) -> None:
    """Every table of the models gets rows, and these break no rule."""
    import syda

    engine, reading = syda_suite.seeded(), read_schema(syda_models)
    origin = reading.origin or {}
    with engine.connect() as connection:
        counts = count_rows(connection, reading.schema, origin)
    empty = sorted(origin.keys() - counts.keys())
    if empty:
        pytest.fail(f"these tables got no rows: {', '.join(empty)}")
    report = syda.check(engine, syda_models)
    if not report.ok:
        pytest.fail(str(report))


def test_database_equals_models(syda_suite: Suite, syda_engine: Engine, syda_models: Any) -> None:
    """The tables of the suite's database are those of the models: there is nothing to migrate."""
    from syda.migrations.comparing import differences

    with syda_engine.connect() as connection:
        found = differences(connection, syda_models, options=syda_suite.compared)
    if found:
        listed = "\n".join(f"  {each}" for each in found)
        pytest.fail(f"the database is not what the models say:\n{listed}")
