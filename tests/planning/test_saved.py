"""Plans as text: explained, drawn, saved and read back."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
import syda.demo
from syda.errors import GeneratorFunctionError, PlanError, PlanFileError, UnknownNameError
from syda.schema.model import Check, Column, Kind, LogicalType, Schema, Table
from tests.shop import Base
from tests.strategies import schemas


@pytest.fixture(scope="module")
def plan() -> syda.Plan:
    return syda.plan(
        Base, rows={"Customer": 20, "Order.customer": syda.between(0, 5)}, seed=5, locale=["en_US", "de_DE"]
    )


class Zoo(DeclarativeBase):
    pass


class Animal(Zoo):
    __tablename__ = "animals"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}


class Bird(Animal):
    __tablename__ = "birds"
    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    wingspan: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "bird"}


def test_rows_of_joined_subclasses_are_shown_on_top_of_their_base() -> None:
    plan = syda.plan(Zoo, rows={"Animal": 4, "Bird": 3})
    assert "animals (Animal): 4 + those of birds rows" in plan.explain()
    assert '"animals (4 + those of birds rows)"' in plan.to_mermaid()
    assert syda.generate(plan).rows == {"animals": 7, "birds": 3}


def test_a_plan_survives_yaml(plan: syda.Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    text = plan.to_yaml(path)
    assert syda.Plan.from_yaml(text) == plan
    assert syda.Plan.from_yaml(path) == plan
    assert syda.Plan.from_yaml(str(path)).fingerprint == plan.fingerprint


def _assert_it_survives_yaml(plan: syda.Plan) -> None:
    read = plan
    for _ in range(2):
        read = syda.Plan.from_yaml(read.to_yaml(), functions=read.functions)
        assert read == plan
        assert read.fingerprint == plan.fingerprint


@settings(max_examples=40, deadline=None)
@given(schemas(), st.integers(0, 40))
def test_a_plan_of_any_schema_survives_yaml(schema: Schema, rows: int) -> None:
    _assert_it_survives_yaml(syda.plan(schema, rows=rows))


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "examples").glob("*.py")), ids=lambda path: path.stem
)
def test_the_plan_of_an_example_survives_yaml(path: Path) -> None:
    _assert_it_survives_yaml(syda.plan(runpy.run_path(str(path))["Base"]))


@pytest.mark.parametrize(
    "models", [syda.demo.Base, Base, Zoo, {"t": {"id": "integer", "status": "text", "state": "text"}}]
)
def test_the_plan_of_well_known_models_survives_yaml(models: object) -> None:
    _assert_it_survives_yaml(syda.plan(models))


_VALUES = st.one_of(
    st.integers(-5, 5), st.floats(-9, 9), st.decimals(-9, 9, places=2), st.booleans(), st.dates(), st.text(max_size=3)
)
_SOURCES = st.one_of(
    st.builds(syda.value, _VALUES),
    st.lists(_VALUES, min_size=1, max_size=3).map(syda.choice),
    st.dictionaries(st.text(max_size=3), st.integers(1, 9) | st.floats(1, 9), min_size=1, max_size=3).map(syda.choice),
    st.builds(syda.number, st.integers(-5, 0) | st.floats(-5, 0), st.integers(1, 5) | st.floats(1, 5)),
    st.builds(syda.number, st.decimals(-5, 0, places=2), st.decimals(1, 5, places=2)),
)


@settings(max_examples=50, deadline=None)
@given(_SOURCES)
def test_what_the_user_gives_survives_yaml(source: Any) -> None:
    """Of an object that YAML has no word for, a decimal, the text is kept, which makes the same rows."""
    plan = syda.plan({"t": {"id": "integer", "a": "json"}}, overrides={"a": source})
    read = syda.Plan.from_yaml(plan.to_yaml())
    assert read.fingerprint == plan.fingerprint
    assert read.to_yaml() == plan.to_yaml()


def test_a_set_is_a_choice_in_one_order_in_every_process() -> None:
    code = "import syda; print(syda.plan({'t': {'a': 'text'}}, overrides={'a': set('qwertzuiop')}).fingerprint)"
    made = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True
        ).stdout
        for seed in "123"
    }
    assert len(made) == 1


@settings(max_examples=300)
@given(st.text(st.characters()))
@example("\x85")
@example("a \u2028 b\u2029\ufeff")
@example("\ud800\udc00")
@example("\r\n\x00\x1b\x7f\uffff\U0010ffff")
@example("x y " * 40 + "\x85\n ")
def test_any_text_in_a_plan_survives_yaml(text: str) -> None:
    """Wherever text stands: names, comments, enums, choices, notes and reasons."""
    kinds = (LogicalType(kind=Kind.TEXT), LogicalType(kind=Kind.ENUM, values=(f"{text}1", text)))
    columns = tuple(Column(name=f"{text}{kind.kind}", type=kind, nullable=False, comment=text) for kind in kinds)
    table = Table(name=f"{text}t", columns=columns, comment=text, checks=(Check(expression=f"1 = 1 -- {text}"),))
    choices = {columns[0].name: {text: 2, f"{text}!": 1}, columns[1].name: [text]}
    plan = syda.plan(Schema(tables={table.key: table}), rows=2, overrides=choices)
    noted = replace(plan.tables[table.key], notes=(text,))
    plan = replace(plan, tables={table.key: noted})
    assert syda.Plan.from_yaml(plan.to_yaml()) == plan
    assert len(plan.fingerprint) == 16


def test_a_plan_with_odd_text_survives_a_file(tmp_path: Path) -> None:
    plan = syda.plan({"T": {"id": "integer", "c": "text"}}, overrides={"c": ["\x85\u2028", "\ud800\r\n"]})
    plan.to_yaml(tmp_path / "plan.yaml")
    assert syda.Plan.from_yaml(tmp_path / "plan.yaml") == plan


def test_the_fingerprint_follows_what_the_plan_makes(plan: syda.Plan) -> None:
    assert plan.fingerprint == syda.Plan.from_yaml(plan.to_yaml()).fingerprint
    assert plan.fingerprint != syda.plan(Base, rows=20, seed=5).fingerprint
    assert len(plan.fingerprint) == 16


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "import syda; from tests.shop import Base; print(syda.plan(Base, rows=20).fingerprint)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == syda.plan(Base, rows=20).fingerprint


def test_functions_are_named_in_a_saved_plan_and_supplied_when_it_is_read() -> None:
    def shout(row: object, column: object) -> str:
        return "HEY"

    plan = syda.plan(Base, rows=2, overrides={"Customer.city": shout})
    text = plan.to_yaml()
    name = next(line.split(": ", 1)[1] for line in text.splitlines() if "shout" in line)
    with pytest.raises(GeneratorFunctionError, match="pass it"):
        syda.generate(syda.Plan.from_yaml(text))
    read = syda.Plan.from_yaml(text, functions={name: shout})
    assert set(syda.generate(read).frames()["customers"]["city"]) == {"HEY"}


def test_functions_that_share_a_name_come_back_each_to_its_own_column() -> None:
    def plain(row: object, column: object) -> int:
        return 5

    once, again = (lambda row, column: 1), (lambda row, column: 2)
    generators = {"t": {"a": once, "b": again, "c": once, "d": plain}}
    models = {"t": dict.fromkeys("abcd", "integer")}
    plan = syda.plan(models, rows=2, custom_generators=generators)
    scope = f"{__name__}:test_functions_that_share_a_name_come_back_each_to_its_own_column.<locals>"
    assert plan.functions == {
        f"{scope}.<lambda> [t.a]": once,
        f"{scope}.<lambda> [t.b]": again,
        f"{scope}.plain": plain,
    }
    read = syda.Plan.from_yaml(plan.to_yaml(), functions=plan.functions)
    assert (read, read.fingerprint, read.functions) == (plan, plan.fingerprint, plan.functions)
    assert syda.generate(read).frames()["t"].iloc[0].tolist() == [1, 2, 1, 5]


def test_a_method_in_two_columns_is_one_function() -> None:
    class Counter:
        def count(self, row: object, column: object) -> int:
            return 7

    one, other = Counter(), Counter()
    plan = syda.plan({"t": {"a": "integer", "b": "integer"}}, overrides={"a": one.count, "b": one.count})
    assert len(plan.functions) == 1
    assert "[" not in next(iter(plan.functions))
    plan = syda.plan({"t": {"a": "integer", "b": "integer"}}, overrides={"a": one.count, "b": other.count})
    assert len(plan.functions) == 2


def test_a_function_that_the_plan_does_not_name_is_refused() -> None:
    plan = syda.plan({"t": {"a": "integer"}}, overrides={"a": lambda row, column: 1})
    name = next(iter(plan.functions))
    with pytest.raises(UnknownNameError, match=r"the plan names no function .*did you mean '.*<lambda>'"):
        syda.Plan.from_yaml(plan.to_yaml(), functions={f"{name}!": len})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.pop("tables"), "expected a saved plan with the sections tables and schema"),
        (lambda document: document["tables"]["customers"].update(rows="many"), "tables.customers.rows"),
        (lambda document: document["tables"]["customers"].update(rwos=3), "tables.customers.rwos"),
        (lambda document: document.update(syda=99), "expected a plan of version 1, got version 99"),
        (
            lambda document: document["tables"]["customers"]["columns"]["city"].update(source={"source": "wrods"}),
            "tables.customers.columns.city.source",
        ),
        (lambda document: document["schema"]["tables"].pop("customers"), "does not fit its schema"),
    ],
)
def test_a_plan_that_was_edited_wrongly_says_where(plan: syda.Plan, change: object, message: str) -> None:
    document = yaml.safe_load(plan.to_yaml())
    change(document)  # type: ignore[operator]
    with pytest.raises(PlanFileError) as caught:
        syda.Plan.from_yaml(yaml.safe_dump(document))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["{", "a: [\n", "- 1\n- 2\n", "\n", "/no/such/plan.yaml", "nul\x00", "", "x" * 9999])
def test_what_is_not_a_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanFileError):
        syda.Plan.from_yaml(text)


def test_a_plan_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanFileError, match="it is not UTF-8 text"):
        syda.Plan.from_yaml(path)


def test_the_json_schema_describes_saved_plans(plan: syda.Plan) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = syda.Plan.json_schema()
    document = yaml.safe_load(plan.to_yaml())
    jsonschema.validate(document, schema)
    document["tables"]["customers"]["rows"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_explain_shows_order_rows_children_sources_and_reasons(plan: syda.Plan) -> None:
    text = plan.explain()
    order = [text.index(f"\n{name} (") for name in ("customers", "orders", "order_items")]
    assert order == sorted(order)
    for part in ("0 to 5 children per parent", "primary key", "foreign key to customers", "seed 5", "NULL in"):
        assert part in text
    for table in plan.schema:
        assert all(column.name in text for column in table.columns)


def test_mermaid_shows_tables_keys_and_rows(plan: syda.Plan) -> None:
    text = plan.to_mermaid()
    assert text.startswith("erDiagram\n")
    assert 'customers["customers (20 rows)"]' in text
    assert "customers ||--o{ orders" in text
    assert "customers |o--o{ orders" in text
    assert "customers ||--o| profiles" in text


SCHEMA_OF_ONE = {"t": {"id": "integer", "status": "text", "job": "text"}}


def _job(document: Any) -> Any:
    return document["tables"]["t"]["columns"]["job"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda document: _job(document)["source"].update(source="wrods"),
            "tables.t.columns.job.source: there is no source 'wrods'; did you mean 'words'",
        ),
        (
            lambda document: _job(document).update(source={"source": "words", "vocabluary": "job"}),
            "tables.t.columns.job.source.vocabluary: there is no field 'vocabluary'; did you mean 'vocabulary'?",
        ),
        (
            lambda document: _job(document)["source"].update(vocabulary=3),
            "tables.t.columns.job.source.vocabulary: expected a valid string, got int '3'",
        ),
        (
            lambda document: _job(document)["source"].pop("source"),
            "tables.t.columns.job.source: the field 'source' is missing",
        ),
        (
            lambda document: _job(document).update(source="words"),
            "tables.t.columns.job.source: expected a valid dictionary or object",
        ),
        (
            lambda document: _job(document).update(sorce=_job(document).pop("source")),
            "tables.t.columns.job.sorce: there is no field 'sorce'; did you mean 'source'?",
        ),
        (
            lambda document: document["tables"]["t"].update(rwos=3),
            "tables.t.rwos: there is no field 'rwos'; did you mean",
        ),
        (lambda document: document.update(tabels=3), "tabels: there is no field 'tabels'; did you mean 'tables'?"),
        (lambda document: document["tables"]["t"].update(rows=-5), "tables.t.rows: expected 0 or more rows, got -5"),
        (
            lambda document: document["tables"]["t"].update(classes={"A": -1}),
            "tables.t.classes.A: expected 0 or more rows, got -1",
        ),
        (
            lambda document: _job(document).update(null_fraction=5),
            "tables.t.columns.job.null_fraction: expected a number from 0 to 1, got 5",
        ),
        (lambda document: _job(document)["source"].update(vocabulary="jbo"), "t.job: no vocabulary is called 'jbo'"),
        (
            lambda document: _job(document).update(source={"source": "template", "text": "{statsu}"}),
            "t.job: the template '{statsu}': table 't' has no column 'statsu'; did you mean 'status'",
        ),
        (
            lambda document: document["settings"].update(as_of="soon"),
            "settings.as_of: expected an ISO date, got 'soon'",
        ),
        (lambda document: document["tables"]["t"].update(links={"x": {}}), "table 't' has no foreign key 'x'"),
    ],
)
def test_one_mistake_in_a_plan_is_one_error_at_its_place(change: Any, message: str) -> None:
    document = yaml.safe_load(syda.plan(SCHEMA_OF_ONE).to_yaml())
    change(document)
    with pytest.raises(PlanFileError) as caught:
        syda.Plan.from_yaml(yaml.safe_dump(document))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_given_for_a_function_must_be_one() -> None:
    plan = syda.plan({"t": {"a": "integer"}}, overrides={"a": lambda row, column: 1})
    with pytest.raises(PlanError, match=r"expected a function for .*, got int 3"):
        syda.Plan.from_yaml(plan.to_yaml(), functions=dict.fromkeys(plan.functions, 3))
