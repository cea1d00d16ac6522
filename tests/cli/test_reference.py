"""docs/reference/cli.md says of every command what --help and --json say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from syda.cli import main
from tests.cli.running import run, run_json
from tests.migrations.histories import History
from tests.migrations.histories import shop as history

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
SECTIONS = {
    title.removeprefix("`syda ").removesuffix("`"): text
    for title, text in re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}
INTERRUPTING = "import signal\nsignal.raise_signal(signal.SIGINT)"

# A way to each exit code for each command; demo's 1 is a file that is not its own, its 130 is in test_cli.
WAYS: dict[tuple[str, int], list[str]] = {
    ("demo", 0): ["--rows", "3"],
    ("demo", 1): ["--path", "schema.yaml"],
    ("demo", 2): ["--rows", "0"],
    ("plan", 0): ["--models", "shopmodels"],
    ("plan", 1): ["--models", "shopmodels", "--rows", "Custmer=3"],
    ("plan", 2): ["--models", "shopmodels", "--rows", "Customer=abc"],
    ("plan", 130): ["--models", "interrupting"],
    ("generate", 0): ["--models", "shopmodels", "--out", "data"],
    ("generate", 1): ["--models", "shopmodels", "--out", "schema.yaml/data"],
    ("generate", 2): ["--models", "shopmodels"],
    ("generate", 130): ["--models", "interrupting", "--out", "data"],
    ("seed", 0): ["--url", "sqlite:///new.db", "--models", "shopmodels", "--create", "--mode", "replace"],
    ("seed", 1): ["--url", "sqlite:///new.db", "--models", "shopmodels"],
    ("seed", 2): ["--models", "shopmodels"],
    ("seed", 130): ["--url", "sqlite:///new.db", "--models", "interrupting", "--create"],
    ("check", 0): ["--url", "sqlite://"],
    ("check", 1): ["--url", "sqlite://", "--models", "shopmodels"],
    ("check", 2): ["--models", "shopmodels"],
    ("check", 130): ["--url", "sqlite://", "--models", "interrupting"],
    ("rehearse", 0): ["--alembic", "revisions/alembic.ini", "--url", "sqlite://"],
    ("rehearse", 1): ["--alembic", "revisions/other.ini", "--url", "sqlite://"],
    ("rehearse", 2): ["--alembic", "revisions/alembic.ini"],
    ("rehearse", 130): ["--alembic", "interrupted/alembic.ini", "--url", "sqlite://"],
    ("dump", 0): ["--url", "sqlite:///filled.db", "--models", "shopmodels", "--out", "again.yaml"],
    ("dump", 1): ["--url", "sqlite:///none.db", "--out", "again.yaml"],
    ("dump", 2): ["--url", "sqlite:///filled.db", "--out", "again.yaml", "--table", "Order=x"],
    ("dump", 130): ["--url", "sqlite:///filled.db", "--models", "interrupting", "--out", "again.yaml"],
    ("load", 0): ["rows.yaml", "--url", "sqlite:///new.db", "--models", "shopmodels", "--create", "--mode", "replace"],
    ("load", 1): ["rows.yml", "--url", "sqlite:///filled.db"],
    ("load", 2): ["--url", "sqlite:///filled.db"],
    ("load", 130): ["rows.yaml", "--url", "sqlite:///filled.db", "--models", "interrupting"],
}


@pytest.fixture(autouse=True)
def histories(shop: Path) -> None:
    history(shop / "revisions")
    History(shop / "interrupted").add("a1", "raise KeyboardInterrupt")


def prepare(shop: Path) -> None:
    """Make what `dump` reads and `load` loads."""
    (shop / "rows.yaml").write_text("syda_fixtures: 1\ntables: {customers: {rows: [{id: 1, email: a@b.example}]}}\n")
    run("seed", "--url", "sqlite:///filled.db", "--models", "shopmodels", "--create", "--rows", "3")


def options(command: str) -> set[str]:
    return set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*)(?= |,|$)", run(command, "--help").stdout, re.MULTILINE))


def test_every_command_has_a_section() -> None:
    assert set(SECTIONS) - {"What all commands share"} == set(main.commands)


@pytest.mark.parametrize("command", main.commands)
def test_every_option_of_help_stands_in_the_reference_and_no_other(command: str) -> None:
    rows = re.findall(r"^\| (`-.*?) \|", SECTIONS[command], re.MULTILINE)
    written = {option for row in rows for option in re.findall(r"`(--?[a-z-]+)", row)}
    shown = options(command) - {"-h", "--help"}
    given = [each for each in main.commands[command].params if isinstance(each, click.Option)]
    declared = {name for each in given for name in each.opts}
    arguments = {each.make_metavar(click.Context(main)) for each in main.commands[command].params if each not in given}
    assert all(f"`{name}`" in SECTIONS[command] for name in arguments)
    assert written == shown == declared
    assert "`-h`" in PAGE


@pytest.mark.parametrize("command", main.commands)
def test_every_option_has_help(command: str) -> None:
    given = [each for each in main.commands[command].params if isinstance(each, click.Option)]
    assert [each.name for each in given if not each.help] == []


@pytest.mark.parametrize(("command", "code"), WAYS)
def test_every_exit_code_is_produced(shop: Path, command: str, code: int) -> None:
    (shop / "interrupting.py").write_text(INTERRUPTING)
    prepare(shop)
    result = run(command, *WAYS[command, code])
    assert result.exit_code == code, result.output
    document = run_json(command, *WAYS[command, code], code=code)
    kinds = {2: "UsageError", 130: "Interrupted"}
    assert code not in kinds or document["error"]["type"] == kinds[code]


def test_the_reference_names_these_exit_codes_and_no_other() -> None:
    named = {int(code) for code in re.findall(r"^\| `(\d+)` \|", SECTIONS["What all commands share"], re.MULTILINE)}
    assert named == {code for _, code in WAYS}
    assert {int(code) for code in re.findall(r"\b(\d+) \(", run("--help").stdout)} == named


@pytest.mark.parametrize("command", main.commands)
def test_every_key_of_json_stands_in_the_reference(command: str, shop: Path) -> None:
    prepare(shop)
    document: dict[str, Any] = run_json(command, *WAYS[command, 0])
    described = next(line for line in SECTIONS[command].splitlines() if line.startswith("| `--json`"))
    assert [key for key in document if f"`{key}`" not in described] == []
