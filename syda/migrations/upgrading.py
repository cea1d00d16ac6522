"""A database brought to a revision, compared with models, and filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

import syda
from syda.errors import DifferentModelsError, MigrationError
from syda.load.guard import require_development, require_unprotected
from syda.load.target import engine_of
from syda.migrations.comparing import differences
from syda.migrations.environment import Environment, synchronous
from syda.migrations.states import read_tables
from syda.planning.requests import read_rows
from syda.schema import Reading, read_schema
from syda.schema.reach import reach

if TYPE_CHECKING:
    from sqlalchemy import URL

    from syda.load.report import LoadReport


def upgrade(
    alembic: str | Path,
    target: Engine | URL | str,
    *,
    revision: str = "head",
    models: Any = None,
    allow_hosts: Iterable[str] = (),
    x: Iterable[str] = (),
) -> tuple[str, ...]:
    """Bring a database to a revision by alembic's env.py, and return the revision; several where it has branches.

    `x` is for env.py's ``context.get_x_argument()``.

    With `models`, raise `DifferentModelsError` where the tables are then not theirs. Raises `UnknownNameError` for a
    revision that is not there, `RevisionFailedError` for one that fails, `MigrationError` where env.py or the revisions
    cannot be used, `ProtectedTargetError` before anything is done to a database that is not to be filled.
    """
    hosts = tuple(allow_hosts)
    environment = Environment.read(alembic, x=x)
    wanted = () if revision.startswith("+") else environment.resolve(revision)
    with _reached(target, hosts) as engine:
        wanted = wanted or environment.resolve(revision, _current(environment, engine))
        _upgrade(environment, engine, wanted)
        if models is not None:
            _require_same(environment, engine, models, wanted)
    return wanted


def upgrade_and_seed(
    alembic: str | Path,
    target: Engine | URL | str,
    models: Any = None,
    *,
    revision: str = "head",
    allow_hosts: Iterable[str] = (),
    x: Iterable[str] = (),
    **options: Any,
) -> LoadReport:
    """Bring a database to a revision as `upgrade` does, then fill it in a transaction as `syda.seed` does.

    Without `models` the tables are filled as they then stand. `models` may be a Plan, whose tables are not compared.
    `options` are those of `syda.seed`.
    """
    if models is not None and not isinstance(models, syda.Plan):
        read_rows(read_schema(models).schema, options.get("rows"))  # a wrong name is to be told before the upgrade
    hosts = tuple(allow_hosts)
    environment = Environment.read(alembic, x=x)
    wanted = () if revision.startswith("+") else environment.resolve(revision)
    with _reached(target, hosts) as engine:
        wanted = wanted or environment.resolve(revision, _current(environment, engine))
        _upgrade(environment, engine, wanted)
        if models is None:
            models = _as_they_stand(environment, engine)
        elif not isinstance(models, syda.Plan):
            _require_same(environment, engine, models, wanted)
        return syda.seed(engine, models, allow_hosts=hosts, **options)


@contextmanager
def _reached(target: Engine | URL | str, hosts: tuple[str, ...]) -> Iterator[Engine]:
    """Yield an engine of a database that may be filled."""
    require_development(target, hosts)
    engine = target if isinstance(target, Engine) else engine_of(synchronous(target))
    try:
        with reach(engine) as connection:
            require_unprotected(connection, hosts)
        yield engine
    finally:
        if engine is not target:
            engine.dispose()


def _current(environment: Environment, engine: Engine) -> tuple[str, ...]:
    """Return the revisions at which the database is, by the table that env.py names."""
    environment.run(engine, lambda _heads, _context: ())
    with engine.connect() as connection:
        return environment.current(connection)


def _upgrade(environment: Environment, engine: Engine, wanted: tuple[str, ...]) -> None:
    environment.run(engine, lambda heads, _context: map(environment.up, environment.between(heads, wanted)))
    with engine.connect() as connection:
        _require_at(environment, connection, wanted)


def _as_they_stand(environment: Environment, engine: Engine) -> Reading:
    with engine.connect() as connection:
        return read_tables(connection, environment)


def _require_at(environment: Environment, connection: Connection, wanted: tuple[str, ...]) -> None:
    """Raise `MigrationError` where the database is not at the revisions that were wanted."""
    current = environment.current(connection)
    if missing := environment.between(current, wanted):
        raise MigrationError(
            f"after the upgrade the database is not at {' and '.join(wanted)}: {missing[0].revision} is not in its "
            f"table {environment.version_table}. Does env.py commit, and does it use the connection that it is given?"
        )
    if not set(wanted) <= {*current, *environment.heads}:
        raise MigrationError(
            f"the database is at {' and '.join(current)}, which comes after {' and '.join(wanted)}; take it back by "
            f"`alembic downgrade`, or leave the revision out"
        )


def _require_same(environment: Environment, engine: Engine, models: Any, wanted: tuple[str, ...]) -> None:
    with engine.connect() as connection:
        found = differences(connection, models, options=environment.options)
    if found:
        lines = "\n  ".join(found)
        raise DifferentModelsError(
            f"the tables at revision {' and '.join(wanted)} are not those of the models, so that nothing is filled:"
            f"\n  {lines}\n"
            f"Make a revision of it by `alembic revision --autogenerate`, or leave the models out to fill the tables "
            f"as they are",
            found,
        )


def upgrade_own(alembic: str | Path, engine: Engine) -> Mapping[str, Any]:
    """Bring a database of one's own to the head; return what env.py says of how alembic compares it with models."""
    environment = Environment.read(alembic)
    _upgrade(environment, engine, environment.resolve("head"))
    return environment.options
