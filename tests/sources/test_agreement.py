"""Columns of a row that must agree: names and e-mails, the parts of an address, moments in their order."""

from __future__ import annotations

import csv
import re
import unicodedata
from importlib.resources import files
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import syda
from tests.sources.rows import Row, made, rows_of


def plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", letters)


PEOPLE = {"first_name": "string(40)", "last_name": "string(40)", "email": "string(80)", "username": "string(60)"}


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR"])
@pytest.mark.parametrize("unique", [False, True])
def test_addresses_and_user_names_are_made_of_the_rows_own_name(locale: str, unique: bool) -> None:
    columns: dict[str, Any] = dict(PEOPLE)
    if unique:
        columns |= {name: {"type": columns[name], "unique": True} for name in ("email", "username")}
    for row in made(columns, rows=300, locale=locale):
        first, last = plain(row["first_name"]), plain(row["last_name"])
        for name in ("email", "username"):
            local = plain(row[name].partition("@")[0]).rstrip("0123456789")
            assert local in (first + last, first[:1] + last, last + first), (name, row)


def test_a_full_name_is_made_of_its_parts() -> None:
    for row in made({"first_name": "text", "last_name": "text", "full_name": "text", "initials": "string(4)"}):
        assert row["full_name"] == f"{row['first_name']} {row['last_name']}"
        assert row["initials"] == row["first_name"][0] + row["last_name"][0]


def test_an_address_follows_the_full_name_where_there_are_no_parts() -> None:
    for row in made({"name": "string(80)", "email": "string(80)"}, table="customer"):
        assert plain(row["name"].split(" ")[-1])[:4] in plain(row["email"])


def test_two_people_of_a_row_are_different_ones() -> None:
    rows = made({"first_name": "text", "last_name": "text", "emergency_contact_name": "text"})
    same = sum(f"{row['first_name']} {row['last_name']}" == row["emergency_contact_name"] for row in rows)
    assert same < 10


def test_what_the_user_gives_for_a_name_shows_in_the_address() -> None:
    for row in made(PEOPLE, rows=30, overrides={"first_name": "Zoe", "last_name": "Quist"}):
        assert "quist" in row["email"]


def gazetteer() -> dict[str, list[dict[str, str]]]:
    folder = files("syda.sources") / "data"
    read = {
        name: list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
        for name in ("places.csv", "countries.csv")
    }
    countries = {row["code"]: row for row in read["countries.csv"]}
    cities: dict[str, list[dict[str, str]]] = {}
    for row in read["places.csv"]:
        cities.setdefault(row["city"], []).append({**row, "nation": countries[row["country"]]["name"]})
    return cities


ADDRESS = {
    "city": "string(80)", "state": "string(80)", "postal_code": "string(12)", "country": "string(80)",
    "country_code": "string(2)", "latitude": "decimal(9, 6)", "longitude": "decimal(9, 6)", "timezone": "string(40)",
}  # fmt: skip


def is_one_place(row: Row, prefix: str = "") -> bool:
    return any(
        row[f"{prefix}state"] == known["state"]
        and row[f"{prefix}country"] == known["nation"]
        and row[f"{prefix}country_code"] == known["country"]
        and row[f"{prefix}timezone"] == known["timezone"]
        and row[f"{prefix}postal_code"][:1] == known["postcode"][:1]
        and abs(float(row[f"{prefix}latitude"]) - float(known["latitude"])) < 0.2
        and abs(float(row[f"{prefix}longitude"]) - float(known["longitude"])) < 0.2
        for known in gazetteer()[row[f"{prefix}city"]]
    )


def test_the_parts_of_an_address_are_one_place() -> None:
    rows = made(ADDRESS, rows=150)
    assert [row for row in rows if not is_one_place(row)] == []
    assert len({row["city"] for row in rows}) > 20


