"""The same seed gives the same rows, whatever else changes."""

from __future__ import annotations

from typing import Any

import pytest

import syda
from tests.shop import Base


def rows_of(dataset: syda.Dataset) -> dict[str, list[dict[str, Any]]]:
    return {name: frame.astype(object).to_dict("records") for name, frame in dataset.frames().items()}


def as_text(dataset: syda.Dataset) -> str:
    return repr(rows_of(dataset))


@pytest.fixture(scope="module")
def reference() -> str:
    return as_text(syda.generate(Base, rows=60, seed=11))


@pytest.mark.parametrize("block_size", [1, 7, 59, 60, 1_000])
def test_the_block_size_changes_nothing(reference: str, block_size: int) -> None:
    assert as_text(syda.generate(Base, rows=60, seed=11, block_size=block_size)) == reference


def test_another_seed_gives_other_rows(reference: str) -> None:
    assert as_text(syda.generate(Base, rows=60, seed=12)) != reference


def table(**columns: str) -> dict[str, dict[str, str]]:
    return {"person": {"id": "number", **columns}}


def test_a_column_added_in_the_middle_changes_no_other() -> None:
    before = syda.generate(table(name="name", email="email", age="integer"), rows=20).frames()["person"]
    after = syda.generate(table(name="name", city="city", email="email", note="text", age="integer"), rows=20)
    assert after.frames()["person"][["id", "name", "email", "age"]].equals(before)


def test_a_column_added_changes_those_that_follow_it_and_no_other() -> None:
    before = syda.generate(table(quantity="integer", total="decimal"), rows=20).frames()["person"]
    after = syda.generate(table(quantity="integer", unit_price="decimal", total="decimal"), rows=20).frames()["person"]
    assert after["quantity"].equals(before["quantity"])
    assert not after["total"].equals(before["total"])
    assert (after["total"] - after["quantity"] * after["unit_price"]).abs().max() < 0.01


def test_a_table_added_changes_no_other() -> None:
    before = syda.generate(table(name="name", age="integer"), rows=20).frames()["person"]
    more = {"city": {"id": "number", "name": "city"}, **table(name="name", age="integer")}
    assert syda.generate(more, rows=20).frames()["person"].equals(before)


def test_more_rows_keep_the_first_ones() -> None:
    models = table(name="name", email="email", age="integer")
    few, many = (syda.generate(models, rows=count).frames()["person"] for count in (20, 90))
    assert many.head(20).equals(few)


def test_more_rows_keep_the_first_rows_own_values_and_choose_among_all_parents() -> None:
    few, many = (syda.generate(Base, rows=count).frames() for count in (60, 120))
    assert many["products"].drop(columns="category_id").head(60).equals(few["products"].drop(columns="category_id"))
    assert many["products"]["category_id"].head(60).max() > 60


def test_rows_continue_where_an_earlier_seeding_stopped() -> None:
    from tests.databases import dump, sqlite_engine

    once, twice = sqlite_engine(), sqlite_engine()
    for engine in (once, twice):
        Base.metadata.create_all(engine)
    tables = {"Customer": 20, "Product": 0, "Category": 0, "Order": 0, "OrderItem": 0, "Tenant": 0, "User": 0}
    nothing = {"Project": 0, "Membership": 0, "Profile": 0}
    syda.seed(once, Base, rows={**tables, **nothing, "Customer": 40})
    for _ in range(2):
        syda.seed(twice, Base, rows={**tables, **nothing}, mode="append")
    assert dump(once, Base)["customers"] == dump(twice, Base)["customers"]


def test_a_saved_plan_gives_the_same_rows(reference: str) -> None:
    plan = syda.plan(Base, rows=60, seed=11)
    assert as_text(syda.generate(syda.Plan.from_yaml(plan.to_yaml()))) == reference
