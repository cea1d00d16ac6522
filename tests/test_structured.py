"""`SyntheticDataGenerator` as its users call it."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from syda.errors import (
    MissingKeyError,
    MissingTableError,
    ModelError,
    PlanError,
    SchemaError,
    TargetError,
    UnknownNameError,
)
from syda.language import LanguageModel
from syda.llm.scripted import ScriptedClient
from syda.schemas import ModelConfig, ProxyConfig
from syda.structured import SyntheticDataGenerator
from tests.language.models import Base, Clinic, Visit, either, planner, rows_asked, shape_of, writer

PATIENT = {
    "patient_id": "number",
    "diagnosis_code": "icd10_code",
    "email": "email",
    "visit_date": "date",
    "notes": "text",
    "ward": "name of a hospital ward?",
}


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def scripted(client: ScriptedClient | None = None, **options: Any) -> SyntheticDataGenerator:
    return SyntheticDataGenerator(LanguageModel(model=client or either(planner()), cache="off", **options), seed=2)


def test_without_a_model_and_a_key_it_infers_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="syda"):
        generator = SyntheticDataGenerator()
        frame = generator.generate_data(schema=PATIENT, prompt="A small clinic", sample_size=25)
        generator.generate_data(schema=PATIENT, sample_size=5)
    assert list(frame.columns) == list(PATIENT)
    assert len(frame) == 25
    assert frame.email.str.contains("@").all()
    assert frame.ward.isna().any()
    assert pd.api.types.is_datetime64_any_dtype(frame.visit_date)
    assert [record.message for record in caplog.records if "no model" in record.message] == [
        "no model and no key: columns are inferred from their names and types"
    ]


def test_a_model_writes_what_it_is_asked_for() -> None:
    client = either(planner())
    frame = scripted(client).generate_data(schema=PATIENT, prompt="A small clinic", sample_size=7)
    assert len(frame) == 7
    assert frame.notes.is_unique
    request = client.requests[0]
    assert "A small clinic" in request.instructions
    assert {"diagnosis_code", "notes", "ward"} <= shape_of(request).keys()
    meanings = {each["name"]: each.get("meaning") for each in json.loads(request.context)["columns"]}
    assert meanings["diagnosis_code"] == "icd10_code"


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_a_frame_is_written_to_a_file(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / f"rows.{ending}"
    frame = SyntheticDataGenerator().generate_data(schema=PATIENT, sample_size=6, output_path=path)
    readers: dict[str, Any] = {
        "csv": pd.read_csv,
        "json": pd.read_json,
        "jsonl": lambda path: pd.read_json(path, lines=True),
        "parquet": pd.read_parquet,
    }
    read = readers[ending](path)
    assert read.email.tolist() == frame.email.tolist()
    assert list(read.columns) == list(PATIENT)


def test_an_ending_that_is_none_is_refused_before_rows_are_made(tmp_path: Path) -> None:
    client = either(planner())
    with pytest.raises(TargetError, match=r"expected one of \.csv, \.json, \.jsonl, \.parquet"):
        scripted(client).generate_data(schema=PATIENT, sample_size=3, output_path=tmp_path / "rows.xlsx")
    assert not client.requests


@pytest.mark.parametrize("key", [lambda owner: owner, lambda owner: owner.__name__, lambda owner: owner.__tablename__])
def test_related_tables_are_keyed_by_class_however_they_are_named(key: Any, tmp_path: Path) -> None:
    client = either(planner())
    generator = scripted(client)
    frames = generator.generate_related_data(
        models=[Clinic, Visit],
        prompts={key(Clinic): "Rural practices"},
        sample_sizes={key(Clinic): 4, key(Visit): 9},
        output_dir=tmp_path,
        custom_generators={key(Visit): {"urgency": lambda row, column: 2}},
    )
    assert {name: len(frame) for name, frame in frames.items()} == {"Clinic": 4, "Visit": 9}
    assert set(frames["Visit"].clinic_id) <= set(frames["Clinic"].id)
    assert set(frames["Visit"].urgency) == {2}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinics.csv", "visits.csv"]
    assert ["Rural practices" in request.instructions for request in client.requests] == [True, False]
    assert generator.usage is not None
    assert generator.usage.total.calls == len(client.requests)


def test_tables_made_before_are_referred_to() -> None:
    generator = SyntheticDataGenerator()
    clinics = generator.generate_data(schema=Clinic, sample_size=3)
    visits = generator.generate_data(schema=Visit, sample_size=20)
    more = generator.generate_data(schema=Visit, sample_size=5)
    assert set(visits.clinic_id) <= set(clinics.id)
    assert not set(visits.id) & set(more.id)


def test_what_a_model_writes_agrees_with_tables_made_before() -> None:
    client = either(planner())
    generator = scripted(client)
    clinics = generator.generate_data(schema=Clinic, sample_size=3)
    visits = generator.generate_data(schema=Visit, sample_size=5)
    city = clinics.set_index("id").city.loc[visits.clinic_id].tolist()
    assert all(f" of {there} " in each for each, there in zip(visits.complaint, city, strict=True))


def test_a_parent_that_was_never_made_is_named_or_made() -> None:
    with pytest.raises(MissingTableError, match=r"'clinics'.*make its rows first.*parents='generate'"):
        SyntheticDataGenerator().generate_data(schema=Visit)
    generator = SyntheticDataGenerator()
    visits = generator.generate_data(schema=Visit, sample_size=15, parents="generate")
    assert len(visits) == 15
    again = generator.generate_data(schema=Visit, sample_size=15)
    assert set(again.clinic_id) <= set(range(1, 11))


def test_generators_are_the_object_s_own() -> None:
    client = either(planner())
    generator = scripted(client)
    generator.register_generator("text", lambda row, column: f"note {row['id']}", column_name="note")
    generator.register_generator("foreign_key", lambda row, column: 1, column_name="clinic_id")
    frames = generator.generate_related_data([Clinic, Visit], sample_sizes=4)
    assert frames["Visit"].note.tolist() == ["note 1", "note 2", "note 3", "note 4"]
    assert set(frames["Visit"].clinic_id) == {1}
    assert "note" not in shape_of(client.requests[-1])
    assert (
        not SyntheticDataGenerator().generate_related_data([Clinic, Visit])["Visit"].note.str.startswith("note 1").any()
    )


@pytest.mark.parametrize(
    ("word", "columns"),
    [
        ("email", {"email"}),
        ("icd10_code", {"diagnosis_code"}),
        ("EMAIL ", {"email"}),
        ("number", {"patient_id", "fee"}),
    ],
)
def test_a_generator_may_be_for_the_word_by_which_columns_are_declared(word: str, columns: set[str]) -> None:
    client = either(planner())
    generator = scripted(client)
    generator.register_generator(word, lambda row, column: row.number)
    generator.register_generator("text", lambda row, column: "any text", column_name="notes")
    frame = generator.generate_data({**PATIENT, "fee": "number"}, sample_size=3)
    assert {name for name in frame if frame[name].astype(str).str.fullmatch(r"[012](\.0)?").all()} == columns
    assert set(frame.notes) == {"any text"}
    assert not columns & shape_of(client.requests[0]).keys()


def test_a_type_that_is_misspelled_is_no_word() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'integer'"):
        SyntheticDataGenerator().register_generator("integr", lambda row, column: 1)


def test_a_number_takes_what_a_model_writes() -> None:
    def answer(request: Any) -> Any:
        return {"rows": [{"row": each["row"], "price": 19.99} for each in rows_asked(request)]}

    frame = scripted(ScriptedClient(answer)).generate_data({"id": "number", "price": "number"}, sample_size=3)
    assert frame.price.tolist() == [19.99] * 3
    assert frame.id.tolist() == [1, 2, 3]


def test_words_for_all_tables_stand_before_those_for_one() -> None:
    client = either(planner())
    prompts = {"*": "In Hamburg.", Clinic: "Rural practices."}
    scripted(client).generate_related_data([Clinic, Visit], prompts=prompts, sample_sizes=3)
    assert "In Hamburg.\nRural practices." in client.requests[0].instructions
    assert "In Hamburg." in client.requests[1].instructions
    assert "Rural" not in client.requests[1].instructions


def test_a_model_without_a_key_is_an_error_that_names_the_variable() -> None:
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        SyntheticDataGenerator(model="gpt-4-turbo")
    with pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        SyntheticDataGenerator(model_config=ModelConfig(provider="anthropic", model_name="claude-haiku-5-5"))
    SyntheticDataGenerator(model="gpt-4-turbo", openai_api_key="sk-test")
    SyntheticDataGenerator(model="anthropic:claude-haiku-5-5", anthropic_api_key="key")


def test_a_key_of_the_environment_or_a_file_chooses_the_model(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Path(".env").write_text("ANTHROPIC_API_KEY=from-file\n")
    with caplog.at_level(logging.INFO, logger="syda"):
        SyntheticDataGenerator()
        monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
        SyntheticDataGenerator()
    assert [record.args for record in caplog.records] == [("anthropic:claude-haiku-5-5",), ("openai:gpt-6-luna",)]


def test_the_whole_of_a_model_s_settings_is_taken() -> None:
    proxy = ProxyConfig(
        base_url="http://127.0.0.1:9",
        headers={"x": "y"},
        params={"a": "b"},
        path_format="/proxy/{provider}/completions",
    )
    config = ModelConfig(
        provider="openai", model_name="gpt-5", temperature=0.5, top_p=0.9, seed=7, max_tokens=500, proxy=proxy
    )
    SyntheticDataGenerator(model_config=config, openai_api_key="sk-test")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: g.generate_data(schema=PATIENT, sample_size=-1), PlanError, "0 or more"),
        (lambda g: g.generate_data(schema=PATIENT, sample_size="many"), PlanError, "whole number"),
        (lambda g: g.generate_data(schema=[Clinic, Visit]), SchemaError, "generate_related_data"),
        (lambda g: g.generate_data(schema={}), SchemaError, "table"),
        (lambda g: g.generate_data(schema=Visit, parents="make"), PlanError, "'refuse' or 'generate'"),
        (lambda g: g.generate_related_data([Clinic], sample_sizes={"Clinics": 3}), PlanError, "did you mean"),
        (lambda g: g.generate_related_data([Clinic], prompts={"Klinic": "x"}), PlanError, "did you mean"),
        (lambda g: SyntheticDataGenerator(model="a", model_config=ModelConfig(provider="b")), PlanError, "not as both"),
        (lambda g: SyntheticDataGenerator(model="my-own-model"), ModelError, "cannot tell whose model"),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(SyntheticDataGenerator())


def test_it_works_in_a_notebook_and_without_blocking_a_loop() -> None:
    async def notebook() -> tuple[pd.DataFrame, Any]:
        blocking = scripted().generate_data(schema=PATIENT, sample_size=3)
        return blocking, await scripted().generate_related_data_async(Base, sample_sizes=3)

    frame, frames = asyncio.run(notebook())
    assert len(frame) == 3
    assert {name: len(each) for name, each in frames.items()} == {"Clinic": 3, "Visit": 3}
    assert len(asyncio.run(scripted().generate_data_async(schema=PATIENT, sample_size=2))) == 2


def test_large_tables_take_a_plan_and_small_ones_rows() -> None:
    client = either(planner(), writer)
    scripted(client).generate_related_data(Base, sample_sizes={"Clinic": 5, "Visit": 5_000})
    assert {request.table: request.purpose for request in client.requests} == {"visits": "plan", "clinics": "rows"}


def test_a_plain_table_is_named_by_its_key() -> None:
    table = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    assert list(SyntheticDataGenerator().generate_related_data([table])) == ["things"]
    assert len(SyntheticDataGenerator().generate_data(schema=table, sample_size=4)) == 4
