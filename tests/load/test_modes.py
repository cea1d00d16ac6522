"""What becomes of rows that are there: refused, kept or replaced, and always in one transaction."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

import syda
from syda.errors import LoadError, NotEmptyError, PlanError, RejectedError, TargetError
from tests.databases import dump, execute
from tests.load.test_sql import CycleBase, failing_at
from tests.shop import Base, Customer

SHOP = {"customers": {"id": "integer", "name": "text"}, "orders": {"id": "integer", "customer_id": "customers.id"}}


def counts(engine: Engine, *tables: str) -> list[int]:
    with engine.connect() as connection:
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables]


def test_tables_with_rows_are_refused_with_their_counts(engine: Engine) -> None:
    syda.seed(engine, SHOP, rows={"customers": 3, "orders": 0}, create=True)
    with pytest.raises(NotEmptyError, match=r"customers \(3\).*mode='append'.*mode='replace'") as caught:
        syda.seed(engine, SHOP, rows=5)
    assert caught.value.tables == {"customers": 3}
    with pytest.raises(NotEmptyError, match=r"customers \(3\)"):
        syda.generate(SHOP, rows=5).to_sql(engine)
    assert counts(engine, "customers", "orders") == [3, 0]


def test_tables_that_get_no_rows_may_have_some_and_be_referred_to(engine: Engine) -> None:
    syda.seed(engine, SHOP, rows={"customers": 3, "orders": 0}, create=True)
    syda.seed(engine, SHOP, rows={"customers": 0, "orders": 8})
    syda.seed(engine, SHOP, rows={"customers": 0, "orders": 6}, mode="replace")
    assert counts(engine, "customers", "orders") == [3, 6]
    with pytest.raises(NotEmptyError, match=r"orders \(6\)"):
        syda.seed(engine, SHOP, rows={"customers": 0, "orders": 2})


def test_replacing_gives_what_an_empty_database_gets(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    syda.seed(engine, Base, rows=6, seed=4)
    fresh = dump(engine, Base)
    syda.seed(engine, Base, rows=9, seed=5, mode="append")
    syda.seed(engine, Base, rows=6, seed=4, mode="replace")
    assert dump(engine, Base) == fresh
    with Session(engine) as session:
        session.add(Customer(first_name="A", last_name="B", email="a@b.example", country="France"))
        session.commit()


def test_rows_that_refer_to_each_other_in_a_circle_are_replaced(engine: Engine) -> None:
    CycleBase.metadata.create_all(engine)
    syda.seed(engine, CycleBase, rows=40)
    syda.seed(engine, CycleBase, rows=7, mode="replace")
    assert counts(engine, "threads", "posts") == [7, 7]


@pytest.mark.parametrize("required", [False, True])
def test_rows_that_refer_to_rows_of_their_table_are_replaced(engine: Engine, required: bool) -> None:
    metadata = sa.MetaData()
    parent = sa.Column("boss_id", sa.ForeignKey("staff.id"), nullable=not required)
    sa.Table("staff", metadata, sa.Column("id", sa.Integer, primary_key=True), parent)
    syda.seed(engine, metadata, rows=30, create=True)
    syda.seed(engine, metadata, rows=12, mode="replace")
    assert counts(engine, "staff") == [12]


def test_a_fault_at_any_statement_of_a_replacement_leaves_the_old_rows(engine: Engine) -> None:
    CycleBase.metadata.create_all(engine)
    syda.seed(engine, CycleBase, rows=3)
    before = dump(engine, CycleBase)
    faults = 0
    while True:
        with failing_at(engine, faults, RuntimeError("fault")) as seen:
            try:
                syda.seed(engine, CycleBase, rows=4, mode="replace")
                break
            except RuntimeError:
                faults += 1
        assert dump(engine, CycleBase) == before
    assert faults > 10
    assert any(statement.startswith(("DELETE", "WITH")) for statement in seen)
    assert counts(engine, "threads", "posts") == [4, 4]


def test_rows_that_would_lose_their_parents_are_named(engine: Engine) -> None:
    syda.seed(engine, SHOP, rows=5, create=True)
    with pytest.raises(NotEmptyError, match="the 5 rows of orders without their parents"):
        syda.seed(engine, SHOP, rows={"customers": 4, "orders": 0}, mode="replace")
    with pytest.raises(LoadError, match="customers"):
        syda.generate({"customers": SHOP["customers"]}, rows=4).to_sql(engine, mode="replace")
    assert counts(engine, "customers", "orders") == [5, 5]


def test_rows_that_came_after_planning_are_noticed_inside_the_load(engine: Engine) -> None:
    syda.seed(engine, SHOP, rows=0, create=True)

    def come(_row: Any, _column: Any) -> str:
        with engine.begin() as connection:
            if not connection.exec_driver_sql("SELECT count(*) FROM customers").scalar():
                connection.exec_driver_sql("INSERT INTO customers (id, name) VALUES (77, 'A')")
        return "B"

    with pytest.raises(NotEmptyError, match=r"customers \(1\)"):
        syda.seed(engine, SHOP, rows=2, custom_generators={"customers": {"name": come}})
    assert counts(engine, "customers", "orders") == [1, 0]


@pytest.mark.parametrize("name", ["alembic_version", "django_migrations", "flyway_schema_history"])
@pytest.mark.parametrize("mode", ["if_empty", "append", "replace"])
def test_the_notes_of_migration_tools_are_left_alone(engine: Engine, name: str, mode: Any) -> None:
    syda.seed(engine, SHOP, rows=0, create=True)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {name} (version VARCHAR(32) PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO {name} VALUES ('abc')")
    plan = syda.plan(engine, rows=4)
    for source in (None, plan):
        report = syda.seed(engine, source, mode=mode, **({} if source else {"rows": 4}))
        assert name not in report.rows
        assert any(name in note for note in report.notes)
        if mode == "if_empty":
            break
    syda.generate(plan).to_sql(engine, mode="replace")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT version FROM {name}").all() == [("abc",)]


def test_the_empty_table_of_a_migration_tool_is_filled(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    assert syda.seed(engine, rows=1).rows == {"alembic_version": 1}


def test_what_is_no_mode_is_said() -> None:
    with pytest.raises(PlanError, match="'if_empty', 'append', 'replace', got 'overwrite'"):
        syda.seed("sqlite://", Base, mode="overwrite")


def test_a_caller_that_rolls_back_gets_the_replaced_rows_back(engine: Engine) -> None:
    CycleBase.metadata.create_all(engine)
    syda.seed(engine, CycleBase, rows=3)
    before = dump(engine, CycleBase)
    with Session(engine) as session:
        syda.seed(session, CycleBase, rows=9, seed=1, mode="replace")
        session.rollback()
    assert dump(engine, CycleBase) == before


def test_adding_rows_whose_keys_are_taken_is_refused(engine: Engine) -> None:
    dataset = syda.generate(SHOP, rows=3)
    dataset.to_sql(engine, create=True)
    with pytest.raises(RejectedError):
        dataset.to_sql(engine, mode="append")
    dataset.to_sql(engine, mode="replace")
    assert counts(engine, "customers", "orders") == [3, 3]


def test_a_circle_that_rows_of_another_table_refer_to_is_not_torn(mariadb_engine: Engine) -> None:
    """MariaDB is told not to look while a circle is deleted, so that syda does."""
    CycleBase.metadata.create_all(mariadb_engine)
    syda.seed(mariadb_engine, CycleBase, rows=3)
    with mariadb_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE likes (post INTEGER, FOREIGN KEY (post) REFERENCES posts (id))")
        connection.exec_driver_sql("INSERT INTO likes VALUES (2)")
    with pytest.raises(NotEmptyError, match="posts would delete, change or orphan the 1 rows of likes"):
        syda.seed(mariadb_engine, CycleBase, rows=4, mode="replace")
    assert counts(mariadb_engine, "threads", "posts", "likes") == [3, 3, 1]


def test_a_circle_is_deleted_after_all_that_refers_to_it(engine: Engine) -> None:
    shapes = {
        "threads": {"id": "integer", "first_id": "posts.id?"},
        "marks": {"id": "integer", "thread_id": "threads.id", "post_id": "posts.id?"},
        "posts": {"id": "integer", "thread_id": "threads.id"},
        "a_likes": {"id": "integer", "mark_id": "marks.id"},
    }
    syda.seed(engine, shapes, rows=9, create=True)
    syda.seed(engine, shapes, rows=6, mode="replace")
    assert counts(engine, *shapes) == [6, 6, 6, 6]


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "NO ACTION"])
def test_rows_of_tables_that_the_models_do_not_know_are_neither_deleted_nor_changed(
    engine: Engine, action: str
) -> None:
    execute(
        engine,
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40))",
        f"CREATE TABLE audit (customer INTEGER, FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE {action})",
        "INSERT INTO customers VALUES (900, 'precious')",
        "INSERT INTO audit VALUES (NULL)",
    )
    models = {"customers": {"id": "integer", "name": "text"}}
    syda.seed(engine, models, rows=3, mode="replace")
    execute(engine, "INSERT INTO audit SELECT id FROM customers")
    with pytest.raises(NotEmptyError, match=r"customers would delete, change or orphan the 3 rows of audit") as caught:
        syda.seed(engine, models, rows=5, mode="replace")
    assert caught.value.tables == {"audit": 3}
    assert counts(engine, "customers", "audit") == [3, 4]


def test_rows_of_tables_that_inherit_stay(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE archive (note TEXT) INHERITS (a)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO archive VALUES (2, 'keep me')",
    )
    syda.seed(postgresql_engine, {"a": {"id": "integer"}}, rows=5, mode="replace")
    assert counts(postgresql_engine, "ONLY a", "archive") == [5, 1]


def test_of_two_loads_at_once_one_is_refused(postgresql_engine: Engine) -> None:
    syda.seed(postgresql_engine, SHOP, rows=0, create=True)
    with postgresql_engine.connect() as connection, connection.begin():
        syda.seed(connection, SHOP, rows=3)
        with pytest.raises(TargetError, match="another load into these tables is under way"):
            syda.seed(postgresql_engine, SHOP, rows=3)
        syda.seed(connection, SHOP, rows=2, mode="replace")
    with pytest.raises(NotEmptyError):
        syda.seed(postgresql_engine, SHOP, rows=3)
    assert counts(postgresql_engine, "customers", "orders") == [2, 2]
