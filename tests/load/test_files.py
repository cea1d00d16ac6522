from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pandas as pd
import pytest

import syda
from syda.errors import SydaError, TargetError, UnknownNameError
from syda.load.files import aside, edit_text
from tests.shop import Base, Customer, Order


@pytest.fixture(scope="module")
def dataset() -> syda.Dataset:
    return syda.generate(Base, rows=15, seed=3)


def test_csv_holds_every_row_with_a_header(dataset: syda.Dataset, tmp_path: Path) -> None:
    paths = dataset.to_csv(tmp_path)
    assert {path.name for path in paths} == {f"{name}.csv" for name in dataset.rows}
    with (tmp_path / "customers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["email"] for row in rows] == dataset.frames()[Customer]["email"].tolist()


def test_json_and_json_lines_hold_the_same_records(dataset: syda.Dataset, tmp_path: Path) -> None:
    dataset.to_json(tmp_path)
    dataset.to_jsonl(tmp_path)
    whole = json.loads((tmp_path / "orders.json").read_text())
    lines = [json.loads(line) for line in (tmp_path / "orders.jsonl").read_text().splitlines()]
    assert whole == lines
    assert len(whole) == 15
    assert any(record["referred_by"] is None for record in whole)


def test_parquet_keeps_types(dataset: syda.Dataset, tmp_path: Path) -> None:
    dataset.to_parquet(tmp_path)
    orders = pd.read_parquet(tmp_path / "orders.parquet")
    assert pd.api.types.is_datetime64_any_dtype(orders["created_at"])
    prices = pd.read_parquet(tmp_path / "products.parquet")["price"]
    assert all(price.as_tuple().exponent == -2 for price in prices)


def test_an_empty_dataset_makes_files_with_columns(tmp_path: Path) -> None:
    empty = syda.generate(Base, rows=0)
    empty.to_csv(tmp_path)
    empty.to_json(tmp_path)
    empty.to_parquet(tmp_path)
    assert (tmp_path / "tenants.csv").read_text() == "id,name\n"
    assert json.loads((tmp_path / "tenants.json").read_text()) == []


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(dataset: syda.Dataset, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(TargetError, match="cannot write to the folder"):
        dataset.to_csv(blocked)
    assert blocked.read_text() == "in the way"


def test_an_error_while_writing_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").mkdir()
    with pytest.raises(SydaError):
        syda.generate([Customer, Order], rows=3).to_csv(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_frames_have_the_types_of_their_columns(dataset: syda.Dataset) -> None:
    frames = dataset.frames()
    assert str(frames[Order]["id"].dtype) == "int64"
    assert str(frames[Order]["referred_by"].dtype) == "Int64"
    assert str(frames[Order]["created_at"].dtype) == "datetime64[us]"
    assert str(frames[Customer]["email"].dtype) == "str"
    assert frames["products"]["price"].dtype == float


def test_frames_are_found_by_table_class_name_and_class(dataset: syda.Dataset) -> None:
    frames = dataset.frames()
    assert frames["customers"] is frames["Customer"] is frames[Customer]
    assert list(frames) == list(dataset.rows)
    with pytest.raises(UnknownNameError, match="did you mean 'Customer'"):
        frames["Custmer"]


def test_an_edited_file_stays_whose_it_was(tmp_path: Path) -> None:
    path, link = tmp_path / "plan.yaml", tmp_path / "link.yaml"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    before = path.stat()
    edit_text(link, "new")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new"
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )


def test_links_that_lead_to_each_other_are_replaced(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    with aside(one) as made:
        made.write_text("new", encoding="utf-8")
    assert one.read_text(encoding="utf-8") == "new"
