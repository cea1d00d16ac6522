"""`syda plan --check`: what has changed in the tables since a plan was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syda.cli.command import FAILED, echo_json

if TYPE_CHECKING:
    from syda.planning.drift import Change


def check_saved(
    path: Path, source: Any, asked: Mapping[str, Any], *, revision: str | None, update: bool, as_json: bool
) -> None:
    """Tell what has changed, and write the plan anew where that is wanted; exit with 1 where a change is left.

    The `revision` is that of the tables, where it is known. Another one alone is no change.
    """
    import syda
    from syda.load.files import edit_text
    from syda.planning.drift import changes_since, unkept, updated
    from syda.planning.remarks import with_comments

    if asked:
        raise click.UsageError("--check compares a plan with the tables; it goes without options of what is made.")
    old, fresh = syda.Plan.from_yaml(path), replace(syda.plan(source), revision=revision)
    changes = changes_since(old, fresh.schema)
    moved = revision is not None and revision != old.revision
    written = update and (bool(changes) or moved)
    left_out: list[str] = []
    if written:
        merged = updated(old, fresh)
        text, comments = with_comments(merged.to_yaml(), path.read_text(encoding="utf-8"))
        edit_text(path, text)
        left_out = [*unkept(old, fresh, merged), *(f"the comment {each!r} has no place any more" for each in comments)]
    _tell(path, changes, (old.revision, revision), left_out, written=written, as_json=as_json)
    if changes and not update:
        click.get_current_context().exit(FAILED)


def _tell(
    path: Path,
    changes: Sequence[Change],
    revisions: tuple[str | None, str | None],
    left_out: Sequence[str],
    *,
    written: bool,
    as_json: bool,
) -> None:
    old, new = revisions
    if as_json:
        listed = [{"table": each.table, "how": each.how, "details": list(each.details)} for each in changes]
        kept = {"changes": listed, "updated": written, "left_out": list(left_out)}
        echo_json({"plan": str(path), "revision": old, "now": new, **kept})
        return
    for change in changes:
        click.echo(str(change))
    if new is not None and new != old:
        click.echo(f"{path} was made for {_named(old)}; the tables are at {_named(new)}")
    if written:
        for each in left_out:
            click.echo(f"Note: {each}")
        click.echo(f"Wrote {path}: what it said of the rest is kept")
    elif changes:
        click.echo(f"{path} was made for other tables; --update makes it for these and keeps your edits")
    else:
        click.echo(f"{path} was made for these tables")


def _named(revision: str | None) -> str:
    return "no revision that it names" if revision is None else f"revision {revision}"
