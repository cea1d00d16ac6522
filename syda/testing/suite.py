"""The databases of a suite in one process: an empty one, and one that is filled once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine

from syda.load.creation import create_tables
from syda.load.signals import sigterm_as_ctrl_c
from syda.load.target import rejections
from syda.migrations.comparing import metadata_of
from syda.planning.model import Plan
from syda.testing.databases import own_database, require_within, unenforced, url_of
from syda.testing.emptying import require_emptiable, require_usable
from syda.testing.isolation import isolated
from syda.testing.settings import Settings


@dataclass(slots=True)
class Suite:
    """Databases that are made when they are first asked for, and dropped when the suite ends."""

    settings: Settings
    models: Any
    compared: Mapping[str, Any] = field(default_factory=dict)
    """What env.py says of how alembic compares databases with models; nothing before it has made one."""
    _open: ExitStack = field(default_factory=ExitStack)
    _made: dict[str, Engine] = field(default_factory=dict)
    _admitted: WeakSet[Engine] = field(default_factory=WeakSet)

    @contextmanager
    def opened(self) -> Iterator[Suite]:
        """Yield the suite, and drop its databases at the end, also when the process is asked to end."""
        with sigterm_as_ctrl_c(), self._open:
            yield self

    @contextmanager
    def isolated(self, source: Engine, engine: Engine) -> Iterator[Engine]:
        """Yield an engine of what is in `source` for one test; `engine` leads there meanwhile.

        Raises a `TargetError`, before anything is written or deleted, for a database on which tests may not run.
        """
        for each in (source, engine):
            self._admit(each)
        isolation, is_own = self.settings.isolation, self.owns(source)
        with isolated(source, [engine], isolation, self.models, is_own=is_own) as own:
            yield own

    def owns(self, engine: Engine) -> bool:
        """Tell whether the engine's database was made here: nobody else uses it."""
        return any(engine is each for each in self._made.values())

    def _admit(self, engine: Any) -> None:
        """Look once at the database of an engine."""
        if isinstance(engine, Engine) and engine in self._admitted:
            return
        require_usable(engine)
        if self.settings.isolation == "truncate":
            require_emptiable(engine, self.models, None if self.owns(engine) else self.settings.may_empty)
        self._admitted.add(engine)

    def empty(self) -> Engine:
        """Return an engine of the database whose tables have no rows."""
        return self._database("empty")

    def filled(self) -> Engine:
        """Return an engine of the database that is filled once, by the suite's plan or by inference."""
        return self._database("filled", self._fill)

    def seeded(self) -> Engine:
        """Return an engine of a database that is filled by inference, to be looked at."""
        return self._database("seeded", self._seed)

    def _database(self, name: str, fill: Callable[[Engine], None] | None = None) -> Engine:
        if name not in self._made:
            url = url_of(self.settings.url)
            own = own_database(url, f"{name}_{self.settings.worker}", in_file=self._needs_file)
            with ExitStack() as stack:  # what fails on the way leaves no database to the next call
                engine = stack.enter_context(own)
                self._make_tables(engine)
                if fill is not None:
                    fill(engine)
                self._open.push(stack.pop_all())
            self._made[name] = engine
        return self._made[name]

    @property
    def _needs_file(self) -> bool:
        """Whether memory, which is one connection, is too little: for sessions that commit, and env.py with its URL."""
        return self.settings.alembic is not None or self.settings.isolation != "rollback"

    def _make_tables(self, engine: Engine) -> None:
        """Make the tables of the models, or those of the revisions where alembic.ini is set."""
        require_within(engine, self.models)
        if self.settings.alembic is not None:
            from syda.migrations.upgrading import upgrade_own

            with unenforced(engine):
                self.compared = upgrade_own(self.settings.alembic, engine)
            return
        with rejections("making the tables of the suite's database"), engine.begin() as connection:
            for metadata in metadata_of(self.models):
                create_tables(connection, metadata)

    def _fill(self, engine: Engine) -> None:
        if self.settings.plan is None:
            self._seed(engine)
        else:
            import syda

            syda.seed(engine, Plan.from_yaml(self.settings.plan))

    def _seed(self, engine: Engine) -> None:
        import syda

        syda.seed(engine, self.models, seed=self.settings.seed)
