"""`op.seed` in a revision, and what keeps a plan's revision up to date; both are set up in env.py."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from alembic.operations import MigrateOperation, Operations

import syda
from syda.errors import MigrationError, SydaError
from syda.load.files import edit_text
from syda.migrations.environment import REHEARSING
from syda.migrations.states import without
from syda.planning.drift import changes_since
from syda.planning.model import Plan
from syda.schema import read_schema

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

    from syda.load.report import LoadReport
    from syda.schema import Reading

logger = logging.getLogger("syda.migrations")


@lru_cache(maxsize=1)
def register() -> None:
    """Make ``op.seed(...)`` known to revisions; to be called in env.py. It changes nothing else, nor twice."""
    Operations.register_operation("seed")(SeedOperation)
    Operations.implementation_for(SeedOperation)(_seed)


class SeedOperation(MigrateOperation):
    """Rows for the tables as they stand at this point of a revision."""

    def __init__(self, tables: Collection[str] | None, options: Mapping[str, Any]) -> None:
        self.tables = tables
        self.options = dict(options)

    @classmethod
    def seed(
        cls,
        operations: Operations,
        tables: Collection[str] | None = None,
        rows: Any = None,
        overrides: Mapping[Any, Any] | None = None,
        seed: int = 0,
        allow_hosts: Iterable[str] = (),
    ) -> LoadReport:
        """Add rows in the revision's own transaction, to all tables or to some; the arguments are those of `syda.seed`.

        Rows that are there stay. Raises a `SydaError`, with which the revision fails.
        """
        options = {"rows": rows, "overrides": overrides, "seed": seed, "allow_hosts": allow_hosts}
        report: LoadReport = operations.invoke(cls(tables, options))
        return report


def _seed(operations: Operations, operation: SeedOperation) -> LoadReport:
    context = operations.migration_context
    if context.as_sql or context.connection is None:
        raise MigrationError(
            "op.seed makes rows for the tables that it finds in a database, and --sql goes without one; run the "
            "upgrade on a database, or leave op.seed out where context.is_offline_mode()"
        )
    reading = _tables(context)
    if operation.tables is not None:
        reading = read_schema(reading, tables=operation.tables)
    return syda.seed(context.connection, reading, mode="append", **operation.options)


def _tables(context: MigrationContext) -> Reading:
    """Return the tables as they stand, without that in which alembic keeps the revision."""
    return without(read_schema(context.connection), _notes(context))


def _notes(context: MigrationContext) -> str:
    return ".".join(filter(None, (context.version_table_schema, context.version_table)))


def keep_plan(path: str | Path, models: Any = None) -> Callable[..., None]:
    """Return what env.py gives to alembic's ``context.configure(on_version_apply=...)``, for a saved plan.

    After each revision that leaves the plan's tables as the plan has them, the revision is written into its file;
    otherwise a warning says how to update it, or what is wrong with the file; no migration fails for it. `models` are
    those that the plan was made of, where that was not the database. A rehearsal changes no file.
    """

    def record(*, ctx: MigrationContext, heads: Collection[str], **_: Any) -> None:
        rehearsing = ctx.config is not None and ctx.config.attributes.get(REHEARSING)
        if ctx.as_sql or rehearsing:
            return
        try:
            _record(Path(path), ", ".join(sorted(heads)), _tables(ctx) if models is None else read_schema(models), ctx)
        except (SydaError, OSError) as error:
            logger.warning("the plan %s is not kept up to date: %s", path, error)

    return record


def _record(path: Path, revision: str, tables: Reading, context: MigrationContext) -> None:
    """Write the revision into a plan's file, or warn that the plan is for other tables."""
    plan = Plan.from_yaml(path)
    if any(each.table != _notes(context) for each in changes_since(plan, tables.schema)):
        told = "the plan %s is for other tables than revision %s has; `syda plan --check %s --update` updates it"
        logger.warning(told, path, revision or "base", path)
    elif (plan.revision or "") != revision:
        edit_text(path, _with_revision(path.read_text(encoding="utf-8"), revision))


def _with_revision(text: str, revision: str) -> str:
    """Return a plan's file with another revision, and all else as it is written, comments too."""
    line = yaml.safe_dump({"revision": revision}, width=1000) if revision else ""
    without_it = re.sub(r"^revision:.*\n?", "", text, count=1, flags=re.MULTILINE)
    return re.sub(r"^syda:.*\n?", lambda found: f"{found[0].rstrip()}\n{line}", without_it, count=1, flags=re.MULTILINE)
