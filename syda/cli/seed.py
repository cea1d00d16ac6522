"""`syda seed`: rows in a database."""

from __future__ import annotations

from typing import Any

import click

from syda.cli.command import (
    Command,
    complete_plan,
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
from syda.cli.models import load_models


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

    source = complete_plan(plan_file, given) if plan_file else load_models(models) if models else schema
    with progress_bar(hidden=as_json) as progress:
        report = syda.seed(url, source, **given, create=create, progress=progress)
    if as_json:
        echo_json(report.to_dict())
        return
    echo_rows(report.rows)
    for note in report.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Loaded {report.total:,} rows in {report.seconds:.2f} s")
