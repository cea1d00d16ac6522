"""Tables and columns with names that need care, filled on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import syda
from syda.quality.database import check_database
from syda.schema import read_schema

if TYPE_CHECKING:
    import sqlalchemy as sa

NAMES = [
    "order",
    "Mixed Case",
    "naïve Größe 名前",
    "50% of x:y",
    'quo"te',
    "it's",
    "back`tick",
    "a.b",
    "(p)",
    "a-b",
    "%(id)s",
    "x" * 63,
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_and_filled(engine: sa.Engine, name: str) -> None:
    if engine.dialect.name == "mysql" and "`" in name:
        pytest.skip("SQLAlchemy reads no MariaDB names with backticks")
    quote = engine.dialect.identifier_preparer.quote_identifier
    table, column, parent = (quote(each).replace("%%", "%") for each in (name, name, f"p{name}"[:63]))
    with engine.begin() as connection:
        link = f"CONSTRAINT to_parent FOREIGN KEY (fk) REFERENCES {parent} ({column})"
        number = f"{column} integer NOT NULL CHECK ({column} >= 0)"
        statements = (
            f"CREATE TABLE {parent} (id integer PRIMARY KEY, {column} varchar(40) NOT NULL UNIQUE)",
            f"CREATE TABLE {table} (id integer PRIMARY KEY, {number}, fk varchar(40), {link})",
            f"CREATE UNIQUE INDEX one ON {table} ({column}, fk)",
        )
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if engine.dialect.name != "sqlite" else statement)
    for seed in range(2):
        report = syda.seed(engine, rows=30, seed=seed, mode="append")
        assert report.rows == {f"p{name}"[:63]: 30, name: 30}
    with engine.connect() as connection:
        schema = read_schema(connection).schema
        assert not check_database(connection, schema).violations
        assert schema.tables[name].by_name.keys() == {"id", name, "fk"}
