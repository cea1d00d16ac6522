"""The models that many tests fill: every class of structure that is common, in ten small tables."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Enum, ForeignKey, ForeignKeyConstraint, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Status(enum.Enum):
    open = "O"
    paid = "P"
    shipped = "S"


class Customer(Base):
    """People who buy."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(40))
    last_name: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(80), unique=True)
    city: Mapped[str | None] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(60))
    orders: Mapped[list[Order]] = relationship(back_populates="customer", foreign_keys="Order.customer_id")
    profile: Mapped[Profile] = relationship(back_populates="customer")


class Profile(Base):
    """One for each customer at most: a shared primary key."""

    __tablename__ = "profiles"
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    bio: Mapped[str | None] = mapped_column(Text)
    birth_date: Mapped[date]
    customer: Mapped[Customer] = relationship(back_populates="profile")


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))


class Product(Base):
    __tablename__ = "products"
    sku: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    referred_by: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[Status] = mapped_column(Enum(Status))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    customer: Mapped[Customer] = relationship(back_populates="orders", foreign_keys=[customer_id])


class OrderItem(Base):
    """An association object: each product once in an order."""

    __tablename__ = "order_items"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity > 0"))
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


class Tenant(Base):
    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)


class User(Base):
    """A composite key, and a boss of the same tenant."""

    __tablename__ = "users"
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(20))
    boss_id: Mapped[int | None]
    __table_args__ = (
        UniqueConstraint("tenant_id", "login"),
        ForeignKeyConstraint(["tenant_id", "boss_id"], ["users.tenant_id", "users.id"]),
    )


class Project(Base):
    __tablename__ = "projects"
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(60))


class Membership(Base):
    """Two foreign keys that share the tenant, drawn without repeats."""

    __tablename__ = "memberships"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"]),
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
    )
