"""Columns, keys and constraints of SQLAlchemy tables."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from syda.schema import Check, Column, DefaultKind, ForeignKey, Table, Unique, read_schema


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


def read(*parts: Any, name: str = "t", **options: Any) -> Table:
    metadata = sa.MetaData()
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("code", sa.String, unique=True))
    sa.Table(name, metadata, *parts, **options)
    return read_schema(metadata).schema.tables[name]


def column(**options: Any) -> Column:
    type_ = options.pop("type_", sa.Integer())
    return read(sa.Column("c", type_, *options.pop("args", ()), **options)).column("c")


def test_a_column_keeps_what_is_written_about_it() -> None:
    found = column(nullable=False, comment="for all", doc="for us", info={"pii": True, "x": [1, (2,)], "f": print})
    assert (found.nullable, found.comment, found.doc) == (False, "for all", "for us")
    assert found.info == {"pii": True, "x": [1, [2]]}


@pytest.mark.parametrize(
    ("options", "kind", "default"),
    [
        ({}, DefaultKind.NONE, None),
        ({"default": 3}, DefaultKind.CLIENT_VALUE, 3),
        ({"default": False, "type_": sa.Boolean()}, DefaultKind.CLIENT_VALUE, False),
        ({"default": Size.LARGE, "type_": sa.Enum(Size)}, DefaultKind.CLIENT_VALUE, "LARGE"),
        (
            {"default": Size.LARGE, "type_": sa.Enum(Size, values_callable=lambda all_: [each.value for each in all_])},
            DefaultKind.CLIENT_VALUE,
            "l",
        ),
        ({"default": Size.LARGE, "type_": sa.String()}, DefaultKind.CLIENT_VALUE, "l"),
        ({"default": decimal.Decimal("1.50"), "type_": sa.Numeric()}, DefaultKind.CLIENT_VALUE, "1.50"),
        ({"default": dt.date(2024, 1, 2), "type_": sa.Date()}, DefaultKind.CLIENT_VALUE, "2024-01-02"),
        ({"default": {"a": 1}, "type_": sa.JSON()}, DefaultKind.CLIENT_FUNCTION, None),
        ({"default": float("nan"), "type_": sa.Float()}, DefaultKind.CLIENT_FUNCTION, None),
        ({"default": lambda: 3}, DefaultKind.CLIENT_FUNCTION, None),
        ({"default": sa.func.random()}, DefaultKind.CLIENT_FUNCTION, None),
        ({"default": sa.Sequence("s")}, DefaultKind.CLIENT_FUNCTION, None),
        ({"server_default": "it's"}, DefaultKind.SERVER, "'it''s'"),
        ({"server_default": sa.text("1 + 1")}, DefaultKind.SERVER, "1 + 1"),
        ({"server_default": sa.func.now()}, DefaultKind.SERVER, "now()"),
        ({"server_default": sa.FetchedValue()}, DefaultKind.SERVER, None),
        ({"default": 1, "server_default": "2"}, DefaultKind.CLIENT_VALUE, 1),
        ({"default": print, "server_default": sa.text("2")}, DefaultKind.SERVER, "2"),
    ],
)
def test_a_default_says_who_fills_the_column(options: dict[str, Any], kind: DefaultKind, default: object) -> None:
    found = column(**options)
    assert (found.default_kind, found.default) == (kind, default)
    assert type(found.default) is type(default)


def test_only_a_key_that_the_database_numbers_is_autoincrement() -> None:
    assert column(primary_key=True).autoincrement
    assert not column(primary_key=True, autoincrement=False).autoincrement
    assert not column(primary_key=True, type_=sa.String()).autoincrement
    assert not column(primary_key=True, args=(sa.ForeignKey("p.id"),)).autoincrement
    composite = read(sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.Integer, primary_key=True))
    assert not any(each.autoincrement for each in composite.columns)


def test_a_key_column_is_never_null() -> None:
    assert not column(primary_key=True).nullable


def test_identity_and_computed_columns_are_marked() -> None:
    assert column(args=(sa.Identity(always=True),)).identity == "always"
    assert column(args=(sa.Identity(),)).identity == "by default"
    assert column(args=(sa.Computed("a + 1"),)).computed == "a + 1"
    assert column(args=(sa.Computed("a + 1"),)).default_kind is DefaultKind.NONE


def test_a_foreign_key_is_a_list_of_pairs() -> None:
    table = read(
        sa.Column("p_id", sa.Integer),
        sa.ForeignKeyConstraint(
            ["p_id"],
            ["p.id"],
            name="to_p",
            deferrable=True,
            initially="deferred",
            ondelete="set null",
            onupdate="CASCADE",
        ),
    )
    assert table.foreign_keys == (
        ForeignKey(
            name="to_p",
            pairs=(("p_id", "id"),),
            parent="p",
            deferrable=True,
            initially_deferred=True,
            on_delete="SET NULL",
            on_update="CASCADE",
        ),
    )


def test_a_composite_foreign_key_may_share_a_column_with_another() -> None:
    metadata = sa.MetaData()
    for name in ("a", "b"):
        sa.Table(
            name,
            metadata,
            sa.Column("tenant", sa.Integer, primary_key=True),
            sa.Column("id", sa.Integer, primary_key=True),
        )
    sa.Table(
        "c",
        metadata,
        *(sa.Column(name, sa.Integer) for name in ("tenant", "a_id", "b_id")),
        sa.ForeignKeyConstraint(["tenant", "b_id"], ["b.tenant", "b.id"]),
        sa.ForeignKeyConstraint(["tenant", "a_id"], ["a.tenant", "a.id"]),
    )
    keys = read_schema(metadata).schema.tables["c"].foreign_keys
    assert [(key.name, key.parent) for key in keys] == [("tenant_a_id", "a"), ("tenant_b_id", "b")]
    assert keys[0].pairs == (("tenant", "tenant"), ("a_id", "id"))


def test_foreign_keys_stand_in_the_order_of_their_columns_and_have_names_of_their_own() -> None:
    metadata = sa.MetaData()
    for name in ("p", "q"):
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "t",
        metadata,
        sa.Column("y", sa.Integer, sa.ForeignKey("q.id"), sa.ForeignKey("p.id")),
        sa.Column("x", sa.Integer, sa.ForeignKey("p.id"), sa.ForeignKey("p.id")),
    )
    keys = read_schema(metadata).schema.tables["t"].foreign_keys
    assert [(key.name, key.parent) for key in keys] == [("y", "p"), ("y_2", "q"), ("x", "p")]


def test_column_names_are_those_of_the_database() -> None:
    table = read(
        sa.Column("Odd Name", sa.Integer, sa.ForeignKey("p.id"), key="odd", unique=True),
        sa.Column("id", sa.Integer, key="pk", primary_key=True),
    )
    assert table.primary_key == ("id",)
    assert table.foreign_keys[0].pairs == (("Odd Name", "id"),)
    assert table.uniques == (Unique(columns=("Odd Name",)),)


def test_unique_constraints_and_unique_indexes_are_the_same_thing() -> None:
    table = read(
        sa.Column("a", sa.Integer, unique=True),
        sa.Column("b", sa.Integer, unique=True, index=True),
        sa.Column("c", sa.Integer, index=True),
        sa.UniqueConstraint("a", "b", name="ab", postgresql_nulls_not_distinct=True),
    )
    assert table.uniques == (
        Unique(columns=("a",)),
        Unique(name="ab", columns=("a", "b"), nulls_not_distinct=True),
        Unique(name="ix_t_b", columns=("b",)),
    )


def test_a_unique_index_may_hold_expressions_and_a_condition() -> None:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("a", sa.String), sa.Column("b", sa.Integer), sa.Column("c", sa.Boolean))
    sa.Index("ix", sa.func.lower(table.c.a), table.c.b.desc(), unique=True, postgresql_where=table.c.b > 3)
    sa.Index("iy", table.c.b, unique=True, sqlite_where=sa.text("c"))
    assert read_schema(metadata).schema.tables["t"].uniques == (
        Unique(name="iy", columns=("b",), predicate="c"),
        Unique(name="ix", columns=("b",), expressions=("lower(a)",), predicate="b > 3"),
    )


def test_a_unique_that_repeats_the_primary_key_is_left_out() -> None:
    table = read(sa.Column("a", sa.Integer, primary_key=True, unique=True), sa.Column("b", sa.Integer))
    assert table.uniques == ()


def test_checks_are_kept_as_written_and_those_of_types_left_to_the_types() -> None:
    table = read(
        sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0", name="positive")),
        sa.Column("b", sa.String),
        sa.Column("e", sa.Enum("x", "y", create_constraint=True, name="e")),
        sa.CheckConstraint(sa.column("b").like("50%:x")),
        sa.CheckConstraint(sa.text("b <> ' \\:z'")),
    )
    assert table.checks == (
        Check(expression="b <> ' :z'"),
        Check(expression="b LIKE '50%:x'"),
        Check(name="positive", expression="a > 0"),
    )


def test_an_expression_for_one_dialect_does_not_stop_the_reading() -> None:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("a", postgresql.ARRAY(sa.Integer)))
    table.append_constraint(sa.CheckConstraint(table.c.a.contains([1])))
    assert "a" in read_schema(metadata).schema.tables["t"].checks[0].expression


def test_the_check_of_a_domain_is_a_check_of_its_columns() -> None:
    domain = postgresql.DOMAIN("positive", sa.Integer(), check="VALUE > 0", not_null=True)
    table = read(sa.Column("n m", domain))
    assert table.checks == (Check(expression='"n m" > 0', dialect="postgres"),)
    assert not table.column("n m").nullable


def test_a_naming_convention_names_the_keys() -> None:
    metadata = sa.MetaData(
        naming_convention={"fk": "fk_%(table_name)s_%(column_0_name)s", "uq": "uq_%(column_0_name)s"}
    )
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("t", metadata, sa.Column("p_id", sa.ForeignKey("p.id"), unique=True))
    table = read_schema(metadata).schema.tables["t"]
    assert table.foreign_keys[0].name == "fk_t_p_id"
    assert table.uniques[0].name == "uq_p_id"


def test_a_table_in_a_schema_is_called_by_both_names() -> None:
    metadata = sa.MetaData(schema="sales")
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True), comment="people")
    sa.Table("t", metadata, sa.Column("p_id", sa.ForeignKey("p.id")))
    schema = read_schema(metadata).schema
    assert schema.tables["sales.t"].foreign_keys[0].parent == "sales.p"
    assert schema.table("p").comment == "people"
