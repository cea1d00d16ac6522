"""What syda does, bound to models and to one session: rows for a test, or for a scenario."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syda.load.frames import Frames
    from syda.load.modes import Mode
    from syda.load.report import LoadReport
    from syda.planning.model import Plan
    from syda.schema import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Rows of the `models` in the database of a `session`.

    `seed_number` chooses among all possible data, and `reseeds_plans` says that it does so for plans too, which have
    a seed of their own. `llm` is asked where a call names no language model; databases on `hosts` may be filled;
    `scenarios` is the file or module of the scenarios. Plans and fixtures are found from `folder`.

    Tables get rows that are named in `rows`, and those that these need; a number is for all tables. Those in `kept` get
    some only where they are named: their rows are the parents of others.
    """

    models: Any
    session: Any
    seed_number: int = 0
    reseeds_plans: bool = False
    llm: Any = None
    hosts: Sequence[str] = ()
    scenarios: str | Path | None = None
    folder: Path = Path()
    kept: Collection[str] = ()

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
        """Fill the database, as `syda.seed` does with the models, or as a plan or its file says; `seed` is another one.

        Rows are added to those that are there. Of an asynchronous session the result is to be awaited.
        """
        import syda

        told = {"mode": "append", "allow_hosts": self.hosts, **options}
        seed: Any = syda.seed_async if self._is_async else syda.seed
        if plan is not None:
            report: LoadReport = seed(self.session, self._planned(plan, told.pop("seed", None)), **told)
        else:
            models, asked = self._asked(rows)
            report = seed(self.session, models, rows=asked, **self._options(told))
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
            load = FixtureLoad(models=self.models, path=self.folder / path, remap_keys=remap_keys, options=options)
            return run_async(self.session, load.load)
        told: dict[str, Any] = {"remap_keys": remap_keys, "mode": mode, "allow_hosts": self.hosts}
        return load_fixtures(self.session, self.folder / path, self.models, **told)

    def plan(self, rows: Any = None, **options: Any) -> Plan:
        """Return the plan that `seed` would follow in an empty database."""
        import syda

        models, asked = self._asked(rows)
        return syda.plan(models, rows=asked, **self._options(options))

    def frames(self, rows: Any = None, **options: Any) -> Frames:
        """Return rows as data frames, and leave the database as it is."""
        import syda

        models, asked = self._asked(rows)
        return syda.generate(models, rows=asked, **self._options(options)).frames()

    def scenario(self, name: str, /, **parameters: Any) -> Any:
        """Bring the database into the state that a scenario names, and return what its function returns.

        Of an asynchronous session the result is to be awaited; the function is given a stage that need not be.
        """
        from syda.scenarios.playing import play

        if self._is_async:
            from syda.load.asynchronous import run_async

            def work(session: Any) -> Any:
                return play(replace(self, session=session), name, parameters, self.scenarios)

            return run_async(self.session, work)
        return play(self, name, parameters, self.scenarios)

    @property
    def _is_async(self) -> bool:
        from syda.load.target import is_async

        return is_async(self.session)

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        asked = {} if self.llm is None else {"llm": self.llm}
        return {"seed": self.seed_number, **asked, **options}

    def _planned(self, plan: Plan | str | Path, seed: int | None) -> Plan:
        import syda

        found = syda.Plan.from_yaml(self.folder / plan) if isinstance(plan, str | Path) else plan
        if seed is None and self.reseeds_plans:
            seed = self.seed_number
        return found if seed is None else replace(found, settings=replace(found.settings, seed=seed))

    def _asked(self, rows: Any) -> tuple[Reading, Any]:
        """Return the models as they are read, and rows that say 0 of each table that nothing asks for."""
        from syda.planning.requests import read_rows
        from syda.schema import read_schema

        reading = read_schema(self.models)
        if not isinstance(rows, Mapping):
            kept = dict.fromkeys(self.kept, 0)
            return reading, replace(read_rows(reading.schema, rows), named=kept) if kept else rows
        return reading, {**rows, **dict.fromkeys(_beside(reading, rows, self.kept), 0)}


def _beside(reading: Reading, rows: Mapping[Any, Any], kept: Collection[str]) -> list[str]:
    """Return the tables that are not named in `rows`, and that no table with rows has to refer to."""
    from syda.planning.requests import read_rows

    schema = reading.schema
    asked = read_rows(schema, rows)
    waiting = [key for key, number in asked.named.items() if number] + [key for key, _ in asked.children]
    needed: set[str] = set()
    seen: set[str] = set()
    while waiting:
        table = schema.tables[waiting.pop()]
        seen.add(table.key)
        required = [link.parent for link in table.foreign_keys if not table.is_optional(link)]
        parents = [parent for parent in required if parent not in kept]
        needed.update(parent for parent in parents if parent != table.base_table)
        waiting += [each for each in (*parents, table.base_table) if each and each not in seen]
    known = {*asked.named, *needed, *(key for key, _ in asked.children), *schema.external}
    return [key for key in schema.tables if key not in known]
