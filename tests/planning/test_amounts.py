"""Amounts follow the one that somebody gives, rather than being put right for a CHECK afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Numeric, Table

import syda

if TYPE_CHECKING:
    import pandas as pd


def amounts(*names: str, check: str = "") -> list[Table]:
    columns = [Column(name, Numeric(10, 2), nullable=False) for name in names]
    checks = [CheckConstraint(check)] if check else []
    return [Table("bills", MetaData(), Column("id", Integer, primary_key=True), *columns, *checks)]


def rows(models: list[Table], **given: Any) -> pd.DataFrame:
    overrides = {f"bills.{name}": source for name, source in given.items()}
    dataset = syda.generate(models, rows=300, overrides=overrides)
    assert dataset.verify().ok
    return dataset.frames()["bills"].astype(float)


@pytest.mark.parametrize("check", ["gross = net + vat", ""])
@pytest.mark.parametrize("given", [{"net": (80, 9000)}, {"vat": (80, 900)}, {"gross": (80, 900)}], ids=str)
def test_what_an_amount_was_computed_from_follows_it(given: dict[str, tuple[int, int]], check: str) -> None:
    bills = rows(
        amounts("net", "vat", "gross", check=check), **{name: syda.number(*ends) for name, ends in given.items()}
    )
    assert (bills > 0).all(axis=None)
    assert (bills.gross - bills.net - bills.vat).abs().max() < 0.005
    for name, (low, high) in given.items():
        assert bills[name].between(low, high).all()
    assert (bills.vat / bills.gross).between(0.02, 0.3).mean() > 0.9


def test_a_part_follows_where_its_whole_and_the_rest_are_given() -> None:
    given = {"net": syda.number(80, 900), "gross": syda.number(1000, 2000)}
    bills = rows(amounts("net", "vat", "gross", check="gross = net + vat"), **given)
    assert (bills.gross - bills.net - bills.vat).abs().max() < 0.005
    assert bills.gross.min() >= 1000


def test_a_subtotal_follows_a_total() -> None:
    models = amounts("subtotal", "tax", "total", check="total = subtotal + tax")
    bills = rows(models, total=syda.number(20, 5000))
    assert bills.total.between(20, 5000).all()
    assert bills.total.max() > 4000
    assert (bills > 0).all(axis=None)


def test_nothing_follows_an_amount_that_is_always_zero() -> None:
    bills = rows(amounts("net", "vat", "gross"), vat=0)
    assert bills.gross.nunique() > 100


@pytest.mark.parametrize(("given", "follows"), [("cost", "price"), ("price", "cost")])
def test_a_number_that_is_given_stays_where_a_check_compares_it(given: str, follows: str) -> None:
    source = syda.number(5_000, 5_100)
    models = amounts("cost", "price", check="price >= cost")
    bills = rows(models, **{given: source})
    assert bills[given].between(5_000, 5_100).all()
    planned = syda.plan(models, overrides={f"bills.{given}": source}).tables["bills"].columns[follows]
    assert given in planned.source.needs()
