"""The roads into MariaDB: what they write, and what they refuse."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

import syda
from syda.errors import RejectedError, TargetError
from syda.load.roads.mysql import MysqlRoad
from syda.load.roads.road import Road

TEXTS = [
    "",
    "NULL",
    "\\N",
    "it's",
    'say "x"',
    "back\\slash\\",
    "tab\there",
    "line\nbreak\r\n",
    "%s %(x)s",
    "ü😀",
    "a;b",
    "\0",
]


@pytest.fixture(params=["insert", "load data"])
def server(request: pytest.FixtureRequest, mariadb_engine: sa.Engine) -> sa.Engine:
    arguments = {"local_infile": 1} if request.param == "load data" else {}
    return sa.create_engine(mariadb_engine.url, connect_args=arguments, poolclass=sa.NullPool)


@pytest.mark.parametrize("mode", ["", ",NO_BACKSLASH_ESCAPES,ANSI_QUOTES"])
def test_values_are_what_was_made(server: sa.Engine, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syda.load.roads.mysql._LEAST_FILE_ROWS", 1)
    sa.event.listen(
        server, "connect", lambda driver, _: driver.cursor().execute(f"SET sql_mode = CONCAT(@@sql_mode, '{mode}')")
    )
    metadata = sa.MetaData()
    table = sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("maybe", sa.String(20)),
        sa.Column("price", sa.Numeric(12, 4)),
        sa.Column("size", sa.Float(53)),
        sa.Column("moment", mysql.DATETIME(fsp=6)),
        sa.Column("day", sa.Date),
        sa.Column("clock", mysql.TIME(fsp=6)),
        sa.Column("yes", sa.Boolean),
        sa.Column("document", sa.JSON),
        sa.Column("% of: it", sa.String(30)),
    )
    metadata.create_all(server)
    texts = itertools.cycle(TEXTS)
    dataset = syda.generate(metadata, rows=60, overrides={"t.words": lambda *_: next(texts)})

    def rows() -> list[Any]:
        with server.connect() as connection:
            return list(connection.execute(sa.select(table).order_by(table.c.id)).all())

    with monkeypatch.context() as patch:
        patch.setattr(MysqlRoad, "insert", Road.insert)
        dataset.to_sql(server)
    expected = rows()
    with server.begin() as connection:
        connection.execute(sa.delete(table))
    dataset.to_sql(server)
    assert rows() == expected
    assert {row.words for row in expected} == set(TEXTS)


def test_a_refused_row_is_no_warning(server: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syda.load.roads.mysql._LEAST_FILE_ROWS", 1)
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))
    metadata.create_all(server)
    dataset = syda.generate(metadata, rows=50, overrides={"t.x": 3})
    with server.begin() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX once ON t (x)")
    with pytest.raises(RejectedError, match="once"):
        dataset.to_sql(server)
    with server.connect() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(table))


@pytest.mark.parametrize("engine", ["MyISAM", "MEMORY", "Aria"])
def test_tables_without_transactions_are_refused(mariadb_engine: sa.Engine, engine: str) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), mysql_engine=engine)
    metadata.create_all(mariadb_engine)
    dataset = syda.generate(metadata, rows=5)
    with pytest.raises(TargetError, match=f"of the engine {engine}, which has no transactions"):
        dataset.to_sql(mariadb_engine)
    options: dict[str, Any] = {"allow_nontransactional": True}
    assert dataset.to_sql(mariadb_engine, **options).total == 5
