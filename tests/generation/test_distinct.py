"""Unique columns: beside rows that are there already, with few values left, and beside what the user makes."""

import pytest
import sqlalchemy as sa

import syda
from syda.errors import CapacityError

NAMES = (
    *("name", "title", "email", "slug", "code", "city", "country", "status", "full_name"),
    *("description", "sku", "phone", "username", "url", "token", "color", "label"),
)
TYPES = [
    sa.String(60),
    sa.String(12),
    sa.Text(),
    sa.Integer(),
    sa.SmallInteger(),
    sa.Date(),
    sa.DateTime(),
    sa.Numeric(8, 2),
    sa.Float(),
    sa.Uuid(),
    sa.LargeBinary(12),
    sa.LargeBinary(2),
    sa.JSON(),
]


def table(name, type_):
    metadata = sa.MetaData()
    unique = not isinstance(type_, sa.JSON)  # which few databases can index
    key = sa.Column("id", sa.Integer, primary_key=True)
    return metadata, sa.Table("thing", metadata, key, sa.Column(name, type_, nullable=False, unique=unique))


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("type_", TYPES, ids=str)
@pytest.mark.parametrize("name", ["x", "created_at", "start_date", "lat"])
def test_any_unique_column_goes_on_after_rows_that_went_away(name, type_, seed):
    goes_on(name, type_, seed)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", NAMES)
def test_any_unique_text_goes_on_after_rows_that_went_away(name, seed):
    for length in (None, 60, 20):
        goes_on(name, sa.String(length) if length else sa.Text(), seed)


def goes_on(name, type_, seed):
    engine = sa.create_engine("sqlite://")
    metadata, thing = table(name, type_)
    syda.seed(engine, metadata, rows=40, create=True)
    with engine.begin() as connection:
        connection.execute(sa.delete(thing).where(thing.c.id <= 10))
    report = syda.seed(engine, metadata, rows=40, seed=seed, mode="append")
    assert report.rows == {"thing": 40}


def test_the_values_that_are_left_are_found():
    engine = sa.create_engine("sqlite://")
    metadata, thing = table("level", sa.Enum(*"abcdefghij", native_enum=False))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(thing), [{"id": place, "level": letter} for place, letter in enumerate("aceg", 1)])
    assert syda.seed(engine, metadata, rows=50, seed=3, mode="append").rows == {"thing": 6}
    with pytest.raises(CapacityError, match="can have 0 rows"):
        syda.seed(engine, metadata, rows={"thing": 1}, mode="append")


@pytest.mark.parametrize(
    ("type_", "rows"),
    [
        (sa.Date(), 3_660),
        (sa.CHAR(1), 18),
        (sa.LargeBinary(1), 19),
        (sa.LargeBinary(1), 256),
        (sa.SmallInteger(), 9_000),
    ],
    ids=str,
)
def test_a_type_gives_as_many_values_as_it_has(type_, rows):
    metadata, _ = table("day", type_)
    assert syda.generate(metadata, rows={"thing": rows}).rows == {"thing": rows}


def test_more_rows_asked_for_are_never_fewer_made():
    for type_ in (sa.Date(), sa.CHAR(1), sa.LargeBinary(1), sa.SmallInteger(), sa.Boolean()):
        metadata, _ = table("x", type_)
        made = [syda.generate(metadata, rows=rows).rows["thing"] for rows in (1, 20, 300, 8_000, 40_000)]
        assert made == sorted(made)


@pytest.mark.parametrize("unique", [("a", "name"), ("name", "a")])
@pytest.mark.parametrize("given", [1, lambda row, column: 1])
def test_other_members_keep_a_set_when_the_user_makes_one(unique, given):
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.UniqueConstraint(*unique),
    )
    rows = syda.generate(metadata, rows=600, overrides={"t.a": given}).frames()["t"]
    assert rows["name"].is_unique
    assert set(rows["a"]) == {1}


def test_a_partner_that_the_user_fixes_leaves_the_others_distinct():
    metadata = sa.MetaData()
    for name in ("a", "b"):
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    links = [sa.Column(f"{name}_id", sa.ForeignKey(f"{name}.id"), primary_key=True) for name in ("a", "b")]
    sa.Table("ab", metadata, *links)
    dataset = syda.generate(metadata, rows={"a": 5, "b": 20, "ab": 15}, overrides={"ab.a_id": 1})
    assert dataset.frames()["ab"]["b_id"].is_unique
    with pytest.raises(CapacityError, match="can have 20 rows"):
        syda.generate(metadata, rows={"a": 5, "b": 20, "ab": 21}, overrides={"ab.a_id": 1})


def test_a_key_that_a_check_keeps_to_one_value_makes_a_table_of_one_row():
    metadata = sa.MetaData()
    sa.Table("v", metadata, sa.Column("v_id", sa.Integer, sa.CheckConstraint("v_id = 1"), primary_key=True))
    dataset = syda.generate(metadata, rows=50)
    assert dataset.frames()["v"]["v_id"].tolist() == [1]
    assert "must be unique" in dataset.notes[0]


@pytest.mark.parametrize("check", ["c IN ('a', 'b', 'c')", "c >= 10 AND c < 20"])
def test_a_check_limits_what_a_unique_column_can_hold(check):
    metadata, thing = table("c", sa.String(5) if "IN" in check else sa.Integer())
    thing.append_constraint(sa.CheckConstraint(check))
    engine = sa.create_engine("sqlite://")
    assert syda.seed(engine, metadata, rows=50, create=True).rows == {"thing": 3 if "IN" in check else 10}
