"""Hierarchies of mapped classes."""

from __future__ import annotations

import enum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.declarative import AbstractConcreteBase, ConcreteBase
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from syda.schema import Identity, Inheritance, Schema, read_schema


class JoinedBase(DeclarativeBase):
    pass


class Employee(JoinedBase):
    """Someone who works here."""

    __tablename__ = "employees"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "employee"}


class Engineer(Employee):
    __tablename__ = "engineers"
    id: Mapped[int] = mapped_column(sa.ForeignKey("employees.id"), primary_key=True)
    lead_id: Mapped[int | None] = mapped_column(sa.ForeignKey("employees.id"))
    lead: Mapped[Employee | None] = relationship(foreign_keys=lead_id)
    __mapper_args__ = {
        "polymorphic_identity": "engineer",
        "inherit_condition": id == Employee.id,  # noqa: A003 - the column above
    }


class Architect(Engineer):
    __tablename__ = "architects"
    engineer_id: Mapped[int] = mapped_column(sa.ForeignKey("engineers.id"), primary_key=True)
    __mapper_args__ = {"polymorphic_identity": "architect"}


class SingleBase(DeclarativeBase):
    pass


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


class Asset(SingleBase):
    """Anything owned."""

    __tablename__ = "assets"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[Level]
    __mapper_args__ = {"polymorphic_on": "level", "polymorphic_abstract": True}


class Car(Asset):
    """It drives."""

    doors: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": Level.LOW}


class Van(Car):
    load: Mapped[int | None] = mapped_column("load_kg")
    __mapper_args__ = {"polymorphic_identity": Level.HIGH}


@pytest.fixture(scope="module")
def joined() -> Schema:
    return read_schema(JoinedBase).schema


def test_a_joined_class_names_the_key_to_its_parent(joined: Schema) -> None:
    assert joined.tables["engineers"].inherits == "id"
    assert joined.tables["engineers"].foreign_key("id").parent == "employees"
    assert joined.tables["architects"].inherits == "engineer_id"
    assert joined.tables["architects"].foreign_key("engineer_id").parent == "engineers"
    assert joined.tables["employees"].inherits is None


def test_the_base_table_lists_all_classes_of_a_joined_hierarchy(joined: Schema) -> None:
    columns = ("id", "name", "kind")
    assert joined.tables["employees"].inheritance == Inheritance(
        discriminator="kind",
        identities=(
            Identity(value="employee", class_name="Employee", table="employees", columns=columns),
            Identity(value="engineer", class_name="Engineer", table="engineers", columns=columns),
            Identity(value="architect", class_name="Architect", table="architects", columns=columns),
        ),
    )
    assert joined.tables["engineers"].inheritance is None
    assert joined.identity("Architect") is not None


def test_a_relationship_of_a_joined_class_is_its_own(joined: Schema) -> None:
    assert joined.tables["engineers"].foreign_key("lead").columns == ("lead_id",)


def test_a_joined_class_alone_brings_the_tables_of_its_ancestors() -> None:
    schema = read_schema([Architect]).schema
    assert set(schema.tables) == {"employees", "engineers", "architects"}
    assert not schema.external
    inheritance = schema.tables["employees"].inheritance
    assert inheritance is not None
    assert [each.class_name for each in inheritance.identities] == ["Architect"]


def test_tables_narrow_a_hierarchy() -> None:
    schema = read_schema(JoinedBase, tables=["employees"]).schema
    inheritance = schema.tables["employees"].inheritance
    assert inheritance is not None
    assert [each.value for each in inheritance.identities] == ["employee"]


def test_classes_of_one_table_fill_the_columns_that_they_and_their_bases_have() -> None:
    table = read_schema(SingleBase).schema.tables["assets"]
    assert table.class_names == ("Asset", "Car", "Van")
    assert table.doc == "Anything owned.\n\nIt drives."
    assert table.attributes == {"load": "load_kg"}
    assert table.inheritance == Inheritance(
        discriminator="level",
        identities=(
            Identity(value="LOW", class_name="Car", table="assets", columns=("id", "level", "doors")),
            Identity(value="HIGH", class_name="Van", table="assets", columns=("id", "level", "doors", "load_kg")),
        ),
    )


def test_classes_of_one_table_may_be_read_without_their_siblings() -> None:
    table = read_schema([Van]).schema.tables["assets"]
    assert table.inheritance is not None
    assert [each.value for each in table.inheritance.identities] == ["HIGH"]


@pytest.mark.parametrize("base", [ConcreteBase, AbstractConcreteBase])
def test_concrete_classes_are_independent_tables(base: Any) -> None:
    class Local(DeclarativeBase):
        pass

    class Shape(base, Local):
        if base is ConcreteBase:
            __tablename__ = "shapes"
            id: Mapped[int] = mapped_column(primary_key=True)
            __mapper_args__ = {"polymorphic_identity": "shape", "concrete": True}

    class Circle(Shape):
        __tablename__ = "circles"
        id: Mapped[int] = mapped_column(primary_key=True)
        radius: Mapped[int]
        __mapper_args__ = {"polymorphic_identity": "circle", "concrete": True}

    for source in (Local, [Circle]):
        table = read_schema(source).schema.tables["circles"]
        assert (table.inherits, table.inheritance, table.class_names) == (None, None, ("Circle",))


def test_a_discriminator_that_is_an_expression_is_skipped() -> None:
    class Local(DeclarativeBase):
        pass

    class Thing(Local):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        size: Mapped[int]
        __mapper_args__ = {
            "polymorphic_on": sa.case((sa.column("size") > 3, "big"), else_="small"),
            "polymorphic_identity": "big",
        }

    assert read_schema(Local).schema.tables["things"].inheritance is None
