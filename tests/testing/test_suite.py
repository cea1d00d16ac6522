"""The databases of a suite: how their tables are made, and that they are filled."""

from __future__ import annotations

import pytest

from syda.testing.databases import unenforced
from tests.databases import sqlite_engine
from tests.migrations.histories import History
from tests.testing.suites import SERVERS, url_of

pytest_plugins = ["pytester"]

CUSTOMERS = """
op.create_table(
    "customers",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("email", sa.String(120), nullable=False, unique=True),
)
"""
ORDERS = """
op.create_table(
    "orders",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
)
op.execute("INSERT INTO customers VALUES (1, 'Ada', 'ada@example.com')")
op.execute("INSERT INTO orders VALUES (1, 1, 5)")
with op.batch_alter_table("customers") as table:
    table.alter_column("name", existing_type=sa.String(40), existing_nullable=False, type_=sa.String(80))
op.execute("DELETE FROM orders")
op.execute("DELETE FROM customers")
"""


@pytest.mark.parametrize("server", SERVERS)
def test_databases_made_by_migrations(suite, pytester, request, server):
    history = History(pytester.path).add("a1", CUSTOMERS).add("a2", ORDERS)
    tests = """
from syda.testing.checks import test_database_equals_models, test_models_can_be_seeded

def test_revision(syda):
    asked = "SELECT version_num FROM alembic_version"
    assert syda.session.connection().exec_driver_sql(asked).scalar() == "a2"
    syda.make(Order)

def test_foreign_keys_are_enforced_all_the_same(syda):
    from sqlalchemy import exc
    with pytest.raises(exc.IntegrityError):
        syda.session.connection().exec_driver_sql("INSERT INTO orders VALUES (7, 99, 5)")
"""
    settings = {"syda_alembic": "alembic.ini", "syda_url": url_of(request, server)}
    suite(tests, **settings).assert_outcomes(passed=4)
    history.add("a3", 'op.create_index("ix", "orders", ["total"])')
    result = suite(tests, "-k", "equals", **settings)
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(["*  index ix of orders (total) is in the database, not in the models"])
    history.add("b1", "pass", after="a1")
    suite(tests, **settings).stdout.fnmatch_lines(["*MigrationError: the revisions have 2 heads: *"])


@pytest.mark.parametrize("server", SERVERS)
def test_schemas_of_the_models(suite, request, server):
    tests = """
from sqlalchemy import Column, Integer, Table

Table("notes", Base.metadata, Column("id", Integer, primary_key=True), schema="apart")

@pytest.mark.syda(rows={"apart.notes": 3})
def test_notes(syda_session):
    assert len(syda_session.execute(select(Base.metadata.tables["apart.notes"])).all()) == 3
"""
    result = suite(tests, syda_url=url_of(request, server))
    if server == "postgresql":
        result.assert_outcomes(passed=1)
    else:
        result.stdout.fnmatch_lines(["*TargetError: the models name the schema 'apart', which *"])


def test_the_check_compares_as_env_says(suite, pytester):
    history = History(pytester.path).add("a1", CUSTOMERS).add("a2", ORDERS)
    history.env(options=', version_table="revisions"')
    tests = "from syda.testing.checks import test_database_equals_models\n"
    suite(tests, syda_alembic="alembic.ini").assert_outcomes(passed=1)


def test_a_database_that_could_not_be_filled_is_not_the_filled_one(suite):
    tests = """
from syda.errors import PlanFileError

@pytest.mark.parametrize("turn", range(2))
def test_filled(syda_suite, turn):
    with pytest.raises(PlanFileError):
        syda_suite.filled()
"""
    suite(tests, syda_plan="nowhere.yaml").assert_outcomes(passed=2)


def test_foreign_keys_are_enforced_again_after_a_failure():
    engine = sqlite_engine()
    with pytest.raises(ZeroDivisionError), unenforced(engine):
        _ = 1 / 0
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
