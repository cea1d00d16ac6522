"""`op.seed` in revisions, and plans that know their revision."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

import syda
from syda.errors import MigrationError, RevisionFailedError
from syda.migrations import upgrade
from syda.migrations.revisions import database_revision
from tests.cli.running import run, run_json
from tests.migrations.histories import rehearse, text_of

SETUP = "from syda.migrations import keep_plan, register\nregister()\nregister()"
SEEDING = 'op.seed(tables=["customers"], rows=7, overrides={"customers.phone": lambda row, column: "none"})'


def rows_of(engine, statement: str) -> list:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def test_a_revision_that_seeds(shop_history, engine):
    shop_history.env(more=SETUP)
    shop_history.add("a3", SEEDING, 'op.execute("DELETE FROM customers")')
    upgrade(shop_history.ini, engine)
    assert rows_of(engine, "SELECT count(*), max(phone) FROM customers") == [(7, "none")]
    assert rows_of(engine, "SELECT count(*) FROM orders") == [(0,)]
    shop_history.add("a4", 'op.seed(rows={"customers": 1, "orders": 5}, seed=3)')
    upgrade(shop_history.ini, text_of(engine))
    assert rows_of(engine, "SELECT count(*) FROM customers") == [(8,)]
    assert rows_of(engine, "SELECT count(*) FROM orders") == [(5,)]
    assert rehearse(shop_history.ini, text_of(engine)).is_clean


def test_rows_go_with_the_transaction_of_a_revision_that_fails(shop_history, engine):
    shop_history.env(more=SETUP)
    shop_history.add("a3", f'{SEEDING}\nop.execute("SELECT * FROM nothing")')
    with pytest.raises(RevisionFailedError, match="nothing"):
        upgrade(shop_history.ini, engine)
    if engine.dialect.name == "postgresql":
        assert rows_of(engine, "SELECT to_regclass('customers')") == [(None,)]
    else:
        assert rows_of(engine, "SELECT count(*) FROM customers") == [(0,)]


def test_what_is_wrong_with_a_seeding_is_told_with_its_revision(shop_history, own):
    shop_history.env(more=SETUP)
    shop_history.add("a3", 'op.seed(tables=["custmers"])')
    with pytest.raises(RevisionFailedError, match=r"revision a3 .*'custmers'; did you mean 'customers'"):
        upgrade(shop_history.ini, own)
    [(revision, finding)] = rehearse(shop_history.ini, text_of(own)).found
    assert (revision, finding.fault) == ("a3", "error")
    shop_history.env()


def test_without_a_database_there_is_nothing_to_seed(shop_history):
    shop_history.env(more=SETUP)
    shop_history.add("a3", SEEDING)
    config = Config(shop_history.ini, output_buffer=io.StringIO())
    with pytest.raises(MigrationError, match=r"--sql goes without one"):
        command.upgrade(config, "a2:a3", sql=True)


def test_a_plan_says_for_which_revision_it_was_made(shop_history, own, tmp_path):
    upgrade(shop_history.ini, own, revision="a1")
    plan, url = str(tmp_path / "shop.plan.yaml"), text_of(own)
    assert run("plan", "--url", url, "--yaml", "--out", plan).exit_code == 0
    saved = syda.Plan.from_yaml(tmp_path / "shop.plan.yaml")
    assert saved.revision == "a1"
    assert "made for revision a1" in saved.explain()
    assert saved.fingerprint == syda.plan(url).fingerprint  # which is about rows
    assert run_json("plan", "--url", url, "--check", plan)["revision"] == "a1"
    upgrade(shop_history.ini, own)
    told = run("plan", "--url", url, "--check", plan)
    assert told.exit_code == 1
    assert told.output.splitlines()[:2] == [
        "orders is new",
        f"{plan} was made for revision a1; the tables are at revision a2",
    ]
    before, other = Path(plan).read_text(), Path(plan).with_suffix(".other")
    other.hardlink_to(plan)
    assert run_json("plan", "--url", url, "--check", plan, "--update")["updated"] is True
    assert other.read_text() == before  # the file is never half written: it is another one that takes its place
    assert syda.Plan.from_yaml(tmp_path / "shop.plan.yaml").revision == "a2"


def test_the_revision_in_a_table_of_another_name(shop_history, own):
    shop_history.env(options=', version_table="revisions"')
    upgrade(shop_history.ini, own)
    assert "made for revision a2" in run("plan", "--url", text_of(own)).output


def test_the_revision_is_known_beside_columns_of_any_type(postgresql_engine):
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE places (place point)")
        connection.exec_driver_sql("CREATE TABLE revisions (version_num varchar(32))")
        connection.exec_driver_sql("INSERT INTO revisions VALUES ('a2')")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert database_revision(postgresql_engine) == "a2"


def test_another_revision_of_the_same_tables_is_no_change(shop_history, own, tmp_path):
    upgrade(shop_history.ini, own)
    plan, url = str(tmp_path / "shop.plan.yaml"), text_of(own)
    run("plan", "--url", url, "--yaml", "--out", plan)
    shop_history.add("a3", 'op.execute("SELECT 1")')
    upgrade(shop_history.ini, own)
    assert run_json("plan", "--url", url, "--check", plan) == {
        "plan": plan,
        "revision": "a2",
        "now": "a3",
        "changes": [],
        "updated": False,
        "left_out": [],
    }
    assert "Wrote" in run("plan", "--url", url, "--check", plan, "--update").output
    assert syda.Plan.from_yaml(tmp_path / "shop.plan.yaml").revision == "a3"


def test_a_plan_of_models_is_for_the_head(shop_history, tmp_path):
    schema = tmp_path / "schema.yaml"
    schema.write_text("customers: {id: {type: integer, primary_key: true}}\n")
    made = run("plan", "--schema", str(schema), "--alembic", str(shop_history.ini), "--yaml").output
    assert syda.Plan.from_yaml(made).revision == "a2"
    assert run("plan", "--url", "sqlite://", "--alembic", str(shop_history.ini)).exit_code == 2


def test_env_keeps_the_revision_of_a_plan(shop_history, own, tmp_path, caplog):
    path = tmp_path / "shop.plan.yaml"
    upgrade(shop_history.ini, own)
    assert run("plan", "--url", text_of(own), "--yaml", "--out", str(path)).exit_code == 0
    assert "alembic_version" not in path.read_text()
    path.write_text("# Ada's\n" + path.read_text().replace("revision: a2\n", ""))
    shop_history.env(more=SETUP, options=f", on_version_apply=keep_plan({str(path)!r})")
    shop_history.add("a3", 'op.execute("SELECT 1")')
    rehearse(shop_history.ini, text_of(own))
    assert syda.Plan.from_yaml(path).revision is None
    path.chmod(0o640)
    other = tmp_path / "other"
    other.hardlink_to(path)
    upgrade(shop_history.ini, own)
    assert syda.Plan.from_yaml(path).revision == "a3"
    assert syda.Plan.from_yaml(other).revision is None
    assert path.stat().st_mode & 0o777 == 0o640
    shop_history.add("a4", 'op.add_column("orders", sa.Column("more", sa.Integer))')
    upgrade(shop_history.ini, own)
    assert syda.Plan.from_yaml(path).revision == "a3"
    assert path.read_text().startswith("# Ada's\nsyda: 1\nrevision: a3\n")
    assert "is for other tables than revision a4 has" in caplog.text


@pytest.mark.parametrize("text", [None, "syda: [", "syda: 1\n"])
def test_no_migration_fails_for_the_file_of_a_plan(shop_history, own, tmp_path, caplog, text):
    path = tmp_path / "shop.plan.yaml"
    if text:
        path.write_text(text)
    shop_history.env(more=SETUP, options=f", on_version_apply=keep_plan({str(path)!r})")
    assert upgrade(shop_history.ini, own) == ("a2",)
    assert f"the plan {path} is not kept up to date: " in caplog.text