def test_two_addresses_of_a_row_are_two_places() -> None:
    columns = {f"{prefix}_{name}": type_ for prefix in ("billing", "shipping") for name, type_ in ADDRESS.items()}
    rows = made(columns, rows=150)
    assert all(is_one_place(row, f"{prefix}_") for row in rows for prefix in ("billing", "shipping"))
    assert sum(row["billing_city"] == row["shipping_city"] for row in rows) < 40


ORDERED = {
    "a row": ("created_at", "updated_at", "deleted_at"),
    "an order": ("ordered_at", "paid_at", "shipped_at", "delivered_at", "updated_at"),
    "a period": ("start_date", "end_date"),
    "a job": ("created_at", "started_at", "finished_at"),
    "a stay": ("admitted_at", "discharged_at"),
    "a flight": ("scheduled_departure", "actual_departure", "actual_arrival"),
    "a loan": ("loan_date", "due_date"),
    "a ticket": ("opened_at", "resolved_at", "closed_at"),
}


@pytest.mark.parametrize("names", ORDERED.values(), ids=ORDERED)
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("kind", ["datetime", "date"])
def test_moments_are_in_order(names: tuple[str, ...], optional: bool, kind: str) -> None:
    columns = {name: f"{kind}?" if optional and place else kind for place, name in enumerate(names)}
    for row in made(columns, rows=500):
        moments = [row[name] for name in names if row[name] is not None]
        in_order = all(one <= two for one, two in pairwise(moments))
        assert in_order or names == ORDERED["a ticket"], row


def test_moments_are_in_order_whatever_the_order_of_the_columns() -> None:
    rows = made(dict.fromkeys(("deleted_at", "updated_at", "created_at"), "datetime"), rows=500)
    assert all(row["created_at"] <= row["updated_at"] <= row["deleted_at"] for row in rows)


def test_nobody_is_hired_as_a_child() -> None:
    for row in made({"birth_date": "date", "hire_date": "date"}, rows=500):
        assert (row["hire_date"] - row["birth_date"]).days > 18 * 365


def test_opening_hours_open_before_they_close() -> None:
    assert all(row["opens_at"] < row["closes_at"] for row in made({"opens_at": "time", "closes_at": "time"}))


def test_a_slug_is_spelled_from_the_title() -> None:
    for row in made({"title": "string(80)", "slug": "string(100)"}, table="post"):
        assert plain(row["slug"]) == plain(row["title"])
    rows = made({"title": "string(80)", "slug": {"type": "string(40)", "unique": True}}, rows=5_000, table="post")
    assert len({row["slug"] for row in rows}) == 5_000


ALONE = {**PEOPLE, **ADDRESS, "created_at": "datetime", "price": "decimal(8, 2)", "note": "text", "age": "integer"}


@pytest.mark.parametrize("added", ["website", "quantity", "salary", "is_active", "phone", "job_title"])
def test_a_new_column_changes_no_other(added: str) -> None:
    types = {"quantity": "integer", "salary": "decimal(10, 2)", "is_active": "boolean"}
    before = made(ALONE, rows=60)
    after = made({added: types.get(added, "text"), **ALONE}, rows=60)
    kept = [{name: row[name] for name in ALONE} for row in after]
    assert kept == [{name: row[name] for name in ALONE} for row in before]


def test_the_block_size_changes_nothing_where_columns_agree() -> None:
    columns = {**ALONE, "updated_at": "datetime?", "total": "decimal(10, 2)", "quantity": "integer", "slug": "text"}
    assert made(columns, rows=100, block_size=7) == made(columns, rows=100, block_size=65_536)


@pytest.mark.parametrize("rows", [50, 1_000, 5_000])
@pytest.mark.parametrize("members", [("room_id", "end_date"), ("room_id", "start_date"), ("end_date",)])
def test_a_moment_that_must_be_unique_need_not_follow_another(members: tuple[str, ...], rows: int) -> None:
    metadata = sa.MetaData()
    sa.Table("rooms", metadata, sa.Column("id", sa.Integer, primary_key=True))
    dates = [sa.Column(name, sa.Date, nullable=False) for name in ("start_date", "end_date")]
    room = sa.Column("room_id", sa.ForeignKey("rooms.id"), nullable=False)
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("stays", metadata, key, room, *dates, sa.UniqueConstraint(*members))
    dataset = syda.generate(metadata, rows={"rooms": 100, "stays": min(rows, 700) if len(members) == 1 else rows})
    assert dataset.verify().ok
    if "end_date" not in members:
        assert all(row["start_date"] <= row["end_date"] for row in rows_of(dataset, "stays"))


