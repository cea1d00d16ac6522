"""The revision of the tables that a plan is made for."""

from __future__ import annotations

import warnings
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from syda.load.target import Target, connected
from syda.migrations.environment import Environment
from syda.migrations.logs import logging_as_it_is

_USUAL = "alembic_version"


def database_revision(target: Target) -> str | None:
    """Return the revision in alembic's table of a database; several by commas, None where it has none."""
    with connected(target) as connection, logging_as_it_is():
        options = {"version_table": _version_table(connection)}
        return _listed(MigrationContext.configure(connection, opts=options).get_current_heads())


def _version_table(connection: Connection) -> str:
    """Return the name of alembic's table, which env.py may choose: then it is known by its one column."""
    inspector = sa.inspect(connection)
    if inspector.has_table(_USUAL):
        return _USUAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # of types that SQLAlchemy does not know, in other tables
        found = inspector.get_multi_columns().items()
    names = [str(name) for (_, name), columns in found if [each["name"] for each in columns] == ["version_num"]]
    return names[0] if len(names) == 1 else _USUAL


def head_revision(alembic: str | Path) -> str | None:
    """Return the revision that no other comes after; several by commas."""
    return _listed(Environment.read(alembic).heads)


def _listed(revisions: tuple[str, ...]) -> str | None:
    return ", ".join(sorted(revisions)) or None
