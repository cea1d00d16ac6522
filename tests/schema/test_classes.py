"""What mapped classes say about their tables."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    backref,
    column_property,
    foreign,
    mapped_column,
    registry,
    relationship,
    remote,
)

from syda.schema import Schema, Table, read_schema


class Base(DeclarativeBase):
    """The base."""


class Company(Base):
    """A company.

    It has people.
    """

    __tablename__ = "companies"
    id: Mapped[int] = mapped_column("company_id", primary_key=True)
    name: Mapped[str] = mapped_column("company_name", doc="Its legal name")
    people: Mapped[list[Person]] = relationship(back_populates="company", foreign_keys="Person.company_id")
    alumni: Mapped[list[Person]] = relationship(foreign_keys="Person.former_id")
    long_name = column_property(name + "!")


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(sa.ForeignKey(Company.id))
    former_id: Mapped[int | None] = mapped_column(sa.ForeignKey(Company.id))
    boss_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    mentor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))
    company: Mapped[Company] = relationship(back_populates="people", foreign_keys=company_id)
    boss: Mapped[Person | None] = relationship(
        foreign_keys=boss_id, remote_side="Person.id", backref=backref("reports", foreign_keys=boss_id)
    )
    peers: Mapped[list[Person]] = relationship(
        primaryjoin=lambda: remote(foreign(Person.mentor_id)) == Person.mentor_id, viewonly=True
    )
    clubs: Mapped[list[Club]] = relationship(secondary="memberships")


class Club(Base):
    __tablename__ = "clubs"
    id: Mapped[int] = mapped_column(primary_key=True)


class Membership(Base):
    __tablename__ = "memberships"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    club_id: Mapped[int] = mapped_column(sa.ForeignKey("clubs.id"), primary_key=True)


class Passport(Base):
    __tablename__ = "passports"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), unique=True)
    holder: Mapped[Person] = relationship(
        primaryjoin=lambda: foreign(Passport.person_id) == Person.id, backref=backref("passport", uselist=False)
    )


@pytest.fixture(scope="module")
def schema() -> Schema:
    return read_schema(Base).schema


def test_the_docstring_of_a_class_describes_its_table(schema: Schema) -> None:
    assert schema.tables["companies"].doc == "A company.\n\nIt has people."
    assert schema.tables["people"].doc is None


def test_a_class_is_an_alias_of_its_table(schema: Schema) -> None:
    assert schema.table("Company") is schema.tables["companies"]
    assert schema.tables["companies"].class_names == ("Company",)


def test_attributes_that_are_called_otherwise_than_their_columns_are_listed(schema: Schema) -> None:
    table = schema.tables["companies"]
    assert table.attributes == {"id": "company_id", "name": "company_name"}
    assert table.column("name").doc == "Its legal name"
    assert schema.tables["people"].attributes == {}


def relationships(table: Table) -> dict[str, tuple[str | None, str | None]]:
    return {key.name: (key.relationship, key.collection) for key in table.foreign_keys}


def test_relationships_are_matched_by_their_columns_from_either_side(schema: Schema) -> None:
    assert relationships(schema.tables["people"]) == {
        "company_id": ("company", "people"),
        "former_id": (None, "alumni"),
        "boss_id": ("boss", "reports"),
        "mentor_id": (None, None),
    }


def test_a_relationship_by_primaryjoin_is_matched_too(schema: Schema) -> None:
    assert relationships(schema.tables["passports"]) == {"person_id": ("holder", "passport")}


def test_a_secondary_is_an_association_even_with_a_class_of_its_own(schema: Schema) -> None:
    assert [table.key for table in schema if table.association] == ["memberships"]


def test_a_composite_relationship_is_matched_by_all_its_columns() -> None:
    local = type("CompositeBase", (DeclarativeBase,), {})
    a = type(
        "A",
        (local,),
        {
            "__tablename__": "a",
            "x": sa.Column(sa.Integer, primary_key=True),
            "y": sa.Column(sa.Integer, primary_key=True),
        },
    )
    b = type(
        "B",
        (local,),
        {
            "__tablename__": "b",
            "id": sa.Column(sa.Integer, primary_key=True),
            "a_x": sa.Column(sa.Integer),
            "a_y": sa.Column(sa.Integer),
            "__table_args__": (sa.ForeignKeyConstraint(["a_x", "a_y"], ["a.x", "a.y"]),),
            "a": relationship(a, backref="bs"),
        },
    )
    assert relationships(read_schema(local).schema.table(b.__name__)) == {"a_x_a_y": ("a", "bs")}


def test_a_dataclass_signature_is_no_documentation() -> None:
    class DataBase(MappedAsDataclass, DeclarativeBase):
        pass

    class Point(DataBase):
        __tablename__ = "points"
        id: Mapped[int] = mapped_column(primary_key=True)

    mapping = registry()

    @mapping.mapped
    @dataclass
    class Line:
        __table__ = sa.Table("lines", mapping.metadata, sa.Column("id", sa.Integer, primary_key=True))
        id: int

    assert Point.__doc__
    assert Line.__doc__
    assert read_schema(Point).schema.tables["points"].doc is None
    assert read_schema(mapping).schema.tables["lines"].doc is None


def test_reading_classes_does_not_disturb_other_registries() -> None:
    broken = type("OtherBase", (DeclarativeBase,), {})
    namespace = {"__tablename__": "a", "id": sa.Column(sa.Integer, primary_key=True), "b": relationship("Nowhere")}
    assert type("A", (broken,), namespace)
    assert read_schema([Club]).schema.tables["clubs"]
