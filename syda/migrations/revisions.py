"""The revision of the tables that a plan is made for."""

from __future__ import annotations

from pathlib import Path

from alembic.runtime.migration import MigrationContext

from syda.load.target import Target, connected
from syda.migrations.environment import Environment
from syda.migrations.logs import logging_as_it_is


def database_revision(target: Target) -> str | None:
    """Return the revision in a database's alembic_version; several by commas, None where it has none."""
    with connected(target) as connection, logging_as_it_is():
        return _listed(MigrationContext.configure(connection).get_current_heads())


def head_revision(alembic: str | Path) -> str | None:
    """Return the revision that no other comes after; several by commas."""
    return _listed(Environment.read(alembic).heads)


def _listed(revisions: tuple[str, ...]) -> str | None:
    return ", ".join(sorted(revisions)) or None
