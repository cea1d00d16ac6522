"""`syda seed --alembic` and `syda.migrations.upgrade_and_seed`: a database at a revision, then rows."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, String, Table, Text, inspect

import syda
from syda.errors import (
    DifferentModelsError,
    MigrationError,
    NotEmptyError,
    PlanError,
    ProtectedTargetError,
    RevisionFailedError,
    TargetError,
    UnknownNameError,
)
from syda.migrations import upgrade, upgrade_and_seed
from tests.databases import execute
from tests.migrations.histories import rehearse, text_of

FAILING = 'op.create_table("first", sa.Column("id", sa.Integer))\nop.execute("SELECT * FROM nothing")'


def count(engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()


def revision_of(engine) -> list[str]:
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT version_num FROM alembic_version")]


def models(*more: Column) -> MetaData:
    """Return the tables of the shop's history, with more columns of the orders."""
    metadata = MetaData()
    Table(
        "customers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(80), nullable=False),
        Column("email", String(120), nullable=False, unique=True),
        Column("phone", String(40)),
    )
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False),
        Column("reference", String(30), nullable=False),
        Column("total", Numeric(10, 2), nullable=False),
        Column("note", Text),
        *more,
    )
    return metadata


def test_the_tables_are_made_by_the_revisions_and_filled(shop_history, engine):
    report = upgrade_and_seed(shop_history.ini, text_of(engine), rows={"customers": 5, "orders": 12})
    assert dict(report.rows) == {"customers": 5, "orders": 12}
    assert (count(engine, "customers"), count(engine, "orders")) == (5, 12)
    assert revision_of(engine) == ["a2"]
    with pytest.raises(NotEmptyError):
        upgrade_and_seed(shop_history.ini, text_of(engine))
    upgrade_and_seed(shop_history.ini, engine, models(), rows=3, mode="append")
    assert count(engine, "customers") == 8


def test_a_revision_that_is_named(shop_history, own):
    report = upgrade_and_seed(shop_history.ini, own, revision="a1", rows=4)
    assert dict(report.rows) == {"customers": 4}
    assert upgrade(shop_history.ini, own) == ("a2",)
    with pytest.raises(MigrationError, match="at a2, which comes after a1"):
        upgrade(shop_history.ini, own, revision="a1")


def test_models_that_differ_are_refused_with_every_difference(shop_history, engine):
    metadata = models(Column("weight", Integer))
    metadata.tables["customers"].columns["name"].type = String(99)
    metadata.tables["customers"].columns["phone"].nullable = False
    Table("extra", metadata, Column("id", Integer, primary_key=True))
    with pytest.raises(DifferentModelsError, match="those of the models, so that nothing is filled") as caught:
        upgrade_and_seed(shop_history.ini, engine, metadata)
    assert sorted(caught.value.differences) == [
        "column customers.name is VARCHAR(80) in the database, VARCHAR(99) in the models",
        "column customers.phone takes NULL in the database, and takes no NULL in the models",
        "column orders.weight (INTEGER) is missing in the database",
        "table extra is missing in the database",
    ]
    assert count(engine, "customers") == 0


def test_what_only_the_database_has_is_a_difference_too(shop_history, tmp_path):
    shop_history.add("a3", 'op.create_index("ix", "orders", ["total"])')
    with pytest.raises(DifferentModelsError) as caught:
        upgrade(shop_history.ini, f"sqlite:///{tmp_path}/own.db", models=models())
    assert caught.value.differences == ("index ix of orders (total) is in the database, not in the models",)


def test_env_says_what_is_compared(shop_history, own):
    shop_history.add("a3", 'op.create_table("legacy", sa.Column("id", sa.Integer, primary_key=True))')
    with pytest.raises(DifferentModelsError):
        upgrade(shop_history.ini, own, models=models())
    changed = models()
    changed.tables["customers"].columns["name"].type = String(99)
    included = ", include_object=lambda item, name, kind, reflected, other: name != 'legacy', compare_type=False"
    shop_history.env(options=included)
    assert upgrade(shop_history.ini, own, models=changed) == ("a3",)
    shop_history.env(options=", include_name=lambda name, kind, parents: name != 'legacy'")
    assert upgrade(shop_history.ini, own, models=models()) == ("a3",)


