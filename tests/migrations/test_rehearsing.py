"""A rehearsal finds the faults that show over full tables, and no others, and touches no database but its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, event, inspect, text

from syda.errors import MigrationError, PlanError, ProtectedTargetError, TargetError, UnknownNameError
from tests.databases import execute
from tests.migrations.histories import rehearse, scratch_databases, text_of

BATCH = 'with op.batch_alter_table("{}") as t: t.'


def batch(table: str, call: str) -> str:
    return BATCH.format(table) + call


@pytest.fixture
def scratch_files(tmp_path, monkeypatch):
    """Where scratch files of SQLite are made, and nothing else."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def found(report) -> list[tuple[str, str, str]]:
    return [(revision, finding.phase, finding.fault) for revision, finding in report.found]


def state_of(engine) -> dict[str, list]:
    with engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))
            for name in inspect(connection).get_table_names()
        }


def test_a_history_without_a_fault(shop_history, engine, scratch_files):
    shop_history.add(
        "a3",
        f"""
        {batch("customers", 'add_column(sa.Column("city", sa.String(30)))')}
        op.execute("UPDATE customers SET city = 'Oslo'")
        {batch("customers", 'alter_column("city", existing_type=sa.String(30), nullable=False)')}
        """,
        batch("customers", 'drop_column("city")'),
    )
    shop_history.add(
        "a4",
        batch("orders", 'alter_column("reference", existing_type=sa.String(30), type_=sa.String(60))'),
        "raise NotImplementedError",
    )
    shop_history.add("a5", 'op.rename_table("orders", "sales")', 'op.rename_table("sales", "orders")')
    report = rehearse(shop_history.ini, text_of(engine), downgrade=True, rows=20)
    assert report.is_clean, report.explain()
    first, *_, last = report.revisions
    assert (first.before, first.after) == ({}, {"customers": 0})
    assert last.before == {"customers": 30, "orders": 20}  # the new column has got 10 rows of its own
    assert last.after == {"customers": 30, "sales": 20}
    assert report.revisions[3].notes == ("its downgrade says that there is none",)
    assert state_of(engine) == {}
    assert list(scratch_files.iterdir()) == []
    if engine.dialect.name != "sqlite":
        assert scratch_databases(engine) == []


PLANTED = {
    "not_null": batch("customers", 'add_column(sa.Column("city", sa.String(30), nullable=False))'),
    "null_to_not_null": batch("customers", 'alter_column("phone", existing_type=sa.String(40), nullable=False)'),
    "narrower": batch("orders", 'alter_column("reference", existing_type=sa.String(30), type_=sa.String(20))'),
    "unique": 'op.create_index("ux", "orders", ["customer_id", "total"], unique=True)',
    "text_unique": 'op.create_index("ux2", "orders", ["reference"], unique=True)',
    "lossy": 'op.execute("DELETE FROM orders")',
}


def test_planted_faults_are_found_and_no_others(shop_history, engine):
    for name, statement in PLANTED.items():
        shop_history.add(name, statement)
    shop_history.add("after", batch("customers", 'add_column(sa.Column("later", sa.Integer))'))
    report = rehearse(shop_history.ini, text_of(engine), rows=20)
    faults = dict.fromkeys(PLANTED, "error") | {"lossy": "rows lost"}
    if engine.dialect.name == "sqlite":
        faults["narrower"] = "values too long"
    if engine.dialect.name in ("mysql", "mariadb"):
        faults["not_null"] = "values made up"
    assert found(report) == [(name, "upgrade", fault) for name, fault in faults.items()], report.explain()
    assert report.not_rehearsed == ()
    assert all(sum(each.before.values()) >= 40 for each in report.revisions[2:])  # filled again after each failure
    for _, finding in report.found:
        assert bool(finding.statement) == (finding.fault == "error")
        assert finding.said in report.explain()


def test_numbers_that_a_narrower_type_cannot_hold(history, postgresql_engine):
    table = 'op.create_table("things", sa.Column("id", sa.Integer, primary_key=True), {})'
    history.add("a1", table.format('sa.Column("code", sa.Integer), sa.Column("price", sa.Numeric(8, 2))'))
    history.add("a2", 'op.alter_column("things", "code", type_=sa.SmallInteger)')
    history.add("a3", 'op.alter_column("things", "price", type_=sa.Numeric(7, 2))')
    report = rehearse(history.ini, text_of(postgresql_engine))
    assert found(report) == [("a2", "upgrade", "error"), ("a3", "upgrade", "error")]
    assert "smallint out of range" in report.found[0][1].said


