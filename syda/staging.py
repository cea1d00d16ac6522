"""A database brought into the state that a scenario names, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from syda.bound import Bound
from syda.errors import PlanError
from syda.load.creation import create_tables
from syda.load.guard import require_unprotected
from syda.load.modes import count_rows, require_empty
from syda.load.target import connected, rejections
from syda.migrations.comparing import metadata_of
from syda.scenarios.playing import steps
from syda.schema import read_schema

if TYPE_CHECKING:
    from syda.load.modes import Mode
    from syda.load.target import Target


def stage(
    target: Target,
    models: Any,
    name: str,
    parameters: Mapping[str, Any],
    *,
    scenarios: str | Path | None,
    seed: int = 0,
    mode: Mode = "if_empty",
    create: bool = False,
    allow_hosts: Iterable[str] = (),
    upgrade: Callable[[], Collection[str]] | None = None,
) -> dict[str, int]:
    """Play a scenario in one transaction, and return how many rows each table has got.

    The arguments are those of `syda.seed` and of `syda.bound.Bound.scenario`. `upgrade` is done first, and returns the
    tables whose rows stay and are parents. Raises a `SydaError`; the database is then as it was, but for tables that
    were made.
    """
    if mode == "replace":
        raise PlanError("a scenario fills empty tables, or adds to others with mode='append'; it replaces no rows")
    hosts = tuple(allow_hosts)
    if upgrade is not None:
        steps(name, parameters, scenarios)  # a wrong name is to be told before the upgrade
    kept: Collection[str] = () if upgrade is None else upgrade()
    with connected(target) as connection:
        require_unprotected(connection, hosts)
        connection.rollback()
        reading = read_schema(models)
        origin = reading.origin or {}
        if create:
            with rejections("making the tables"), connection.begin():
                for metadata in metadata_of(reading):
                    create_tables(connection, metadata)
        before = count_rows(connection, reading.schema, origin)
        if mode == "if_empty":
            require_empty(before, before.keys() - set(kept))
        connection.rollback()
        with Session(connection) as session, rejections(f"playing the scenario {name!r}"):
            bound = Bound(models=models, session=session, seed_number=seed, hosts=hosts, scenarios=scenarios, kept=kept)
            bound.scenario(name, **parameters)
            session.commit()
        after = count_rows(connection, reading.schema, origin)
    return {key: rows - before.get(key, 0) for key, rows in after.items() if rows > before.get(key, 0)}
