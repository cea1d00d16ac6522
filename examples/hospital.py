"""A hospital: what is diagnosed depends on what was done, who is seen on where the doctor works, and dates on dates.

Rules are said in words of syda's, and hold for any number of rows. Run it: python examples/hospital.py [URL of an empty
database]
"""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Engine, ForeignKey, Numeric, String, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda

DIAGNOSES = {
    "Chest X-ray": ["Pneumonia", "Broken rib", "Nothing found"],
    "Blood test": ["Anaemia", "Diabetes type 2", "Nothing found"],
    "Skin examination": ["Eczema", "Psoriasis", "Harmless mole"],
    "Plaster cast": ["Broken wrist", "Broken ankle"],
}
"""Procedure -> what it may find."""


class Base(DeclarativeBase):
    pass


class Department(Base):
    """A part of the hospital, such as cardiology."""

    __tablename__ = "departments"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    floor: Mapped[int] = mapped_column(CheckConstraint("floor BETWEEN 0 AND 9"))


class Doctor(Base):
    __tablename__ = "doctors"
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"))
    first_name: Mapped[str] = mapped_column(String(40))
    last_name: Mapped[str] = mapped_column(String(40))
    hired_on: Mapped[date]
    department: Mapped[Department] = relationship()


class Patient(Base):
    __tablename__ = "patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(40))
    last_name: Mapped[str] = mapped_column(String(40))
    birth_date: Mapped[date]
    city: Mapped[str] = mapped_column(String(60))


class Visit(Base):
    """A patient sees a doctor: something is done, and something is found."""

    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctors.id"))
    visited_on: Mapped[date]
    procedure: Mapped[str] = mapped_column(String(40))
    diagnosis: Mapped[str] = mapped_column(String(40))
    fee: Mapped[Decimal] = mapped_column(Numeric(8, 2), CheckConstraint("fee > 0"))
    note: Mapped[str] = mapped_column(String(200), comment="What the doctor wrote down")
    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Doctor] = relationship()


OVERRIDES: dict[Any, Any] = {
    Department.name: ["Radiology", "Dermatology", "Surgery", "Internal medicine", "Paediatrics", "Emergency"],
    Visit.procedure: list(DIAGNOSES),
    Visit.diagnosis: syda.case("procedure", DIAGNOSES, otherwise="Nothing found"),
    Visit.visited_on: syda.after("doctor_id.hired_on", "patient_id.birth_date", at_most=3000),
}


def main(url: str = "sqlite://") -> None:
    engine = connect(url)
    rows = {Department: 6, Doctor: 15, Patient: 60, "Visit.patient": syda.between(0, 8)}
    syda.seed(engine, Base, rows=rows, overrides=OVERRIDES, create=True)
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
        visits = session.scalars(select(Visit)).all()
        for visit in visits:
            if visit.diagnosis not in DIAGNOSES[visit.procedure]:
                raise SystemExit(f"visit {visit.id}: {visit.procedure} cannot find {visit.diagnosis}")
            if visit.visited_on < max(visit.doctor.hired_on, visit.patient.birth_date):
                raise SystemExit(f"visit {visit.id} was before the doctor came or the patient was born")
        for visit in visits[:5]:
            seen = f"{visit.patient.first_name} {visit.patient.last_name} by {visit.doctor.last_name}"
            print(f"{visit.visited_on}: {seen}, {visit.procedure}: {visit.diagnosis}. {visit.note}")


if __name__ == "__main__":
    main(*sys.argv[1:])
