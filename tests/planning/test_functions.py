"""Functions as sources: registered for a type, or given for a call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Date, Float, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import syda
from syda.errors import GenerateError, GeneratorFunctionError, PlanError, UnknownNameError


class Base(DeclarativeBase):
    pass


class Patient(Base):
    __tablename__ = "patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    gender: Mapped[str] = mapped_column(String(1))
    birth_date: Mapped[date] = mapped_column(Date)


class Claim(Base):
    __tablename__ = "claims"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    allowed_amount: Mapped[float] = mapped_column(Float)
    billed_amount: Mapped[float] = mapped_column(Float)
    paid: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    procedure_code: Mapped[str] = mapped_column(String(10))
    filed_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(String(200))
    patient: Mapped[Patient] = relationship()


def claims(generators: dict[str, Any], **options: Any) -> Any:
    return syda.generate(Base, rows=40, custom_generators={"Claim": generators}, **options).frames()[Claim]


@pytest.mark.parametrize("order", [1, -1])
def test_other_columns_of_the_row_are_made_whatever_the_order_of_registration(order: int) -> None:
    generators = {
        "allowed_amount": lambda row, column: round(row["billed_amount"] * 0.8, 2),
        "billed_amount": lambda row, column: {"A": 100.0, "B": 50.0}[row.get("procedure_code", "")],
        "procedure_code": lambda row, column: "AB"[row.number % 2],
    }
    frame = claims(dict(list(generators.items())[::order]))
    assert set(zip(frame["procedure_code"], frame["billed_amount"], frame["allowed_amount"], strict=True)) == {
        ("A", 100.0, 80.0),
        ("B", 50.0, 40.0),
    }


def test_values_in_a_row_have_the_type_of_their_column() -> None:
    seen: dict[str, Any] = {}

    def look(row: Any, column: Any) -> str:
        seen.update({name: row[name] for name in ("paid", "filed_at", "patient_id", "billed_amount")})
        seen["birth"] = row["patient.birth_date"]
        seen["column"] = column.name
        return "x"

    claims({"note": look})
    assert [type(seen[name]) for name in ("paid", "filed_at", "patient_id", "billed_amount", "birth")] == [
        Decimal,
        datetime,
        int,
        float,
        date,
    ]
    assert seen["column"] == "note"


def test_a_function_reads_its_parent() -> None:
    frame = claims({"note": lambda row, column: f"{row['patient_id']} {row['patient.gender']}"})
    genders = syda.generate(Base, rows=40).frames()[Patient].set_index("id")["gender"]
    assert all(row.note == f"{row.patient_id} {genders[row.patient_id]}" for row in frame.itertuples())


def test_get_gives_the_default_for_null_and_for_no_such_column() -> None:
    frame = claims(
        {"procedure_code": lambda row, column: row.get("nothing", "none") + row.get("note", "-")[:1], "note": None}
    )
    assert set(frame["procedure_code"]) == {"none-"}


def test_the_row_has_randomness_of_its_own_that_repeats() -> None:
    def draw(row: Any, column: Any) -> int:
        return int(row.random.randint(0, 10**6))

    first, second = (claims({"billed_amount": draw})["billed_amount"] for _ in range(2))
    assert first.equals(second)
    assert first.nunique() > 30


def test_drawing_twice_for_a_cell_gives_two_numbers() -> None:
    frame = claims({"billed_amount": lambda row, column: row.random.randint(0, 9_999) == row.random.randint(0, 9_999)})
    assert frame["billed_amount"].sum() < 5


def test_a_function_that_raises_stops_the_run_and_says_where() -> None:
    def fail(row: Any, column: Any) -> str:
        if row.number == 7:
            raise ZeroDivisionError("seven")
        return "fine"

    with pytest.raises(GeneratorFunctionError, match=r"table 'claims', column 'note', row 7: ZeroDivisionError: seven"):
        claims({"note": fail})


def test_mixing_decimal_and_float_is_explained() -> None:
    with pytest.raises(GeneratorFunctionError, match=r"read as Decimal: use float"):
        claims({"note": lambda row, column: str(row["paid"] * 0.5)})


def test_functions_that_need_each_other_are_an_error_that_names_them() -> None:
    with pytest.raises(GenerateError, match=r"claims\.\w+ -> claims\.\w+"):
        claims(
            {
                "billed_amount": lambda row, column: row["allowed_amount"],
                "allowed_amount": lambda row, column: row["billed_amount"],
            }
        )


def test_a_function_gives_foreign_keys_that_must_exist() -> None:
    assert set(claims({"patient_id": lambda row, column: 3})["patient_id"]) == {3}
    with pytest.raises(GenerateError, match=r"claims: foreign key: patient_id=999 \(40 rows, first row 0\)"):
        claims({"patient_id": lambda row, column: 999})


@pytest.fixture
def registered() -> Iterator[None]:
    syda.register_generator("text", lambda row, column: "registered", "note")
    syda.register_generator("float", lambda row, column: 1.5)
    syda.register_generator("foreign_key", lambda row, column: 2, "patient_id")
    syda.register_generator("date", lambda row, column: date(1990, 1, 2))
    syda.register_generator("integer", lambda row, column: 9)
    yield
    for type_, name in (
        ("text", "note"),
        ("float", None),
        ("foreign_key", "patient_id"),
        ("date", None),
        ("integer", None),
    ):
        syda.unregister_generator(type_, name)


@pytest.mark.usefixtures("registered")
def test_registered_generators_make_the_columns_of_their_type() -> None:
    frame = claims({})
    assert set(frame["note"]) == {"registered"}
    assert set(frame["billed_amount"]) == {1.5}
    assert set(frame["patient_id"]) == {2}
    assert frame["id"].is_unique
    assert set(claims({"billed_amount": 2.5})["billed_amount"]) == {2.5}


def test_registering_nonsense_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'integer'"):
        syda.register_generator("intger", lambda row, column: 1)
    with pytest.raises(PlanError, match=r"expected a function f\(row, column\)"):
        syda.register_generator("text", "not callable")


def test_a_unique_column_made_by_a_function_is_drawn_again_where_it_repeats() -> None:
    models = {
        "person": {"columns": {"id": {"type": "integer", "primary_key": True}, "pin": {"type": "text", "unique": True}}}
    }

    def pin(row: Any, column: Any) -> str:
        import random

        return str(random.Random(row.random.random()).randint(0, 400))

    frame = syda.generate(models, rows=100, overrides={"person.pin": pin}).frames()["person"]
    assert frame["pin"].is_unique