def test_downgrades_that_lose_what_was_there(shop_history, engine):
    shop_history.add(
        "moved",
        f"""
        {batch("orders", 'add_column(sa.Column("remark", sa.Text))')}
        op.execute("UPDATE orders SET remark = note")
        {batch("orders", 'drop_column("note")')}
        """,
        f"""
        {batch("orders", 'add_column(sa.Column("note", sa.Text))')}
        {batch("orders", 'drop_column("remark")')}
        """,
    )
    shop_history.add("emptied", 'op.execute("SELECT 1")', 'op.execute("DELETE FROM orders")')
    shop_history.add("failing", 'op.execute("SELECT 1")', 'op.drop_table("nothing")')
    shop_history.add("twice", batch("orders", 'add_column(sa.Column("more", sa.Text))'), "pass")
    report = rehearse(shop_history.ini, text_of(engine), downgrade=True)
    assert found(report) == [
        ("moved", "downgrade", "values lost"),
        ("emptied", "downgrade", "rows lost"),
        ("failing", "downgrade", "error"),
        ("twice", "upgrade again", "error"),
    ]
    assert report.found[0][1].said.startswith("orders.note had ")
    assert report.not_rehearsed == ()


def test_known_findings_do_not_count(shop_history, tmp_path):
    shop_history.add("lossy", PLANTED["lossy"])
    report = rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db", known=["lossy"])
    assert report.is_clean
    assert len(report.revisions[-1].findings) == 1
    assert "known: upgrade: rows lost" in report.explain()


def test_a_revision_that_fails_on_empty_tables_too_ends_the_rehearsal(shop_history, engine):
    shop_history.add("broken", 'op.execute("CREATE TABLE half (id INTEGER)")\nop.execute("SELECT * FROM nothing")')
    shop_history.add("later", "pass").add("last", "pass")
    report = rehearse(shop_history.ini, text_of(engine))
    assert found(report) == [("broken", "upgrade", "error")]
    assert report.not_rehearsed == ("later", "last")
    assert not report.is_clean
    assert "it fails on empty tables too" in report.revisions[-1].notes[0]
    assert report.found[0][1].statement == "SELECT * FROM nothing"


def test_branches_and_merges(shop_history, own):
    shop_history.add("b1", batch("customers", 'add_column(sa.Column("x", sa.Integer))'), after="a2")
    shop_history.add("c1", batch("orders", 'add_column(sa.Column("y", sa.Integer))'), after="a2")
    url = text_of(own)
    with pytest.raises(MigrationError, match=r"2 heads: (b1 \(b1\), c1 \(c1\)|c1 \(c1\), b1 \(b1\)).*'heads'"):
        rehearse(shop_history.ini, url)
    walked = [each.revision for each in rehearse(shop_history.ini, url, to="heads").revisions]
    assert walked[:2] == ["a1", "a2"]
    assert sorted(walked[2:]) == ["b1", "c1"]
    shop_history.add("merged", 'op.execute("SELECT 1")', after=("b1", "c1"))
    report = rehearse(shop_history.ini, url, start="a2", downgrade=True)
    assert [each.revision for each in report.revisions][-1] == "merged"
    assert len(report.revisions) == 3
    assert report.revisions[0].before == {"customers": 30, "orders": 30}
    # The downgrades of b1 and c1 do nothing, so that their columns are there when they run again.
    assert [each[1:] for each in found(report)] == [("upgrade again", "error")] * 2


def test_from_and_to(shop_history, tmp_path):
    for number in range(3, 7):
        shop_history.add(f"a{number}", 'op.execute("SELECT 1")')
    report = rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db", start="a3", to="a5")
    assert [each.revision for each in report.revisions] == ["a4", "a5"]


