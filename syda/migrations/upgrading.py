"""A database brought to a revision, compared with models, and filled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from syda.arguments import Wishes
from syda.errors import DifferentModelsError, MigrationError, PlanError, SydaError, UnknownNameError
from syda.filling import Filling, filled_tables
from syda.load.ddl import build_tables
from syda.load.guard import require_development, require_unprotected
from syda.load.modes import count_rows, is_migration_table, require_empty
from syda.load.options import LoadOptions
from syda.load.target import engine_of
from syda.migrations.comparing import differences
from syda.migrations.environment import Environment, synchronous
from syda.migrations.states import read_tables
from syda.planning.model import Plan
from syda.planning.requests import read_rows
from syda.schema import Reading, read_schema
from syda.schema.reach import reach

if TYPE_CHECKING:
    from sqlalchemy import URL

    from syda.load.modes import Mode
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
    with _reached(alembic, target, revision, tuple(allow_hosts), x) as reached:
        reached.upgrade()
        if models is not None:
            reached.require_same(models)
    return reached.wanted


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
    `options` are those of `syda.seed`. With its `mode` ``"if_empty"``, rows that the revisions make are the parents of
    others, and their tables get no more, but for those that `rows` names; a plan says so itself.

    What can be refused before the upgrade is: options, names, tables of the `models` that have rows.
    """
    hosts = tuple(allow_hosts)
    asked = _Asked.read(models, {**options, "allow_hosts": hosts})
    with _reached(alembic, target, revision, hosts, x) as reached:
        before = _Before.of(reached, asked)
        if models is not None:
            asked.require_room(before.counts)
        reached.upgrade()
        if models is None:
            asked = replace(asked, models=reached.tables())
        elif not isinstance(models, Plan):
            reached.require_same(models)
        now = asked.counted(reached)
        return asked.beside(now, before.made(reached, now)).fill(reached.engine)


def upgrade_beside(
    alembic: str | Path,
    target: Engine | URL | str,
    models: Any,
    *,
    revision: str = "head",
    mode: Mode = "if_empty",
    allow_hosts: Iterable[str] = (),
    x: Iterable[str] = (),
) -> frozenset[str]:
    """Bring a database to a revision as `upgrade` does, and return the tables whose rows stay: those it made.

    Raises `NotEmptyError` before the upgrade for tables of the models that have rows. With the mode ``"append"`` all
    may have some, and may get more.
    """
    hosts = tuple(allow_hosts)
    asked = _Asked(read_schema(models), Wishes(), LoadOptions(mode=mode, allow_hosts=hosts))
    with _reached(alembic, target, revision, hosts, x) as reached:
        before = _Before.of(reached, asked)
        asked.require_room(before.counts)
        reached.upgrade()
        reached.require_same(models)
        return before.made(reached, asked.counted(reached)) if mode == "if_empty" else frozenset()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the tables are to be filled with; `models` are a Reading or a Plan, or None until they are read."""

    models: Reading | Plan | None
    wishes: Wishes
    options: LoadOptions

    @classmethod
    def read(cls, models: Any, options: Mapping[str, Any]) -> _Asked:
        """Read the arguments of `syda.seed`. Raises a `SydaError` for what cannot be, as far as that is known."""
        loading = {each.name for each in fields(LoadOptions)}
        load = LoadOptions(**{name: value for name, value in options.items() if name in loading})
        wishes = Wishes(**{name: value for name, value in options.items() if name not in loading})
        load.check_words()
        if load.dry_run:
            raise PlanError("dry_run: revisions cannot be tried without being run; rehearse them, by syda rehearse")
        if models is None or isinstance(models, Plan):
            if models is not None:
                wishes.refuse_beside_plan()
            return cls(models, wishes, load)
        reading = read_schema(models)
        try:
            wishes.plan(reading, {}, dry_run=True)
        except UnknownNameError:
            raise
        except SydaError:
            read_rows(reading.schema, wishes.rows)
            replace(wishes, rows=0).plan(reading, {}, dry_run=True)  # the rest may hold beside rows that revisions make
        return cls(reading, wishes, load)

    def counted(self, reached: _Reached) -> dict[str, int]:
        """Return the numbers of rows of the models' tables that have some."""
        return {} if self.models is None else reached.counted(self.models)

    def filled(self) -> frozenset[str]:
        """Return the tables that get rows."""
        if self.models is None:
            return frozenset()
        given = self.models if isinstance(self.models, Plan) else None
        return filled_tables(self.models.schema, given or read_rows(self.models.schema, self.wishes.rows))

    def require_room(self, counts: Mapping[str, int]) -> None:
        if self.options.mode == "if_empty":
            require_empty(counts, self.filled())

    def beside(self, now: Mapping[str, int], made: Collection[str]) -> Filling:
        """Return the filling beside the rows that are there now, and that the upgrade has `made` in some tables."""
        if self.options.mode != "if_empty" or not isinstance(self.models, Reading) or not made:
            return Filling(self.models, self.wishes, self.options)
        rows = read_rows(self.models.schema, self.wishes.rows)
        kept = dict.fromkeys(set(made) - {key for key, _ in rows.children}, 0)
        wishes = replace(self.wishes, rows=replace(rows, named={**kept, **rows.named}))
        asked = replace(self, wishes=wishes)
        asked.require_room({key: count for key, count in now.items() if key not in made})
        return Filling(self.models, wishes, replace(self.options, mode="append"))


