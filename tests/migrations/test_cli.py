"""`syda rehearse` and `syda seed --alembic` on the command line."""

from __future__ import annotations

import subprocess
import sys
from time import monotonic, sleep

from sqlalchemy import inspect

from tests.cli.running import MODELS, run, run_json
from tests.migrations.histories import text_of


def test_a_rehearsal_that_finds_something(shop_history, own):
    shop_history.add("a3", 'op.create_index("ux", "orders", ["total"], unique=True)', message="one total each")
    arguments = ("rehearse", "--alembic", str(shop_history.ini), "--url", text_of(own))
    told = run(*arguments)
    assert told.exit_code == 1
    lines = told.output.splitlines()
    assert lines[0].startswith("a1  customers  (")
    assert "  FAULT upgrade: error: UNIQUE constraint failed: orders.total" in lines
    assert "      CREATE UNIQUE INDEX ux ON orders (total)" in lines
    assert lines[-1] == "3 revisions rehearsed: 1 fault"
    document = run_json(*arguments, code=1)
    assert (document["found"], document["clean"], document["kept"]) == (1, False, None)
    assert document["revisions"][2]["findings"][0]["statement"] == "CREATE UNIQUE INDEX ux ON orders (total)"
    assert document["revisions"][2]["before"] == {"customers": 30, "orders": 30}
    assert run(*arguments, "--known", "a3").output.splitlines()[-1] == "3 revisions rehearsed: nothing was found"


def test_seeding_after_an_upgrade(shop_history, own):
    arguments = ("seed", "--alembic", str(shop_history.ini), "--url", text_of(own), "--rows", "4")
    assert run_json(*arguments)["rows"] == {"customers": 4, "orders": 4}
    assert run(*arguments).exit_code == 1
    shop_history.add("a3", "pass")
    assert run(*arguments, "--mode", "append", "--revision", "a3").exit_code == 0


def test_models_that_differ(shop_history, own, tmp_path, monkeypatch):
    (tmp_path / "othermodels.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    told = run("seed", "--alembic", str(shop_history.ini), "--url", text_of(own), "--models", "othermodels:Base")
    assert told.exit_code == 1
    assert "column orders.quantity (INTEGER) is missing in the database" in told.output
    assert "alembic revision --autogenerate" in told.output


def test_a_scenario_after_an_upgrade(shop_history, own, tmp_path, monkeypatch):
    (tmp_path / "played.py").write_text(SCENARIO)
    (tmp_path / "busy.yaml").write_text("busy:\n  rows: {Customer: 3}\n")
    monkeypatch.chdir(tmp_path)
    arguments = ("--scenario", "busy", "--scenarios", "busy.yaml", "--models", "played:Base", "--revision", "a1")
    told = run("seed", "--alembic", str(shop_history.ini), "--url", text_of(own), *arguments)
    assert "Played 'busy': 3 rows" in told.output, told.output


def test_a_scenario_beside_the_rows_of_revisions(shop_history, own, tmp_path, monkeypatch):
    shop_history.add("b1", """
op.create_table("tags", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False))
op.execute("INSERT INTO customers VALUES (1, 'a', 'b', 'c')")
""", after="a1")  # fmt: skip
    (tmp_path / "tagged.py").write_text(SCENARIO + TAG)
    (tmp_path / "busy.yaml").write_text("busy:\n  rows: {Tag: 3}\n")
    monkeypatch.chdir(tmp_path)
    arguments = ("seed", "--alembic", str(shop_history.ini), "--url", text_of(own), "--scenarios", "busy.yaml")
    arguments = (*arguments, "--models", "tagged:Base", "--revision", "b1", "--scenario")
    assert "there is no scenario 'bsy'" in run(*arguments, "bsy").output
    assert "replaces no rows" in run(*arguments, "busy", "--mode", "replace").output
    assert inspect(own).get_table_names() == []
    told = run(*arguments, "busy")
    assert "Played 'busy': 3 rows" in told.output, told.output
    shop_history.add("b2", "pass", after="b1")
    told = run(*arguments[:-2], "b2", "--scenario", "busy")
    assert "tables to be filled have rows already: customers (1), tags (3)" in told.output
    with own.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "b1"
    assert "customers         10" in run(*arguments, "busy", "--mode", "append").output


TAG = """
from sqlalchemy import ForeignKey

class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
"""

SCENARIO = """
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    phone: Mapped[str | None] = mapped_column(String(40))
"""


def test_what_does_not_go_together(shop_history, own):
    url = ("seed", "--url", text_of(own))
    assert "--revision is for --alembic" in run(*url, "--revision", "a1").output
    for option in ("--create", "--dry-run"):
        told = run(*url, "--alembic", str(shop_history.ini), option)
        assert told.exit_code == 2
        assert f"it goes without {option}" in told.output
    assert inspect(own).get_table_names() == []


def test_a_rehearsal_that_ci_cancels_leaves_no_database(shop_history, postgresql_engine):
    shop_history.add("a3", 'op.execute("SELECT pg_sleep(60)")')
    command = [sys.executable, "-m", "syda", "rehearse", "--alembic", str(shop_history.ini)]
    asked = (
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)' AND datname LIKE %s"
    )
    with subprocess.Popen([*command, "--url", text_of(postgresql_engine)], stderr=subprocess.PIPE) as process:
        name = f"syda_rehearsal_{process.pid}%"
        with postgresql_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            until = monotonic() + 60
            while (
                process.poll() is None and monotonic() < until and not connection.exec_driver_sql(asked, (name,)).all()
            ):
                sleep(0.05)
            process.terminate()
            assert process.wait(60) == 130
            left = connection.exec_driver_sql("SELECT datname FROM pg_database WHERE datname LIKE %s", (name,)).all()
    assert left == []


def test_arguments_for_env(shop_history, own):
    shop_history.env(more="assert context.get_x_argument(as_dictionary=True) == {'tenant': 'a', 'more': ''}")
    asked = ("--alembic", str(shop_history.ini), "--url", text_of(own))
    assert run("rehearse", *asked).exit_code == 1
    for command in ("rehearse", "seed"):
        told = run(command, *asked, "-x", "tenant=a", "-x", "more")
        assert told.exit_code == 0, told.output
    assert "-x is for the env.py of --alembic" in run("seed", "--url", text_of(own), "-x", "tenant=a").output
