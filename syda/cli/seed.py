"""`syda seed`: rows in a database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from syda.cli.command import (
    Command,
    allow_host_option,
    chosen_source,
    echo_json,
    echo_rows,
    example,
    json_option,
    making,
    making_options,
    mode_option,
    models_option,
    one_source,
    plan_option,
    progress_bar,
    schema_option,
    x_option,
)
from syda.cli.scenario import echo_played, play, refuse_beside_scenario, require_scenario, scenario_options

if TYPE_CHECKING:
    from syda.load.modes import Mode
    from syda.load.report import LoadReport
    from syda.load.roads.timing import Constraints


@click.command(
    cls=Command,
    epilog=example("syda seed --url sqlite:///shop.db --models shop.models:Base --rows Customer=10,Order=30 --create"),
)
@click.option("--url", required=True, help="The database to fill, e.g. postgresql+psycopg://user@host/name.")
@models_option
@schema_option
@plan_option
@making_options
@mode_option
@click.option("--create", is_flag=True, help="Make the tables that do not exist.")
@click.option(
    "--constraints",
    type=click.Choice(["auto", "last", "live"]),
    default="auto",
    show_default=True,
    help="Make keys and indexes of empty tables after the rows, check row by row, or choose by the rows of each table.",
)
@click.option(
    "--allow-nontransactional",
    is_flag=True,
    help="Fill tables of MariaDB and MySQL whose engine has no transactions; after an error they keep rows.",
)
@allow_host_option
@click.option("--redact-values", is_flag=True, help="Keep values out of the message when the database refuses a row.")
@click.option("--dry-run", is_flag=True, help="Say what would be loaded and how, and change nothing.")
@click.option(
    "--alembic",
    metavar="FILE",
    help="Bring the database to a revision first, by this alembic.ini or pyproject.toml; then fill it.",
)
@click.option("--revision", metavar="REV", help="With --alembic: the revision (default head).")
@x_option
@scenario_options
@json_option
def seed(
    *,
    url: str,
    models: str | None,
    schema: str | None,
    plan_file: str | None,
    mode: Mode,
    create: bool,
    constraints: Constraints,
    allow_nontransactional: bool,
    allow_hosts: tuple[str, ...],
    redact_values: bool,
    dry_run: bool,
    alembic: str | None,
    revision: str | None,
    x: tuple[str, ...],
    scenario: str | None,
    scenarios: str | None,
    parameters: tuple[str, ...],
    as_json: bool,
    **asked: Any,
) -> None:
    """Fill a database in one transaction: all rows or none.

    Without --models, --schema and --plan the tables are read from the database. Tables that have rows are refused,
    unless --mode says what becomes of these. So is a database that looks like production. With --alembic, so are
    --models that are not what the revisions make.
    """
    one_source(needed=False, models=models, schema=schema, plan=plan_file)
    _check_alembic(alembic, revision, x, schema=schema, create=create, dry_run=dry_run)
    given = making(**asked)
    if scenario:
        refuse_beside_scenario(
            plan=plan_file,
            schema=schema,
            constraints=constraints != "auto",
            allow_nontransactional=allow_nontransactional,
            redact_values=redact_values,
            dry_run=dry_run,
            **given,
        )
        upgrade = _upgrade(alembic, url, revision, mode, allow_hosts, x) if alembic else None
        loading: dict[str, Any] = {"create": create, "allow_hosts": allow_hosts, "upgrade": upgrade}
        played = play(url, models, scenario, scenarios, parameters, given, mode, **loading)
        echo_played(scenario, played, as_json=as_json)
        return
    require_scenario(scenarios, parameters)
    import syda

    source = chosen_source(plan=plan_file, models=models, other=schema, asked=given)
    with progress_bar(hidden=as_json) as progress:
        options: dict[str, Any] = {
            "mode": mode,
            "create": create,
            "constraints": constraints,
            "allow_nontransactional": allow_nontransactional,
            "allow_hosts": allow_hosts,
            "redact_values": redact_values,
            "dry_run": dry_run,
        }
        if alembic:
            from syda.migrations import upgrade_and_seed

            options |= {"revision": "head" if revision is None else revision, "x": x}
            report = upgrade_and_seed(alembic, url, source, **given, **options, progress=progress)
        else:
            report = syda.seed(url, source, **given, **options, progress=progress)
    if as_json:
        echo_json(report.to_dict())
    else:
        _echo_report(report)


def _check_alembic(alembic: str | None, revision: str | None, x: tuple[str, ...], **others: Any) -> None:
    """Raise a usage error for options of alembic's without --alembic, or beside what it does not go with."""
    if not alembic and revision:
        raise click.UsageError("--revision is for --alembic, which says where the revisions are.")
    if not alembic and x:
        raise click.UsageError("-x is for the env.py of --alembic.")
    given = [f"--{name.replace('_', '-')}" for name, value in others.items() if value]
    if alembic and given:
        raise click.UsageError(f"With --alembic the revisions make the tables: it goes without {' and '.join(given)}.")


def _upgrade(
    alembic: str, url: str, revision: str | None, mode: Mode, allow_hosts: tuple[str, ...], x: tuple[str, ...]
) -> Callable[[Any], Collection[str]]:
    """Return what brings the database to the revision, given the models."""
    from syda.migrations.upgrading import upgrade_beside

    wanted = "head" if revision is None else revision
    return partial(upgrade_beside, alembic, url, revision=wanted, mode=mode, allow_hosts=allow_hosts, x=x)


def _echo_report(report: LoadReport) -> None:
    echo_rows(report.rows)
    if not report.rows:
        click.echo("Note: there are no tables; give --models and --create to make them")
    from syda.load.roads.timing import LARGE_ROWS

    if report.dry_run or max(report.rows.values(), default=0) >= LARGE_ROWS:
        for line in report.explain().splitlines():
            click.echo(f"Load: {line}")
    if report.usage:
        click.echo(f"Model: {report.usage}")
    for note in report.notes:
        click.echo(f"Note: {note}")
    if report.dry_run:
        click.echo(f"{report.total:,} rows would be loaded; nothing was changed")
    else:
        click.echo(f"Loaded {report.total:,} rows in {report.seconds:.2f} s")
