"""Models whose columns depend on each other, and the rules that say how."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import syda


class Base(DeclarativeBase):
    pass


class Size(enum.Enum):
    small = 1
    big = 2


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    country: Mapped[str | None] = mapped_column(String(2))
    city: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    last_order: Mapped[date | None]
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[Size] = mapped_column(Enum(Size))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    ordered: Mapped[date]
    status: Mapped[str] = mapped_column(String(10))
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    discount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    lines: Mapped[int]
    dearest: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    average: Mapped[float | None]
    note: Mapped[str] = mapped_column(String(80))
    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list[Item]] = relationship(back_populates="order")
    __table_args__ = (
        CheckConstraint("discount <= total"),
        CheckConstraint("status <> 'shipped' OR shipped_at >= paid_at"),
    )


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    line_total: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship()


class Transfer(Base):
    """Two foreign keys to one table."""

    __tablename__ = "transfers"
    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    receiver_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    amount: Mapped[int]
    sent_at: Mapped[datetime]


CITIES = {"FR": {"Paris": 3, "Lyon": 1}, "DE": ["Berlin", "Bonn"]}
STATES: dict[str, list[str]] = {
    "new": [],
    "paid": ["paid_at"],
    "shipped": ["paid_at", "shipped_at"],
    "cancelled": ["cancelled_at"],
}
RULES: dict[Any, Any] = {
    Customer.country: ["FR", "DE", "IT", None],
    Customer.city: syda.case(Customer.country, CITIES, otherwise="elsewhere"),
    Customer.last_order: syda.total(Customer.orders, "ordered", how="max"),
    Order.ordered: syda.after(Customer.created_at, at_least=2, at_most=60),
    Order.status: syda.workflow(STATES, [2, 1, 5, 1], after="ordered", at_most=10),
    Order.total: syda.total("items", "quantity * unit_price"),
    Order.lines: syda.total(Item, how="count"),
    Order.dearest: syda.total("items", "line_total", how="max"),
    Order.average: syda.total("items", "quantity", how="mean"),
    Order.note: syda.sentence(
        {"{customer.name} wants a {size} {thing}, {status}": 3, "{thing!u} for order {id:04d}": 1},
        size=["small", "big"],
        thing="product",
    ),
    Item.unit_price: syda.near(Product.price, 0.1),
}
