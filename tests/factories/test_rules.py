"""Objects under CHECKs and unique sets: defaults that satisfy these hold, and what contradicts them is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda
from syda.errors import CycleError, IntegrityError, RejectedError
from tests.databases import sqlite_engine


class Base(DeclarativeBase):
    pass


class Price(Base):
    __tablename__ = "price"
    id: Mapped[int] = mapped_column(primary_key=True)
    vat: Mapped[Decimal] = mapped_column(sa.Numeric(4, 3), server_default="0.2")
    pieces: Mapped[int] = mapped_column(server_default=sa.text("1"))
    least: Mapped[int] = mapped_column(server_default="0")
    kind: Mapped[str] = mapped_column(sa.String(9), default="new")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("vat BETWEEN 0 AND 1"),
        CheckConstraint("pieces > 0"),
        CheckConstraint("least > 0"),
        CheckConstraint("kind IN ('old', 'used', 'new')"),
        CheckConstraint("ended_at IS NULL OR ended_at >= created_at"),
    )


class Clerk(Base):
    __tablename__ = "clerk"
    id: Mapped[int] = mapped_column(primary_key=True)
    boss_id: Mapped[int | None] = mapped_column(sa.ForeignKey("clerk.id"))
    boss: Mapped[Clerk | None] = relationship(remote_side="Clerk.id")
    __table_args__ = (CheckConstraint("boss_id <> id"),)


class Bill(Base):
    __tablename__ = "bill"
    id: Mapped[int] = mapped_column(primary_key=True)
    clerk_id: Mapped[int] = mapped_column(sa.ForeignKey("clerk.id"))
    net: Mapped[int]
    total: Mapped[int]
    clerk: Mapped[Clerk] = relationship()
    __table_args__ = (CheckConstraint("total = 2 * net"), CheckConstraint("net >= 0"))


class Branch(Base):
    __tablename__ = "branch"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    depth: Mapped[int]
    parent: Mapped[Branch | None] = relationship(remote_side="Branch.id")
    __table_args__ = (CheckConstraint("(parent_id IS NULL) = (depth = 0)"), CheckConstraint("depth >= 0"))


class Leaf(Base):
    __tablename__ = "leaf"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("leaf.id"))
    parent: Mapped[Leaf | None] = relationship(remote_side="Leaf.id")
    __table_args__ = (CheckConstraint("parent_id IS NOT NULL"),)


class Purchase(Base):
    __tablename__ = "purchase"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[int]
    lines: Mapped[list[Line]] = relationship(back_populates="purchase")
    __table_args__ = (sa.UniqueConstraint("tenant", "id"),)


class Line(Base):
    __tablename__ = "line"
    purchase_id: Mapped[int] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int]
    purchase: Mapped[Purchase] = relationship(back_populates="lines")
    __table_args__ = (sa.ForeignKeyConstraint(["tenant", "purchase_id"], ["purchase.tenant", "purchase.id"]),)


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(sa.ForeignKey("purchase.id"))
    is_first: Mapped[bool] = mapped_column(default=False)
    purchase: Mapped[Purchase] = relationship()
    __table_args__ = (sa.Index("one_first", "purchase_id", unique=True, sqlite_where=sa.text("is_first")),)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_defaults_that_satisfy_the_checks_hold(session: Session) -> None:
    for price in syda.make_many(session, 5, Price):
        assert (price.vat, price.pieces, price.kind) == (Decimal("0.2"), 1, "new")
        assert price.least > 0


def test_the_moment_of_the_database_holds_where_nothing_that_is_made_depends_on_it(session: Session) -> None:
    now = session.scalar(sa.select(func.current_timestamp(type_=sa.DateTime)))
    assert abs(syda.make(session, Price).created_at - now).total_seconds() < 60
    ended = syda.make(session, Price, ended_at=datetime(2024, 1, 1))
    assert ended.created_at <= datetime(2024, 1, 1)


def test_a_contradiction_is_told_with_the_check_that_it_breaks(session: Session) -> None:
    with pytest.raises(IntegrityError, match=r"bill: check \(total = 2 \* net\): .*total=-1"):
        syda.make(session, Bill, total=-1)


def test_a_node_that_is_no_root_has_a_root_for_its_parent(session: Session) -> None:
    root, node = syda.make(session, Branch), syda.make(session, Branch, depth=3)
    assert (root.parent_id, root.depth) == (None, 0)
    assert node.parent is not None
    assert (node.parent.parent_id, node.parent.depth) == (None, 0)
    leaf = syda.make(session, Branch, depth=4, parent={"depth": 3})
    assert leaf.parent is not None
    assert leaf.parent.parent is not None
    assert leaf.parent.parent.depth == 0


def test_a_parent_that_a_check_wants_of_each_row_is_asked_for(session: Session) -> None:
    with pytest.raises(CycleError, match="Leaf -> Leaf: each requires the next"):
        syda.make(session, Leaf)
    session.execute(sa.insert(Leaf).values(id=1, parent_id=1))
    first = session.get_one(Leaf, 1)
    assert syda.make(session, Leaf, parent=first, commit=True).parent is first
    assert syda.make(session, Leaf, reuse="database", commit=True).parent is first


def test_lines_are_counted_where_they_share_the_tenant_of_their_parent(session: Session) -> None:
    purchase = syda.make(session, Purchase, lines=3)
    assert [line.line_no for line in purchase.lines] == [1, 2, 3]
    assert syda.make(session, Line, purchase=purchase).line_no == 4


def test_another_row_is_the_parent_where_a_unique_set_forbids_the_first(session: Session) -> None:
    there = syda.make_many(session, 2, Purchase)
    made = syda.make_many(session, 3, Account, is_first=True, reuse="database")
    assert [each.purchase for each in made[:2]] == there
    assert made[2].purchase not in there
    assert syda.make(session, Account, reuse="database").purchase is there[0]


def test_objects_that_are_given_for_parents_serve_as_far_as_a_unique_set_allows(session: Session) -> None:
    given = syda.make_many(session, 2, Purchase)
    assert [each.purchase for each in syda.make_many(session, 2, Account, is_first=True, reuse=given)] == given
    with pytest.raises(RejectedError, match="purchase_id = 2 already"):
        syda.make(session, Account, is_first=True, reuse=given)
