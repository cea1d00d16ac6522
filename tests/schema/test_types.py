"""Every SQLAlchemy type is one logical type."""

from __future__ import annotations

import enum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from syda.schema import Kind, LogicalType
from syda.schema.types import logical_type


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Portable(sa.TypeDecorator[Any]):
    """The GUID recipe of SQLAlchemy's documentation."""

    impl = sa.CHAR(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(postgresql.UUID() if dialect.name == "postgresql" else sa.CHAR(32))


class Lowercase(sa.TypeDecorator[str]):
    impl = sa.String(20)
    cache_ok = True


class ChoosesByDialect(sa.TypeDecorator[str]):
    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        raise NotImplementedError(dialect.name)


TYPES: list[tuple[Any, LogicalType]] = [
    (sa.String(), LogicalType(kind=Kind.TEXT, native="varchar")),
    (sa.String(20), LogicalType(kind=Kind.TEXT, length=20, native="varchar")),
    (sa.String(20, collation="C"), LogicalType(kind=Kind.TEXT, length=20, native="varchar")),
    (sa.CHAR(3), LogicalType(kind=Kind.TEXT, length=3, fixed_length=True, native="char")),
    (sa.Text(), LogicalType(kind=Kind.TEXT, native="text")),
    (sa.Unicode(5), LogicalType(kind=Kind.TEXT, length=5, native="varchar")),
    (postgresql.CITEXT(), LogicalType(kind=Kind.TEXT, native="citext")),
    (mysql.TINYTEXT(), LogicalType(kind=Kind.TEXT, length=63, native="tinytext")),
    (sa.Integer(), LogicalType(kind=Kind.INTEGER, bits=32, native="integer")),
    (sa.SmallInteger(), LogicalType(kind=Kind.INTEGER, bits=16, native="smallint")),
    (sa.BigInteger(), LogicalType(kind=Kind.INTEGER, bits=64, native="bigint")),
    (mysql.INTEGER(unsigned=True), LogicalType(kind=Kind.INTEGER, bits=32, unsigned=True, native="integer unsigned")),
    (mysql.MEDIUMINT(), LogicalType(kind=Kind.INTEGER, bits=24, native="mediumint")),
    (mysql.TINYINT(), LogicalType(kind=Kind.INTEGER, bits=8, native="tinyint")),
    (mysql.TINYINT(1), LogicalType(kind=Kind.BOOLEAN, native="tinyint")),
    (mysql.YEAR(), LogicalType(kind=Kind.INTEGER, bits=16, unsigned=True, native="year")),
    (mssql.TINYINT(), LogicalType(kind=Kind.INTEGER, bits=8, unsigned=True, native="tinyint")),
    (sa.Float(), LogicalType(kind=Kind.FLOAT, native="float")),
    (sa.Float(53), LogicalType(kind=Kind.FLOAT, native="float")),
    (sa.Double(), LogicalType(kind=Kind.FLOAT, native="double")),
    (sa.REAL(), LogicalType(kind=Kind.FLOAT, native="real")),
    (mysql.FLOAT(7, 3), LogicalType(kind=Kind.FLOAT, precision=7, scale=3, native="float")),
    (sa.Numeric(), LogicalType(kind=Kind.DECIMAL, native="numeric")),
    (sa.Numeric(10, 2), LogicalType(kind=Kind.DECIMAL, precision=10, scale=2, native="numeric")),
    (sa.Numeric(10, 2, asdecimal=False), LogicalType(kind=Kind.FLOAT, precision=10, scale=2, native="numeric")),
    (sa.Boolean(), LogicalType(kind=Kind.BOOLEAN, native="boolean")),
    (sa.Date(), LogicalType(kind=Kind.DATE, native="date")),
    (sa.Time(), LogicalType(kind=Kind.TIME, native="time")),
    (sa.DateTime(), LogicalType(kind=Kind.DATETIME, native="datetime")),
    (sa.DateTime(timezone=True), LogicalType(kind=Kind.DATETIME, timezone=True, native="datetime")),
    (sqlite.DATETIME(), LogicalType(kind=Kind.DATETIME, native="datetime")),
    (mysql.DATETIME(fsp=6), LogicalType(kind=Kind.DATETIME, native="datetime")),
    (
        postgresql.TIMESTAMP(timezone=True, precision=3),
        LogicalType(kind=Kind.DATETIME, timezone=True, native="timestamp with time zone"),
    ),
    (sa.Interval(), LogicalType(kind=Kind.INTERVAL, native="interval")),
    (postgresql.INTERVAL(), LogicalType(kind=Kind.INTERVAL, native="interval")),
    (oracle.INTERVAL(), LogicalType(kind=Kind.INTERVAL, native="interval")),
    (sa.Enum("a", "bcd"), LogicalType(kind=Kind.ENUM, values=("a", "bcd"), length=3, native="enum")),
    (sa.Enum(Color), LogicalType(kind=Kind.ENUM, values=("RED", "BLUE"), length=4, native="color")),
    (
        sa.Enum(Color, values_callable=lambda members: [member.value for member in members]),
        LogicalType(kind=Kind.ENUM, values=("r", "b"), length=1, native="color"),
    ),
    (mysql.ENUM("x", "y"), LogicalType(kind=Kind.ENUM, values=("x", "y"), length=1, native="enum")),
    (mysql.SET("x", "y"), LogicalType(kind=Kind.OTHER, values=("x", "y"), native="set")),
    (sa.Uuid(), LogicalType(kind=Kind.UUID, native="uuid")),
    (postgresql.UUID(), LogicalType(kind=Kind.UUID, native="uuid")),
    (sa.LargeBinary(16), LogicalType(kind=Kind.BINARY, length=16, native="blob")),
    (sa.BINARY(16), LogicalType(kind=Kind.BINARY, length=16, fixed_length=True, native="binary")),
    (mysql.LONGBLOB(), LogicalType(kind=Kind.BINARY, native="longblob")),
    (mysql.TINYBLOB(), LogicalType(kind=Kind.BINARY, length=255, native="tinyblob")),
    (postgresql.BYTEA(), LogicalType(kind=Kind.BINARY, native="bytea")),
    (sa.JSON(), LogicalType(kind=Kind.JSON, native="json")),
    (sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), LogicalType(kind=Kind.JSON, native="json")),
    (postgresql.JSONB(), LogicalType(kind=Kind.JSON, native="jsonb")),
    (
        postgresql.ARRAY(sa.String(3), dimensions=2),
        LogicalType(
            kind=Kind.ARRAY,
            item=LogicalType(kind=Kind.TEXT, length=3, native="varchar"),
            dimensions=2,
            native="varchar[]",
        ),
    ),
    (postgresql.INET(), LogicalType(kind=Kind.OTHER, native="inet")),
    (postgresql.CIDR(), LogicalType(kind=Kind.OTHER, native="cidr")),
    (postgresql.MACADDR(), LogicalType(kind=Kind.OTHER, native="macaddr")),
    (postgresql.MONEY(), LogicalType(kind=Kind.DECIMAL, precision=19, scale=2, native="money")),
    (postgresql.BIT(3), LogicalType(kind=Kind.OTHER, length=3, fixed_length=True, native="bit")),
    (postgresql.TSVECTOR(), LogicalType(kind=Kind.OTHER, native="tsvector")),
    (postgresql.HSTORE(), LogicalType(kind=Kind.OTHER, native="hstore")),
    (postgresql.INT4RANGE(), LogicalType(kind=Kind.OTHER, native="int4range")),
    (mysql.BIT(4), LogicalType(kind=Kind.INTEGER, bits=4, unsigned=True, native="bit")),
    (mysql.BIT(), LogicalType(kind=Kind.BOOLEAN, native="bit")),
    (sa.types.NullType(), LogicalType(kind=Kind.OTHER, native="null")),
    (
        postgresql.DOMAIN("positive", sa.Integer(), check="VALUE > 0"),
        LogicalType(kind=Kind.INTEGER, bits=32, native="integer"),
    ),
    (Lowercase(), LogicalType(kind=Kind.TEXT, length=20, native="varchar")),
    (ChoosesByDialect(), LogicalType(kind=Kind.TEXT, native="text")),
    (Portable(), LogicalType(kind=Kind.UUID, length=32, native="char")),
    (sa.PickleType(), LogicalType(kind=Kind.BINARY, native="blob")),
]


