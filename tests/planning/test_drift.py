"""A committed plan tells what has changed in the tables, and is made for them again without losing an edit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, String, Table

import syda
from syda.cli import main
from syda.planning.drift import changes_since, updated
from syda.planning.model import Plan
from syda.schema import read_schema
from syda.sources.scalar import Choice
from tests.shop import Base


def shop(*, extra: bool = False, length: int = 40, total: bool = True, check: str = "total >= 0") -> MetaData:
    """Return the tables of a shop, before or after some migrations."""
    metadata = MetaData()
    added = [Column("phone", String(20))] if extra else []
    Table("customers", metadata, Column("id", Integer, primary_key=True), Column("name", String(length)), *added)
    columns = [Column("total", Numeric(8, 2), sa.CheckConstraint(check))] if total else []
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", ForeignKey("customers.id"), nullable=False),
        Column("status", String(10), nullable=False),
        *columns,
    )
    if extra:
        Table("notes", metadata, Column("id", Integer, primary_key=True))
    return metadata


EDITED = {"orders.status": ["open", "paid"], "customers.name": ["Ada", "Bob"]}
ROWS = {"customers": 7, "orders.customer_id": 3}


def changes(before: Plan, metadata: MetaData) -> list[str]:
    return [str(each) for each in changes_since(before, read_schema(metadata).schema)]


@pytest.fixture
def old() -> Plan:
    return Plan.from_yaml(syda.plan(shop(), rows=ROWS, seed=4, overrides=EDITED).to_yaml())


def test_nothing_has_changed(old: Plan) -> None:
    assert changes(old, shop()) == []
    for base in (Base,):
        plan = Plan.from_yaml(syda.plan(base).to_yaml())
        assert changes_since(plan, read_schema(base).schema) == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"extra": True}, ["customers has changed: column phone is new", "notes is new"]),
        ({"length": 60}, ["customers has changed: column name has another type"]),
        ({"total": False}, ["orders has changed: column total is gone; other checks"]),
        ({"check": "total >= 5"}, ["orders has changed: other checks"]),
    ],
)
def test_what_has_changed_is_told(old: Plan, changed: dict[str, Any], told: list[str]) -> None:
    assert changes(old, shop(**changed)) == told


@pytest.mark.parametrize("changed", [{"extra": True}, {"length": 60}, {"total": False}, {"check": "total >= 5"}])
def test_edits_are_kept(old: Plan, changed: dict[str, Any]) -> None:
    fresh = syda.plan(shop(**changed))
    plan = updated(old, fresh)
    assert changes(plan, shop(**changed)) == []
    assert plan.tables["orders"].columns["status"].source == Choice(values=("open", "paid"))
    assert plan.tables["customers"].columns["name"].source == Choice(values=("Ada", "Bob"))
    assert (plan.tables["customers"].rows, plan.settings.seed) == (7, 4)
    dataset = syda.generate(plan)
    assert (dataset.rows["customers"], dataset.rows["orders"]) == (7, 21)
    assert plan.tables["customers"].columns.keys() == fresh.tables["customers"].columns.keys()


def test_an_edit_that_does_not_fit_any_more_is_given_up_with_a_note(old: Plan) -> None:
    plan = updated(old, syda.plan(shop(length=2)))
    assert "made anew" in plan.tables["customers"].notes[-1]
    assert plan.tables["orders"].columns["status"].source == Choice(values=("open", "paid"))
    assert syda.generate(plan).verify().ok


def test_the_command_line(tmp_path: Path) -> None:
    path, models = tmp_path / "shop.plan.yaml", ("--models", "tests.shop:Base")
    run = CliRunner().invoke
    assert run(main, ["plan", *models, "--yaml", "--out", str(path)]).exit_code == 0
    same = run(main, ["plan", *models, "--check", str(path)])
    assert (same.exit_code, same.output) == (0, f"{path} was made for these tables\n")
    text = re.sub(r"length: (\d+)", r"length: 1\1", path.read_text())
    path.write_text(text)
    other = run(main, ["plan", *models, "--check", str(path)])
    assert other.exit_code == 1, other.output
    assert "has another type" in other.output
    assert path.read_text() == text
    told = run(main, ["plan", *models, "--check", str(path), "--json"])
    assert json.loads(told.stdout)["changes"][0]["how"] == "changed"
    assert run(main, ["plan", *models, "--check", str(path), "--update"]).exit_code == 0
    assert run(main, ["plan", *models, "--check", str(path)]).exit_code == 0
    assert run(main, ["plan", *models, "--update"]).exit_code == 2
    assert run(main, ["plan", *models, "--check", str(path), "--rows", "3"]).exit_code == 2


COMMENTED = """\
# reviewed by Ada
syda: 1  # the version
settings: {}
tables:
  tags:
    rows: 10
    columns:
      # as the shop has them
      label:
        source:
          source: choice
          values:  # no more
          - "# red"  # a colour
          - green
"""


@pytest.fixture
def tags(tmp_path: Path) -> tuple[Path, str]:
    """A plan's file for a table, with an edit and comments by hand, and the URL of the database."""
    url, path = f"sqlite:///{tmp_path}/tags.db", tmp_path / "tags.yaml"
    made(
        url, "CREATE TABLE tags (id INTEGER PRIMARY KEY, label VARCHAR(20))", "CREATE TABLE b (id INTEGER PRIMARY KEY)"
    )
    text = syda.plan(url).to_yaml()
    head, rest = text.index("  tags:"), text.index("schema:")
    mine = COMMENTED.partition("  tags:\n")
    path.write_text(mine[0] + text[text.index("  b:") : head] + mine[1] + mine[2] + text[rest:] + "# the end\n")
    return path, url


def made(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def check(path: Path, url: str) -> str:
    result = CliRunner().invoke(main, ["plan", "--url", url, "--check", str(path), "--update"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("column", ["label VARCHAR(40)", "name VARCHAR(20)", "label VARCHAR(20), more INTEGER"])
def test_edits_by_hand_and_comments_stay(tags: tuple[Path, str], column: str) -> None:
    path, url = tags
    made(url, "DROP TABLE tags", f"CREATE TABLE tags (id INTEGER PRIMARY KEY, {column})")
    told = check(path, url)
    text, name = path.read_text(), column.split(maxsplit=1)[0]
    source = Plan.from_yaml(path).tables["tags"].columns[name].source
    assert isinstance(source, Choice)
    assert source.values == ("# red", "green")
    assert text.startswith("# reviewed by Ada\nsyda: 1  # the version\n")
    assert text.endswith("# the end\n")
    if name == "label":
        assert "      # as the shop has them\n      label:\n" in text
        assert "values:  # no more\n" in text
        assert "- '# red'  # a colour" in text
        assert "Note" not in told
    else:
        assert "Note: the comment '# as the shop has them' has no place any more" in told


def test_edits_that_cannot_stay_are_told(tags: tuple[Path, str]) -> None:
    path, url = tags
    made(url, "DROP TABLE tags", "CREATE TABLE tags (id INTEGER PRIMARY KEY, label VARCHAR(3))")
    assert "Note: tags: label: made anew: what the old plan said of it does not fit" in check(path, url)
    assert "made anew" in path.read_text()


def test_edits_of_a_table_that_is_gone_are_told(tags: tuple[Path, str]) -> None:
    path, url = tags
    made(url, "ALTER TABLE tags RENAME TO labels")
    assert "Note: tags is gone, and with it what was said of label" in check(path, url)
