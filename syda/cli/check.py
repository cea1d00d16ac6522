"""`syda check`: does a database keep the rules?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syda.cli.command import (
    Command,
    chosen_source,
    echo_json,
    echo_rows,
    example,
    json_option,
    models_option,
    one_source,
    schema_option,
)

if TYPE_CHECKING:
    from syda.quality.database import DatabaseReport


@click.command(cls=Command, epilog=example("syda check --url sqlite:///shop.db --models shop.models:Base"))
@click.option("--url", required=True, help="The database to check.")
@models_option
@schema_option
@json_option
@click.pass_context
def check(ctx: click.Context, *, url: str, models: str | None, schema: str | None, as_json: bool) -> None:
    """Count the rows that break a rule.

    Exits with 1 when there are any, or when the database refuses to have a table read. The rules are those of --models
    or --schema, or else the database's own. Nothing is changed.
    """
    one_source(needed=False, models=models, schema=schema)
    import syda

    report = syda.check(url, chosen_source(plan=None, models=models, other=schema, asked={}))
    if as_json:
        echo_json(report.to_dict())
    else:
        echo_rows(report.tables)
        echo_report(report)
    ctx.exit(0 if report.ok else 1)


def echo_report(report: DatabaseReport) -> None:
    """Print what a check found."""
    for violation in report.violations:
        click.echo(f"Violation: {violation}")
        for sample in violation.samples:
            click.echo("    " + ", ".join(f"{name}={value!r}" for name, value in sample.items()))
    for skipped in report.skipped:
        click.echo(f"Not checked: {skipped}")
    for unread in report.unread:
        click.echo(f"Not readable: {unread}")
    click.echo(f"Checked {report.checked} rules: {_found(report)}")


def _found(report: DatabaseReport) -> str:
    if report.ok:
        return "all hold"
    broken = [f"{len(report.violations)} do not hold"] if report.violations else []
    refused = [f"failed, the database refused to be read {len(report.unread)} times"] if report.unread else []
    return ", ".join(broken + refused)
