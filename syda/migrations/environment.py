"""What alembic.ini leads to: the revisions, and env.py, which runs them on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias
from weakref import WeakSet

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import MultipleHeads, ResolutionError, RevisionError
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, exc

from syda.errors import MigrationError, PlanError, RevisionFailedError, SydaError, UnknownNameError, near
from syda.load.target import first_line, is_async, parsed_url
from syda.migrations.identity import identity
from syda.migrations.logs import logging_as_it_is
from syda.redact import redact_url
from syda.schema.reach import full_url

REHEARSING = "syda_rehearses"
"""The attribute of alembic's config that says that a rehearsal runs, which changes no file."""
Chosen: TypeAlias = Callable[[tuple[str, ...], MigrationContext], Iterable[RevisionStep]]


@dataclass(slots=True)
class Environment:
    """The revisions of an alembic.ini, and the way to run them.

    `version_table` and its schema are what env.py says; they are known after the first run.
    """

    file: Path
    config: Config
    script: ScriptDirectory
    version_table: str = "alembic_version"
    version_schema: str | None = None
    _trusted: WeakSet[Engine] = field(default_factory=WeakSet)
    _running: str = ""

    @classmethod
    def read(cls, file: str | Path) -> Environment:
        """Read alembic.ini, or the pyproject.toml that has its settings. Raises `MigrationError` where it cannot be."""
        path = Path(file)
        if not path.is_file():
            raise MigrationError(f"there is no file {str(path)!r}; give alembic's ini file, as alembic -c has it")
        with _readable(path):
            config = _config(path)
            return cls(path, config, _script(config))

    @property
    def heads(self) -> tuple[str, ...]:
        """The revisions that none comes after."""
        return tuple(self.script.get_heads())

    def resolve(self, revision: str) -> tuple[str, ...]:
        """Return the revisions that a name means: an id or its beginning, a label, ``"head"``, ``"heads"``.

        Raises `UnknownNameError` with near matches, `MigrationError` where ``"head"`` could be several.
        """
        if revision == "head" and len(self.heads) != 1:
            raise MigrationError(self._several_heads())
        try:
            found = self.script.revision_map.get_revisions(revision)
        except MultipleHeads as error:
            raise MigrationError(f"revision {revision!r} means several: {', '.join(error.heads)}") from error
        except ResolutionError as error:
            raise UnknownNameError(f"there is no revision {revision!r}{near(revision, self._names())}") from error
        except (RevisionError, CommandError) as error:
            raise MigrationError(f"revision {revision!r}: {first_line(error)}") from error
        return tuple(each.revision for each in found if each is not None and not isinstance(each, str))

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
        reached: list[MigrationContext] = []

        def steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            reached.append(context)
            self._require_same(context, connection, expected)
            self.version_table, self.version_schema = context.version_table, context.version_table_schema
            for step in chosen(heads, context):
                self._running = step.revision.revision
                yield step

        self._running = ""
        self.config.set_main_option("sqlalchemy.url", full_url(engine.url).replace("%", "%%"))
        with engine.connect() as connection:
            expected = identity(connection)
            connection.rollback()
            self.config.attributes["connection"] = connection
            try:
                with self._errors(), logging_as_it_is():
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
                f"{self._env} goes to another database than the one of the URL, and nothing was changed there. Have "
                f'it use the connection that it is given, `config.attributes.get("connection")`, or the URL, '
                f'`config.get_main_option("sqlalchemy.url")`, before any other'
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what env.py, a revision or the database raises into errors of syda's."""
        try:
            yield
        except MigrationError:
            raise
        except SydaError as error:
            if not self._running:
                raise
            raise self._failed(f"{type(error).__name__}: {error}", "") from error
        except exc.DBAPIError as error:
            raise self._failed(first_line(error.orig), error.statement or "") from error
        except (CommandError, RevisionError) as error:
            raise MigrationError(f"{self.file}: {first_line(error)}") from error
        except Exception as error:
            raise self._failed(f"{type(error).__name__}: {first_line(error)}", "") from error

    def _failed(self, said: str, statement: str) -> MigrationError:
        if not self._running:
            return MigrationError(f"{self._env} failed: {said}{_shown(statement)}")
        doc = self.script.get_revision(self._running).doc
        message = f"revision {self._running} ({doc}) failed: {said}{_shown(statement)}"
        return RevisionFailedError(message, revision=self._running, statement=statement, said=said)


def synchronous(url: URL | str) -> URL:
    """Return a URL whose driver needs no event loop; raise `PlanError` for one that does."""
    if is_async(url):
        raise PlanError(
            f"{redact_url(str(url))}: give the URL of a synchronous driver; env.py is given a connection by it, "
            f'`config.attributes.get("connection")`, and need not open one of its own'
        )
    return parsed_url(url)


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
