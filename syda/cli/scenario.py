"""The options of `syda seed` that are about scenarios, and what is done then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from syda.cli.command import echo_json, echo_rows
from syda.named_models import load_models

if TYPE_CHECKING:
    from syda.load.modes import Mode


def scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in (
        click.option(
            "--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A scenario's parameter; may be repeated."
        ),
        click.option("--scenarios", metavar="FILE|MODULE", help="Where the scenarios are: .yaml, .py, or a module."),
        click.option("--scenario", metavar="NAME", help="Bring the database into the state that has this name."),
    ):
        command = option(command)
    return command


def refuse_beside_scenario(*, seed: int | None = None, **others: Any) -> None:
    """Raise a usage error for an option that says otherwise how the database is filled."""
    del seed  # the one that both take
    given = [name for name, value in others.items() if value]
    if given:
        options = " and ".join("--" + name.replace("_", "-") for name in given)
        raise click.UsageError(f"A scenario says what is made and how: it goes without {options}.")


def require_scenario(scenarios: str | None, parameters: Sequence[str]) -> None:
    """Raise a usage error for options of a scenario where none is named."""
    if scenarios or parameters:
        raise click.UsageError("--scenarios and --set are for --scenario, which says which state is wanted.")


def play(
    url: str,
    models: str | None,
    scenario: str,
    scenarios: str | None,
    parameters: Sequence[str],
    given: Mapping[str, Any],
    mode: Mode,
    *,
    create: bool,
    allow_hosts: Sequence[str],
    upgrade: Callable[[Any], Collection[str]] | None,
) -> dict[str, int]:
    """Play a scenario, behind an upgrade by the models, and return the rows that each table has got."""
    if models is None:
        raise click.UsageError("A scenario makes objects of mapped classes: say which by --models.")
    from syda.staging import stage

    loaded = load_models(models)
    return stage(
        url,
        loaded,
        scenario,
        dict(map(_parameter, parameters)),
        scenarios=scenarios,
        seed=given.get("seed", 0),
        mode=mode,
        create=create,
        allow_hosts=allow_hosts,
        upgrade=upgrade and partial(upgrade, loaded),
    )


def _parameter(text: str) -> tuple[str, Any]:
    """Read ``amount=5``: the value is what YAML takes it for."""
    from yaml import YAMLError

    from syda.documents import MistakeError, read_yaml

    name, found, value = text.partition("=")
    if not found or not name.strip().isidentifier():
        raise click.UsageError(f"--set: expected NAME=VALUE, got {text!r}.")
    try:
        return name.strip(), read_yaml(value)
    except (MistakeError, YAMLError):
        return name.strip(), value


def echo_played(scenario: str, rows: Mapping[str, int], *, as_json: bool) -> None:
    """Print what a scenario has made."""
    if as_json:
        echo_json({"scenario": scenario, "rows": dict(rows)})
        return
    echo_rows(rows)
    click.echo(f"Played {scenario!r}: {sum(rows.values()):,} rows")
