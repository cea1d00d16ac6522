"""What COPY writes is what Core inserts would have written, through each of PostgreSQL's drivers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import create_async_engine

import syda
from syda.load.roads import core, csv_text
from syda.load.roads.postgresql import PostgresqlRoad

TEXTS = [
    "",
    "NULL",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "it's",
    'say "x"',
    "back\\slash\\",
    "tab\there",
    "a\r\nb",
    "%s",
    "ü😀",
    "a,b",
    " ",
]


class Backwards(sa.TypeDecorator[str]):
    impl = sa.String(60)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else str(value)[::-1]

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value[::-1]


class Shouted(sa.types.UserDefinedType[str]):
    """Wraps its values in SQL, which only Core writes."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(200)"

    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.func.upper(bindvalue)


TYPES: dict[str, Any] = {
    "words": sa.Text,
    "small": sa.SmallInteger,
    "large": sa.BigInteger,
    "price": sa.Numeric(12, 4),
    "free": sa.Numeric,
    "real": sa.REAL,
    "double": sa.Double,
    "yes": sa.Boolean,
    "day": sa.Date,
    "moment": sa.DateTime,
    "zoned": sa.DateTime(timezone=True),
    "clock": sa.Time,
    "length": pg.INTERVAL,
    "raw": sa.LargeBinary,
    "kind": sa.Enum("a", "it's", 'q"', name="kinds"),
    "uuid": sa.Uuid,
    "document": pg.JSONB,
    "plain": sa.JSON,
    "numbers": pg.ARRAY(sa.Integer),
    "names": pg.ARRAY(sa.Text),
    "net": pg.INET,
    "span": pg.INT4RANGE,
    "days": pg.DATERANGE,
    "bits": pg.BIT(5),
    "money": pg.MONEY,
    "backwards": Backwards,
    "Ödd: %name": sa.String(30),
}


def tables(types: dict[str, Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(name, type_, nullable=False) for name, type_ in types.items()]
    columns += [sa.Column(f"maybe_{name}", type_) for name, type_ in types.items()]
    sa.Table("t", metadata, sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True), *columns)
    return metadata


def through_psycopg(engine: sa.Engine, load: Callable[[Any], None]) -> None:
    with engine.begin() as connection:
        load(connection)


def through_psycopg2(engine: sa.Engine, load: Callable[[Any], None]) -> None:
    pytest.importorskip("psycopg2")
    other = sa.create_engine(engine.url.set(drivername="postgresql+psycopg2"))
    try:
        with other.begin() as connection:
            load(connection)
    finally:
        other.dispose()


def through_asyncpg(engine: sa.Engine, load: Callable[[Any], None]) -> None:
    pytest.importorskip("asyncpg")

    async def run() -> None:
        other = create_async_engine(engine.url.set(drivername="postgresql+asyncpg"))
        try:
            async with other.begin() as connection:
                await connection.run_sync(load)
        finally:
            await other.dispose()

    asyncio.run(run())


DRIVERS = [through_psycopg, through_psycopg2, through_asyncpg]


def dump(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return [row[0] for row in connection.execute(sa.text("SELECT t::text FROM t ORDER BY id"))]


@pytest.mark.parametrize("arrow", [True, False], ids=["arrow", "plain"])
@pytest.mark.parametrize("through", DRIVERS)
def test_copied_values_are_those_of_core(
    postgresql_engine: sa.Engine, through: Any, arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = csv_text._arrow_csv if arrow else csv_text._plain_csv
    monkeypatch.setattr(
        "syda.load.roads.postgresql.encoder", lambda bound, rows, other: lambda block: chosen(bound, block, other)
    )
    metadata = tables(TYPES)
    metadata.create_all(postgresql_engine)
    texts = itertools.cycle(TEXTS)
    lengths = itertools.cycle([timedelta(days=-1, seconds=1), timedelta(hours=50), timedelta(microseconds=1)])
    lists = itertools.cycle([[], ["a", "", 'x"y', "back\\", "NULL", "{,}"]])
    dataset = syda.generate(
        metadata,
        rows=40,
        overrides={
            "t.words": lambda *_: next(texts),
            "t.length": lambda *_: next(lengths),
            "t.names": lambda *_: next(lists),
        },
    )
    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlRoad, "_can_copy", lambda *_: False)
        dataset.to_sql(postgresql_engine)
    expected = dump(postgresql_engine)
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE t")
    through(postgresql_engine, dataset.to_sql)
    assert dump(postgresql_engine) == expected


def test_most_types_need_no_core(postgresql_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tables(TYPES)
    metadata.create_all(postgresql_engine)
    monkeypatch.setattr(core, "_execute", lambda *_: pytest.fail("Core was used"))
    syda.seed(postgresql_engine, metadata, rows=30)


def test_a_block_that_has_no_text_goes_by_core(postgresql_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = tables({"words": sa.Text, "loud": Shouted})
    metadata.create_all(postgresql_engine)
    syda.seed(postgresql_engine, metadata, rows=5, overrides={"t.loud": "quiet", "t.maybe_loud": None})
    assert all("QUIET" in row for row in dump(postgresql_engine))

    calls = itertools.count()
    real = csv_text._plain_csv

    def failing(*given: Any) -> bytes:
        if next(calls) == 2:
            raise csv_text.UnencodableError
        return real(*given)

    monkeypatch.setattr(csv_text, "_plain_csv", failing)
    monkeypatch.setattr(csv_text, "_arrow_csv", failing)
    monkeypatch.setattr("syda.load.roads.table_load.BLOCK_ROWS", 10)
    other = sa.MetaData()
    sa.Table("u", other, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))
    other.create_all(postgresql_engine)
    assert syda.seed(postgresql_engine, other, rows=45).total == 45
    with postgresql_engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM u")) == 45


def test_sequences_move_on_and_never_back(postgresql_engine: sa.Engine) -> None:
    with postgresql_engine.begin() as connection:
        for statement in (
            "CREATE SEQUENCE shared",
            "CREATE TABLE one (id int PRIMARY KEY DEFAULT nextval('shared'))",
            "CREATE TABLE two (id int PRIMARY KEY DEFAULT nextval('shared'))",
            "CREATE TABLE three (id serial PRIMARY KEY)",
            "SELECT setval('three_id_seq', 500)",
        ):
            connection.exec_driver_sql(statement)
    syda.seed(postgresql_engine, rows={"one": 50, "two": 20, "three": 10})
    with postgresql_engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT nextval('shared')")) == 51
        assert connection.scalar(sa.text("SELECT nextval('three_id_seq')")) == 501


@pytest.mark.parametrize("through", DRIVERS)
def test_a_row_that_copy_refuses_is_said(postgresql_engine: sa.Engine, through: Any) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer))
    metadata.create_all(postgresql_engine)
    dataset = syda.generate(metadata, rows=30, overrides={"t.x": 3})
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE t ADD CONSTRAINT not_three CHECK (x <> 3)")
    with pytest.raises(syda.errors.RejectedError, match=r"loading table 't'.*not_three"):
        through(postgresql_engine, dataset.to_sql)
    assert not dump(postgresql_engine)
