"""Rows whose parents the database refused get other parents, or none where these would be in each other's way."""

import pytest
import sqlalchemy as sa

from syda.load.refused.repoint import repointed
from syda.load.roads.table_load import TableLoad
from syda.schema import read_schema
from syda.sources.values import from_python, to_python
from tests.databases import execute, sqlite_engine

PARENT = "CREATE TABLE p (id integer, part integer, PRIMARY KEY (id), UNIQUE (part, id))"
KEPT = (3, 5)
MADE = [1, 3, 4, 5, None]
"""The numbers of the children's parents as they were made, of which the database took `KEPT`."""


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("b integer NOT NULL REFERENCES p (id)", [3, 3, 3, 5, None]),
        ("b integer REFERENCES p (id)", [3, 3, 3, 5, None]),
        ("b integer UNIQUE REFERENCES p (id)", [None, 3, None, 5, None]),
        ("b integer REFERENCES p (id) REFERENCES q (id)", [None, 3, None, 5, None]),
        ("b integer REFERENCES q (id)", MADE),
    ],
)
def test_rows_get_parents_that_are_there(columns, expected):
    engine = sqlite_engine()
    execute(engine, PARENT, "CREATE TABLE q (id integer PRIMARY KEY)", f"CREATE TABLE c (a integer, {columns})")
    execute(engine, *(f"INSERT INTO p (id, part) VALUES ({key}, 0)" for key in KEPT))
    assert _repointed(engine, {"b": MADE}) == {"b": expected}


def test_no_parent_left():
    engine = sqlite_engine()
    execute(engine, PARENT, "CREATE TABLE c (a integer, b integer REFERENCES p (id))")
    assert _repointed(engine, {"b": MADE}) == {"b": [None] * 5}


def test_a_key_of_two_columns_is_lost_as_a_whole():
    engine = sqlite_engine()
    key = "FOREIGN KEY (part, b) REFERENCES p (part, id)"
    execute(engine, PARENT, f"CREATE TABLE c (part integer NOT NULL, b integer, {key})")
    execute(engine, "INSERT INTO p (id, part) VALUES (3, 30)", "INSERT INTO p (id, part) VALUES (5, 50)")
    made = {"part": [30, 50, 30, 40], "b": [3, 3, None, 4]}
    assert _repointed(engine, made) == {"part": [30, 50, 30, 50], "b": [3, 5, None, 5]}


def _repointed(engine, made):
    found = read_schema(engine).schema.tables
    metadata = sa.MetaData()
    metadata.reflect(engine)
    child = found["c"]
    columns = {name: from_python(items, child.column(name).type) for name, items in made.items()}
    load = TableLoad.of(child, metadata.tables["c"], len(next(iter(made.values()))), columns)
    with engine.connect() as connection:
        parent = TableLoad.of(found["p"], metadata.tables["p"], 0, {})
        (block,) = repointed(connection, load, {"p": parent}).blocks()
    return {name: to_python(values, child.column(name).type) for name, values in block.items()}
