"""`syda demo`: what it makes, and what it replaces."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import run, run_json


def test_demo_makes_a_database_shows_it_and_checks_it(shop: Path) -> None:
    result = run("demo", "--rows", "20", "--seed", "3")
    assert result.exit_code == 0
    assert "Made demo.sqlite with 100 rows" in result.stdout
    assert "Order " in result.stdout
    assert "all hold" in result.stdout
    assert names(shop) == {"demo.sqlite"}


def names(folder: Path) -> set[str]:
    """Return what the tests' own files left in the folder."""
    return {path.name for path in folder.iterdir()} - {"shopmodels.py", "schema.yaml", "__pycache__"}


def test_demo_replaces_a_file_only_when_told_to(shop: Path) -> None:
    (shop / "x.sqlite").write_text("precious")
    refused = run_json("demo", "--path", "x.sqlite", code=1)
    assert "x.sqlite exists already and no demo made it; --force replaces it" in refused["error"]["message"]
    assert (shop / "x.sqlite").read_text() == "precious"
    result = run_json("demo", "--path", "x.sqlite", "--rows", "15", "--force")
    assert result["check"]["ok"]
    assert result["check"]["skipped"] == []
    assert set(result["rows"].values()) == {15}
    assert 1 <= len(result["sample"]) <= 3
    assert all(order["items"] and order["customer"] for order in result["sample"])
    assert run("check", "--url", "sqlite:///x.sqlite", "--models", "syda.demo").exit_code == 0


def test_a_second_demo_replaces_the_first_and_says_so(shop: Path) -> None:
    assert run_json("demo", "--rows", "5")["replaced"] is False
    result = run("demo", "--rows", "7")
    assert result.exit_code == 0
    assert result.stdout.startswith("Replaced demo.sqlite with 35 rows")
    assert run_json("demo", "--rows", "5")["replaced"] is True
    assert names(shop) == {"demo.sqlite"}


@pytest.mark.parametrize(
    "change",
    ["CREATE TABLE mine (x)", "CREATE VIEW mine AS SELECT 1", "DROP TABLE contacts", "PRAGMA application_id = 0"],
)
def test_a_demo_that_was_changed_is_not_replaced(shop: Path, change: str) -> None:
    run("demo", "--rows", "5")
    with closing(sqlite3.connect("demo.sqlite")) as connection:
        connection.execute(change)
    before = (shop / "demo.sqlite").read_bytes()
    assert run("demo").exit_code == 1
    assert (shop / "demo.sqlite").read_bytes() == before


def test_a_demo_that_cannot_be_written_says_where(shop: Path) -> None:
    error = run_json("demo", "--path", "no/such/folder/x.sqlite", code=1)["error"]
    assert error["type"] == "TargetError"
    assert error["message"].startswith("cannot write 'no/such/folder/x.sqlite': No such file")
    (shop / "demo.sqlite.new").write_text("precious")
    assert run("demo", "--path", "odd %20?#.sqlite", "--rows", "5").exit_code == 0
    assert run("demo", "--path", "odd %20?#.sqlite", "--rows", "5").exit_code == 0
    assert names(shop) == {"odd %20?#.sqlite", "demo.sqlite.new"}


def test_the_demo_is_the_same_every_time() -> None:
    samples = [run_json("demo", "--path", f"{number}.sqlite", "--rows", "9")["sample"] for number in (1, 2)]
    assert samples[0] == samples[1]
