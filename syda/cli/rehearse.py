"""`syda rehearse`: migrations, over full tables."""

from __future__ import annotations

import click

from syda.cli.command import FAILED, Command, echo_json, example, json_option, progress_bar, x_option


@click.command(cls=Command, epilog=example("syda rehearse --alembic alembic.ini --url sqlite:///shop.db --downgrade"))
@click.option("--alembic", required=True, metavar="FILE", help="alembic.ini, or a pyproject.toml with its settings.")
@click.option("--url", required=True, help="A database, on whose server another one is made for the rehearsal.")
@click.option("--from", "start", metavar="REV", help="Begin after this revision (default: at the first).")
@click.option("--to", default="head", show_default=True, metavar="REV", help="End with this revision; heads is all.")
@click.option("--rows", type=int, default=30, show_default=True, metavar="N", help="Rows of each table.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Choose among all possible data.")
@click.option("--downgrade", is_flag=True, help="Take each revision back, and run it again.")
@click.option(
    "--known", multiple=True, metavar="REV", help="What is found in this revision does not count; may be repeated."
)
@click.option(
    "--lock-seconds",
    type=float,
    default=0.5,
    show_default=True,
    metavar="SECONDS",
    help="Tell which tables are locked for so long, on PostgreSQL.",
)
@click.option("--keep", is_flag=True, help="Keep the database of the rehearsal, and say where it is.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Make the database on this host, or beside one whose name says production; may be repeated.",
)
@x_option
@json_option
def rehearse(
    *,
    alembic: str,
    url: str,
    start: str | None,
    to: str,
    rows: int,
    seed: int,
    downgrade: bool,
    known: tuple[str, ...],
    lock_seconds: float,
    keep: bool,
    allow_hosts: tuple[str, ...],
    x: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run each revision of alembic's over full tables.

    That is done in a database of its own, which is dropped at the end; the one of --url is not touched. The exit code
    is 1 when a revision fails, loses rows, or anything else is found.
    """
    from syda.load.signals import sigterm_as_ctrl_c
    from syda.migrations import rehearse as rehearsed

    with sigterm_as_ctrl_c(), progress_bar(hidden=as_json) as progress:
        report = rehearsed(
            alembic,
            url,
            start=start,
            to=to,
            rows=rows,
            seed=seed,
            downgrade=downgrade,
            known=known,
            lock_seconds=lock_seconds,
            keep=keep,
            allow_hosts=allow_hosts,
            x=x,
            progress=progress,
        )
    if as_json:
        echo_json(report.to_dict())
    else:
        click.echo(report.explain())
    if not report.is_clean:
        click.get_current_context().exit(FAILED)
