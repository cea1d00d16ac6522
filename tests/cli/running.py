"""How the tests of the command line run it, and the models that they name."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from syda.cli import main

MODELS = """
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80), unique=True)

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity > 0"))
    customer: Mapped[Customer] = relationship()

class Holder:
    tables = [Customer]
"""
SCHEMA = "customers: {id: {type: integer, primary_key: true}, name: text}\n"
PLANNED = ("--models", "shopmodels:Base", "--rows", "Customer=10,Order=30")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def run_json(*arguments: str, code: int = 0) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)
