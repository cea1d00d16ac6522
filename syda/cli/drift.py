"""`syda plan --check`: what has changed in the tables since a plan was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syda.cli.command import FAILED, echo_json

if TYPE_CHECKING:
    from syda.planning.drift import Change


def check_saved(path: Path, source: Any, asked: Mapping[str, Any], *, update: bool, as_json: bool) -> None:
    """Tell what has changed, and write the plan anew where that is wanted; exit with 1 where a change is left."""
    import syda
    from syda.planning.drift import changes_since, updated

    if asked:
        raise click.UsageError("--check compares a plan with the tables; it goes without options of what is made.")
    old, fresh = syda.Plan.from_yaml(path), syda.plan(source)
    changes = changes_since(old, fresh.schema)
    if changes and update:
        path.write_text(updated(old, fresh).to_yaml(), encoding="utf-8")
    _tell(path, changes, written=bool(changes) and update, as_json=as_json)
    if changes and not update:
        click.get_current_context().exit(FAILED)


def _tell(path: Path, changes: Sequence[Change], *, written: bool, as_json: bool) -> None:
    if as_json:
        listed = [{"table": each.table, "how": each.how, "details": list(each.details)} for each in changes]
        echo_json({"plan": str(path), "changes": listed, "updated": written})
        return
    for change in changes:
        click.echo(str(change))
    if written:
        click.echo(f"Wrote {path}: what it said of the rest is kept")
    elif changes:
        click.echo(f"{path} was made for other tables; --update makes it for these and keeps your edits")
    else:
        click.echo(f"{path} was made for these tables")
