"""Models of many kinds: what factories meet in the wild."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    attribute_keyed_dict,
    composite,
    declarative_base,
    mapped_column,
    relationship,
    synonym,
)


class Base(DeclarativeBase):
    pass


class State(enum.Enum):
    NEW = "new"
    PAID = "paid"
    SENT = "sent"


@dataclass
class Point:
    x: int
    y: int


class Tenant(Base):
    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "number"))
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    phone: Mapped[str | None]
    deleted_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    tenant: Mapped[Tenant] = relationship()
    orders: Mapped[list[Order]] = relationship(back_populates="customer", overlaps="tenant")


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "customer_id"], ["customers.tenant_id", "customers.id"]),
        CheckConstraint("state <> 'SENT' OR sent_at IS NOT NULL", name="sent_when"),
        CheckConstraint("total >= 0"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    customer_id: Mapped[int]
    state: Mapped[State] = mapped_column(default=State.NEW)
    total: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))
    currency: Mapped[str] = mapped_column(String(3), server_default="EUR")
    ordered_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    customer: Mapped[Customer] = relationship(back_populates="orders", overlaps="tenant")
    tenant: Mapped[Tenant] = relationship(overlaps="customer,orders")
    items: Mapped[list[Item]] = relationship(back_populates="order")
    remark = synonym("currency")


class Product(Base):
    __tablename__ = "products"
    sku: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))


class Item(Base):
    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("order_id", "product_sku"), UniqueConstraint("order_id", "line"))
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_sku: Mapped[str] = mapped_column(ForeignKey("products.sku"))
    line: Mapped[int]
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity BETWEEN 1 AND 99"))
    unit_price: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()


class Release(Base):
    """Attributes called like arguments."""

    __tablename__ = "releases"
    id: Mapped[int] = mapped_column(primary_key=True)
    commit: Mapped[str]
    reuse: Mapped[bool]
    class_: Mapped[str] = mapped_column("class")
    fixed_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    fixes: Mapped[list[Release]] = relationship()


class Node(Base):
    """A tree, and a one-to-one beside it."""

    __tablename__ = "nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    label: Mapped[str]
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side="Node.id")
    children: Mapped[list[Node]] = relationship(back_populates="parent")
    note: Mapped[Note | None] = relationship(back_populates="node")


class Note(Base):
    __tablename__ = "notes"
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"), primary_key=True)
    body: Mapped[str]
    node: Mapped[Node] = relationship(back_populates="note")


tagged = sa.Table(
    "tagged",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    _views: Mapped[int] = mapped_column("views")
    tags: Mapped[set[Tag]] = relationship(secondary=tagged, back_populates="posts")
    keywords: AssociationProxy[set[str]] = association_proxy("tags", "word", creator=lambda word: Tag(word=word))

    @hybrid_property
    def views(self) -> int:
        return self._views

    @views.inplace.setter
    def _set_views(self, value: int) -> None:
        self._views = value


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(unique=True)
    posts: Mapped[list[Post]] = relationship(secondary=tagged, back_populates="tags")


class Transfer(Base):
    """Two foreign keys to the same table, which a CHECK wants to differ, and no relationship for the second."""

    __tablename__ = "transfers"
    __table_args__ = (CheckConstraint("from_id <> to_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    source: Mapped[Account] = relationship(foreign_keys="Transfer.from_id")


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    iban: Mapped[str] = mapped_column(String(34), unique=True)


class Shape(Base):
    __tablename__ = "shapes"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    start: Mapped[Point] = composite(mapped_column("x1"), mapped_column("y1"))
    properties: Mapped[dict[str, Property]] = relationship(
        collection_class=attribute_keyed_dict("key"), back_populates="shape"
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "shape"}


class Circle(Shape):
    radius: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "circle"}


class Box(Shape):
    __tablename__ = "boxes"
    id: Mapped[int] = mapped_column(ForeignKey("shapes.id"), primary_key=True)
    width: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    owner: Mapped[Account] = relationship()
    __mapper_args__ = {"polymorphic_identity": "box"}


class Property(Base):
    __tablename__ = "properties"
    id: Mapped[int] = mapped_column(primary_key=True)
    shape_id: Mapped[int] = mapped_column(ForeignKey("shapes.id"))
    key: Mapped[str] = mapped_column(String(20))
    shape: Mapped[Shape] = relationship(back_populates="properties")


class Egg(Base):
    """Requires a hen, which requires an egg."""

    __tablename__ = "eggs"
    id: Mapped[int] = mapped_column(primary_key=True)
    hen_id: Mapped[int] = mapped_column(ForeignKey("hens.id"))
    hen: Mapped[Hen] = relationship(foreign_keys=hen_id)


class Hen(Base):
    __tablename__ = "hens"
    id: Mapped[int] = mapped_column(primary_key=True)
    egg_id: Mapped[int] = mapped_column(ForeignKey("eggs.id", use_alter=True))
    egg: Mapped[Egg] = relationship(foreign_keys=egg_id)


class Member(Base):
    """Belongs to a tenant or to a node, never to both."""

    __tablename__ = "members"
    __table_args__ = (CheckConstraint("(tenant_id IS NULL) <> (node_id IS NULL)"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenants.id"))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    tenant: Mapped[Tenant | None] = relationship()
    node: Mapped[Node | None] = relationship()


class Device(Base):
    """Whose kind is part of the key by which others refer to it."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("kind", "id"), CheckConstraint("kind IN ('phone', 'watch')"))
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))


class Watch(Base):
    __tablename__ = "watches"
    __table_args__ = (ForeignKeyConstraint(["kind", "device_id"], ["devices.kind", "devices.id"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), CheckConstraint("kind = 'watch'"))
    device_id: Mapped[int]
    device: Mapped[Device] = relationship()


class DataBase(MappedAsDataclass, DeclarativeBase):
    pass


class Author(DataBase):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    born: Mapped[date]
    books: Mapped[list[Book]] = relationship(back_populates="author", default_factory=list)
    rating: Mapped[int] = mapped_column(default=3)


class Book(DataBase):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), init=False)
    title: Mapped[str]
    author: Mapped[Author] = relationship(back_populates="books")
    isbn: Mapped[str] = mapped_column(String(13), unique=True, init=False)


Legacy: Any = declarative_base()


class Shop(Legacy):
    __tablename__ = "shops"
    id = Column(sa.Integer, primary_key=True)
    name = Column(String(50))
    city = Column(String(50))
    clerks = relationship("Clerk", backref="shop")


class Clerk(Legacy):
    __tablename__ = "clerks"
    id = Column(sa.Integer, primary_key=True)
    shop_id = Column(ForeignKey("shops.id"), nullable=False)
    name = Column(String(50))

    def __init__(self, name: str, shop: Any = None) -> None:
        self.name = name.upper()
        self.shop = shop
