"""Twelve classes of schema on each of which some other seeder was seen to fail: filled with no configuration, read back
through the ORM.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda
from syda.demo import Base as CrmBase

ROWS = 60


def key() -> Any:
    return mapped_column(primary_key=True)


def composite() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Room(Base):
        __tablename__ = "rooms"
        building: Mapped[str] = mapped_column(String(12), primary_key=True)
        number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    class Desk(Base):
        __tablename__ = "desks"
        __table_args__ = (ForeignKeyConstraint(["building", "room"], ["rooms.building", "rooms.number"]),)
        id: Mapped[int] = key()
        building: Mapped[str] = mapped_column(String(12))
        room: Mapped[int]
        of: Mapped[Room] = relationship()

    return Base


def self_reference() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Employee(Base):
        __tablename__ = "employees"
        id: Mapped[int] = key()
        name: Mapped[str]
        manager_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
        manager: Mapped[Employee | None] = relationship(remote_side="Employee.id")

    return Base


def cycle() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Department(Base):
        __tablename__ = "departments"
        id: Mapped[int] = key()
        head_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", name="head", use_alter=True))

    class Person(Base):
        __tablename__ = "people"
        id: Mapped[int] = key()
        department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))

    return Base


def many_to_many() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    tagged = sa.Table(
        "tagged",
        Base.metadata,
        sa.Column("post_id", ForeignKey("posts.id"), primary_key=True),
        sa.Column("tag_id", ForeignKey("tags.id"), primary_key=True),
    )

    class Tag(Base):
        __tablename__ = "tags"
        id: Mapped[int] = key()
        name: Mapped[str] = mapped_column(String(30), unique=True)

    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = key()
        tags: Mapped[list[Tag]] = relationship(secondary=tagged)

    return Base


def overlapping_uniques() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Seat(Base):
        __tablename__ = "seats"
        __table_args__ = (UniqueConstraint("hall", "row"), UniqueConstraint("row", "colour"))
        id: Mapped[int] = key()
        code: Mapped[str] = mapped_column(String(3), unique=True)
        hall: Mapped[int]
        row: Mapped[int]
        colour: Mapped[str] = mapped_column(String(10))

    return Base


def checks() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Event(Base):
        __tablename__ = "events"
        __table_args__ = (
            sa.CheckConstraint("rating BETWEEN 1 AND 5"),
            sa.CheckConstraint("status IN ('draft', 'open', 'closed')"),
            sa.CheckConstraint("ends_at >= starts_at"),
        )
        id: Mapped[int] = key()
        rating: Mapped[int]
        status: Mapped[str] = mapped_column(String(10))
        starts_at: Mapped[datetime]
        ends_at: Mapped[datetime]

    return Base


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


def types() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Everything(Base):
        __tablename__ = "everything"
        id: Mapped[uuid.UUID] = key()
        small: Mapped[int] = mapped_column(sa.SmallInteger)
        large: Mapped[int] = mapped_column(sa.BigInteger)
        real: Mapped[float]
        price: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
        yes: Mapped[bool]
        day: Mapped[date]
        clock: Mapped[time]
        moment: Mapped[datetime]
        took: Mapped[timedelta]
        colour: Mapped[Colour]
        data: Mapped[bytes]
        document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
        text: Mapped[str] = mapped_column(sa.Text)

    return Base


def native_types() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Native(Base):
        __tablename__ = "native"
        id: Mapped[int] = key()
        words: Mapped[list[str]] = mapped_column(postgresql.ARRAY(sa.Text))
        document: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)
        address: Mapped[Any] = mapped_column(postgresql.INET)

    return Base


def joined_inheritance() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Animal(Base):
        __tablename__ = "animals"
        id: Mapped[int] = key()
        kind: Mapped[str] = mapped_column(String(10))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    class Dog(Animal):
        __tablename__ = "dogs"
        id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
        tricks: Mapped[int]
        __mapper_args__ = {"polymorphic_identity": "dog"}

    class Puppy(Dog):
        __tablename__ = "puppies"
        id: Mapped[int] = mapped_column(ForeignKey("dogs.id"), primary_key=True)
        weeks: Mapped[int]
        __mapper_args__ = {"polymorphic_identity": "puppy"}

    return Base


def single_table_inheritance() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Vehicle(Base):
        __tablename__ = "vehicles"
        id: Mapped[int] = key()
        kind: Mapped[str] = mapped_column(String(10))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    class Truck(Vehicle):
        load: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "truck"}

    class Bus(Vehicle):
        seats: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "bus"}

    return Base


def association_object() -> type[DeclarativeBase]:
    class Base(DeclarativeBase): ...

    class Student(Base):
        __tablename__ = "students"
        id: Mapped[int] = key()

    class Course(Base):
        __tablename__ = "courses"
        id: Mapped[int] = key()

    class Enrolment(Base):
        __tablename__ = "enrolments"
        student_id: Mapped[int] = mapped_column(ForeignKey("students.id"), primary_key=True)
        course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
        grade: Mapped[int | None]
        student: Mapped[Student] = relationship()
        course: Mapped[Course] = relationship()

    return Base


CLASSES: dict[str, Callable[[], type[DeclarativeBase]]] = {
    "crm": lambda: CrmBase,
    "composite keys": composite,
    "self-reference": self_reference,
    "cycle": cycle,
    "many to many": many_to_many,
    "overlapping uniques": overlapping_uniques,
    "checks": checks,
    "types": types,
    "native types": native_types,
    "joined inheritance": joined_inheritance,
    "single-table inheritance": single_table_inheritance,
    "association object": association_object,
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_filled_and_read_through_the_orm(engine: Engine, name: str) -> None:
    if name == "native types" and engine.dialect.name != "postgresql":
        pytest.skip("these types are PostgreSQL's")
    base = CLASSES[name]()
    if engine.dialect.name == "mysql" and base is not CrmBase:
        sized(base)
    base.metadata.create_all(engine)
    report = syda.seed(engine, base, rows=ROWS)
    assert all(rows >= ROWS for rows in report.rows.values())
    assert syda.check(engine, base).ok
    with Session(engine) as session:
        for mapper in base.registry.mappers:
            found = session.scalars(sa.select(mapper.class_)).unique().all()
            own = [each for each in found if type(each) is mapper.class_]
            assert own, f"no {mapper.class_.__name__} among the rows"
            for each in found:
                assert all(walked(each, mapper))


def walked(instance: Any, mapper: Any) -> Iterator[bool]:
    """Follow every required relationship of an instance."""
    for each in mapper.relationships:
        required = not each.uselist and not any(column.nullable for column in each.local_columns)
        value = getattr(instance, each.key)
        yield value is not None or not required


def sized(base: type[DeclarativeBase]) -> None:
    """Give text columns the length that MariaDB asks for."""
    for table in base.metadata.tables.values():
        for column in table.columns:
            if type(column.type) is sa.String and column.type.length is None:
                column.type = sa.String(200)
