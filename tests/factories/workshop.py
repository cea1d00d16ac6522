"""Models whose rows are harder to make: defaults that are functions, constructors of their own, partial indexes."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, String, UniqueConstraint
from sqlalchemy.ext.orderinglist import OrderingList, ordering_list
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates


class Base(DeclarativeBase):
    pass


CARS_TAGS = sa.Table(
    "cars_tags",
    Base.metadata,
    sa.Column("car_id", ForeignKey("cars.id"), primary_key=True),
    sa.Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Person(Base):
    """With attributes that other classes of theirs have too."""

    __tablename__ = "people"
    __table_args__ = (Index("one_alive", "nickname", unique=True, sqlite_where=sa.text("deleted_at IS NULL")),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    nickname: Mapped[str | None] = mapped_column(String(40))
    deleted_at: Mapped[datetime | None]
    profile: Mapped[Profile | None] = relationship(back_populates="person")
    cars: Mapped[list[Car]] = relationship(back_populates="owner", foreign_keys="Car.owner_id")
    homes: Mapped[list[Home]] = relationship(back_populates="person")


class Home(Base):
    """Where people live: in one place at a time."""

    __tablename__ = "homes"
    __table_args__ = (Index("one_home", "person_id", unique=True, sqlite_where=sa.text("left_on IS NULL")),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    came_on: Mapped[date]
    left_on: Mapped[date | None]
    person: Mapped[Person] = relationship(back_populates="homes")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    cars: Mapped[list[Car]] = relationship(secondary="cars_tags", back_populates="tags")


class Profile(Base):
    __tablename__ = "profiles"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), unique=True)
    bio: Mapped[str]
    person: Mapped[Person] = relationship(back_populates="profile")


class Car(Base):
    __tablename__ = "cars"
    __table_args__ = (CheckConstraint("owner_id <> seller_id"), UniqueConstraint("plate"))
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    plate: Mapped[str] = mapped_column(String(12))
    colour: Mapped[Colour] = mapped_column(sa.Enum(Colour, values_callable=lambda each: [item.value for item in each]))
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    owner: Mapped[Person] = relationship(foreign_keys=owner_id, back_populates="cars")
    seller: Mapped[Person] = relationship(foreign_keys=seller_id)
    vendor: Mapped[Person] = relationship(foreign_keys=seller_id, overlaps="seller")
    repairs: Mapped[list[Repair]] = relationship(back_populates="car")
    tags: Mapped[list[Tag]] = relationship(secondary="cars_tags", back_populates="cars")

    @validates("plate")
    def _plate(self, _: str, plate: str) -> str:
        if plate == "STOLEN":
            raise ValueError("a stolen car")
        return plate


def next_week() -> datetime:
    return datetime.now() + timedelta(days=7)


class Repair(Base):
    __tablename__ = "repairs"
    __table_args__ = (
        CheckConstraint("begun_on < done_on"),
        CheckConstraint("total = parts + labour"),
        CheckConstraint("lawful(parts)"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    car_id: Mapped[UUID] = mapped_column(ForeignKey("cars.id"))
    begun_on: Mapped[date]
    done_on: Mapped[date]
    parts: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    labour: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    notes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    due_at: Mapped[datetime] = mapped_column(default=next_week)
    logged_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    car: Mapped[Car] = relationship(back_populates="repairs")


class Member(Base):
    """A constructor of its own, which takes what is no attribute."""

    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40))
    secret: Mapped[str] = mapped_column(String(80))
    level: Mapped[int]

    def __init__(self, login: str, password: str, **_: Any) -> None:
        self.login, self.secret = login.lower(), f"hashed {password}"


class Urgency(sa.TypeDecorator[str]):
    """Words that are stored as numbers."""

    impl, cache_ok = sa.Integer, True

    def process_bind_param(self, value: Any, _: Any) -> Any:
        return {"low": 1, "high": 2}[value]

    def process_result_value(self, value: Any, _: Any) -> Any:
        return {1: "low", 2: "high"}[value]


class Ticket(Base):
    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    urgency: Mapped[str] = mapped_column(Urgency)


class Region(Base):
    __tablename__ = "regions"
    id: Mapped[int] = mapped_column(primary_key=True)


class Shop(Base):
    __tablename__ = "shops"
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    region: Mapped[Region] = relationship()


class Sale(Base):
    """Shares the region of its shop."""

    __tablename__ = "sales"
    __table_args__ = (ForeignKeyConstraint(["region_id", "shop_number"], ["shops.region_id", "shops.number"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"))
    shop_number: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    shop: Mapped[Shop] = relationship(overlaps="region")
    region: Mapped[Region] = relationship(overlaps="shop")
    coin: Mapped[Coin] = relationship(primaryjoin="foreign(Sale.currency) == Coin.code")


class Coin(Base):
    __tablename__ = "coins"
    code: Mapped[str] = mapped_column(String(3), primary_key=True)


class Part(Base):
    """Abstract: rows are of its subclasses."""

    __tablename__ = "parts"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    size: Mapped[int]


class Bolt(Part):
    __mapper_args__ = {"polymorphic_identity": "bolt"}


class Engine(Part):
    """A table of its own, to which others refer without a relationship."""

    __tablename__ = "engines"
    __mapper_args__ = {"polymorphic_identity": "engine"}
    id: Mapped[int] = mapped_column(ForeignKey("parts.id"), primary_key=True)
    serial: Mapped[str]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"))
    engine_id: Mapped[int] = mapped_column(ForeignKey("engines.id"))
    part: Mapped[Part] = relationship(foreign_keys=part_id)
    steps: Mapped[OrderingList[Step]] = relationship(
        collection_class=ordering_list("place"), order_by="Step.place", back_populates="order"
    )


class Step(Base):
    __tablename__ = "steps"
    __table_args__ = (UniqueConstraint("order_id", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    place: Mapped[int]
    text: Mapped[str]
    order: Mapped[Order] = relationship(back_populates="steps")
