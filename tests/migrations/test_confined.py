"""Nothing that env.py or a revision does in a rehearsal reaches the user's own database."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import inspect, text

from syda.errors import MigrationError
from syda.migrations.outside import reaches_outside
from tests.databases import execute
from tests.migrations.histories import rehearse, text_of
from tests.migrations.test_rehearsing import found, state_of

OWN_ENGINE = """
with sa.create_engine({!r}).begin() as elsewhere:
    elsewhere.execute(sa.text("UPDATE mine SET name = 'changed'"))
"""


@pytest.fixture
def mine(engine):
    """A database of the user's, with a row in it."""
    execute(engine, "CREATE TABLE mine (id INTEGER PRIMARY KEY, name VARCHAR(20))", "INSERT INTO mine VALUES (1, 'a')")
    return engine


@pytest.mark.parametrize("swallowed", [False, True])
def test_a_revision_with_an_engine_of_its_own(shop_history, mine, swallowed):
    before, statement = state_of(mine), OWN_ENGINE.format(text_of(mine))
    if swallowed:
        statement = "try:\n" + statement.replace("\n", "\n    ") + "\nexcept Exception:\n    pass"
    shop_history.add("own", statement)
    report = rehearse(shop_history.ini, text_of(mine))
    assert found(report) == [("own", "upgrade", "error")]
    assert "another database than the one of the URL" in report.found[0][1].said
    assert state_of(mine) == before


def test_an_engine_that_had_a_connection_before(shop_history, mine, monkeypatch):
    before = state_of(mine)
    monkeypatch.setattr("tests.migrations.histories.kept_engine", mine, raising=False)
    with mine.connect():
        pass  # its pool holds one from now on
    text = "from tests.migrations.histories import kept_engine\nwith kept_engine.begin() as c:\n"
    shop_history.add("own", text + "    c.execute(sa.text('DELETE FROM mine'))")
    assert found(rehearse(shop_history.ini, text_of(mine))) == [("own", "upgrade", "error")]
    assert state_of(mine) == before


def test_a_connection_that_was_opened_before(shop_history, mine, monkeypatch):
    before = state_of(mine)
    with mine.connect() as connection:
        monkeypatch.setattr("tests.migrations.histories.kept", connection, raising=False)
        text = "from tests.migrations.histories import kept\nkept.execute(sa.text('DELETE FROM mine'))\nkept.commit()"
        shop_history.add("own", text)
        report = rehearse(shop_history.ini, text_of(mine))
    assert found(report) == [("own", "upgrade", "error")]
    assert "another database than the one of the URL" in report.found[0][1].said
    assert state_of(mine) == before


@pytest.mark.parametrize("swallowed", [False, True])
def test_what_a_revision_does_when_it_is_imported(shop_history, mine, swallowed):
    before = state_of(mine)
    statement = f"sa.Table('made', sa.MetaData(), sa.Column('id')).create(sa.create_engine({text_of(mine)!r}))"
    if swallowed:
        statement = f"try:\n    {statement}\nexcept Exception:\n    pass"
    shop_history.add("own", "pass", head=statement)
    with pytest.raises(MigrationError, match="at module level"):
        rehearse(shop_history.ini, text_of(mine))
    assert state_of(mine) == before
    assert inspect(mine).get_table_names() == ["mine"]


def test_threads_that_are_none_of_the_rehearsal(shop_history, mine):
    shop_history.add("slow", "import time\ntime.sleep(0.3)")
    done, stop, errors = threading.Event(), threading.Event(), []

    def work():
        while not stop.wait(0.01):
            try:
                with mine.begin() as connection:
                    connection.execute(text("UPDATE mine SET name = 'b'"))
            except MigrationError as error:
                errors.append(error)
            done.set()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert done.wait(10)
        report = rehearse(shop_history.ini, text_of(mine))
    finally:
        stop.set()
        worker.join()
    assert report.is_clean
    assert errors == []


def test_threads_that_a_revision_starts(shop_history, mine):
    before = state_of(mine)
    started = f"""
    import threading
    engine = sa.create_engine({text_of(mine)!r})
    def work():
        try:
            sa.Table("mine", sa.MetaData()).drop(engine)
        except Exception:
            pass
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    """
    shop_history.add("own", started)
    assert found(rehearse(shop_history.ini, text_of(mine))) == [("own", "upgrade", "error")]
    assert state_of(mine) == before


