"""The revision of the tables that a plan is made for."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from syda.load.target import Target, connected
from syda.migrations.environment import Environment
from syda.migrations.logs import logging_as_it_is


def database_revision(target: Target) -> str | None:
    """Return the revision in alembic's table of a database; several by commas, None where it has none."""
    with connected(target) as connection, logging_as_it_is():
        options = {"version_table": _version_table(connection)}
        return _listed(MigrationContext.configure(connection, opts=options).get_current_heads())


def _version_table(connection: Connection) -> str:
    """Return the name of alembic's table, which env.py may choose: it is known by its one column."""
    found = sa.inspect(connection).get_multi_columns().items()
    names = [str(name) for (_, name), columns in found if [each["name"] for each in columns] == ["version_num"]]
    return names[0] if len(names) == 1 else "alembic_version"


def head_revision(alembic: str | Path) -> str | None:
    """Return the revision that no other comes after; several by commas."""
    return _listed(Environment.read(alembic).heads)


def _listed(revisions: tuple[str, ...]) -> str | None:
    return ", ".join(sorted(revisions)) or None
