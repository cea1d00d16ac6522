"""What alembic.ini leads to: the revisions, and env.py, which runs them on one database."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias
from weakref import WeakSet

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import MultipleHeads, ResolutionError, RevisionError
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, exc

from syda.errors import MigrationError, RevisionFailedError, SydaError, UnknownNameError, near
from syda.load.target import first_line, synchronous_url
from syda.migrations.confined import Confined, other_threads
from syda.migrations.identity import identity
from syda.migrations.logs import logging_as_it_is
from syda.schema.reach import full_url

REHEARSING = "syda_rehearses"
"""The attribute of alembic's config that says that a rehearsal runs, which changes no file."""
_HEAD = re.compile(r"head(?:[-+]\d+)?")
_RELATIVE = re.compile(r"(?:\w+@)?\w*[+-]\d+")
_ASYNCHRONOUS = {"sqlite": ("aiosqlite",), "mysql": ("aiomysql", "asyncmy"), "mariadb": ("aiomysql", "asyncmy")}
_SEVERAL = (
    ". It is for several databases (`databases` in the file), and syda gives it one: where there is a connection in "
    '`config.attributes.get("connection")`, have it use that and run the upgrades of that database alone'
)
Chosen: TypeAlias = Callable[[tuple[str, ...], MigrationContext], Iterable[RevisionStep]]