def test_several_heads(shop_history, own):
    shop_history.add("b1", 'op.execute("SELECT 1")', after="a2", message="left")
    shop_history.add("c1", 'op.execute("SELECT 1")', after="a2", message="right")
    with pytest.raises(MigrationError, match=r"2 heads: .*b1 \(left\)"):
        upgrade(shop_history.ini, own)
    assert inspect(own).get_table_names() == []
    assert upgrade(shop_history.ini, own, revision="b1") == ("b1",)
    upgrade(shop_history.ini, own, revision="heads")
    assert sorted(revision_of(own)) == ["b1", "c1"]
    shop_history.add("header1", 'op.execute("SELECT 1")', after="b1")
    assert upgrade(shop_history.ini, own, revision="header1") == ("header1",)
    with pytest.raises(MigrationError, match="2 heads"):
        upgrade(shop_history.ini, own, revision="head-1")


def test_an_unknown_revision(shop_history, own):
    with pytest.raises(UnknownNameError, match="no revision 'a11'; did you mean 'a1'"):
        upgrade(shop_history.ini, own, revision="a11")
    execute(own, "CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('zz')")
    with pytest.raises(MigrationError, match=r"from zz to a2: .*zz"):
        upgrade(shop_history.ini, own)


def test_a_revision_that_fails_half_way(shop_history, engine):
    shop_history.add("broken", FAILING, message="breaks")
    with pytest.raises(RevisionFailedError, match=r"revision broken \(breaks\) failed: .*nothing") as caught:
        upgrade_and_seed(shop_history.ini, engine)
    assert (caught.value.revision, caught.value.statement) == ("broken", "SELECT * FROM nothing")
    if engine.dialect.name != "postgresql":  # which takes all back
        assert count(engine, "customers") == 0
    else:
        assert inspect(engine).get_table_names() == []


def test_an_environment_that_ignores_the_url(shop_history, own, tmp_path):
    shop_history.env(connection="None", url=f"'sqlite:///{tmp_path}/other.db'")
    with pytest.raises(MigrationError, match=r"goes to another database .*config\.attributes\.get"):
        upgrade(shop_history.ini, own)
    assert inspect(own).get_table_names() == []
    shop_history.env(connection="None")
    upgrade(shop_history.ini, text_of(own))
    assert count(own, "orders") == 0


def test_an_environment_that_does_not_commit(shop_history, postgresql_engine):
    shop_history.env(
        more="true_run = run\ndef run(connection):\n    connection.begin()\n    true_run(connection)\n"
        "    connection.rollback()"
    )
    with pytest.raises(MigrationError, match=r"not at a2: a1 is not in .*Does env\.py commit"):
        upgrade(shop_history.ini, postgresql_engine)


def test_a_version_table_of_another_name(shop_history, own):
    shop_history.env(options=', version_table="notes"')
    report = upgrade_and_seed(shop_history.ini, own, rows=3)
    assert set(report.rows) == {"customers", "orders"}
    assert upgrade(shop_history.ini, own, models=models()) == ("a2",)


def test_a_database_that_is_not_to_be_filled_is_not_upgraded(shop_history, tmp_path, own):
    with pytest.raises(ProtectedTargetError, match=r"db\.test"):
        upgrade(shop_history.ini, "postgresql+psycopg://db.test/shop")
    execute(own, "CREATE TABLE syda_forbids_seeding (id INTEGER)")
    with pytest.raises(ProtectedTargetError, match="forbids seeding"):
        upgrade(shop_history.ini, own)
    assert inspect(own).get_table_names() == ["syda_forbids_seeding"]
    with pytest.raises(TargetError, match="cannot reach"):
        upgrade(shop_history.ini, f"sqlite:///{tmp_path}/nowhere/own.db")


def test_a_plan_fills_what_the_revisions_make(shop_history, own):
    plan = syda.plan(models(), rows=6)
    assert upgrade_and_seed(shop_history.ini, own, plan).total == 12


def test_sqlite_in_memory(shop_history):
    assert upgrade_and_seed(shop_history.ini, "sqlite://", rows=2).total == 4


