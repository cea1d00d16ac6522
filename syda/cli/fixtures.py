"""`syda dump` and `syda load`: rows of a database as files that stand beside tests, and back."""

from __future__ import annotations

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
    mode_option,
    models_option,
    progress_bar,
)

if TYPE_CHECKING:
    from syda.load.modes import Mode


def _read_tables(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, int | None]:
    """Read ``Order=20``, or ``Order`` for all of its rows."""
    tables: dict[str, int | None] = {}
    for part in given:
        name, found, count = (piece.strip() for piece in part.partition("="))
        if not name or (found and not count.isdecimal()):
            raise click.BadParameter(f"expected a name like Order, or Order=20, got {part!r}")
        if name in tables:
            raise click.BadParameter(f"{name!r} is given twice")
        tables[name] = int(count) if found else None
    return tables


def _read_conditions(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Read ``Order: status = 'paid'``."""
    conditions: dict[str, str] = {}
    for part in given:
        name, found, condition = (piece.strip() for piece in part.partition(":"))
        if not (name and found and condition):
            raise click.BadParameter(f"expected a table and a condition like \"Order: status = 'paid'\", got {part!r}")
        if name in conditions:
            raise click.BadParameter(f"{name!r} is given twice; put AND or OR between the conditions")
        conditions[name] = condition
    return conditions


@click.command(
    cls=Command, epilog=example("syda dump --url sqlite:///shop.db --table Order=20 --out tests/data/shop.yaml")
)
@click.option("--url", required=True, help="The database to read.")
@models_option
@click.option(
    "--out", required=True, metavar="PATH", help="A .yaml, .json or .sql file, or a folder for a file per table."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["yaml", "json", "sql", "parquet"]),
    help="What to write (default: as --out ends, or yaml); parquet needs a folder and the extra parquet.",
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    callback=_read_tables,
    metavar="NAME[=N]",
    help="Take a table's first N rows by their keys, or all; may be repeated.",
)
@click.option(
    "--where",
    multiple=True,
    callback=_read_conditions,
    metavar="NAME: SQL",
    help="Take the rows of a table that fulfil a condition; may be repeated.",
)
@click.option("--all", "others", is_flag=True, help="Take all rows of the tables that neither option names.")
@click.option("--children", is_flag=True, help="Take the rows that refer to chosen ones, too.")
@click.option(
    "--redact",
    multiple=True,
    metavar="NAME.COLUMN",
    help="Write other values, made by syda, in the place of a column's own; may be repeated.",
)
@allow_host_option
@json_option
def dump(*, url: str, models: str | None, out: str, format_: Any, as_json: bool, **asked: Any) -> None:
    """Write rows to fixture files, with every row that they refer to.

    Without --table and --where all tables are taken whole. All is read as it is at one moment; nothing is changed.
    """
    import syda

    source = chosen_source(plan=None, models=models, other=None, asked={})
    report = syda.dump_fixtures(url, out, source, format=format_, **asked)
    if as_json:
        echo_json(report.to_dict())
        return
    echo_rows(report.rows)
    click.echo(f"Wrote {report.total:,} rows to {out}")


@click.command(
    cls=Command, epilog=example("syda load --url sqlite:///test.db tests/data/shop.yaml --mode append --remap-keys")
)
@click.argument("path")
@click.option("--url", required=True, help="The database to fill.")
@models_option
@click.option("--remap-keys", is_flag=True, help="Give rows that the database numbers new numbers; references follow.")
@mode_option
@click.option("--create", is_flag=True, help="Make the tables of --models that do not exist.")
@allow_host_option
@json_option
def load(*, path: str, url: str, models: str | None, mode: Mode, as_json: bool, **asked: Any) -> None:
    """Load fixture files in one transaction: all rows or none.

    PATH is a .yaml or .json file, or a folder of such or of Parquet files. The rows are checked before any is written.
    """
    import syda

    source = chosen_source(plan=None, models=models, other=None, asked={})
    with progress_bar(hidden=as_json) as progress:
        report = syda.load_fixtures(url, path, source, mode=mode, progress=progress, **asked)
    if as_json:
        echo_json(report.to_dict())
        return
    echo_rows(report.rows)
    for note in report.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Loaded {report.total:,} rows in {report.seconds:.2f} s")
