"""`syda.check` without models asks a database about its own rules, in all of its schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import syda
from syda.errors import TargetError
from tests.databases import sqlite_engine
from tests.shop import Base

if TYPE_CHECKING:
    from sqlalchemy import Engine


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_database_is_checked_by_its_own_rules_or_by_models() -> None:
    engine = sqlite_engine()
    syda.seed(engine, Base, rows=5, create=True)
    for models in (None, Base):
        report = syda.check(engine, models)
        assert report.ok
        assert report.tables["customers"] == 5
    execute(
        engine,
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
        "UPDATE orders SET customer_id = 99",
    )
    report = syda.check(engine)
    assert not report.ok
    assert {violation.table for violation in report.violations} == {"orders"}


def test_what_cannot_be_asked_is_an_error() -> None:
    with pytest.raises(TargetError, match="the file does not exist"):
        syda.check("sqlite:///no/such/file.db")


def test_all_schemas_of_postgresql_are_checked(postgresql_engine: Engine) -> None:
    """Constraints that are not valid were never asked of the rows that were there."""
    execute(
        postgresql_engine,
        "CREATE SCHEMA other",
        "CREATE TABLE main (id INTEGER PRIMARY KEY)",
        "CREATE TABLE other.child (id INTEGER PRIMARY KEY, main_id INTEGER, x INTEGER)",
        "INSERT INTO other.child VALUES (1, 7, 3), (2, NULL, 30)",
        "ALTER TABLE other.child ADD CONSTRAINT to_main FOREIGN KEY (main_id) REFERENCES main NOT VALID",
        "ALTER TABLE other.child ADD CONSTRAINT small CHECK (x < 10) NOT VALID",
    )
    report = syda.check(postgresql_engine)
    assert report.tables == {"main": 0, "other.child": 2}
    found = {(violation.table, violation.rule): violation for violation in report.violations}
    assert found.keys() == {("other.child", "foreign key"), ("other.child", "check")}
    assert found["other.child", "foreign key"].samples == ({"id": 1, "main_id": 7},)
    assert found["other.child", "check"].count == 1


def test_keys_that_match_in_full_or_not_at_all_are_checked(postgresql_engine: Engine) -> None:
    execute(
        postgresql_engine,
        "CREATE TABLE parent (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)",
        "INSERT INTO child VALUES (1, NULL, NULL), (2, 5, NULL), (3, NULL, 5)",
        "ALTER TABLE child ADD CONSTRAINT whole FOREIGN KEY (a, b) REFERENCES parent MATCH FULL NOT VALID",
    )
    (violation,) = syda.check(postgresql_engine).violations
    assert (violation.table, violation.rule, violation.count) == ("child", "match full", 2)
    assert violation.samples == ({"id": 2, "a": 5, "b": None}, {"id": 3, "a": None, "b": 5})
