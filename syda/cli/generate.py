"""`syda generate`: rows in files."""

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
    from syda.load.files import Format


@click.command(
    cls=Command, epilog=example("syda generate --models shop.models:Base --rows 100 --format csv --out data")
)
@models_option
@schema_option
@plan_option
@click.option("--url", help="Read the tables of this database.")
@making_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "json", "jsonl", "parquet"]),
    default="csv",
    show_default=True,
    help="What to write; parquet needs the extra parquet.",
)
@click.option("--out", type=click.Path(file_okay=False), required=True, metavar="DIR", help="Where the files go.")
@json_option
def generate(
    *,
    models: str | None,
    schema: str | None,
    plan_file: str | None,
    url: str | None,
    format_: Format,
    out: str,
    as_json: bool,
    **asked: Any,
) -> None:
    """Write rows to files, one for each table."""
    one_source(needed=True, models=models, schema=schema, plan=plan_file, url=url)
    given = making(**asked)
    import syda
    from syda.load.files import require_writable_folder

    require_writable_folder(out, format_)
    source = chosen_source(plan=plan_file, models=models, other=schema or url, asked=given)
    with progress_bar(hidden=as_json) as progress:
        dataset = syda.generate(source, **given, progress=progress)
    files = getattr(dataset, f"to_{format_}")(out)
    usage = {"usage": dataset.usage.to_dict()} if dataset.usage else {}
    if as_json:
        echo_json({"rows": dataset.rows, "files": files, "fingerprint": dataset.plan.fingerprint, **usage})
        return
    echo_rows(dataset.rows)
    if dataset.usage:
        click.echo(f"Model: {dataset.usage}")
    click.echo(f"Wrote {len(files)} files to {out}")
