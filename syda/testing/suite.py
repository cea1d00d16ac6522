"""The databases of a suite in one process: an empty one, and one that is filled once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from syda.migrations.comparing import metadata_of
from syda.planning.model import Plan
from syda.testing.databases import hosts_of, own_database, unenforced
from syda.testing.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(slots=True)
class Suite:
    """Databases that are made when they are first asked for, and dropped when the suite ends."""

    settings: Settings
    models: Any
    _open: ExitStack = field(default_factory=ExitStack)
    _made: dict[str, Engine] = field(default_factory=dict)

    @contextmanager
    def opened(self) -> Iterator[Suite]:
        """Yield the suite, and drop its databases at the end."""
        with self._open:
            yield self

    def empty(self) -> Engine:
        """Return an engine of the database whose tables have no rows."""
        return self._database("empty")

    def filled(self) -> Engine:
        """Return an engine of the database that is filled once, by the suite's plan or by inference."""
        if "filled" not in self._made:
            self._fill(self._database("filled"))
        return self._made["filled"]

    def seeded(self) -> Engine:
        """Return an engine of a database that is filled by inference, to be looked at."""
        if "seeded" not in self._made:
            self._seed(self._database("seeded"))
        return self._made["seeded"]

    def _database(self, name: str) -> Engine:
        if name not in self._made:
            engine = self._open.enter_context(own_database(self.settings.url, f"{name}_{self.settings.worker}"))
            self._make_tables(engine)
            self._made[name] = engine
        return self._made[name]

    def _make_tables(self, engine: Engine) -> None:
        """Make the tables of the models, or those of the revisions where alembic.ini is set."""
        if self.settings.alembic is not None:
            from syda.migrations import upgrade

            with unenforced(engine):
                upgrade(self.settings.alembic, engine, allow_hosts=hosts_of(engine))
            return
        for metadata in metadata_of(self.models):
            metadata.create_all(engine)

    def _fill(self, engine: Engine) -> None:
        if self.settings.plan is None:
            self._seed(engine)
        else:
            import syda

            syda.seed(engine, Plan.from_yaml(self.settings.plan), allow_hosts=hosts_of(engine))

    def _seed(self, engine: Engine) -> None:
        import syda

        syda.seed(engine, self.models, seed=self.settings.seed, allow_hosts=hosts_of(engine))