def test_an_environment_that_commits_before_it_configures(shop_history, mine):
    before = state_of(mine)
    made = "engine = create_engine({!r})\nwith engine.begin() as c:\n    c.exec_driver_sql('CREATE TABLE b (id INT)')"
    shop_history.env(more=made.format(text_of(mine)))
    with pytest.raises(MigrationError, match=r"goes to another database .* nothing was changed there"):
        rehearse(shop_history.ini, text_of(mine))
    assert state_of(mine) == before


def test_an_engine_of_sqlite_makes_no_file(shop_history, tmp_path):
    shop_history.add("own", OWN_ENGINE.format(f"sqlite:///{tmp_path}/new.db"))
    assert found(rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db"))
    assert not (tmp_path / "new.db").exists()


ATTACHING = [
    "ATTACH '{}' AS app",
    "-- b\n /* a */ attach database '{}' AS app",
    ";ATTACH '{}' AS app",
    "/*! x */ ATTACH '{}' AS app",
    "ATTACH '' || '{}' AS app",
]


@pytest.mark.parametrize("attach", ATTACHING)
def test_a_file_that_is_attached(shop_history, own, attach):
    execute(own, "CREATE TABLE mine (id INTEGER PRIMARY KEY)")
    run = f"with op.get_context().autocommit_block():\n    op.execute({attach.format(own.url.database)!r})\n"
    shop_history.add("attached", run + 'op.drop_table("mine", schema="app")')
    report = rehearse(shop_history.ini, text_of(own))
    assert found(report) == [("attached", "upgrade", "error")]
    assert "attaches another file; it was not run" in report.found[0][1].said
    assert inspect(own).get_table_names() == ["mine"]


def test_a_file_that_vacuum_writes(shop_history, own, tmp_path):
    block = "with op.get_context().autocommit_block():\n    op.execute({!r})"
    shop_history.add("kept", block.format("VACUUM")).add("memory", block.format("ATTACH ':memory:' AS m"))
    shop_history.add("into", block.format(f"VACUUM INTO '{tmp_path}/copy.db'"))
    assert found(rehearse(shop_history.ini, text_of(own))) == [("into", "upgrade", "error")]
    assert not (tmp_path / "copy.db").exists()


def test_a_file_that_the_driver_attaches(shop_history, own):
    execute(own, "CREATE TABLE mine (id INTEGER PRIMARY KEY)")
    by_driver = f"""
    engine = sa.create_engine(op.get_bind().engine.url)
    sa.event.listen(engine, "connect", lambda driver, _: driver.execute("ATTACH '{own.url.database}' AS app"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE app.mine"))
    """
    shop_history.add("attached", by_driver)
    assert found(rehearse(shop_history.ini, text_of(own))) == [("attached", "upgrade", "error")]
    assert inspect(own).get_table_names() == ["mine"]


def test_tables_of_another_database_of_the_server(shop_history, mariadb_engine):
    name = mariadb_engine.url.database
    execute(mariadb_engine, "CREATE TABLE mine (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    shop_history.add("far", f'op.drop_column("mine", "name", schema="{name}")')
    report = rehearse(shop_history.ini, text_of(mariadb_engine))
    assert found(report) == [("far", "upgrade", "error")]
    assert f"names the database {name!r}; it was not run" in report.found[0][1].said
    assert len(inspect(mariadb_engine).get_columns("mine")) == 2


@pytest.mark.parametrize(
    "run",
    ["PREPARE s FROM @made')\nop.execute('EXECUTE s", "EXECUTE IMMEDIATE @made", "EXECUTE IMMEDIATE CONCAT(@made)"],
)
def test_texts_that_are_made_in_mariadb(shop_history, mariadb_engine, run):
    execute(mariadb_engine, "CREATE TABLE mine (id INTEGER PRIMARY KEY)", "INSERT INTO mine VALUES (1)")
    made = "op.execute(\"SET @made = (SELECT IF(1, 'DELETE FROM {}', 'SELECT 1'))\")\nop.execute('" + run + "')"
    shop_history.add("near", made.format("orders"), "pass")
    shop_history.add("far", made.format(f"{mariadb_engine.url.database}.mine"))
    report = rehearse(shop_history.ini, text_of(mariadb_engine))
    refused = {revision for revision, _, fault in found(report) if fault == "error"}
    assert refused == {"near" if "CONCAT" in run else "far"}  # which, on empty tables too, is the end
    assert state_of(mariadb_engine)["mine"] == ["(1,)"]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE shop.orders",
        "drop table `shop` . `orders`",
        "UPDATE /* x */ Shop.orders SET a = 1",
        "UPDATE orders o JOIN shop.orders s ON s.id = o.id SET s.a = 1",
        "/*!50000 DELETE FROM shop.orders */",
        "INSERT INTO shop.orders SELECT * FROM orders",
        "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES shop.a (id)",
        "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW BEGIN DELETE FROM shop.log; END",
        "PREPARE s FROM 'DELETE FROM shop.orders'",
        "CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW UPDATE shop.shop SET a = NEW.id",
        "CREATE TRIGGER t AFTER INSERT ON shop.orders FOR EACH ROW UPDATE shop SET a = NEW.id",
        'EXECUTE IMMEDIATE "DELETE FROM shop.orders"',
        "EXECUTE IMMEDIATE 'DELETE FROM sh' 'op.orders'",
        "EXECUTE IMMEDIATE 'DELETE FROM sh\\op.orders'",
        "CREATE PROCEDURE p() BEGIN PREPARE s FROM @x; EXECUTE s; END",
        "UPDATE orders JOIN (SELECT 5--1 AS q) z JOIN shop.orders c SET c.a = z.q",
        "/*!50000 USE */ shop",
        "SELECT 1; USE shop",
        "CREATE TABLE far (id INT) ENGINE=FEDERATED CONNECTION='mysql://there/shop/orders'",
        "RENAME TABLE orders TO shop.orders",
        "CALL shop.clean()",
        "SELECT shop.clean(1) FROM shop",
        "GRANT ALL ON shop.* TO someone",
        "DROP TABLE orders; DROP TABLE shop.orders",
        "USE shop",
        "DROP DATABASE shop",
        "CREATE SCHEMA IF NOT EXISTS more",
        "ALTER DATABASE shop CHARACTER SET utf8mb4",
    ],
)
def test_statements_of_mysql_that_reach_out(statement):
    assert reaches_outside(statement, "mysql", "scratch", frozenset({"shop", "mysql"}))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT shop.id FROM shop WHERE shop.name = 'shop.orders'",
        "UPDATE shop SET shop.a = %(a)s -- shop.orders",
        "INSERT INTO shop (id, a) VALUES (%s, 'it''s shop.a')",
        "SELECT table_name FROM information_schema.tables",
        "ALTER TABLE scratch.orders ADD COLUMN `shop` INT",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "CREATE TABLE `database` (id INT)",
        "ALTER TABLE orders DROP `schema`, DROP `database`",
        "EXECUTE IMMEDIATE 'DELETE FROM orders'",
        "PREPARE s FROM 'DELETE FROM orders WHERE id = ?'",
        "EXECUTE s USING @a",
        "SELECT 1 -- shop.orders",
        "CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW UPDATE shop SET shop.a = NEW.id WHERE shop.id = 1",
        "CREATE OR REPLACE VIEW v AS SELECT shop.id FROM shop",
    ],
)
def test_statements_of_mysql_that_stay(statement):
    assert reaches_outside(statement, "mysql", "scratch", frozenset({"shop", "mysql", "information_schema"})) == ""


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("ALTER DATABASE shop SET timezone = 'UTC'", True),
        ('COMMENT ON DATABASE "shop" IS $$x$$', True),
        ("CREATE DATABASE more", True),
        ("DO $$ BEGIN EXECUTE 'ALTER DATABASE shop SET timezone = 1'; END $$", True),
        ("SELECT dblink_exec('dbname=shop', 'DELETE FROM orders')", True),
        ("CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw", True),
        ("GRANT CONNECT ON DATABASE scratch, shop TO someone", True),
        ("GRANT CONNECT ON DATABASE scratch TO shop", False),
        ("ALTER TABLE orders DROP database", False),
        ("CREATE TABLE a (database text); ALTER TABLE a DROP database", False),
        ("SELECT 1; DROP DATABASE more", True),
        ("SELECT database shop FROM orders", False),
        ("ALTER DATABASE scratch SET timezone = 'UTC'", False),
        ("UPDATE shop.orders SET a = 'drop database shop'", False),
        ("CREATE EXTENSION IF NOT EXISTS dblink", False),
    ],
)
def test_statements_of_postgresql(statement, refused):
    assert bool(reaches_outside(statement, "postgresql", "scratch", frozenset({"shop"}))) == refused