@dataclass(slots=True)
class Environment:
    """The revisions of an alembic.ini, and the way to run them.

    `version_table` and its schema, and all other `options` too, are what env.py says; they are known after a run.
    """

    file: Path
    config: Config
    script: ScriptDirectory
    version_table: str = "alembic_version"
    version_schema: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    _trusted: WeakSet[Engine] = field(default_factory=WeakSet)
    _running: str = ""
    _spared: WeakSet[Thread] = field(default_factory=other_threads)

    @classmethod
    def read(cls, file: str | Path, *, x: Iterable[str] = (), rehearsing: bool = False) -> Environment:
        """Read alembic.ini, or the pyproject.toml that has its settings. Raises `MigrationError` where it cannot be.

        `x` is what env.py gets from ``context.get_x_argument()``, as by alembic's option -x. Where it is for a
        rehearsal, nothing that is imported may connect to a database.
        """
        path = Path(file)
        if not path.is_file():
            raise MigrationError(f"there is no file {str(path)!r}; give alembic's ini file, as alembic -c has it")
        spared = other_threads()
        with _readable(path), Confined.nowhere(spared).watching() if rehearsing else nullcontext():
            config = _config(path)
            config.cmd_opts = Namespace(x=list(x))
            config.attributes[REHEARSING] = rehearsing
            return cls(path, config, _script(config), _spared=spared)

    @property
    def heads(self) -> tuple[str, ...]:
        """The revisions that none comes after."""
        return tuple(self.script.get_heads())

    def resolve(self, revision: str, current: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return the revisions that a name means: an id or its beginning, a label, ``"head"``, ``"heads"``.

        As for alembic, ``"head-1"`` and ``"a1+2"`` count from there, and ``"+2"`` from the `current` ones.
        Raises `UnknownNameError` with near matches, `MigrationError` where ``"head"`` could be several.
        """
        if not revision.strip():
            raise MigrationError(f"expected the name of a revision, 'head' or 'heads', got {revision!r}")
        if _HEAD.fullmatch(revision) and len(self.heads) != 1:
            raise MigrationError(self._several_heads())
        try:
            if _RELATIVE.fullmatch(revision):
                return self._counted(revision, current)
            found = self.script.revision_map.get_revisions(revision)
        except MultipleHeads as error:
            raise MigrationError(f"revision {revision!r} means several: {', '.join(error.heads)}") from error
        except ResolutionError as error:
            raise UnknownNameError(f"there is no revision {revision!r}{near(revision, self._names())}") from error
        except (RevisionError, CommandError) as error:
            raise MigrationError(f"revision {revision!r}: {first_line(error)}") from error
        return tuple(each.revision for each in found if each is not None and not isinstance(each, str))

    def _counted(self, revision: str, current: tuple[str, ...]) -> tuple[str, ...]:
        """Return the one that so many revisions lead to, which alembic yields first of those on the way."""
        try:
            found = next(iter(self.script.iterate_revisions(revision, current or None, implicit_base=True)), None)
        except AssertionError as error:  # alembic's, where it runs out of them
            raise MigrationError(f"revision {revision!r}: there are not so many revisions") from error
        return current if found is None else (found.revision,)

    def _several_heads(self) -> str:
        if not self.heads:
            return f"there is no revision in {self.script.dir}"
        listed = ", ".join(f"{head} ({self.script.get_revision(head).doc})" for head in self.heads)
        return (
            f"the revisions have {len(self.heads)} heads: {listed}. Say which one is meant by --revision (or --to), "
            f"give 'heads' for all of them, or merge them by `alembic merge heads`"
        )

    def _names(self) -> list[str]:
        scripts = list(self.script.walk_revisions())
        return [*(each.revision for each in scripts), *(label for each in scripts for label in each.branch_labels)]

    def between(self, start: tuple[str, ...], end: tuple[str, ...]) -> list[Script]:
        """Return the revisions that lead from some to others, each after those that it needs."""
        try:
            found = self.script.iterate_revisions(end, start or None, implicit_base=True)
            return list(reversed(list(found)))
        except (RevisionError, CommandError) as error:
            raise MigrationError(
                f"no way leads from {_listed(start)} to {_listed(end)}: {first_line(error)}"
            ) from error

    def up(self, script: Script) -> RevisionStep:
        return MigrationStep.upgrade_from_script(self.script.revision_map, script)

    def down(self, script: Script) -> RevisionStep:
        return MigrationStep.downgrade_from_script(self.script.revision_map, script)

    def current(self, connection: Connection) -> tuple[str, ...]:
        """Return the revisions at which a database is."""
        options = {"version_table": self.version_table, "version_table_schema": self.version_schema}
        with logging_as_it_is():
            return MigrationContext.configure(connection, opts=options).get_current_heads()

    def run(self, engine: Engine, chosen: Chosen) -> None:
        """Have env.py run the steps that are chosen, on the engine's database and no other.

        Raises `RevisionFailedError` for a step that fails, `MigrationError` for an env.py that fails or goes elsewhere.
        """
        if engine not in self._trusted:
            self._run(engine, lambda _heads, _context: (), dont_mutate=True)
            self._trusted.add(engine)
        self._run(engine, chosen)

    def _run(self, engine: Engine, chosen: Chosen, **options: Any) -> None:
        """Run env.py with the URL; or, where it makes an asynchronous engine of it, with that of another driver."""
        try:
            self._run_at(engine.url, engine, chosen, **options)
        except MigrationError as error:
            if not (isinstance(error.__cause__, exc.InvalidRequestError) and "async driver" in str(error.__cause__)):
                raise
            self._run_at(self._asynchronous(engine.url), engine, chosen, **options)

    def _asynchronous(self, url: URL) -> URL:
        drivers = _ASYNCHRONOUS.get(url.get_backend_name(), ())
        for driver in drivers:
            if find_spec(driver):
                return url.set(drivername=f"{url.get_backend_name()}+{driver}")
        raise MigrationError(
            f"{self._env} makes an asynchronous engine, for which {url.drivername} is no driver. Install "
            f"{' or '.join(drivers) or 'an asynchronous driver'}, or have it use the connection that it is given, "
            f'`config.attributes.get("connection")`'
        )

    def _run_at(self, url: URL, engine: Engine, chosen: Chosen, **options: Any) -> None:
        reached: list[MigrationContext] = []

        def steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            reached.append(context)
            self._require_same(context, connection, expected)
            self.version_table, self.version_schema = context.version_table, context.version_table_schema
            self.options = dict(context.opts)
            for step in chosen(heads, context):
                self._running = step.revision.revision
                yield step

        self._running = ""
        self.config.set_main_option("sqlalchemy.url", full_url(url).replace("%", "%%"))
        with engine.connect() as connection:
            expected = identity(connection)
            rehearsing = self.config.attributes.get(REHEARSING)
            confined = Confined.to(connection, self._spared).watching() if rehearsing else nullcontext()
            connection.rollback()
            self.config.attributes["connection"] = connection
            try:
                with self._errors(), logging_as_it_is(), confined:
                    with EnvironmentContext(self.config, self.script, fn=steps, destination_rev="head", **options):
                        self.script.run_env()
                    if not connection.closed and connection.in_transaction():
                        connection.commit()
            finally:
                del self.config.attributes["connection"]
        if not reached:
            raise MigrationError(f"{self._env} does not call context.run_migrations(): nothing was run")

    @property
    def _env(self) -> Path:
        return Path(self.script.dir) / "env.py"

    def _require_same(self, context: MigrationContext, given: Connection, expected: object) -> None:
        came = context.connection
        if came is None or (came is not given and identity(came) != expected):
            raise MigrationError(
                f"{self._env} goes to another database than the one of the URL: no revision was run there, but what it "
                f"does before it configures alembic was done. Have "
                f'it use the connection that it is given, `config.attributes.get("connection")`, or the URL, '
                f'`config.get_main_option("sqlalchemy.url")`, before any other'
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what env.py, a revision or the database raises into errors of syda's."""
        try:
            yield
        except RevisionFailedError:
            raise
        except MigrationError as error:
            raise self._failed(str(error), "") from error
        except SydaError as error:
            if not self._running:
                raise
            raise self._failed(f"{type(error).__name__}: {error}", "") from error
        except exc.DBAPIError as error:
            raise self._failed(first_line(error.orig), error.statement or "") from error
        except (CommandError, RevisionError) as error:
            raise MigrationError(f"{self.file}: {first_line(error)}") from error
        except (Exception, SystemExit) as error:  # SystemExit would end the process as if all had been done
            raise self._failed(f"{type(error).__name__}: {first_line(error)}", "") from error

    def _failed(self, said: str, statement: str) -> MigrationError:
        if not self._running:
            several = _SEVERAL if self.config.get_main_option("databases") else ""
            return MigrationError(f"{self._env} failed: {said}{_shown(statement)}{several}")
        doc = self.script.get_revision(self._running).doc
        message = f"revision {self._running} ({doc}) failed: {said}{_shown(statement)}"
        return RevisionFailedError(message, revision=self._running, statement=statement, said=said)


def synchronous(url: URL | str) -> URL:
    """Return a URL whose driver needs no event loop; raise `PlanError` for one that does."""
    return synchronous_url(
        url,
        'env.py is given a connection by it, `config.attributes.get("connection")`, and need not open one of its own',
    )


def _shown(statement: str) -> str:
    return f"; the statement: {' '.join(statement.split())}" if statement else ""


def _listed(revisions: tuple[str, ...]) -> str:
    return " and ".join(revisions) or "base"


def _config(path: Path) -> Config:
    if path.suffix == ".toml":
        return Config(toml_file=path)
    return Config(path, toml_file=path.parent / "pyproject.toml")


def _script(config: Config) -> ScriptDirectory:
    script = ScriptDirectory.from_config(config)
    script.get_heads()  # reads the files, which may be wrong
    return script


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise MigrationError(f"the revisions of {path} cannot be read: {first_line(error)}") from error
