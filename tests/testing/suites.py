"""Suites that run in this process: their models, and what each of their modules begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiosqlite
import duckdb
import pandas as pd
import psycopg
import pymysql

import syda
import syda.factories.factory
import syda.migrations.upgrading
import syda.scenarios.playing
import syda.testing.filling
import syda.testing.isolation
import syda.testing.suite

if TYPE_CHECKING:
    import pytest
    from sqlalchemy import Engine

LOADED = (aiosqlite, duckdb, pd, psycopg, pymysql, [getattr(syda, name) for name in syda.__all__])
"""Suites that run in this process forget what they import first, which numpy does not take twice."""


MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    total: Mapped[int]
    customer: Mapped[Customer] = relationship(back_populates="orders")
"""
HEAD = """
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from shop import Base, Customer, Order

def count(where, class_=Customer):
    return where.scalar(select(func.count()).select_from(class_))
"""


def url_of(request: pytest.FixtureRequest, server: str) -> str:
    return (
        "sqlite://"
        if server == "sqlite"
        else request.getfixturevalue(f"{server}_engine").url.render_as_string(hide_password=False)
    )


SERVERS = ["sqlite", "postgresql", "mariadb"]


def databases_of(engine: Engine) -> list[str]:
    """Return the databases that suites made beside that of an engine; their names may be too long to have all of it."""
    asked = "SELECT schema_name FROM information_schema.schemata"
    if engine.dialect.name == "postgresql":
        asked = "SELECT datname FROM pg_database"
    with engine.connect() as connection:
        names: list[str] = list(connection.exec_driver_sql(asked).scalars())
    return [name for name in names if name.startswith(f"syda_{engine.url.database}"[:40])]
