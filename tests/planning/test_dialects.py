"""CHECKs of models are read in the dialect of the database that they are for, also where they are not standard SQL."""

import re

import pytest
import sqlalchemy as sa

import syda

CHECKS = {
    "x ~ '^[A-Z]{3}-[0-9]{4}$'": r"[A-Z]{3}-[0-9]{4}",
    r"x ~ '^v?[0-9]+\.[0-9]+$'": r"v?[0-9]+\.[0-9]+",
    "x ~ '^[a-f]+$' AND length(x) BETWEEN 3 AND 5": r"[a-f]{3,5}",
}


def models(check):
    metadata = sa.MetaData()
    columns = sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Text, nullable=False)
    table = sa.Table("t", metadata, *columns, sa.CheckConstraint(check))
    return metadata, table


@pytest.mark.parametrize(("check", "expected"), CHECKS.items())
def test_the_dialect_of_the_target(postgresql_engine, check, expected):
    metadata, table = models(check)
    syda.seed(postgresql_engine, metadata, rows=30, create=True)
    with postgresql_engine.connect() as connection:
        found = connection.scalars(sa.select(table.c.x)).all()
    assert len(found) == 30
    assert all(re.fullmatch(expected, text) for text in found)


@pytest.mark.parametrize(("check", "expected"), CHECKS.items())
def test_without_a_target_the_dialect_that_can_be_read(check, expected):
    metadata, _ = models(check)
    found = syda.generate(metadata, rows=30).frames()["t"].to_dict("records")
    assert len(found) == 30
    assert all(re.fullmatch(expected, row["x"]) for row in found)
