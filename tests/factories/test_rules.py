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
from syda.errors import IntegrityError
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
