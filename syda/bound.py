"""What syda does, bound to models and to one session: rows for a test, or for a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syda.load.frames import Frames
    from syda.load.modes import Mode
    from syda.load.report import LoadReport
    from syda.planning.model import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Rows of the `models` in the database of a `session`.

    `seed_number` chooses among all possible data; `llm` is asked where a call names no language model of its own;
    databases on `hosts` may be filled; `scenarios` is the file or module of the scenarios.
    """

    models: Any
    session: Any
    seed_number: int = 0
    llm: Any = None
    hosts: Sequence[str] = ()
    scenarios: str | Path | None = None

    def make(self, class_: Any, /, *traits: str, **options: Any) -> Any:
        """Make one object, as `syda.make` does; awaitable where the session is asynchronous."""
        from syda.factories.factory import make, make_async

        return (make_async if self._is_async else make)(self.session, class_, *traits, **options)

    def make_many(self, number: int, class_: Any, /, *traits: str, **options: Any) -> Any:
        """Make objects, as `syda.make_many` does; awaitable where the session is asynchronous."""
        from syda.factories.factory import make_many, make_many_async

        made = make_many_async if self._is_async else make_many
        return made(self.session, number, class_, *traits, **options)

    def build(self, class_: Any, /, *traits: str, **options: Any) -> Any:
        """Make an object that no session knows, as `syda.build` does."""
        from syda.factories.factory import build

        return build(class_, *traits, **options)

    def seed(self, rows: Any = None, *, plan: Plan | str | Path | None = None, **options: Any) -> LoadReport:
        """Fill the database, as `syda.seed` does with the models, or as a plan or its file says.

        Rows are added to those that are there. Of an asynchronous session the result is to be awaited.
        """
        import syda

        told = {"mode": "append", "allow_hosts": self.hosts, **options}
        seed: Any = syda.seed_async if self._is_async else syda.seed
        if plan is not None:
            source = syda.Plan.from_yaml(plan) if isinstance(plan, str | Path) else plan
            report: LoadReport = seed(self.session, source, **told)
        else:
            report = seed(self.session, self.models, rows=rows, **self._options(told))
        return report

    def load(self, path: str | Path, *, remap_keys: bool = False, mode: Mode = "append") -> Any:
        """Load fixture files, as `syda.load_fixtures` does with the models; rows are added to those that are there.

        Of an asynchronous session the result is to be awaited.
        """
        from syda.fixtures.loading import FixtureLoad, load_fixtures
        from syda.load.options import LoadOptions

        if self._is_async:
            from syda.load.asynchronous import run_async

            options = LoadOptions(mode=mode, allow_hosts=self.hosts)
            load = FixtureLoad(models=self.models, path=Path(path), remap_keys=remap_keys, options=options)
            return run_async(self.session, load.load)
        return load_fixtures(self.session, path, self.models, remap_keys=remap_keys, mode=mode, allow_hosts=self.hosts)

    def plan(self, rows: Any = None, **options: Any) -> Plan:
        """Return the plan that `seed` would follow in an empty database."""
        import syda

        return syda.plan(self.models, rows=rows, **self._options(options))

    def frames(self, rows: Any = None, **options: Any) -> Frames:
        """Return rows as data frames, and leave the database as it is."""
        import syda

        return syda.generate(self.models, rows=rows, **self._options(options)).frames()

    def scenario(self, name: str, /, **parameters: Any) -> Any:
        """Bring the database into the state that a scenario names, and return what its function returns."""
        from syda.scenarios.playing import play

        return play(self, name, parameters, self.scenarios)

    @property
    def _is_async(self) -> bool:
        return hasattr(self.session, "run_sync")

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        asked = {} if self.llm is None else {"llm": self.llm}
        return {"seed": self.seed_number, **asked, **options}
