"""How rows refer to each other: what is promised for each class of foreign key and unique set."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

import syda
from syda.errors import CapacityError, PlanError
from tests.databases import execute, sqlite_engine
from tests.shop import Base, Category, Customer, Membership, Order, OrderItem, Product, Profile, Project, Tenant, User


@pytest.fixture(scope="module")
def dataset() -> syda.Dataset:
    return syda.generate(Base, rows=200, seed=4)


def test_every_table_gets_its_rows_and_no_rule_is_broken(dataset: syda.Dataset) -> None:
    assert {name: rows for name, rows in dataset.rows.items() if rows != 200}.keys() <= {"memberships"}
    report = dataset.verify()
    assert report.ok
    assert report.checked > 50


def test_a_shared_primary_key_is_drawn_without_replacement(dataset: syda.Dataset) -> None:
    profiles = dataset.frames()[Profile]
    assert profiles["customer_id"].is_unique
    assert profiles["customer_id"].isin(dataset.frames()[Customer]["id"]).all()


def test_a_self_reference_makes_trees_of_earlier_rows(dataset: syda.Dataset) -> None:
    categories = dataset.frames()[Category]
    roots = categories["parent_id"].isna()
    assert 0 < roots.sum() < 100
    assert (categories["parent_id"] < categories["id"])[~roots].all()


def test_two_foreign_keys_to_one_parent_are_drawn_independently(dataset: syda.Dataset) -> None:
    orders = dataset.frames()[Order]
    both = orders.dropna(subset=["referred_by"])
    assert 0 < len(both) < len(orders)
    assert (both["customer_id"] == both["referred_by"]).mean() < 0.1


def test_an_association_object_repeats_no_pair(dataset: syda.Dataset) -> None:
    items = dataset.frames()[OrderItem]
    assert not items.duplicated(["order_id", "product_sku"]).any()
    assert items["product_sku"].isin(dataset.frames()[Product]["sku"]).all()


def test_foreign_keys_that_share_a_column_agree(dataset: syda.Dataset) -> None:
    frames = dataset.frames()
    users = set(frames[User][["tenant_id", "id"]].itertuples(index=False, name=None))
    projects = set(frames[Project][["tenant_id", "id"]].itertuples(index=False, name=None))
    for row in frames[Membership].itertuples():
        assert (row.tenant_id, row.user_id) in users
        assert (row.tenant_id, row.project_id) in projects


def test_a_boss_belongs_to_the_same_tenant(dataset: syda.Dataset) -> None:
    users = dataset.frames()[User]
    tenants = dict(zip(users["id"], users["tenant_id"], strict=True))
    for row in users.dropna(subset=["boss_id"]).itertuples():
        assert tenants[row.boss_id] == row.tenant_id


def test_children_per_parent_stay_in_their_bounds() -> None:
    dataset = syda.generate(Base, rows={Customer: 50, "Order.customer": syda.between(2, 4)}, seed=1)
    counts = Counter(dataset.frames()[Order]["customer_id"])
    assert len(counts) == 50
    assert set(counts.values()) == {2, 3, 4}


@pytest.mark.parametrize("key", ["Order.customer", "orders.customer_id", "Customer.orders", Order.customer])
def test_children_per_parent_are_asked_for_by_any_name(key: object) -> None:
    dataset = syda.generate(Base, rows={"Customer": 7, key: 3})
    assert dataset.rows["orders"] == 21


def test_children_per_parent_and_rows_together_shape_the_given_rows() -> None:
    dataset = syda.generate(Base, rows={"Customer": 100, "Order": 1_000, "Order.customer": syda.zipf()})
    counts = Counter(dataset.frames()[Order]["customer_id"])
    assert sum(counts.values()) == 1_000
    assert max(counts.values()) > 100


def test_children_that_cannot_add_up_to_the_rows_are_an_error() -> None:
    with pytest.raises(CapacityError, match="'orders' cannot have 100 rows"):
        syda.generate(Base, rows={"Customer": 10, "Order": 100, "Order.customer": syda.between(0, 5)})


def test_children_of_an_association_each_get_another_partner() -> None:
    rows = {"Order": 30, "Product": 6, "OrderItem.order_id": syda.between(1, 6)}
    items = syda.generate(Base, rows=rows).frames()[OrderItem]
    assert not items.duplicated(["order_id", "product_sku"]).any()
    assert items.groupby("order_id").size().max() == 6


def test_a_table_that_uniqueness_keeps_small_is_filled_as_far_as_it_goes() -> None:
    plan = syda.plan(Base, rows={"Order": 3, "Product": 4, "OrderItem.order_id": syda.between(0, 0)})
    assert plan.tables["order_items"].rows_from
    dataset = syda.generate([Tenant, User, Project, Membership], rows={"Tenant": 1, "User": 2, "Project": 3})
    assert dataset.rows["memberships"] == 6


def test_a_table_that_overlapping_sets_keep_small_says_so() -> None:
    metadata = sa.MetaData()
    for name in "abc":
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(f"{name}_id", sa.ForeignKey(f"{name}.id"), nullable=False) for name in "abc"),
        *(sa.UniqueConstraint(*pair) for pair in (("a_id", "b_id"), ("b_id", "c_id"), ("a_id", "c_id"))),
    )
    dataset = syda.generate(metadata, rows={"a": 3, "b": 3, "c": 3})
    rows = dataset.rows["t"]
    assert rows < 9
    assert (
        f"t: {rows} rows instead of 9: (a_id, b_id) and (a_id, c_id) and (b_id, c_id) must be unique" in dataset.notes
    )
    assert dataset.to_sql(sa.create_engine("sqlite://"), create=True).notes == dataset.notes


def test_a_key_with_a_default_of_the_database_is_made_where_rows_refer_to_it() -> None:
    metadata = sa.MetaData()
    part = sa.Column("part", sa.Integer, primary_key=True, server_default=sa.text("-1"))
    sa.Table("task", metadata, sa.Column("name", sa.String(40), primary_key=True), part)
    sa.Table(
        "log",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["name", "part"], ["task.name", "task.part"]),
    )
    dataset = syda.generate(metadata, rows=50)
    tasks, logs = (dataset.frames()[name] for name in ("task", "log"))
    assert set(zip(logs["name"], logs["part"], strict=True)) <= set(zip(tasks["name"], tasks["part"], strict=True))


def test_rows_asked_for_by_name_beyond_what_uniqueness_allows_are_an_error_at_planning() -> None:
    rows = {"Order": 3, "Product": 4, "OrderItem": 13}
    with pytest.raises(CapacityError, match=r"'order_items' can have 12 rows, not the 13 asked for.*product_sku"):
        syda.plan(Base, rows=rows)
    assert syda.generate(Base, rows={**rows, "OrderItem": 12}).rows["order_items"] == 12


def test_no_parent_rows_leave_optional_keys_null_and_stop_required_ones() -> None:
    with pytest.raises(PlanError, match="orders"):
        syda.plan(Base, rows={"Customer": 0, "Order": 5})
    everywhere = syda.generate(Base, rows=0)
    assert set(everywhere.rows.values()) == {0}
    assert next(iter(everywhere.frames()["orders"].columns)) == "id"


def test_a_key_is_no_longer_than_the_narrowest_column_that_refers_to_it() -> None:
    region = {"columns": {"id": {"type": "text", "length": 255, "primary_key": True}}}
    narrow = {
        "columns": {"id": {"type": "integer"}, "region_id": {"type": "text", "length": 12}},
        "primary_key": ["id"],
    }
    narrow["foreign_keys"] = [{"columns": ["region_id"], "references": "region"}]
    frames = syda.generate({"region": region, "limit": narrow}, rows=40).frames()
    assert frames["region"]["id"].str.len().max() <= 12
    assert frames["limit"]["region_id"].isin(frames["region"]["id"]).all()


def test_a_column_under_two_foreign_keys_finds_parents_with_the_same_key() -> None:
    metadata = sa.MetaData()
    for name, type_ in (("region", sa.String(30)), ("market", sa.Text()), ("a", sa.Uuid()), ("b", sa.Uuid())):
        sa.Table(name, metadata, sa.Column("key", type_, primary_key=True), sa.Column("label", sa.Text))
    listing = sa.Column("key", sa.String(30), sa.ForeignKey("region.key"), sa.ForeignKey("market.key"), nullable=False)
    sa.Table("listing", metadata, sa.Column("id", sa.Integer, primary_key=True), listing)
    both = sa.Column("key", sa.Uuid(), sa.ForeignKey("a.key"), sa.ForeignKey("b.key"), primary_key=True)
    sa.Table("both", metadata, both)
    engine = sqlite_engine()
    metadata.create_all(engine)
    for seed in (0, 1):
        report = syda.seed(engine, rows=30, seed=seed, mode="append")
        assert (report.rows["listing"], report.rows["both"]) == (30, 30)
    assert syda.check(engine).ok


def test_a_table_whose_rows_cannot_be_made_is_told_and_the_others_are_filled() -> None:
    engine = sqlite_engine()
    execute(
        engine,
        "CREATE TABLE north (code TEXT PRIMARY KEY CHECK (code IN ('a', 'b')))",
        "CREATE TABLE south (code TEXT PRIMARY KEY CHECK (code IN ('c', 'd')))",
        "CREATE TABLE place (id INTEGER PRIMARY KEY, code TEXT NOT NULL REFERENCES north REFERENCES south)",
        "CREATE TABLE visit (id INTEGER PRIMARY KEY, place_id INTEGER NOT NULL REFERENCES place)",
    )
    with pytest.raises(CapacityError, match="'place' find no row"):
        syda.seed(engine, rows={"north": 2, "south": 2, "place": 5})
    report = syda.seed(engine, rows=5)
    assert report.rows == {"north": 2, "south": 2, "place": 0, "visit": 0}
    assert any(note.startswith("place: 0 rows instead of 5: 5 rows of 'place' find no row") for note in report.notes)


def test_lines_are_counted_within_a_parent_that_a_part_of_the_foreign_key_tells() -> None:
    parent = {"columns": {"id": "integer", "tenant": "integer"}, "unique": [["tenant", "id"]]}
    link = {"columns": ["tenant", "purchase_id"], "references": "purchase", "parent_columns": ["tenant", "id"]}
    line = {
        "columns": {"purchase_id": "integer", "line_no": "integer", "tenant": "integer"},
        "primary_key": ["purchase_id", "line_no"],
        "foreign_keys": [link],
    }
    made = syda.generate({"purchase": parent, "line": line}, rows={"purchase": 4, "line": 12}, seed=3)
    for _, numbers in made.frames()["line"].groupby("purchase_id")["line_no"]:
        assert numbers.tolist() == list(range(1, len(numbers) + 1))
