"""When a database refuses a row, the error says which rule, which values, and what made them."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

import syda
from syda.errors import IntegrityError, RejectedError, TargetError
from tests.databases import execute

DDL = (
    "CREATE TABLE p (id INTEGER PRIMARY KEY)",
    """CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b VARCHAR(40), c INTEGER, pid INTEGER,
        CONSTRAINT small CHECK (a + 0 < c), CONSTRAINT pair UNIQUE (a, b),
        CONSTRAINT child FOREIGN KEY (pid) REFERENCES p (id))""",
)
WHOLE = {"t.a": syda.number(1, 4), "t.b": None, "t.c": 5, "t.pid": None}
TRIGGERS = {
    "sqlite": ["CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END"],
    "postgresql": [
        "CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$",
        "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION forbid()",
    ],
    "mysql": [
        "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not today'"
    ],
}


def models(*, checks: bool = False) -> sa.MetaData:
    """Return models that say less than the database does: what they leave out is broken without syda noticing."""
    metadata = sa.MetaData()
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))
    columns = (sa.Column("a", sa.Integer), sa.Column("b", sa.String(40)), sa.Column("c", sa.Integer))
    rules = [sa.CheckConstraint("a + 0 < c", name="small")] if checks else []
    key = sa.Column("id", sa.Integer, primary_key=True)
    sa.Table("t", metadata, key, *columns, sa.Column("pid", sa.Integer), *rules)
    return metadata


def refused(engine: Engine, source: Any, ddl: tuple[str, ...] = (), *, redact: bool = False, **wrong: Any) -> Any:
    with engine.begin() as connection:
        for statement in (*DDL, *ddl):
            connection.exec_driver_sql(statement)
    overrides = {**WHOLE, **{f"t.{name}": value for name, value in wrong.items()}}
    with pytest.raises(RejectedError) as caught:
        syda.seed(engine, source, rows={"p": 2, "t": 6}, overrides=overrides, redact_values=redact)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM p").scalar() == 0
    return caught.value


def test_a_check_is_named_with_its_text_and_a_row(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with engine.begin() as connection:
        for statement in DDL:
            connection.exec_driver_sql(statement)
    # The rows are made without the CHECK, or syda would notice before the database does.
    made = syda.generate(models(), rows={"p": 2, "t": 6}, overrides=WHOLE | {"t.c": 2})
    known = syda.plan(models(checks=True), rows={"p": 2, "t": 6}).schema
    with pytest.raises(RejectedError) as caught:
        replace(made, plan=replace(made.plan, schema=known), origin=None).to_sql(engine)
    error = caught.value
    assert (error.table, error.constraint, error.expression) == ("t", "small", "a + 0 < c")
    assert set(error.columns) == {"a", "c"}
    assert error.values["c"] == 2
    assert error.values["a"] >= 2
    assert error.sources["c"] == "made by always 2, given for this column"
    assert "t: check small: a + 0 < c" in str(error)
    assert "c = 2: made by always 2" in str(error)
    assert [record.getMessage() for record in caplog.records if record.name == "psycopg"] == []


def test_a_unique_set_is_named_with_the_values_that_repeat(engine: Engine) -> None:
    error = refused(engine, models(), a=1, b="x")
    assert error.table == "t"
    assert error.constraint in ("pair", None)
    assert (error.columns, error.values) == (("a", "b"), {"a": 1, "b": "x"}) or engine.dialect.name == "mysql"
    assert "unique" in str(error)


def test_a_missing_parent_is_named(engine: Engine) -> None:
    metadata = models()
    error = refused(engine, metadata, pid=99)
    assert error.table == "t"
    assert "foreign key" in str(error)
    if engine.dialect.name != "sqlite":  # which says no more than that
        assert (error.constraint, error.columns) == ("child", ("pid",))
        assert "pid" in error.sources


def test_a_column_that_may_not_be_null_is_named(engine: Engine) -> None:
    error = refused(engine, models(), a=None)
    assert (error.columns, error.expression, error.values) == (("a",), "NOT NULL", {"a": None})


def test_a_trigger_is_told_from_a_constraint(engine: Engine) -> None:
    error = refused(engine, models(), tuple(TRIGGERS[engine.dialect.name]))
    assert "not today" in str(error)
    assert "a trigger said so" in str(error)
    assert ("function forbid" in str(error)) is (engine.dialect.name == "postgresql")
    assert error.table == "t"


def test_a_check_that_the_models_do_not_have_is_told_as_far_as_the_database_says(engine: Engine) -> None:
    execute(engine, "CREATE TABLE hid (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount < 500))")
    metadata = sa.MetaData()
    sa.Table("hid", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("amount", sa.Integer))
    with pytest.raises(RejectedError) as caught:
        syda.seed(engine, metadata, rows=5, overrides={"hid.amount": 777})
    assert (caught.value.table, caught.value.columns) == ("hid", ("amount",))
    assert caught.value.sources["amount"].startswith("made by always 777")
    if engine.dialect.name == "sqlite":  # the others tell a name and no text
        assert caught.value.values == {"amount": 777}


def test_values_are_kept_out_when_asked(engine: Engine) -> None:
    error = refused(engine, models(), redact=True, a=1, b="hidden")
    shown = "".join(traceback.format_exception(error))
    assert "hidden" not in shown
    assert error.table == "t"
    assert set(error.values.values()) <= {"***"}


def test_sources_do_not_tell_values_that_are_kept_out(engine: Engine) -> None:
    error = refused(engine, models(), redact=True, c=-987654)
    assert "987654" not in f"{error} {error.sources} {error.values}"


def test_a_breach_that_is_noticed_before_the_load_tells_no_values_either(engine: Engine) -> None:
    models(checks=True).create_all(engine)
    with pytest.raises(IntegrityError, match=r"a \+ 0 < c") as caught:
        syda.seed(engine, models(checks=True), overrides={"t.a": 1, "t.c": -987654}, redact_values=True)
    assert "987654" not in str(caught.value)


@pytest.mark.parametrize("state", ["XX000", "57014", "40001", "53100"])
def test_a_failure_of_the_server_tells_no_values_either(postgresql_engine: Engine, state: str) -> None:
    execute(
        postgresql_engine,
        *DDL,
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'row %%', NEW.c USING ERRCODE = '{state}'; END $$",
        "CREATE TRIGGER fails BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fails()",
    )
    wrong = {**WHOLE, "t.c": 987654}
    with pytest.raises(TargetError, match=f"{state}; its words are not shown") as caught:
        syda.seed(postgresql_engine, models(), rows={"p": 2, "t": 6}, overrides=wrong, redact_values=True)
    assert "987654" not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(TargetError, match="987654"):
        syda.seed(postgresql_engine, models(), rows={"p": 2, "t": 6}, overrides=wrong)


def test_an_exclusion_is_named(postgresql_engine: Engine) -> None:
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE stay (id INTEGER PRIMARY KEY, days INT4RANGE, "
            "CONSTRAINT apart EXCLUDE USING gist (days WITH &&))"
        )
    metadata = sa.MetaData()
    days = sa.Column("days", sa.dialects.postgresql.INT4RANGE)
    sa.Table("stay", metadata, sa.Column("id", sa.Integer, primary_key=True), days)
    with pytest.raises(RejectedError) as caught:
        syda.seed(postgresql_engine, metadata, rows=3, overrides={"stay.days": "[1,5)"})
    assert (caught.value.constraint, caught.value.columns) == ("apart", ("days",))