@dataclass(frozen=True, slots=True)
class _Before:
    """The numbers of rows before the upgrade: of the tables that are to be filled, and of all that were there."""

    counts: Mapping[str, int]
    all: Mapping[str, int]

    @classmethod
    def of(cls, reached: _Reached, asked: _Asked) -> _Before:
        there = reached.counted(reached.tables())
        return cls(there if asked.models is None else asked.counted(reached), there)

    def made(self, reached: _Reached, now: Mapping[str, int]) -> frozenset[str]:
        """Return the tables that have rows `now` and had none: none where those may have been in another table."""
        if self.all.keys() - reached.counted(reached.tables()).keys():
            return frozenset()
        return frozenset(now.keys() - self.counts.keys())


@dataclass(frozen=True, slots=True)
class _Reached:
    """A database that may be filled, and the revisions that are wanted."""

    environment: Environment
    engine: Engine
    wanted: tuple[str, ...]

    def upgrade(self) -> None:
        environment, wanted = self.environment, self.wanted
        environment.run(self.engine, lambda heads, _context: map(environment.up, environment.between(heads, wanted)))
        with self.engine.connect() as connection:
            _require_at(environment, connection, wanted)

    def tables(self) -> Reading:
        """Return the tables as they stand."""
        with self.engine.connect() as connection:
            return read_tables(connection, self.environment)

    def counted(self, tables: Reading | Plan) -> dict[str, int]:
        """Return the numbers of rows of those tables that have some."""
        targets = (isinstance(tables, Reading) and tables.origin) or build_tables(tables.schema)
        with self.engine.connect() as connection:
            counts = count_rows(connection, tables.schema, targets)
        return {key: rows for key, rows in counts.items() if not is_migration_table(tables.schema.tables[key])}

    def require_same(self, models: Any) -> None:
        """Raise `DifferentModelsError` where the tables are not those of the models."""
        with self.engine.connect() as connection:
            found = differences(connection, models, options=self.environment.options)
        if found:
            lines = "\n  ".join(found)
            raise DifferentModelsError(
                f"the tables at revision {' and '.join(self.wanted)} are not those of the models, so that nothing is "
                f"filled:\n  {lines}\n"
                f"Make a revision of it by `alembic revision --autogenerate`, or leave the models out to fill the "
                f"tables as they are",
                found,
            )


@contextmanager
def _reached(
    alembic: str | Path, target: Engine | URL | str, revision: str, hosts: tuple[str, ...], x: Iterable[str]
) -> Iterator[_Reached]:
    """Yield a database that may be filled, whose revisions have been read."""
    environment = Environment.read(alembic, x=x)
    wanted = () if revision.startswith("+") else environment.resolve(revision)
    require_development(target, hosts)
    engine = target if isinstance(target, Engine) else engine_of(synchronous(target))
    try:
        with reach(engine) as connection:
            require_unprotected(connection, hosts)
        wanted = wanted or environment.resolve(revision, _current(environment, engine))
        yield _Reached(environment, engine, wanted)
    finally:
        if engine is not target:
            engine.dispose()


def _current(environment: Environment, engine: Engine) -> tuple[str, ...]:
    """Return the revisions at which the database is, by the table that env.py names."""
    environment.run(engine, lambda _heads, _context: ())
    with engine.connect() as connection:
        return environment.current(connection)


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


def upgrade_own(alembic: str | Path, engine: Engine) -> Mapping[str, Any]:
    """Bring a database of one's own to the head; return what env.py says of how alembic compares it with models."""
    environment = Environment.read(alembic)
    _Reached(environment, engine, environment.resolve("head")).upgrade()
    return environment.options
