"""Tests that need rows: each says what it needs, and no more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import syda as library
from examples.storefront.models import Customer, Order, OrderItem, Product


def test_total_of_an_order(syda) -> None:
    order = syda.make(Order, items=[{"quantity": 2, "unit_price": Decimal("1.50")}, {"quantity": 1, "unit_price": 4}])
    assert order.total == 7


def test_an_order_has_a_customer_and_nothing_else(syda, syda_session) -> None:
    order = syda.make(Order)
    assert (order.status, order.items) == ("open", [])
    assert syda_session.scalar(select(func.count()).select_from(Customer)) == 1


def test_shipped_orders_say_when(syda) -> None:
    assert syda.make(Order, "shipped", customer__name="Acme").shipped_at is not None
    with pytest.raises(library.SydaError, match="shipped_at"):
        syda.make(Order, status="shipped", shipped_at=None)


def test_a_product_stands_once_in_an_order(syda, syda_session) -> None:
    item = syda.make(OrderItem)
    syda_session.add(OrderItem(order=item.order, product=item.product, quantity=1, unit_price=1))
    with pytest.raises(IntegrityError):
        syda_session.flush()


@pytest.mark.syda(rows={"Customer": 20, "Product": 30, "Order": 50, "Order.items": 3})
def test_a_full_shop(syda_session) -> None:
    assert syda_session.scalar(select(func.count()).select_from(OrderItem)) == 150
    assert not syda_session.scalars(select(Order).where(Order.status == "shipped", Order.shipped_at.is_(None))).all()


@pytest.mark.syda(scenario="sale", parameters={"orders": 5})
def test_a_sale(syda_session) -> None:
    cheap = syda_session.scalars(select(Product).where(Product.price < 10)).one()
    assert len(syda_session.scalars(select(OrderItem).where(OrderItem.product == cheap)).all()) == 5
