"""What a generator remembers, of which tables, and what it makes beside one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from syda.errors import MissingTableError, SchemaError
from syda.language import LanguageModel
from syda.llm.scripted import ScriptedClient
from syda.structured import SyntheticDataGenerator
from tests.language.models import writer


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}


class Doctor(Person):
    __tablename__ = "doctors"
    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    licence: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "doctor"}


class Clerk(Person):
    desk: Mapped[str | None]
    __mapper_args__ = {"polymorphic_identity": "clerk"}


class Passport(Base):
    __tablename__ = "passports"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    number: Mapped[str]


class Friendship(Base):
    __tablename__ = "friendships"
    one_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_dicts_with_other_columns_are_other_tables() -> None:
    generator = SyntheticDataGenerator()
    first = {"id": "number", "name": "text"}
    assert generator.generate_data(first, sample_size=3).id.tolist() == [1, 2, 3]
    assert generator.generate_data({"id": "number", "title": "text"}, sample_size=2).id.tolist() == [1, 2]
    assert generator.generate_data({"id": "code of a thing"}, sample_size=4).id.is_unique
    assert generator.generate_data(first, sample_size=2).id.tolist() == [4, 5]


def test_a_dict_whose_unique_values_are_used_up_begins_anew() -> None:
    generator = SyntheticDataGenerator()
    schema = {"id": "number", "answer": {"type": "enum", "values": ["yes", "no"], "unique": True}}
    frames = [generator.generate_data(schema, sample_size=2) for _ in range(2)]
    assert [sorted(frame.answer) for frame in frames] == [["no", "yes"]] * 2


def test_classes_of_two_bases_are_two_tables_whatever_these_are_called() -> None:
    class Other(DeclarativeBase):
        pass

    class Human(Other):
        __tablename__ = "people"
        id: Mapped[int] = mapped_column(primary_key=True)
        town: Mapped[str]

    generator = SyntheticDataGenerator()
    generator.generate_data(Person, sample_size=3)
    assert generator.generate_data(Human, sample_size=2).id.tolist() == [1, 2]
    assert generator.generate_data(Person, sample_size=2).id.tolist() == [4, 5]


def test_tables_of_a_database_are_remembered_although_it_is_read_anew() -> None:
    Base.metadata.create_all(sa.create_engine("sqlite:///here.db"))
    generator = SyntheticDataGenerator()
    frames = [generator.generate_related_data("sqlite:///here.db", sample_sizes=3) for _ in range(2)]
    assert [each["passports"].person_id.isin(frames[0]["people"].id).sum() for each in frames] == [3, 0]
    assert not set(frames[0]["people"].id) & set(frames[1]["people"].id)


def test_tables_of_dicts_refer_to_those_of_earlier_dicts_by_name() -> None:
    generator = SyntheticDataGenerator()
    clinics = generator.generate_data({"Clinic": {"code": {"type": "text", "primary_key": True}}}, sample_size=2)
    patients = generator.generate_related_data(
        {"Patient": {"id": "number", "clinic": "Clinic.code", "name": "text"}}, sample_sizes=3
    )["Patient"]
    visits = generator.generate_data({"Visit": {"id": "number", "patient_id": "Patient.id"}}, sample_size=20)
    notes = generator.generate_data({"patient_id": "Patient.id", "clinic": "Clinic.code"}, sample_size=9)
    assert set(patients.clinic) <= set(clinics.code)
    assert set(visits.patient_id) | set(notes.patient_id) <= set(patients.id)
    more = generator.generate_data({"Patient": {"id": "number", "clinic": "Clinic.code", "name": "text"}})
    assert more.id.min() == 4


def test_a_table_that_no_dict_named_is_missed() -> None:
    generator = SyntheticDataGenerator()
    generator.generate_data({"Patient": {"id": "number"}}, sample_size=2)
    with pytest.raises(MissingTableError, match=r"'Patients'.*did you mean 'Patient'"):
        generator.generate_data({"Visit": {"id": "number", "patient_id": "Patients.id"}})
    generator.generate_data({"Ward": {"id": "number"}}, sample_size=0)
    with pytest.raises(MissingTableError, match=r"make its rows first with this generator$"):
        generator.generate_data({"Bed": {"id": "number", "ward_id": "Ward.id"}})


def test_a_class_that_extends_another_has_the_columns_of_both(tmp_path: Path) -> None:
    generator = SyntheticDataGenerator()
    people = generator.generate_related_data([Person], sample_sizes={"people": 4})["Person"]
    doctors = generator.generate_data(Doctor, sample_size=6, output_path=tmp_path / "doctors.csv")
    assert doctors.columns.tolist() == ["id", "name", "kind", "desk", "licence"]
    assert doctors.id.tolist() == [5, 6, 7, 8, 9, 10]
    assert set(doctors.kind) == {"doctor"}
    assert not set(doctors.id) & set(people.id)
    assert (tmp_path / "doctors.csv").read_text().splitlines()[0] == "id,name,kind,desk,licence"


def test_words_about_a_class_hold_for_the_tables_that_it_extends() -> None:
    client = ScriptedClient(writer)
    model = LanguageModel(model=client, mode="rows")
    SyntheticDataGenerator(model).generate_data(Doctor, prompt="Surgeons", sample_size=3)
    assert {request.table for request in client.requests if "Surgeons" in request.instructions} == {"people", "doctors"}


def test_a_class_that_shares_its_table_gets_rows_of_its_own_kind() -> None:
    assert set(SyntheticDataGenerator().generate_data(Clerk, sample_size=7).kind) == {"clerk"}


def test_a_parent_that_was_not_made_is_missed_in_words_that_fit_the_call() -> None:
    with pytest.raises(MissingTableError) as caught:
        SyntheticDataGenerator().generate_related_data([Passport])
    assert "give its class or table too, or make its rows first" in str(caught.value)
    assert "parents=" not in str(caught.value)


@pytest.mark.parametrize("before", [None, 0, 7])
def test_as_many_parents_are_made_as_the_rows_need(before: int | None) -> None:
    generator = SyntheticDataGenerator()
    if before is not None:
        generator.generate_data(Person, sample_size=before)
    passports = generator.generate_data(Passport, sample_size=50, parents="generate")
    assert passports.person_id.is_unique
    more = generator.generate_data(Passport, sample_size=5, parents="generate")
    assert len(set(passports.person_id) | set(more.person_id)) == 55
    assert len(generator.generate_data(Friendship, sample_size=400, parents="generate")) == 400


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, "the schema is empty"),
        ({"c": {}}, "a column needs a type"),
        ({"c": {"typ": "text"}}, "unknown key 'typ'; did you mean 'type'"),
        ({"c": {"type": "text", "lenght": 3}}, "unknown key 'lenght'; did you mean 'length'"),
        ({"c": int}, "such as 'integer', a list or a mapping, found int"),
        ({"c": "enum()"}, "an enum needs its values"),
    ],
)
def test_what_is_no_column_is_said(schema: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        SyntheticDataGenerator().generate_data(schema)


def test_a_table_may_have_a_column_that_is_called_type() -> None:
    frame = SyntheticDataGenerator().generate_data({"Post": {"id": "number", "type": "text", "comment": "text"}})
    assert frame.columns.tolist() == ["id", "type", "comment"]


def test_columns_alone_are_no_tables() -> None:
    with pytest.raises(SchemaError, match="see generate_data, or give tables by name"):
        SyntheticDataGenerator().generate_related_data({"id": "number", "name": "text"})


@pytest.mark.parametrize(
    "word",
    ["hospital's ward", "ward/bed", "icd10_code(5)", "名前", "emial", "name of ward, e.g. x", "name(short)"],
)
def test_any_text_is_a_hint_in_dicts_of_columns_and_of_tables(word: str) -> None:
    generator = SyntheticDataGenerator()
    assert generator.generate_data({"c": word}, sample_size=4).c.notna().all()
    frames = generator.generate_related_data({"Patient": {"id": "number", "d": word}})
    assert frames["Patient"].d.notna().all()