def test_the_users_own_database_stays_as_it_is(shop_history, engine, monkeypatch, scratch_files):
    execute(
        engine,
        "CREATE TABLE customers (id INTEGER)",
        "INSERT INTO customers VALUES (1)",
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('a1')",
    )
    before = state_of(engine)
    shop_history.add("unique", PLANTED["unique"])
    assert found(rehearse(shop_history.ini, text_of(engine)))
    assert state_of(engine) == before
    shop_history.add("interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        rehearse(shop_history.ini, text_of(engine))
    assert state_of(engine) == before
    assert list(scratch_files.iterdir()) == []
    if engine.dialect.name != "sqlite":
        assert scratch_databases(engine) == []


def test_an_environment_that_goes_to_the_users_database_is_refused_before_it_changes_it(shop_history, engine):
    url = text_of(engine)
    shop_history.env(connection="None", url=repr(url))
    execute(engine, "CREATE TABLE mine (id INTEGER)")
    before = state_of(engine)
    with pytest.raises(MigrationError, match="goes to another database than the one of the URL"):
        rehearse(shop_history.ini, url)
    assert state_of(engine) == before


def test_an_environment_that_connects_by_itself(shop_history, engine):
    shop_history.env(connection="None")
    shop_history.add("unique", PLANTED["unique"])
    assert found(rehearse(shop_history.ini, text_of(engine))) == [("unique", "upgrade", "error")]


def test_a_scratch_database_that_is_kept(shop_history, tmp_path, scratch_files):
    shop_history.add("unique", PLANTED["unique"])
    report = rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db", keep=True)
    assert len(list(scratch_files.iterdir())) == 2  # one as the failure has left it, too
    kept = create_engine(report.kept)
    assert {"customers", "orders"} <= set(inspect(kept).get_table_names())
    assert report.kept in report.explain()
    kept.dispose()
    assert not (tmp_path / "own.db").exists()


def test_a_database_that_is_kept_is_told_after_ctrl_c_too(shop_history, tmp_path, scratch_files, caplog):
    shop_history.add("interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db", keep=True)
    [folder] = scratch_files.iterdir()
    assert f"the database of the rehearsal is kept: sqlite:///{folder}/scratch.db" in caplog.text


def test_values_that_are_lost_beside_rows(shop_history, own):
    up = batch("orders", 'drop_column("note")') + '\nop.execute("DELETE FROM orders WHERE id % 5 = 0")'
    shop_history.add("fewer", up, batch("orders", 'add_column(sa.Column("note", sa.Text))'))
    assert found(rehearse(shop_history.ini, text_of(own), downgrade=True)) == [
        ("fewer", "upgrade", "rows lost"),
        ("fewer", "downgrade", "rows lost"),
        ("fewer", "downgrade", "values lost"),
    ]


def test_an_upgrade_that_empties_a_column(shop_history, own):
    shop_history.add("emptied", 'op.execute("UPDATE orders SET note = NULL")')
    shop_history.add("dropped", batch("orders", 'drop_column("note")'))
    assert found(rehearse(shop_history.ini, text_of(own))) == [("emptied", "upgrade", "values lost")]


def test_a_scratch_database_on_a_server_that_is_kept(shop_history, postgresql_engine):
    report = rehearse(shop_history.ini, text_of(postgresql_engine), keep=True)
    name = report.kept.rpartition("/")[2]
    try:
        assert name in scratch_databases(postgresql_engine)
    finally:
        with postgresql_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_locks_that_are_held_long(shop_history, postgresql_engine):
    shop_history.add(
        "locking", 'op.create_index("ix", "orders", ["total"])\nop.create_table("fresh", sa.Column("x", sa.Integer))'
    )
    url = text_of(postgresql_engine)
    report = rehearse(shop_history.ini, url, start="a2", lock_seconds=0)
    [(revision, finding)] = report.found
    assert (revision, finding.fault, finding.table) == ("locking", "locked long", "orders")
    assert finding.statement == "CREATE INDEX ix ON orders (total)"
    assert "ShareLock" in finding.said
    assert rehearse(shop_history.ini, url, lock_seconds=60).is_clean


@pytest.mark.parametrize("options", ["", ", transaction_per_migration=True"])
def test_a_revision_that_leaves_its_transaction(shop_history, postgresql_engine, options):
    shop_history.env(options=options)
    index = 'op.create_index("ix", "orders", ["total"], postgresql_concurrently=True)'
    shop_history.add("a3", f"with op.get_context().autocommit_block():\n    {index}")
    assert rehearse(shop_history.ini, text_of(postgresql_engine)).is_clean


def test_a_table_that_cannot_be_filled_is_told_and_hides_no_other(history, tmp_path):
    history.add(
        "a1",
        """
        op.execute("CREATE TABLE odd (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES even (id))")
        op.execute("CREATE TABLE even (id INTEGER PRIMARY KEY, b INTEGER, CHECK (b = 1 AND b = 2 AND b IS NOT NULL))")
        op.execute("CREATE TABLE fine (id INTEGER PRIMARY KEY, name VARCHAR(10))")
        """,
    )
    history.add("a2", 'op.create_index("ux", "fine", ["name"], unique=True)')
    report = rehearse(history.ini, f"sqlite:///{tmp_path}/own.db")
    assert found(report) == [("a2", "upgrade", "error")]
    assert any("even has no rows" in note for note in report.revisions[1].notes)
    assert report.unfilled == ["even", "odd"]
    assert "Not filled, so that nothing is learned of them: even, odd" in report.explain()
    assert report.to_dict()["unfilled"] == ["even", "odd"]


def test_what_cannot_be_rehearsed(shop_history, tmp_path, postgresql_engine):
    url = f"sqlite:///{tmp_path}/own.db"
    with pytest.raises(UnknownNameError, match="no revision 'a22'; did you mean 'a2'"):
        rehearse(shop_history.ini, url, to="a22")
    with pytest.raises(UnknownNameError, match="no revision 'zzzz'"):
        rehearse(shop_history.ini, url, known=["zzzz"])
    with pytest.raises(MigrationError, match="there is no file"):
        rehearse(tmp_path / "other.ini", url)
    with pytest.raises(PlanError, match="1 row or more"):
        rehearse(shop_history.ini, url, rows=0)
    with pytest.raises(PlanError, match="0 seconds or more"):
        rehearse(shop_history.ini, url, lock_seconds=-1)
    with pytest.raises(PlanError, match="seed: expected a whole number, got str 'x'"):
        rehearse(shop_history.ini, url, seed="x")
    with pytest.raises(TargetError, match="on oracle; a rehearsal needs"):
        rehearse(shop_history.ini, "oracle+oracledb://localhost/shop")
    with pytest.raises(PlanError, match="synchronous driver"):
        rehearse(shop_history.ini, "sqlite+aiosqlite:///x.db")
    with pytest.raises(ProtectedTargetError, match=r"db\.test"):
        rehearse(shop_history.ini, "postgresql+psycopg://db.test/shop")
    role = f"syda_without_rights_{uuid4().hex[:8]}"
    execute(postgresql_engine, f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises(TargetError, match=r"no scratch database can be made .*permission denied"):
            rehearse(shop_history.ini, postgresql_engine.url.set(username=role))
    finally:
        execute(postgresql_engine, f"DROP ROLE {role}")


def test_environments_that_cannot_be_used(shop_history, tmp_path):
    url = f"sqlite:///{tmp_path}/own.db"
    shop_history.env(more="raise RuntimeError('no setting')")
    with pytest.raises(MigrationError, match=r"env\.py failed: RuntimeError: no setting"):
        rehearse(shop_history.ini, url)
    shop_history.env(connection="None; return")
    with pytest.raises(MigrationError, match=r"does not call context\.run_migrations"):
        rehearse(shop_history.ini, url)
    (tmp_path / "migrations" / "versions" / "a2.py").write_text("def (")
    with pytest.raises(MigrationError, match="cannot be read"):
        rehearse(shop_history.ini, url)
    Path(shop_history.ini).write_text("[alembic]\n")
    with pytest.raises(MigrationError, match="script_location"):
        rehearse(shop_history.ini, url)


def test_logging_is_as_it_was(shop_history, tmp_path, caplog):
    settings = "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nlevel=ERROR\nhandlers=\n"
    shop_history.ini.write_text(shop_history.ini.read_text() + settings)
    shop_history.env(more="from logging.config import fileConfig\nfileConfig(context.config.config_file_name)")
    import logging

    other = logging.getLogger("another.one")
    root = list(logging.getLogger().handlers)
    assert rehearse(shop_history.ini, f"sqlite:///{tmp_path}/own.db").is_clean
    assert not other.disabled
    assert logging.getLogger().handlers == root
    assert caplog.messages == []


def test_the_url_is_only_used_to_make_the_scratch_database(shop_history, postgresql_engine):
    """Statements on the user's own database are none but CREATE and DROP DATABASE."""
    from syda.load import scratch

    said: list[str] = []
    made = scratch.engine_of

    def watched(url, **options):
        engine = made(url, **options)
        event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "engine_of", watched)
        rehearse(shop_history.ini, text_of(postgresql_engine))
    assert [" ".join(each.split()[:2]) for each in said] == ["CREATE DATABASE", "DROP DATABASE"]


def test_the_lock_of_a_transaction_that_has_ended(shop_history, postgresql_engine):
    shop_history.add(
        "a3",
        """
        op.add_column("orders", sa.Column("x", sa.Integer))
        with op.get_context().autocommit_block():
            op.execute("SELECT pg_sleep(1.5)")
        """,
    )
    assert rehearse(shop_history.ini, text_of(postgresql_engine), lock_seconds=1).is_clean


@pytest.mark.parametrize("code", ["0", "'no'"])
def test_a_revision_that_ends_the_process(shop_history, own, code):
    shop_history.add("a3", f"raise SystemExit({code})")
    [(revision, finding)] = rehearse(shop_history.ini, text_of(own)).found
    assert (revision, finding.said) == ("a3", f"SystemExit: {code.strip(chr(39))}")


def test_the_database_that_a_revision_has_left_is_kept(shop_history, own, scratch_files):
    shop_history.add("half", 'op.execute("CREATE TABLE half (id INTEGER)")\n' + PLANTED["unique"])
    report = rehearse(shop_history.ini, text_of(own), keep=True)
    left = report.revisions[-1].notes[-1].rpartition("the database as it was left is kept: ")[2]
    assert left != report.kept
    with create_engine(left).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 30
    assert len(list(scratch_files.iterdir())) == 2
