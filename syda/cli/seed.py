"""`syda seed`: rows in a database."""

from __future__ import annotations

from typing import Any

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


@click.command(
    cls=Command,
    epilog=example("syda seed --url sqlite:///shop.db --models shop.models:Base --rows Customer=10,Order=30 --create"),
)
@click.option("--url", required=True, help="The database to fill, e.g. postgresql+psycopg://user@host/name.")
@models_option
@schema_option
@plan_option
@making_options
@click.option("--create", is_flag=True, help="Make the tables that do not exist.")
@json_option
def seed(
    *,
    url: str,
    models: str | None,
    schema: str | None,
    plan_file: str | None,
    create: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Fill a database in one transaction: all rows or none.

    Without --models, --schema and --plan the tables are read from the database. Rows that are there stay, and new
    ones fit them.
    """
    one_source(needed=False, models=models, schema=schema, plan=plan_file)
    given = making(**asked)
    import syda

    source = chosen_source(plan=plan_file, models=models, other=schema, asked=given)
    with progress_bar(hidden=as_json) as progress:
        report = syda.seed(url, source, **given, create=create, progress=progress)
    if as_json:
        echo_json(report.to_dict())
        return
    echo_rows(report.rows)
    if not report.rows:
        click.echo("Note: there are no tables; give --models and --create to make them")
    for note in report.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Loaded {report.total:,} rows in {report.seconds:.2f} s")