@pytest.mark.parametrize(("type_", "expected"), TYPES, ids=[repr(type_) for type_, _ in TYPES])
def test_a_type_is_described_by_what_it_holds(type_: Any, expected: LogicalType) -> None:
    assert logical_type(type_) == expected


@pytest.mark.parametrize("module", [sa.types, postgresql, mysql, sqlite, mssql, oracle])
def test_no_type_of_a_dialect_is_beyond_description(module: Any) -> None:
    for name in dir(module):
        class_ = getattr(module, name)
        if isinstance(class_, type) and issubclass(class_, sa.types.TypeEngine) and name.isupper():
            arguments = {"ARRAY": (sa.Integer(),), "DOMAIN": ("d", sa.Integer())}.get(name, ())
            found = logical_type(class_(*arguments, **({"name": "e"} if name == "ENUM" else {})))
            assert found.native, name


class Level(enum.IntEnum):
    LOW = 10
    HIGH = 20


class OfEnum(sa.TypeDecorator[Any]):
    """The common recipe: the enum is given to the column's type."""

    impl = sa.Integer
    cache_ok = True

    def __init__(self, members: type[enum.Enum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value and value.value


class OfEnumAsText(OfEnum):
    impl = sa.String(10)
    cache_ok = True


def test_decorators_of_an_enum_are_limited_to_what_they_store() -> None:
    assert logical_type(OfEnum(Level)).values == ("10", "20")
    text = logical_type(OfEnumAsText(Color))
    assert (text.kind, text.values) == (Kind.ENUM, ("r", "b"))


def test_an_interval_without_seconds_is_a_type_of_its_own() -> None:
    months = logical_type(postgresql.INTERVAL(fields="YEAR TO MONTH"))
    assert (months.kind, months.native) == (Kind.OTHER, "interval year to month")
    assert logical_type(postgresql.INTERVAL(fields="DAY TO SECOND")).kind is Kind.INTERVAL
