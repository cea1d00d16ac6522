"""`syda seed`: rows in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from syda.cli.command import (
    Command,
    chosen_source,
    echo_json,
    echo_rows,
    example,
    json_option,
    making,
    making_options,
    models_option,
    one_source,
    plan_option,
    progress_bar,
    schema_option,
)

if TYPE_CHECKING:
    from syda.load.modes import Mode


@click.command(
    cls=Command,
    epilog=example("syda seed --url sqlite:///shop.db --models shop.models:Base --rows Customer=10,Order=30 --create"),
)
@click.option("--url", required=True, help="The database to fill, e.g. postgresql+psycopg://user@host/name.")
@models_option
@schema_option
@plan_option
@making_options
@click.option(
    "--mode",
    type=click.Choice(["if_empty", "append", "replace"]),
    default="if_empty",
    show_default=True,
    help="Refuse tables that have rows, add to these, or delete these first.",
)
@click.option("--create", is_flag=True, help="Make the tables that do not exist.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Fill a database on this host, or one whose name says production; may be repeated.",
)
@click.option("--redact-values", is_flag=True, help="Keep values out of the message when the database refuses a row.")
@json_option
def seed(
    *,
    url: str,
    models: str | None,
    schema: str | None,
    plan_file: str | None,
    mode: Mode,
    create: bool,
    allow_hosts: tuple[str, ...],
    redact_values: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Fill a database in one transaction: all rows or none.

    Without --models, --schema and --plan the tables are read from the database. Tables that have rows are refused,
    unless --mode says what becomes of these. So is a database that looks like production.
    """
    one_source(needed=False, models=models, schema=schema, plan=plan_file)
    given = making(**asked)
    import syda

    source = chosen_source(plan=plan_file, models=models, other=schema, asked=given)
    with progress_bar(hidden=as_json) as progress:
        options: dict[str, Any] = {
            "mode": mode,
            "create": create,
            "allow_hosts": allow_hosts,
            "redact_values": redact_values,
        }
        report = syda.seed(url, source, **given, **options, progress=progress)
    if as_json:
        echo_json(report.to_dict())
        return
    echo_rows(report.rows)
    if not report.rows:
        click.echo("Note: there are no tables; give --models and --create to make them")
    for note in report.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Loaded {report.total:,} rows in {report.seconds:.2f} s")