def test_revisions_that_are_counted(shop_history, own):
    shop_history.add("a3", 'op.execute("SELECT 1")')
    assert upgrade(shop_history.ini, own, revision="+1") == ("a1",)
    assert upgrade(shop_history.ini, own, revision="head-1") == ("a2",)
    with pytest.raises(MigrationError, match=r"'\+2'"):
        upgrade(shop_history.ini, own, revision="+2")
    assert upgrade(shop_history.ini, own, revision="a1+2") == ("a3",)
    walked = rehearse(shop_history.ini, text_of(own), start="a1", to="+1").revisions
    assert [each.revision for each in walked] == ["a2"]


@pytest.mark.parametrize("name", ["", " "])
def test_a_revision_without_a_name(shop_history, own, name):
    for call in (
        lambda: upgrade(shop_history.ini, own, revision=name),
        lambda: rehearse(shop_history.ini, text_of(own), to=name),
        lambda: rehearse(shop_history.ini, text_of(own), start=name),
    ):
        with pytest.raises(MigrationError, match="expected the name of a revision"):
            call()


def test_tables_that_the_models_do_not_have_are_told_before_the_upgrade(shop_history, own):
    with pytest.raises(UnknownNameError, match="custmers"):
        upgrade_and_seed(shop_history.ini, own, models(), rows={"custmers": 3})
    assert inspect(own).get_table_names() == []


COUNTRIES = """
op.create_table("countries", sa.Column("code", sa.String(2), primary_key=True), sa.Column("vat", sa.Integer))
op.execute("INSERT INTO countries VALUES ('AT', 20), ('LI', 8)")
op.create_table(
    "cities",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("country", sa.String(2), sa.ForeignKey("countries.code"), nullable=False),
    sa.Column("vat", sa.Integer),
)
"""


def test_rows_that_revisions_make_are_kept_and_are_parents(shop_history, engine):
    shop_history.add("a3", COUNTRIES)
    vat = {"cities.vat": syda.template("{country.vat}")}
    report = upgrade_and_seed(shop_history.ini, text_of(engine), rows=6, overrides=vat)
    assert dict(report.rows) == {"customers": 6, "orders": 6, "countries": 0, "cities": 6}
    assert count(engine, "countries") == 2
    assert count(engine, "cities JOIN countries c ON c.code = cities.country AND c.vat = cities.vat") == 6


@pytest.mark.parametrize(
    ("options", "countries"),
    [({"rows": {"countries": 3}}, 5), ({"rows": 3, "mode": "append"}, 5), ({"rows": 3, "mode": "replace"}, 3)],
)
def test_rows_are_added_to_those_of_revisions_where_that_is_said(shop_history, own, options, countries):
    shop_history.add("a3", COUNTRIES)
    upgrade_and_seed(shop_history.ini, own, **options)
    assert count(own, "countries") == countries


def test_what_is_refused_is_refused_before_the_upgrade(shop_history, own):
    upgrade(shop_history.ini, own, revision="a1")
    execute(own, "INSERT INTO customers VALUES (1, 'a', 'b', 'c')")
    for options, error in (
        ({}, NotEmptyError),
        ({"mode": "apend"}, UnknownNameError),
        ({"overrides": {"orders.totl": 1}}, UnknownNameError),
        ({"overrides": 5}, PlanError),
        ({"seed": "abc"}, PlanError),
        ({"as_of": "soon"}, PlanError),
        ({"dry_run": True}, PlanError),
    ):
        with pytest.raises(error):
            upgrade_and_seed(shop_history.ini, own, models(), **options)
        assert revision_of(own) == ["a1"]
    with pytest.raises(NotEmptyError):
        upgrade_and_seed(shop_history.ini, own, syda.plan(models()))
    assert revision_of(own) == ["a1"]
    report = upgrade_and_seed(shop_history.ini, own, models(), rows={"customers": 0, "orders": 4})
    assert dict(report.rows) == {"customers": 0, "orders": 4}


def test_rows_that_a_revision_has_moved_are_not_its_own(shop_history, own):
    upgrade(shop_history.ini, own)
    execute(own, "INSERT INTO customers VALUES (1, 'a', 'b', 'c')")
    shop_history.add("a3", 'op.rename_table("customers", "clients")')
    with pytest.raises(NotEmptyError, match="clients"):
        upgrade_and_seed(shop_history.ini, own, rows=3)
    assert count(own, "orders") == 0


def test_more_revisions_than_there_are(shop_history, own):
    with pytest.raises(MigrationError, match="there are not so many revisions"):
        upgrade(shop_history.ini, own, revision="a1+5")
