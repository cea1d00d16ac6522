"""Types that only one database has, filled from the models and from what the database says, twice."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

import syda

POSTGRESQL: dict[str, Any] = {
    "money": postgresql.MONEY,
    "c_bits": postgresql.BIT(5),
    "length_of_time": postgresql.INTERVAL,
    "net": postgresql.CIDR,
    "c_inet": postgresql.INET,
    "card": postgresql.MACADDR,
    "numbers": postgresql.INT4RANGE,
    "days": postgresql.DATERANGE,
    "amounts": postgresql.NUMRANGE,
    "document": postgresql.JSONB,
    "raw": postgresql.BYTEA,
}
MARIADB: dict[str, Any] = {
    "letters": mysql.SET("a", "b", "c"),
    "vintage": mysql.YEAR,
    "bits": mysql.BIT(5),
    "many_bits": mysql.BIT(64),
    "one_bit": mysql.BIT,
    "yes": mysql.TINYINT(1),
    "medium": mysql.MEDIUMINT(unsigned=True),
    "document": sa.JSON,
    "moment": mysql.DATETIME(fsp=6),
}


def metadata_of(types: dict[str, Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(name, type_, nullable=False) for name, type_ in types.items()]
    columns += [sa.Column(f"maybe_{name}", type_) for name, type_ in types.items()]
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize("reflected", [False, True], ids=["models", "reflected"])
@pytest.mark.parametrize(("server", "types"), [("postgresql", POSTGRESQL), ("mariadb", MARIADB)])
def test_native_types_are_filled(
    server: str, types: dict[str, Any], reflected: bool, request: pytest.FixtureRequest
) -> None:
    engine = request.getfixturevalue(f"{server}_engine")
    metadata = metadata_of(types)
    metadata.create_all(engine)
    for _ in range(2):
        syda.seed(engine, None if reflected else metadata, rows=20, mode="append")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(metadata.tables["t"])).all()
    assert len(rows) == 40
    if server == "mariadb":
        assert all(isinstance(row.document, dict) for row in rows)
        assert {1901 <= row.vintage <= 2155 for row in rows} == {True}


def test_unique_money_continues_after_the_money_there(postgresql_engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    key = sa.Column("id", sa.Integer, primary_key=True)
    table = sa.Table("t", metadata, key, sa.Column("m", postgresql.MONEY, unique=True, nullable=False))
    metadata.create_all(postgresql_engine)
    for _ in range(3):
        syda.seed(postgresql_engine, metadata, rows=200, mode="append")
    with postgresql_engine.connect() as connection:
        assert len(set(connection.scalars(sa.select(table.c.m)))) == 600
