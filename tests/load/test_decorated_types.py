"""Types of an application's own: they encrypt, pickle, refuse naive moments, store enums as numbers."""

from __future__ import annotations

import base64
import enum
import json
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import syda
from syda.errors import RejectedError


class Encrypted(sa.TypeDecorator[str]):
    """Stores more than twice as many characters as it is given."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value and "v1:" + base64.b16encode(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return value and base64.b16decode(value.removeprefix("v1:")).decode()


class EncryptedBytes(sa.TypeDecorator[str]):
    """Stores text as bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return value and value.encode()[::-1]

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return value and value[::-1].decode("latin-1")


class Reversed(sa.TypeDecorator[Any]):
    """Stores the text of whatever it is given as bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else str(value).encode()[::-1]

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> Any:
        return value and value[::-1].decode()


class Zipped(sa.TypeDecorator[Any]):
    """Stores a document as bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else zlib.compress(json.dumps(value).encode())

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> Any:
        return value and json.loads(zlib.decompress(value))


class Prefixed(EncryptedBytes):
    """Refuses most texts."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        if value is not None and not value.startswith("key-"):
            raise ValueError("no key")
        return super().process_bind_param(value, dialect)


class Aware(sa.TypeDecorator[datetime]):
    """Refuses moments without a time zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class AwareOneWay(sa.TypeDecorator[datetime]):
    """Refuses moments without a time zone and gives back what the database does."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive datetime")
        return value


class Priority(enum.IntEnum):
    LOW = 10
    HIGH = 20


class ByNumber(sa.TypeDecorator[Priority]):
    """An enum stored as its number."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Priority | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else Priority(value).value

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Priority | None:
        return None if value is None else Priority(value)


class Base(DeclarativeBase):
    pass


class Secret(Base):
    __tablename__ = "secret"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Encrypted(40))
    key: Mapped[str] = mapped_column(Encrypted(60), unique=True)
    raw: Mapped[Any] = mapped_column(EncryptedBytes)
    pickled: Mapped[Any] = mapped_column(sa.PickleType)
    created_at: Mapped[datetime] = mapped_column(Aware)
    updated_at: Mapped[datetime] = mapped_column(AwareOneWay)
    priority: Mapped[Any] = mapped_column(ByNumber)


def test_values_go_through_the_types_of_the_application(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    for seed in range(2):
        syda.seed(engine, Base, rows=30, seed=seed, mode="append")
    with Session(engine) as session:
        rows = session.scalars(sa.select(Secret)).all()
    assert len({row.key for row in rows}) == 60
    assert len({row.name for row in rows}) > 10
    assert {row.priority for row in rows} == set(Priority)
    assert all(row.created_at.tzinfo is UTC for row in rows)
    with engine.connect() as connection:
        stored = connection.scalars(sa.text("SELECT name FROM secret")).all()
    assert all(text.startswith("v1:") and len(text) <= 40 for text in stored)


class Hexed(sa.TypeDecorator[str]):
    """Takes no text but digits of its own."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.hex()


class Money(sa.TypeDecorator[Decimal]):
    """Takes decimals and stores cents."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int(value.scaleb(2).to_integral_value())

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Any:
        return None if value is None else Decimal(value) / 100


class OtherBase(DeclarativeBase):
    pass


class Sale(OtherBase):
    __tablename__ = "sale"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Hexed)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money)
    total: Mapped[Decimal] = mapped_column(Money)
    __table_args__ = (sa.CheckConstraint("total = quantity * unit_price"), sa.CheckConstraint("total > 0"))


class Kept(OtherBase):
    __tablename__ = "kept"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(EncryptedBytes)
    note: Mapped[str | None] = mapped_column(Reversed(60))
    document: Mapped[Any] = mapped_column(Zipped)
    key: Mapped[Any] = mapped_column(Prefixed)


def test_what_a_type_over_bytes_takes_is_made_and_reaches_it_as_it_is_given(engine: sa.Engine) -> None:
    OtherBase.metadata.create_all(engine)
    given = {"kept.key": lambda row, column: f"key-{row.number}"}
    syda.seed(engine, OtherBase, rows=3, overrides=given, seed=1)
    assert not syda.check(engine, OtherBase).violations
    with Session(engine) as session:
        said = syda.make(session, Kept, text="hello", note="hey", document={"a": [1]}, key="key-4", commit=True)
        session.refresh(said)
        assert (said.text, said.note, said.document, said.key) == ("hello", "hey", {"a": [1]}, "key-4")
        rows = session.scalars(sa.select(Kept)).all()
    assert {row.key for row in rows} == {f"key-{number}" for number in (0, 1, 2, 4)}
    assert all(row.text.isprintable() and len(row.note or "") <= 60 for row in rows)
    assert {type(row.document) for row in rows} == {dict}


def test_what_a_type_does_not_take_is_told_with_advice_for_objects_and_rows(engine: sa.Engine) -> None:
    OtherBase.metadata.create_all(engine)
    with (
        Session(engine) as session,
        pytest.raises(RejectedError, match="say the value that an object has, and of seeded rows overr"),
    ):
        syda.make(session, Kept)


def test_what_is_stored_as_bytes_goes_into_files_and_back(engine: sa.Engine, tmp_path: Path) -> None:
    OtherBase.metadata.create_all(engine)
    with Session(engine) as session:
        syda.make(session, Kept, text="hello", document={"a": [1]}, key="key-4", commit=True)
    syda.dump_fixtures(engine, tmp_path / "kept.yaml", OtherBase)
    syda.load_fixtures(engine, tmp_path / "kept.yaml", OtherBase, mode="replace")
    with Session(engine) as session:
        kept = session.scalars(sa.select(Kept)).one()
        assert (kept.text, kept.document, kept.key) == ("hello", {"a": [1]}, "key-4")


def test_decimals_that_are_stored_as_cents_are_made_and_reach_their_type(engine: sa.Engine, tmp_path: Path) -> None:
    OtherBase.metadata.create_all(engine)
    syda.seed(engine, [Sale], rows=5, seed=1)
    assert not syda.check(engine, [Sale]).violations
    with Session(engine) as session:
        made = syda.make(session, Sale, total=Decimal("12.34"), code="00ff", commit=True)
        session.refresh(made)
        assert (made.total, made.quantity * made.unit_price, made.code) == (Decimal("12.34"), made.total, "00ff")
        totals = session.scalars(sa.select(Sale.total).order_by(Sale.id)).all()
        assert session.scalar(sa.text("SELECT max(total) FROM sale")) == 100 * max(totals)
    assert all(total == round(total, 2) for total in totals)
    syda.dump_fixtures(engine, tmp_path / "sale.yaml", [Sale])
    syda.load_fixtures(engine, tmp_path / "sale.yaml", [Sale], mode="replace")
    with Session(engine) as session:
        assert session.scalars(sa.select(Sale.total).order_by(Sale.id)).all() == totals
