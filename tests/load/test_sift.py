"""What triggers do to rows: what they refuse is left out and told, unless the table was asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import event

import syda
from syda.errors import RejectedError
from tests.databases import execute

if TYPE_CHECKING:
    from sqlalchemy import Engine

REFUSES_ODD = {
    "sqlite": [
        "CREATE TRIGGER odd BEFORE INSERT ON t WHEN NEW.id % 2 = 1 BEGIN SELECT RAISE(ABORT, 'not odd 4711'); END"
    ],
    "postgresql": [
        (
            "CREATE FUNCTION no_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.id %% 2 = 1 THEN RAISE EXCEPTION 'not odd 4711'; END IF; RETURN NEW; END $$"
        ),
        "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_odd()",
    ],
    "mysql": [
        (
            "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW IF NEW.id %% 2 = 1 THEN "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not odd 4711'; END IF"
        )
    ],
}
FILLS_THE_OTHER = {
    "sqlite": ["CREATE TRIGGER other AFTER INSERT ON t BEGIN INSERT INTO d (t_id, n) VALUES (NEW.id, 0); END"],
    "postgresql": [
        (
            "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO d (t_id, n) VALUES (NEW.id, 0); RETURN NEW; END $$"
        ),
        "CREATE TRIGGER other AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION other()",
    ],
    "mysql": ["CREATE TRIGGER other AFTER INSERT ON t FOR EACH ROW INSERT INTO d (t_id, n) VALUES (NEW.id, 0)"],
}
TABLES = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, t_id INTEGER NOT NULL, FOREIGN KEY (t_id) REFERENCES t (id))",
    "CREATE TABLE d (t_id INTEGER PRIMARY KEY, n INTEGER, FOREIGN KEY (t_id) REFERENCES t (id))",
)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_refused_rows_are_left_out_and_told_and_children_get_other_parents(engine: Engine) -> None:
    execute(engine, *TABLES, *REFUSES_ODD[engine.dialect.name])
    report = syda.seed(engine, rows=20)
    assert report.rows["t"] == count(engine, "t") == 10
    assert report.rows["c"] == count(engine, "c") == 20
    assert report.rows["d"] == count(engine, "d") == 10
    assert any(note.startswith("t: the database refused 10 of 20 rows: ") for note in report.notes)
    assert any("not odd 4711" in note for note in report.notes)
    assert syda.check(engine).ok


def test_rows_that_a_trigger_puts_in_stay(engine: Engine) -> None:
    execute(engine, *TABLES, *FILLS_THE_OTHER[engine.dialect.name])
    report = syda.seed(engine, rows=20)
    assert (report.rows["t"], report.rows["d"], count(engine, "d")) == (20, 0, 20)
    assert any(note.startswith("d: the database refused 20 of 20 rows") for note in report.notes)


def test_rows_asked_for_by_name_must_go_in(engine: Engine) -> None:
    execute(engine, *TABLES, *REFUSES_ODD[engine.dialect.name])
    with pytest.raises(RejectedError, match="not odd 4711"):
        syda.seed(engine, rows={"t": 20})
    assert count(engine, "t") == count(engine, "c") == 0


def test_what_the_database_says_is_kept_out_of_notes(engine: Engine) -> None:
    execute(engine, *TABLES, *REFUSES_ODD[engine.dialect.name])
    report = syda.seed(engine, rows=20, redact_values=True)
    assert any(note == "t: the database refused 10 of 20 rows" for note in report.notes)
    assert not any("4711" in note for note in report.notes)


DROPS_ODD = {
    "sqlite": ["CREATE TRIGGER odd BEFORE INSERT ON t WHEN NEW.id % 2 = 1 BEGIN SELECT RAISE(IGNORE); END"],
    "postgresql": [
        (
            "CREATE FUNCTION no_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RETURN CASE WHEN NEW.id %% 2 = 1 THEN NULL ELSE NEW END; END $$"
        ),
        "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_odd()",
    ],
}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_rows_that_are_dropped_without_a_word_are_not_told_as_loaded(engine: Engine) -> None:
    execute(engine, TABLES[0], "INSERT INTO t VALUES (1000, 1)", *DROPS_ODD[engine.dialect.name])
    report = syda.seed(engine, rows=20, mode="append")
    assert report.rows["t"] == count(engine, "t") - 1 == 10
    assert "t: the database took 10 rows more than are there; a trigger or rule dropped them" in report.notes
    with pytest.raises(RejectedError, match="more than are there"):
        syda.seed(engine, rows={"t": 4}, mode="append")
    assert count(engine, "t") == 11


def test_a_rule_that_does_something_else_is_told(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, TABLES[0], "CREATE RULE nothing AS ON INSERT TO t DO INSTEAD NOTHING")
    report = syda.seed(postgresql_engine, rows=5)
    assert report.rows["t"] == count(postgresql_engine, "t")
    assert bool(report.notes) is (report.rows["t"] == 0)


def test_triggers_that_models_do_not_tell_of_are_found(engine: Engine) -> None:
    execute(engine, *TABLES, *REFUSES_ODD[engine.dialect.name])
    models = {"t": {"id": "integer", "v": "integer"}, "c": {"id": "integer", "t_id": "t.id"}}
    report = syda.seed(engine, models, rows=20)
    assert (report.rows["t"], count(engine, "t"), count(engine, "c")) == (10, 10, 20)


def test_a_trigger_may_raise_any_state(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        *TABLES,
        "CREATE FUNCTION no_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id %% 2 = 1 THEN "
        "RAISE 'not odd' USING ERRCODE = 'sql_routine_exception'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER odd BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_odd()",
    )
    assert syda.seed(postgresql_engine, rows=20).rows["t"] == 10


def test_what_a_trigger_does_not_find_is_left_out(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE shelf (id SERIAL PRIMARY KEY, label TEXT NOT NULL DEFAULT '', beside NUMERIC)",
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.beside IS NOT NULL "
        "OR NEW.label <> '' THEN RAISE 'no shelf %%', NEW.beside; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER look BEFORE INSERT ON shelf FOR EACH ROW EXECUTE FUNCTION look()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert report.rows["shelf"] == count(postgresql_engine, "shelf") == 20
    assert any(note.startswith("shelf: 20 of 20 rows went in without label, beside: ") for note in report.notes)


def test_rows_go_in_without_the_journal_that_a_trigger_cannot_write(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE verb (id SERIAL PRIMARY KEY, word TEXT NOT NULL)",
        "CREATE TABLE journal (id SERIAL PRIMARY KEY, verb_id INTEGER NOT NULL REFERENCES verb)",
        "CREATE TABLE shelf (id SERIAL PRIMARY KEY, label TEXT NOT NULL)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO journal (verb_id) VALUES ((SELECT id FROM verb WHERE word = 'put up')); RETURN NEW; END $$",
        "CREATE TRIGGER note AFTER INSERT ON shelf FOR EACH ROW EXECUTE FUNCTION note()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert report.rows["shelf"] == count(postgresql_engine, "shelf") == 20
    assert any(note.startswith("shelf: 20 of 20 rows went in while its triggers were off: ") for note in report.notes)
    with postgresql_engine.connect() as connection:
        enabled = connection.exec_driver_sql("SELECT tgenabled FROM pg_trigger WHERE tgname = 'note'").scalar_one()
    assert enabled in ("O", b"O")


def test_triggers_that_wait_refuse_rows_rather_than_the_load(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        *TABLES,
        "CREATE FUNCTION no_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.id %% 2 = 1 THEN RAISE 'not odd'; END IF; RETURN NULL; END $$",
        'CREATE CONSTRAINT TRIGGER "No Odd" AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED '
        "FOR EACH ROW EXECUTE FUNCTION no_odd()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert (
        (report.rows["t"], report.rows["c"])
        == (count(postgresql_engine, "t"), count(postgresql_engine, "c"))
        == (10, 20)
    )
    with pytest.raises(RejectedError, match="not odd"):
        syda.seed(postgresql_engine, rows={"t": 20}, mode="append")


def test_postings_that_have_to_balance_are_zero(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE entry (id SERIAL PRIMARY KEY)",
        "CREATE TABLE posting (id SERIAL PRIMARY KEY, entry_id INTEGER NOT NULL REFERENCES entry, "
        "amount NUMERIC(10, 2) NOT NULL)",
        "CREATE FUNCTION balance() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT sum(amount) FROM posting WHERE entry_id = NEW.entry_id) <> 0 THEN RAISE 'unbalanced'; END IF; "
        "RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER balance AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION balance()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert (report.rows["entry"], report.rows["posting"]) == (20, 20)
    assert any(note.startswith("posting: 20 of 20 rows went in with 0 as amount") for note in report.notes)


def test_one_table_that_the_database_refuses_does_not_empty_the_others(engine: Engine) -> None:
    metadata = sa.MetaData()
    sa.Table("n", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("amount", sa.Integer))
    sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True))
    execute(
        engine,
        "CREATE TABLE n (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, CHECK (amount < -5))",
        "CREATE TABLE u (id INTEGER PRIMARY KEY)",
    )
    report = syda.seed(engine, metadata, rows=20)
    assert (report.rows["n"], report.rows["u"]) == (0, 20)
    assert any(note.startswith("n: the database refused 20 of 20 rows") for note in report.notes)


def test_a_sequence_may_fill_text(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE SEQUENCE lots",
        "CREATE TABLE lot (id SERIAL PRIMARY KEY, number TEXT NOT NULL DEFAULT nextval('lots')::text)",
    )
    assert syda.seed(postgresql_engine, rows=5).rows["lot"] == 5


def test_a_trigger_that_comes_to_no_end_is_stopped(postgresql_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syda.load.refused.salvage.PATIENCE", 1)
    execute(
        postgresql_engine,
        "CREATE TABLE t (id SERIAL PRIMARY KEY, v INTEGER NOT NULL)",
        "CREATE FUNCTION seek() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN LOOP PERFORM 1; END LOOP; END $$",
        "CREATE TRIGGER seek BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION seek()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert report.rows["t"] == count(postgresql_engine, "t") == 20
    assert any(note.startswith("t: 20 of 20 rows went in while its triggers were off: ") for note in report.notes)


def test_values_of_the_users_are_neither_dropped_nor_changed(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        *TABLES,
        *FILLS_THE_OTHER["postgresql"],  # a trigger is about
        "CREATE TABLE hid (id SERIAL PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount < 500))",
    )
    metadata = sa.MetaData()
    sa.Table("hid", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("amount", sa.Integer))
    for wrong in (777, lambda row, column: 777 if row["id"] == 77 else 5):
        with pytest.raises(RejectedError, match="amount"):
            syda.seed(postgresql_engine, metadata, rows=100, overrides={"hid.amount": wrong})
    assert count(postgresql_engine, "hid") == 0


def test_what_a_trigger_refuses_of_them_is_left_out(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, *TABLES, *REFUSES_ODD["postgresql"])
    report = syda.seed(postgresql_engine, rows=20, overrides={"t.v": 7})
    assert report.rows["t"] == count(postgresql_engine, "t") == 10


def test_a_trigger_may_put_rows_into_a_table_that_is_filled_already(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE a_log (id BIGSERIAL PRIMARY KEY, note TEXT)",
        "CREATE TABLE bill (id BIGSERIAL PRIMARY KEY, total INTEGER)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO a_log (note) VALUES ('billed'); RETURN NULL; END $$",
        "CREATE TRIGGER note AFTER INSERT ON bill FOR EACH ROW EXECUTE FUNCTION note()",
    )
    report = syda.seed(postgresql_engine, rows=20)
    assert (report.rows["bill"], report.notes) == (20, ())
    assert count(postgresql_engine, "a_log") == 40


def test_a_table_that_takes_none_of_very_many_rows_is_given_up_soon(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, "CREATE TABLE t (id SERIAL PRIMARY KEY, v INTEGER NOT NULL CHECK (v = -7))")
    seen: list[str] = []
    event.listen(postgresql_engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.Integer, nullable=False))
    report = syda.seed(postgresql_engine, metadata, rows=10_000)
    assert report.rows["t"] == 0
    assert any(note.startswith("t: the database refused 10000 of 10000 rows") for note in report.notes)
    assert len(seen) < 2_000


def test_many_refused_rows_among_others_do_not_exhaust_the_server(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, *TABLES, *REFUSES_ODD["postgresql"])
    report = syda.seed(postgresql_engine, rows=1_600)
    assert report.rows["t"] == count(postgresql_engine, "t") == 800
