"""`syda plan`: what would be made, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click

from syda.cli.command import (
    Command,
    chosen_source,
    echo_json,
    example,
    json_option,
    making,
    making_options,
    models_option,
    one_source,
    schema_option,
)
from syda.cli.drift import check_saved
from syda.errors import TargetError

Form = Literal["text", "yaml", "mermaid"]


@click.command(cls=Command, epilog=example("syda plan --models shop.models:Base --rows Customer=10,Order=30"))
@models_option
@schema_option
@click.option("--url", help="Read the tables of this database.")
@making_options
@click.option("--yaml", "form", flag_value="yaml", help="Print YAML that generate and seed take with --plan.")
@click.option("--mermaid", "form", flag_value="mermaid", help="Print a Mermaid entity-relationship diagram.")
@click.option("--dry-run", is_flag=True, help="Say what a language model would be asked, and send nothing.")
@click.option(
    "--check",
    "checked",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Tell what has changed in the tables since this plan was made; exit with 1 if anything has.",
)
@click.option("--update", is_flag=True, help="With --check: write the plan for the tables as they are, edits kept.")
@click.option(
    "--alembic",
    metavar="FILE",
    help="With --models or --schema: say in the plan that they are those of the head revision of this alembic.ini.",
)
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Write to a file instead.")
@json_option
def plan(
    *,
    models: str | None,
    schema: str | None,
    url: str | None,
    form: Form | None,
    dry_run: bool,
    checked: str | None,
    update: bool,
    alembic: str | None,
    out: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Say how each column would be made.

    The reasons are given too; no row is made. A plan of the tables of a database says at which revision of alembic's
    they were.
    """
    one_source(needed=True, models=models, schema=schema, url=url)
    if alembic and url:
        raise click.UsageError("--alembic says the revision of --models or --schema; a database says its own.")
    import syda

    if out and not Path(out).absolute().parent.is_dir():
        raise TargetError(f"cannot write {out}: there is no such folder")
    source = chosen_source(plan=None, models=models, other=schema or url, asked={})
    if checked:
        revision = _revision(url, alembic)
        check_saved(Path(checked), source, making(**asked), revision=revision, update=update, as_json=as_json)
        return
    if update:
        raise click.UsageError("--update goes with --check, which says which plan.")
    made = replace(syda.plan(source, **making(**asked), dry_run=dry_run), revision=_revision(url, alembic))
    if out:
        _write(Path(out), _text(made, form or "text"))
    if as_json:
        echo_json(_document(made, out))
    elif out:
        click.echo(f"Wrote {out}")
    else:
        click.echo(_text(made, form or "text").rstrip("\n"))


def _revision(url: str | None, alembic: str | None) -> str | None:
    """Return the revision of the tables, of a database or of the models; None where there is none."""
    if url is None and alembic is None:
        return None
    from syda.migrations.revisions import database_revision, head_revision

    return database_revision(url) if url is not None else head_revision(str(alembic))


def _text(made: Any, form: Form) -> str:
    forms = {"text": made.explain, "yaml": made.to_yaml, "mermaid": made.to_mermaid}
    return str(forms[form]())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TargetError(f"cannot write {path}: {error.strerror}") from error


def _document(made: Any, out: str | None) -> dict[str, Any]:
    import yaml

    written = {"path": out} if out else {}
    usage = {"usage": made.usage.to_dict()} if made.usage else {}
    return {"fingerprint": made.fingerprint, "plan": yaml.safe_load(made.to_yaml()), **usage, **written}
