"""An airline: composite primary keys, composite foreign keys, and two of them that share columns.

A booking refers to a departure and to a seat, and both hold the airline's code: they always agree.
Run it: python examples/airline.py [URL of an empty database]
"""

from __future__ import annotations

import sys
from datetime import date

from sqlalchemy import (
    CheckConstraint,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    UniqueConstraint,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import syda


class Base(DeclarativeBase):
    pass


class Airline(Base):
    __tablename__ = "airlines"
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)


class Airport(Base):
    __tablename__ = "airports"
    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    city: Mapped[str] = mapped_column(String(60))


class Flight(Base):
    __tablename__ = "flights"
    airline_code: Mapped[str] = mapped_column(ForeignKey("airlines.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(ForeignKey("airports.code"))
    destination: Mapped[str] = mapped_column(ForeignKey("airports.code"))


class Departure(Base):
    __tablename__ = "departures"
    airline_code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    __table_args__ = (ForeignKeyConstraint(["airline_code", "number"], ["flights.airline_code", "flights.number"]),)


class Seat(Base):
    """The same seats on all flights of an airline."""

    __tablename__ = "seats"
    airline_code: Mapped[str] = mapped_column(ForeignKey("airlines.code"), primary_key=True)
    seat_number: Mapped[str] = mapped_column(String(3), primary_key=True)
    cabin: Mapped[str] = mapped_column(String(10), CheckConstraint("cabin IN ('economy', 'business')"))


class Booking(Base):
    """The foreign keys overlap in airline_code; no seat is sold twice on a departure."""

    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    passenger_name: Mapped[str] = mapped_column(String(80))
    airline_code: Mapped[str]
    number: Mapped[int]
    day: Mapped[date]
    seat_number: Mapped[str]
    __table_args__ = (
        ForeignKeyConstraint(
            ["airline_code", "number", "day"], ["departures.airline_code", "departures.number", "departures.day"]
        ),
        ForeignKeyConstraint(["airline_code", "seat_number"], ["seats.airline_code", "seats.seat_number"]),
        UniqueConstraint("airline_code", "number", "day", "seat_number"),
    )


def main(url: str = "sqlite://") -> None:
    engine = connect(url)
    syda.seed(
        engine,
        Base,
        rows={Airline: 4, Airport: 20, Flight: 30, Departure: 200, Seat: 120, Booking: 1500},
        overrides={
            Airline.code: syda.regex("[A-Z]{2}"),
            Airport.code: syda.regex("[A-Z]{3}"),
            Seat.seat_number: syda.regex("([1-9]|[12][0-9])[A-F]"),
            Booking.passenger_name: syda.faker("name"),
        },
        create=True,
    )
    check(engine)


def connect(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return engine


def check(engine: Engine) -> None:
    with Session(engine) as session:
        if engine.dialect.name == "sqlite" and (broken := session.execute(text("PRAGMA foreign_key_check")).all()):
            raise SystemExit(f"broken references: {broken[:3]}")
        bookings = session.scalars(select(Booking)).all()
        departures = set(session.execute(select(Departure.airline_code, Departure.number, Departure.day)))
        seats = set(session.execute(select(Seat.airline_code, Seat.seat_number)))
        sold = {(booking.airline_code, booking.number, booking.day, booking.seat_number) for booking in bookings}
        if len(sold) != 1500:
            raise SystemExit(f"expected 1500 seats sold once each, got {len(sold)}")
        for booking in bookings:
            if (booking.airline_code, booking.number, booking.day) not in departures:
                raise SystemExit(f"booking {booking.id} has no departure")
            if (booking.airline_code, booking.seat_number) not in seats:
                raise SystemExit(f"booking {booking.id} has no seat")
        for booking in bookings[:5]:
            where = f"{booking.airline_code}{booking.number} on {booking.day}, seat {booking.seat_number}"
            print(f"{booking.passenger_name}: {where}")


if __name__ == "__main__":
    main(*sys.argv[1:])
