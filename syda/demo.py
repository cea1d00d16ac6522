"""The models of `syda demo`: a small CRM with customers, their contacts, products, orders and order items.

They show what syda reads from models: names, types, lengths, comments, docstrings, enums, unique columns, CHECKs and
foreign keys. They stand alone, so they are a start for models of your own.
"""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The declarative base of the demo: ``syda.seed(engine, syda.demo.Base)`` fills all five tables."""


class OrderStatus(enum.Enum):
    """How far an order has come; the database stores the names."""

    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Customer(Base):
    """A company that buys from us."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), comment="Registered name of the company")
    email: Mapped[str] = mapped_column(String(120), unique=True, comment="Where invoices are sent")
    phone: Mapped[str | None] = mapped_column(String(30))
    street: Mapped[str] = mapped_column(String(120))
    city: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(comment="Never before created_at")

    contacts: Mapped[list[Contact]] = relationship(back_populates="customer")
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Contact(Base):
    """A person who speaks for a customer."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    first_name: Mapped[str] = mapped_column(String(40))
    last_name: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    job_title: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(back_populates="contacts")


class Product(Base):
    """Something that we sell."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price > 0", name="price_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(20), unique=True, comment="Stock keeping unit")
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str | None] = mapped_column(String(400))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), comment="Net price of one piece")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Order(Base):
    """What a customer bought at one time."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[OrderStatus] = mapped_column(Enum(OrderStatus, name="order_status"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list[OrderItem]] = relationship(back_populates="order")


class OrderItem(Base):
    """One line of an order: so many pieces of a product at the price of the day."""

    __tablename__ = "order_items"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()
