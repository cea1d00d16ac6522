"""`read_schema` takes everything that describes tables and refuses the rest with an explanation."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, declarative_base, mapped_column, registry, relationship
from sqlmodel import SQLModel

from syda.errors import MissingTableError, SchemaError, TargetError, UnknownNameError
from syda.schema import Kind, Reading, Schema, read_schema

if TYPE_CHECKING:
    from pathlib import Path


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customers.id"))
    tags: Mapped[list[Tag]] = relationship(secondary="order_tags")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)


sa.Table(
    "order_tags",
    Base.metadata,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tags.id"), primary_key=True),
)


class Abstract(Base):
    __abstract__ = True


class NotATable(SQLModel):
    name: str


class Plain:
    pass


ALL = ["customers", "orders", "tags", "order_tags"]


def keys(source: object, **options: Any) -> list[str]:
    return list(read_schema(source, **options).schema.tables)


@pytest.mark.parametrize("source", [Base, Base.registry, Base.metadata], ids=["base", "registry", "metadata"])
def test_a_base_a_registry_and_a_metadata_stand_for_all_their_tables_in_order(source: object) -> None:
    assert keys(source) == ALL


def test_an_old_style_base_is_read_like_a_new_one() -> None:
    old: Any = declarative_base()
    thing = type("Thing", (old,), {"__tablename__": "things", "id": sa.Column(sa.Integer, primary_key=True)})
    schema = read_schema(old).schema
    assert schema.table(thing.__name__).name == "things"


def test_imperatively_mapped_classes_are_read_from_their_registry() -> None:
    mapping = registry()
    table = sa.Table("plain", mapping.metadata, sa.Column("id", sa.Integer, primary_key=True))
    mapped = type("Mapped", (), {})
    mapping.map_imperatively(mapped, table)
    assert read_schema(mapping).schema.tables["plain"].class_names == ("Mapped",)


def test_classes_bring_their_association_tables_along() -> None:
    schema = read_schema([Customer, Order, Tag]).schema
    assert list(schema.tables) == ["customers", "orders", "tags", "order_tags"]
    assert schema.tables["order_tags"].association
    assert {column.type.kind for column in schema.tables["order_tags"].columns} == {Kind.INTEGER}
    assert not schema.external


def test_a_single_class_and_a_single_table_are_read_alone() -> None:
    assert keys(Customer) == ["customers"]
    assert keys(Customer.__table__) == ["customers"]


def test_classes_and_tables_may_be_mixed_in_a_list() -> None:
    assert keys([Customer, Base.metadata.tables["tags"]]) == ["customers", "tags"]


def test_a_parent_that_was_not_given_becomes_external_with_all_its_columns() -> None:
    reading = read_schema([Order, Tag])
    assert reading.schema.external == {"customers"}
    assert [column.name for column in reading.schema.tables["customers"].columns] == ["id"]
    assert reading.origin is not None
    assert reading.origin["customers"] is Customer.__table__


def test_origin_holds_the_table_behind_each_key() -> None:
    origin = read_schema(Base).origin
    assert origin is not None
    assert origin == dict(Base.metadata.tables)


def test_a_schema_and_a_reading_pass_through() -> None:
    reading = read_schema(Base)
    assert read_schema(reading) is reading
    assert read_schema(reading.schema) == Reading(reading.schema)


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_read_by_its_ending(tmp_path: Path, ending: str, as_text: bool) -> None:
    path = tmp_path / f"schema.{ending}"
    path.write_text(json.dumps({"Customer": {"id": "number", "email": "email"}}))
    assert keys(str(path) if as_text else path) == ["Customer"]


def test_a_database_is_read_from_a_url_an_engine_or_a_connection(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        sources = [url, sa.make_url(url), engine, connection]
        assert [sorted(keys(source)) for source in sources] == [sorted(ALL)] * 4
        assert not connection.in_transaction()
    assert read_schema(engine).schema.dialect == "sqlite"
    engine.dispose()


def test_reading_leaves_an_open_transaction_open() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        Base.metadata.create_all(connection)
        assert connection.in_transaction()
        read_schema(connection)
        assert connection.in_transaction()


def test_tables_keeps_some_and_makes_their_parents_external() -> None:
    reading = read_schema(Base, tables=["Order", "tags"])
    assert set(reading.schema.tables) == {"orders", "tags", "customers"}
    assert reading.schema.external == {"customers"}
    assert reading.origin is not None
    assert set(reading.origin) == set(reading.schema.tables)


def test_tables_limits_what_a_database_is_asked_for() -> None:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    schema = read_schema(engine, tables=["orders"]).schema
    assert set(schema.tables) == {"orders", "customers"}
    assert schema.external == {"customers"}


@pytest.mark.parametrize("database", [True, False])
def test_an_unknown_table_is_refused_with_a_suggestion(database: bool) -> None:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with pytest.raises(UnknownNameError, match="did you mean 'customers'"):
        read_schema(engine if database else Base, tables=["custmers"])


def test_schema_keeps_the_tables_of_one_database_schema() -> None:
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="sales")
    sa.Table("b", metadata, sa.Column("id", sa.Integer, primary_key=True))
    assert keys(metadata) == ["sales.a", "b"]
    assert keys(metadata, schema="sales") == ["sales.a"]
    with pytest.raises(SchemaError, match="'sale'; did you mean 'sales'"):
        read_schema(metadata, schema="sale")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, r"cannot read 3 \(int\) as tables; expected a declarative Base"),
        (None, "cannot read None"),
        ([], "an empty list"),
        (Plain, "Plain is not mapped.*__tablename__"),
        (DeclarativeBase, "DeclarativeBase is not mapped"),
        (NotATable, "NotATable is not mapped.*table=True"),
        ([Customer, Abstract], "Abstract is abstract"),
        ([Customer, "orders"], "mapped classes and Table objects, not 'orders'"),
        ("customers", "neither a database URL nor a file"),
        ("shop.db", "sqlite:///shop.db"),
        ("missing.yaml", "cannot read the schema file missing.yaml: No such file"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(source: object, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read_schema(source)


def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    for name, text in {"a.yaml": "a: [", "b.json": "{", "c.yaml": "- a"}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(SchemaError, match=name):
            read_schema(tmp_path / name)


def test_names_of_tables_are_not_mistaken_for_a_list() -> None:
    with pytest.raises(SchemaError, match="list of names"):
        read_schema(Base, tables="orders")


def test_a_foreign_key_to_an_unknown_table_says_what_to_add() -> None:
    metadata = sa.MetaData()
    sa.Table("orders", metadata, sa.Column("customer_id", sa.ForeignKey("customers.id")))
    with pytest.raises(MissingTableError, match=r"'orders': column 'customer_id' refers to 'customers.id'.*add"):
        read_schema(metadata)


def test_a_foreign_key_of_a_class_to_an_unknown_table_says_what_to_add() -> None:
    lonely = type("LonelyBase", (DeclarativeBase,), {})
    child = type(
        "Child",
        (lonely,),
        {
            "__tablename__": "child",
            "id": sa.Column(sa.Integer, primary_key=True),
            "parent_id": sa.Column(sa.ForeignKey("parent.id")),
        },
    )
    for source in (lonely, [child]):
        with pytest.raises(MissingTableError, match="parent"):
            read_schema(source)


def test_classes_that_do_not_fit_together_are_a_schema_error() -> None:
    broken = type("BrokenBase", (DeclarativeBase,), {})
    namespace = {
        "__tablename__": "a",
        "id": sa.Column(sa.Integer, primary_key=True),
        "other": relationship("NoSuchClass"),
    }
    mapped = type("A", (broken,), namespace)
    for source in (broken, mapped):
        with pytest.raises(SchemaError, match="NoSuchClass"):
            read_schema(source)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://joe:s3cret@127.0.0.1:1/db",
        "postgresql+psycopg://joe@127.0.0.1:1/db?password=s3cret",
        "mysql+pymysql://joe:s3cret@127.0.0.1:1/db",
    ],
)
def test_an_unreachable_database_is_named_without_its_password(url: str) -> None:
    with pytest.raises(TargetError, match=r"cannot reach .*127\.0\.0\.1:1/db") as caught:
        read_schema(url)
    assert "s3cret" not in str(caught.value)
    assert "***" in str(caught.value)


def test_a_missing_sqlite_file_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    with pytest.raises(TargetError, match="the file does not exist"):
        read_schema(f"sqlite:///{path}")
    assert not path.exists()


@pytest.mark.parametrize("url", ["nosuchdb://joe:s3cret@host/db", "postgresql://joe:s3cret@host:port/db"])
def test_a_url_that_cannot_be_used_is_explained_without_its_password(url: str) -> None:
    with pytest.raises(SchemaError) as caught:
        read_schema(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_reading_a_dict_loads_neither_sqlalchemy_nor_networkx() -> None:
    code = (
        "import sys; from syda.schema import read_schema; read_schema({'A': {'id': 'number'}});"
        "print([name for name in ('sqlalchemy', 'networkx', 'yaml', 'pandas', 'sqlglot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_empty_dict_is_an_empty_schema() -> None:
    assert read_schema({}).schema == Schema(tables={})
