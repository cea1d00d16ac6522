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
