"""Values as a column's type wants them: SQLAlchemy's own types quickly, users' types one by one."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

import syda
from syda.errors import RejectedError
from syda.load.roads.binding import bindings
from syda.schema.tables import read_table
from syda.sources.values import from_python
from tests.databases import sqlite_engine

DIALECT = sqlite.dialect()


class Wrapped:
    def __init__(self, inner: Any) -> None:
        self.inner = inner


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Unwrapping(sa.TypeDecorator[Any]):
    """Takes objects of its own and cannot make them."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value.inner


class Wrapping(Unwrapping):
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Wrapped(value)


class WrappingText(Wrapping):
    impl = sa.String(30)
    cache_ok = True


class ByMember(sa.TypeDecorator[Any]):
    impl = sa.Enum(Colour)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return Colour(value.value)


class Small(sa.TypeDecorator[Any]):
    impl = sa.Numeric(8, 2)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value >= 5:
            raise ValueError("too large")
        return value


def decorated(implementation: Any, change: Callable[[Any], Any]) -> sa.TypeDecorator[Any]:
    class Changing(sa.TypeDecorator[Any]):
        impl = implementation
        cache_ok = True

        def process_bind_param(self, value: Any, dialect: Any) -> Any:
            return change(value)

    return Changing()


def reading(implementation: Any) -> sa.TypeDecorator[Any]:
    class Reading(sa.TypeDecorator[Any]):
        impl = implementation
        cache_ok = True

        def process_result_value(self, value: Any, dialect: Any) -> Any:
            return [value]

    return Reading()


MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
LARGE = st.integers(-(10**18), 10**18).map(lambda number: Decimal(number).scaleb(-2))
FREE = st.integers(-(10**12), 10**12).map(lambda number: Decimal(number).scaleb(-6))
FINE = st.integers(-(10**18), 10**18).map(lambda number: Decimal(number).scaleb(-17))


def only_early(value: Any) -> Any:
    if value is not None and value.year > 2000:
        return value.replace(year=2000, day=1)
    return value


CASES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (sa.DateTime(), MOMENTS),
    (sqlite.DATETIME(truncate_microseconds=True), MOMENTS),
    (sqlite.DATETIME(storage_format="%(year)04d%(month)02d%(day)02d%(hour)02d%(minute)02d%(second)02d"), MOMENTS),
    (decorated(sa.DateTime, only_early), MOMENTS),
    (decorated(sa.DateTime, lambda value: value and value.replace(second=59)), MOMENTS),
    (decorated(sa.DateTime, lambda value: value or datetime(2000, 1, 1)), MOMENTS),
    (reading(sa.DateTime), MOMENTS),
    (sa.Date(), st.dates()),
    (sqlite.DATE(storage_format="%(month)02d/%(day)02d/%(year)04d"), st.dates()),
    (decorated(sa.Date, lambda value: value if value is None or value.year < 2002 else date(2002, 1, 1)), st.dates()),
    (reading(sa.Date), st.dates()),
    (sa.Numeric(18, 2), LARGE),
    (sa.Numeric(18, 17), FINE),
    (sa.Numeric(), FREE),
    (sa.Numeric(18, 2, asdecimal=False), LARGE.map(float)),
    (decorated(sa.Numeric(18, 2), lambda value: value and (value if value < 2 else value / 3)), LARGE),
    (decorated(sa.Numeric(18, 2), lambda value: value and float(value)), LARGE),
    (reading(sa.Numeric(18, 2)), LARGE),
    (sa.Boolean(), st.booleans()),
    (decorated(sa.Boolean, bool), st.booleans()),
    (decorated(sa.Boolean, lambda value: None if value is False else value), st.booleans()),
    (sa.Enum(Colour), st.sampled_from(["RED", "GREEN"])),
    (sa.Enum(Colour, values_callable=lambda members: [each.value for each in members]), st.sampled_from(["r", "g"])),
    (sa.Enum("a", "b"), st.sampled_from(["a", "b"])),
    (decorated(sa.Enum("a", "b"), lambda value: value or "a"), st.sampled_from(["a", "b"])),
    (decorated(sa.String(9), lambda value: value and value.lower()), st.text(max_size=9)),
]


@pytest.mark.parametrize(("type_", "values"), CASES, ids=lambda each: repr(each)[:40])
@given(data=st.data())
def test_a_driver_gets_what_core_would_pass_on(type_: Any, values: st.SearchStrategy[Any], data: Any) -> None:
    target = sa.Table("t", sa.MetaData(), sa.Column("c", type_))
    table = read_table(target)
    items = data.draw(st.lists(values | st.none(), max_size=5))
    column = from_python(items, table.column("c").type)
    process = type_.dialect_impl(DIALECT).bind_processor(DIALECT)
    expected = [process(item) if process else item for item in items]
    found = bindings(table, target, DIALECT)["c"].driver(column)
    assert list(map(repr, found)) == list(map(repr, expected))


def one_column(type_: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", type_, nullable=False))
    metadata.tables["t"].append_column(
        sa.Column("unique_c", type_, nullable=False, unique=type_ in (Wrapping, WrappingText))
    )
    return metadata


def test_a_type_that_refuses_plain_values_is_named_with_what_to_do(engine: sa.Engine) -> None:
    metadata = one_column(Unwrapping)
    metadata.create_all(engine)
    told = r"t\.c: its type Unwrapping does not take the int \d+ \(AttributeError: .*overrides=\{'t\.c': lambda row"
    with pytest.raises(RejectedError, match=told):
        syda.seed(engine, metadata, rows=5)


def test_a_type_that_refuses_some_values_takes_those_of_an_override(engine: sa.Engine) -> None:
    metadata = one_column(Small)
    metadata.create_all(engine)
    with pytest.raises(RejectedError, match=r"t\.c: its type Small does not take the Decimal .*too large"):
        syda.seed(engine, metadata, rows=50)
    syda.seed(engine, metadata, rows=5, overrides={"t.c": lambda row, column: 4, "t.unique_c": lambda row, column: 3})


def test_a_core_type_that_refuses_a_value_is_named(engine: sa.Engine) -> None:
    strict = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", sa.Boolean))
    strict.create(engine)
    plan = syda.plan({"t": {"id": "integer", "c": "integer"}}, rows=9)
    dataset = syda.generate(plan)
    with pytest.raises(RejectedError, match=r"t\.c: its type Boolean does not take the int \d"):
        type(dataset)(plan=dataset.plan, tables=dataset.tables, existing={}, origin={"t": strict}).to_sql(engine)


@pytest.mark.parametrize("type_", [Wrapping, WrappingText, ByMember], ids=lambda each: each.__name__)
def test_a_type_with_objects_of_its_own_gets_those_that_it_reads(engine: sa.Engine, type_: Any) -> None:
    metadata = one_column(type_)
    metadata.create_all(engine)
    for _ in range(2):
        syda.seed(engine, metadata, rows=6, mode="append")
    with engine.connect() as connection:
        assert all(connection.exec_driver_sql("SELECT c, unique_c FROM t").all())
        assert not any("Wrapped" in str(row) for row in connection.exec_driver_sql("SELECT * FROM t").all())
        assert len(connection.execute(sa.select(metadata.tables["t"])).all()) == 12


class Doubled(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "VARCHAR(80)"

    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.literal("<").concat(bindvalue)


def test_an_expression_around_a_value_is_kept() -> None:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", Doubled))
    engine = sqlite_engine()
    overrides = {"t.c": lambda row, column: "x"}
    syda.seed(engine, metadata, rows=3, create=True, overrides=overrides)
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(table.c.c))) == {"<x"}
