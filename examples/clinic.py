"""A clinic: columns that depend on each other and on the parent row, by functions of your own.

A claim's diagnosis fits its procedure and the age and gender of the patient; what is allowed stays below what was
billed, and what is paid within what is allowed. Run it: python examples/clinic.py [URL of an empty database]
"""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, ForeignKey, Numeric, String, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda
from syda.schema.model import Column
from syda.sources.function import Row

PRICES = {"99213": 130, "71046": 210, "77067": 340, "59400": 4200, "45378": 1900}
"""Procedure -> a usual price: office visit, chest X-ray, mammogram, childbirth, colonoscopy."""

DIAGNOSES = {
    "99213": ["J06.9", "I10", "E11.9", "M54.50"],
    "71046": ["J18.9", "R05.9"],
    "77067": ["Z12.31"],
    "59400": ["O80"],
    "45378": ["Z12.11", "K63.5"],
}
CHILD_DIAGNOSES = {"99213": ["J06.9", "H66.90", "Z00.129"], "71046": ["J18.9", "J21.9"]}


class Base(DeclarativeBase):
    pass


class Patient(Base):
    __tablename__ = "patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(40))
    last_name: Mapped[str] = mapped_column(String(40))
    gender: Mapped[str] = mapped_column(String(1))
    birth_date: Mapped[date]
    claims: Mapped[list[Claim]] = relationship(back_populates="patient")


class Claim(Base):
    __tablename__ = "claims"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    service_date: Mapped[date]
    procedure_code: Mapped[str] = mapped_column(String(5))
    diagnosis_code: Mapped[str] = mapped_column(String(8))
    billed_amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    allowed_amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    paid_amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    patient: Mapped[Patient] = relationship(back_populates="claims")


def service_date(row: Row, column: Column) -> date:
    return date(2025, 1, 1).replace(month=row.random.randint(1, 12), day=row.random.randint(1, 28))


def procedure(row: Row, column: Column) -> str:
    """Choose a procedure that the patient can have; an age is counted at the service."""
    return row.random.choice(possible_procedures(age(row), row["patient.gender"]))


def diagnosis(row: Row, column: Column) -> str:
    return row.random.choice(possible_diagnoses(row["procedure_code"], age(row)))


def billed(row: Row, column: Column) -> Decimal:
    return cents(Decimal(PRICES[row["procedure_code"]]) * percent(row, 90, 160))


def allowed(row: Row, column: Column) -> Decimal:
    """A part of what was billed: a Numeric column is a Decimal, so the part is one too."""
    return cents(row["billed_amount"] * percent(row, 40, 95))


def paid(row: Row, column: Column) -> Decimal:
    return cents(row["allowed_amount"] * percent(row, 0, 100))


def age(row: Row) -> int:
    return years(row["patient.birth_date"], row["service_date"])


def years(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def possible_procedures(years_old: int, gender: str) -> list[str]:
    codes = ["99213", "71046"]
    if years_old >= 40 and gender == "F":
        codes.append("77067")
    if 18 <= years_old < 45 and gender == "F":
        codes.append("59400")
    if years_old >= 45:
        codes.append("45378")
    return codes


def possible_diagnoses(code: str, years_old: int) -> list[str]:
    return CHILD_DIAGNOSES[code] if years_old < 18 else DIAGNOSES[code]


def percent(row: Row, low: int, high: int) -> Decimal:
    return Decimal(row.random.randint(low, high)) / 100


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def main(url: str = "sqlite://") -> None:
    engine = connect(url)
    syda.seed(
        engine,
        Base,
        rows={Patient: 60, "Claim.patient": syda.between(0, 8)},
        overrides={Patient.gender: {"F": 52, "M": 48}, Patient.birth_date: birth_date},
        custom_generators={
            "Claim": {
                "service_date": service_date,
                "procedure_code": procedure,
                "diagnosis_code": diagnosis,
                "billed_amount": billed,
                "allowed_amount": allowed,
                "paid_amount": paid,
            }
        },
        create=True,
    )
    check(engine)


def birth_date(row: Row, column: Column) -> date:
    return date.fromordinal(row.random.randint(date(1935, 1, 1).toordinal(), date(2022, 12, 31).toordinal()))


def connect(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return engine


def check(engine: Engine) -> None:
    with Session(engine) as session:
        if engine.dialect.name == "sqlite" and (broken := session.execute(text("PRAGMA foreign_key_check")).all()):
            raise SystemExit(f"broken references: {broken[:3]}")
        claims = session.scalars(select(Claim)).all()
        for claim in claims:
            years_old = years(claim.patient.birth_date, claim.service_date)
            if claim.procedure_code not in possible_procedures(years_old, claim.patient.gender):
                raise SystemExit(f"claim {claim.id}: {claim.procedure_code} at {years_old}, {claim.patient.gender}")
            if claim.diagnosis_code not in possible_diagnoses(claim.procedure_code, years_old):
                raise SystemExit(f"claim {claim.id}: {claim.diagnosis_code} for {claim.procedure_code}")
            if not 0 <= claim.paid_amount <= claim.allowed_amount < claim.billed_amount:
                raise SystemExit(f"claim {claim.id}: amounts do not fit")
        for claim in claims[:5]:
            patient = claim.patient
            print(
                f"{patient.first_name} {patient.last_name} ({patient.gender}, {patient.birth_date}): "
                f"{claim.procedure_code} for {claim.diagnosis_code}, billed {claim.billed_amount}, "
                f"allowed {claim.allowed_amount}, paid {claim.paid_amount}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