@pytest.mark.parametrize(("column", "length"), [("gender", 1), ("city", 2), ("name", 2), ("email", 2), ("note", 1)])
def test_short_unique_text_has_as_many_rows_as_it_has_room_for(column: str, length: int) -> None:
    metadata = sa.MetaData()
    short = sa.Column(column, sa.String(length), unique=True, nullable=False)
    sa.Table("things", metadata, sa.Column("id", sa.Integer, primary_key=True), short)
    dataset = syda.generate(metadata, rows=2_000)
    assert dataset.verify().ok
    assert dataset.rows["things"] >= 20


def test_short_codes_of_states_are_whole_codes_and_postal_codes_are_spelled_out():
    frame = syda.generate(
        {"site": {"id": "integer", "zip_code": "string(10)", "state": "string(2)", "city": "text"}}, rows=3_000
    ).frames()["site"]
    known = {(city, place["state_code"]) for city, places in gazetteer().items() for place in places}
    assert set(zip(frame["city"], frame["state"], strict=True)) <= known
    assert not frame["zip_code"].str.contains("#").any()


@pytest.mark.parametrize("unique", [[], [["code"]], [["name"], ["code"]]])
@pytest.mark.parametrize(("table", "size"), [("countries", 150), ("currencies", 150), ("languages", 100)])
def test_the_columns_of_a_standards_entry_belong_together(table: str, size: int, unique: list[list[str]]) -> None:
    columns = {"id": "integer", "name": "string(60)", "code": "string(3)"}
    schema = {"tables": {table: {"columns": columns, "primary_key": ["id"], "unique": unique}}}
    frames = [syda.generate(schema, rows=size, seed=seed).frames()[table] for seed in (1, 2)]
    one, other = (set(zip(frame["code"], frame["name"], strict=True)) for frame in frames)
    assert len(one) == len(other) == size
    assert len(dict(one | other)) == len(one | other) > size


@pytest.mark.parametrize("values", [("female", "male", "other"), ("M", "F"), ("FEMALE", "MALE", "DIVERSE", "UNKNOWN")])
def test_the_sex_of_an_enum_agrees_with_the_first_name(values: tuple[str, ...]) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("first_name", sa.String(40), nullable=False),
        sa.Column("sex", sa.Enum(*values, native_enum=False), nullable=False),
    )
    by_text = syda.generate(
        {"people": {"id": "integer", "first_name": "string(40)", "sex": "string(10)"}}, rows=200
    ).frames()["people"]
    by_enum = syda.generate(metadata, rows=200).frames()["people"]
    assert (by_text["first_name"] == by_enum["first_name"]).all()
    assert (by_text["sex"].str[0].str.lower() == by_enum["sex"].str[0].str.lower()).all()


@pytest.mark.parametrize(("type_", "length"), [(sa.CHAR(32), 32), (sa.String(36), 36), (sa.CHAR(36), 36)])
def test_keys_as_long_as_a_uuid_are_uuids(type_: Any, length: int) -> None:
    metadata = sa.MetaData()
    sa.Table("doc", metadata, sa.Column("id", type_, primary_key=True))
    sa.Table("page", metadata, sa.Column("uuid", type_, primary_key=True), sa.Column("doc_id", sa.ForeignKey("doc.id")))
    frames = syda.generate(metadata, rows=50).frames()
    for value in (*frames["doc"]["id"], *frames["page"]["uuid"]):
        assert len(value) == length
        assert UUID(value).version == 4
