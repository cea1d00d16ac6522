"""Plans as text: explained, drawn, saved and read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.errors import GeneratorFunctionError, PlanFileError
from syda.schema.model import Schema
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
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012


class Bird(Animal):
    __tablename__ = "birds"
    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    wingspan: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "bird"}  # noqa: RUF012


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


@settings(max_examples=40, deadline=None)
@given(schemas())
def test_a_plan_of_any_schema_survives_yaml(schema: Schema) -> None:
    plan = syda.plan(schema, rows=3)
    assert syda.Plan.from_yaml(plan.to_yaml()) == plan


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


@pytest.mark.parametrize("text", ["{", "a: [\n", "- 1\n- 2\n", "\n", "/no/such/plan.yaml"])
def test_what_is_not_a_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanFileError):
        syda.Plan.from_yaml(text)


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
