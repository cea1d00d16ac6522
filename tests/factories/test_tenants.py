"""Objects of tenants: where composite foreign keys share a column, what is made agrees with what is given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda
from tests.databases import sqlite_engine


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenant"
    id: Mapped[int] = mapped_column(primary_key=True)


class Product(Base):
    __tablename__ = "product"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"))
    __table_args__ = (sa.UniqueConstraint("tenant_id", "id"),)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"))
    __table_args__ = (sa.UniqueConstraint("tenant_id", "id"),)


class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    order_id: Mapped[int]
    product_id: Mapped[int]
    order: Mapped[Order] = relationship(overlaps="product")
    product: Mapped[Product] = relationship(overlaps="order")
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "order_id"], ["orders.tenant_id", "orders.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "product_id"], ["product.tenant_id", "product.id"]),
    )


class Shelf(Base):
    """A tenant that is no table."""

    __tablename__ = "shelf"
    tenant: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)


class Box(Base):
    __tablename__ = "box"
    tenant: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    shelf_id: Mapped[int]
    box_id: Mapped[int]
    shelf: Mapped[Shelf] = relationship(overlaps="box")
    box: Mapped[Box] = relationship(overlaps="shelf")
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant", "shelf_id"], ["shelf.tenant", "shelf.id"]),
        sa.ForeignKeyConstraint(["tenant", "box_id"], ["box.tenant", "box.id"]),
    )


@pytest.fixture
def session() -> Iterator[Session]:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        syda.make(session, Tenant, id=9)
        yield session
    engine.dispose()


@pytest.mark.parametrize("reuse", ["call", "never", "database"])
def test_what_is_made_has_the_tenant_of_what_is_given(session: Session, reuse: str) -> None:
    order, product = syda.make(session, Order), syda.make(session, Product)
    by_order = syda.make_many(session, 2, Line, order=order, reuse=reuse)
    by_product = syda.make_many(session, 2, Line, product=product, reuse=reuse)
    session.flush()
    assert order.tenant_id != product.tenant_id
    assert {each.product.tenant_id for each in by_order} == {order.tenant_id}
    assert {each.order.tenant_id for each in by_product} == {product.tenant_id}


def test_what_is_said_of_a_parent_that_is_made_is_kept_beside_the_tenant(session: Session) -> None:
    order = syda.make(session, Order)
    line = syda.make(session, Line, order=order, product={"id": 55}, commit=True)
    assert (line.product.id, line.product.tenant_id) == (55, order.tenant_id)
    assert syda.make(session, Line, order={"tenant_id": 9}, commit=True).product.tenant_id == 9


def test_objects_that_are_given_for_parents_serve_where_the_tenant_is_theirs(session: Session) -> None:
    order, product, other = (syda.make(session, each) for each in (Order, Product, Product))
    lines = [syda.make(session, Line, order=order, reuse=[product, other]) for _ in range(2)]
    session.flush()
    assert {line.product.tenant_id for line in lines} == {order.tenant_id}
    own = syda.make(session, Product, tenant_id=order.tenant_id)
    assert syda.make(session, Line, order=order, reuse=[product, own]).product is own


def test_a_tenant_that_is_a_number_alone_is_shared_with_what_is_given(session: Session) -> None:
    item = syda.make(session, Item, shelf=syda.make(session, Shelf, tenant=77), commit=True)
    assert (item.tenant, item.box.tenant) == (77, 77)
    assert syda.make(session, Item, box={"tenant": 5}, commit=True).shelf.tenant == 5
