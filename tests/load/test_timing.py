"""Whether constraints are made after the rows is told before a load and after it, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

import syda
from syda.errors import NotEmptyError, PlanError, TargetError, UnknownNameError
from syda.load.roads.timing import LARGE_ROWS
from tests.databases import execute, sqlite_engine

METADATA = sa.MetaData()
PARENTS = sa.Table("parents", METADATA, sa.Column("id", sa.Integer, primary_key=True))
CHILDREN = sa.Table(
    "children",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.ForeignKey("parents.id"), nullable=False, index=True),
)
ROWS = {"parents": 10, "children": LARGE_ROWS}


def why(report: Any) -> dict[str, tuple[str, str]]:
    return {key: (each.made, each.why) for key, each in report.constraints.items()}


def counts(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(each)) for each in (PARENTS, CHILDREN)]


def both(engine: Engine, **options: Any) -> dict[str, tuple[str, str]]:
    """Return what a dry run foretells and the load then says, which have to be the same."""
    before = counts(engine)
    foretold = syda.seed(engine, METADATA, rows=ROWS, dry_run=True, **options)
    assert foretold.dry_run
    assert counts(engine) == before
    done = syda.seed(engine, METADATA, rows=ROWS, **options)
    assert not done.dry_run
    assert foretold.rows == done.rows == ROWS
    assert why(foretold) == why(done)
    return why(done)


def test_a_dry_run_foretells_what_a_load_does(engine: Engine) -> None:
    METADATA.create_all(engine)
    few = ("live", "fewer than 5,000 rows")
    found = both(engine)
    if engine.dialect.name == "mysql":
        many = ("live", "MariaDB and MySQL end the transaction where an index is made")
        assert found == {"parents": few, "children": many}
        return
    assert found == {"parents": few, "children": ("last", "5,000 rows or more")}
    assert both(engine, mode="append") == {"parents": few, "children": ("live", "it has rows already")}
    assert both(engine, mode="replace")["children"] == ("last", "5,000 rows or more")
    assert set(both(engine, mode="replace", constraints="live").values()) == {("live", "as asked for")}
    assert set(both(engine, mode="replace", constraints="last").values()) == {("last", "as asked for")}
    with pytest.raises(NotEmptyError, match="children"):
        syda.seed(engine, METADATA, rows=ROWS, dry_run=True)


def test_a_dry_run_makes_no_tables(engine: Engine) -> None:
    foretold = syda.seed(engine, METADATA, rows=ROWS, create=True, dry_run=True)
    assert sa.inspect(engine).get_table_names() == []
    assert why(foretold) == why(syda.seed(engine, METADATA, rows=ROWS, create=True))
    METADATA.drop_all(engine)
    with pytest.raises(TargetError, match="no table"):
        syda.generate(METADATA, rows=3).to_sql(engine, dry_run=True)


def test_the_explanation_names_tables_threshold_reason_and_switch() -> None:
    engine = sqlite_engine()
    METADATA.create_all(engine)
    switch = "constraints='live' or --constraints live has them row by row"
    assert syda.seed(engine, METADATA, rows=ROWS, dry_run=True).explain().splitlines() == [
        "constraints row by row (fewer than 5,000 rows) for parents",
        f"constraints after the rows (5,000 rows or more; {switch}) for children",
    ]


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (
            [
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER t BEFORE INSERT ON parents FOR EACH ROW EXECUTE FUNCTION f()",
            ],
            "table 'parents' has triggers, which may need them",
        ),
        (
            [
                "CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
                "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION g()",
            ],
            "an event trigger watches what is done to tables",
        ),
        (["CREATE TABLE more () INHERITS (children)"], "it is partitioned, inherits, or is no plain table"),
    ],
    ids=["trigger", "event trigger", "inheritance"],
)
def test_what_is_in_the_way_is_named(postgresql_engine: Engine, statements: list[str], reason: str) -> None:
    METADATA.create_all(postgresql_engine)
    execute(postgresql_engine, *statements)
    assert both(postgresql_engine)["children"] == ("live", reason)


def test_who_uses_a_table_is_in_the_way_at_that_moment_only(postgresql_engine: Engine) -> None:
    METADATA.create_all(postgresql_engine)
    with postgresql_engine.connect() as other:
        other.execute(sa.select(CHILDREN)).all()
        report = syda.seed(postgresql_engine, METADATA, rows=ROWS)
    made, reason = why(report)["children"]
    assert made == "live"
    assert "could not obtain lock" in reason


def test_triggers_of_sqlite_are_named() -> None:
    engine = sqlite_engine()
    METADATA.create_all(engine)
    execute(engine, "CREATE TRIGGER t AFTER INSERT ON parents BEGIN SELECT 1; END")
    assert both(engine)["children"] == ("live", "the database has triggers, which may need them")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"constraints": "lst"}, "constraints: expected one of 'auto', 'last', 'live', got 'lst'; did you mean 'last'"),
        ({"constraints": None}, "constraints: expected one of 'auto', 'last', 'live', got None"),
        ({"mode": "appendd"}, "mode: expected one of .*; did you mean 'append'"),
    ],
)
def test_what_is_no_option_is_told_with_what_was_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        syda.seed("sqlite:///none.db", METADATA, **options)
    with pytest.raises(UnknownNameError, match=message):
        syda.generate(METADATA, rows=1).to_sql("sqlite:///none.db", **options)


@pytest.mark.parametrize("name", ["allow_nontransactional", "dry_run", "create", "redact_values"])
def test_a_switch_is_true_or_false(name: str) -> None:
    switches: dict[str, Any] = {name: "no"}
    with pytest.raises(PlanError, match=f"{name}: expected True or False, got str 'no'"):
        syda.seed("sqlite:///none.db", METADATA, **switches)


def test_tables_without_transactions_are_filled_when_that_is_allowed(mariadb_engine: Engine) -> None:
    execute(mariadb_engine, "CREATE TABLE old (id int PRIMARY KEY) ENGINE=MyISAM")
    for dry_run in (True, False):
        with pytest.raises(TargetError, match="--allow-nontransactional"):
            syda.seed(mariadb_engine, rows=4, dry_run=dry_run)
    assert syda.seed(mariadb_engine, rows=4, allow_nontransactional=True).total == 4
