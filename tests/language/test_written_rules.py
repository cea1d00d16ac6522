"""What a model is told of a row agrees with the row as it will be; only rules that it can keep are held against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.dataset import Dataset
from syda.errors import UnusableReplyError
from syda.language import LanguageModel
from syda.llm.exchange import Request
from syda.llm.scripted import ScriptedClient
from tests.language.models import rows_asked, shape_of

Told = dict[str, Any]


def table(name: str, *parts: Any, **columns: Any) -> sa.MetaData:
    """Return a table whose columns are never NULL but where it is said."""
    metadata = sa.MetaData()
    made = [each if isinstance(each, sa.Column) else sa.Column(n, each, nullable=False) for n, each in columns.items()]
    for column, label in zip(made, columns, strict=True):
        column.name = column.key = label
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *made, *parts)
    return metadata


class Writer(ScriptedClient):
    """Writes each column by a function of what is told of the row, and keeps what it was told."""

    def __init__(self, **columns: Callable[[Told], Any]) -> None:
        self.told: list[Told] = []
        self._columns = columns
        super().__init__(self._rows)

    def _rows(self, request: Request) -> Any:
        given = rows_asked(request)
        self.told += given
        return {
            "rows": [{"row": told["row"], **{n: self._columns[n](told) for n in shape_of(request)}} for told in given]
        }


def made(models: Any, client: ScriptedClient, rows: int = 30, **options: Any) -> Dataset:
    return syda.generate(models, rows=rows, llm=LanguageModel(model=client, mode="rows"), **options)


def plain(value: Any) -> Any:
    return value.isoformat()[:10] if isinstance(value, dt.date) else value


def assert_agrees(dataset: Dataset, told: list[Told], name: str, columns: tuple[str, ...]) -> None:
    frame = dataset.frames()[name]
    assert len(frame) == len(told)
    for row, known in zip(frame.to_dict("records"), told, strict=True):
        for column in columns:
            there = None if row[column] is None or row[column] != row[column] else plain(row[column])
            assert there == known.get(column)


def test_a_rule_on_columns_that_the_model_does_not_write_is_not_held_against_it() -> None:
    stays = table(
        "stays",
        sa.CheckConstraint("left_ > arrived"),
        guest=sa.String(40),
        arrived=sa.Date,
        left_=sa.Date,
    )
    client = Writer(guest=lambda told: f"Guest of {told['spark']}")
    dataset = made(stays, client)
    assert len(client.requests) == 1
    assert all(told["left_"] > told["arrived"] for told in client.told)
    assert_agrees(dataset, client.told, "stays", ("arrived", "left_"))


@pytest.mark.parametrize(
    "rule",
    [
        "(state = 'done') = (done IS NOT NULL)",
        "done IS NULL OR done >= day + 1",
        "state = 'done' OR day > '2020-01-01' OR done IS NULL",
    ],
)
def test_rules_of_several_kinds_on_columns_that_are_told_are_settled_before(rule: str) -> None:
    jobs = table(
        "jobs",
        sa.CheckConstraint(rule),
        sa.CheckConstraint("state IN ('done', 'open')"),
        title=sa.String(40),
        state=sa.String(8),
        day=sa.Date,
        done=sa.Column(sa.Date),
    )
    client = Writer(title=lambda told: f"{told['spark']} again")
    dataset = made(jobs, client)
    assert len(client.requests) == 1
    assert_agrees(dataset, client.told, "jobs", ("state", "day", "done"))


ITEMS = {"title": sa.String(40), "cost": sa.Integer, "price": sa.Integer}
OWN_COST = {"items.cost": list(range(10, 90))}


def test_a_rule_on_what_is_written_and_told_is_kept_by_the_model() -> None:
    items = table("items", sa.CheckConstraint("price > cost"), **ITEMS)
    client = Writer(title=lambda told: told["spark"], price=lambda told: told["cost"] + 5)
    dataset = made(items, client, overrides=OWN_COST)
    assert len(client.requests) == 1
    frame = dataset.frames()["items"]
    assert (frame.price == frame.cost + 5).all()
    assert_agrees(dataset, client.told, "items", ("cost",))


def test_a_row_whose_rule_the_model_breaks_again_and_again_is_settled_by_other_columns() -> None:
    loans = table(
        "loans",
        sa.CheckConstraint("copies > 2 OR back IS NULL"),
        title=sa.String(40),
        copies=sa.Integer,
        back=sa.Column(sa.Date),
    )
    client = Writer(title=lambda told: told["spark"], copies=lambda told: 1 + told["row"] % 2)
    dataset = made(loans, client)
    frame = dataset.frames()["loans"]
    assert len(client.requests) > 1
    assert frame.title.tolist() == [told["spark"] for told in client.told[:30]]
    assert set(frame.copies) <= {1, 2}
    assert frame.back.isna().all()


def test_a_rule_that_neither_the_model_nor_settling_can_keep_is_an_error_that_names_it() -> None:
    items = table("items", sa.CheckConstraint("price > cost"), **ITEMS)
    client = Writer(title=lambda told: told["spark"], price=lambda told: 1)
    with pytest.raises(UnusableReplyError, match=r"0 of 30 rows .* check \(price > cost\) is broken by price=1"):
        made(items, client, overrides=OWN_COST)


def test_what_is_told_of_parents_is_settled_too() -> None:
    stays = table("stays", sa.CheckConstraint("left_ > arrived"), guest=sa.String(40), arrived=sa.Date, left_=sa.Date)
    sa.Table(
        "notes",
        stays,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("stay_id", sa.ForeignKey("stays.id"), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )

    def note(told: Told) -> str:
        words = " ".join(told["spark"] + str(number) for number in range(20))
        return f"From {told['stays']['arrived']} to {told['stays']['left_']}, {words}"

    frames = made(stays, Writer(guest=lambda told: told["spark"], note=note)).frames()
    stay = frames["stays"].set_index("id").loc[frames["notes"].stay_id]
    for text, arrived, left in zip(frames["notes"].note, stay.arrived, stay.left_, strict=True):
        assert text.startswith(f"From {plain(arrived)} to {plain(left)},")


def rooms() -> sa.MetaData:
    return table(
        "rooms",
        sa.CheckConstraint("length(up) > 2"),
        label=sa.String(30),
        up=sa.Column(sa.String(30), sa.Computed("upper(label)"), nullable=False, unique=True),
    )


@pytest.mark.parametrize("rows", [5, 0])
def test_a_generated_column_may_follow_from_what_the_model_writes(rows: int) -> None:
    frame = made(rooms(), Writer(label=lambda told: told["spark"]), rows).frames()["rooms"]
    assert len(set(frame.label)) == rows
