"""What users ask for, and what they are told when it cannot be."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from sqlalchemy import Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.errors import CapacityError, GeneratorFunctionError, PlanError, SchemaError, SydaError, UnknownNameError
from tests.shop import Base, Customer, Order, Product

MODELS = {
    "company": {"id": "number", "domain": "text"},
    "person": {
        "id": "number",
        "first_name": "text",
        "last_name": "text",
        "email": "text",
        "age": "integer",
        "company_id": "company.id",
    },
}


def column(overrides: dict[Any, Any], name: str, rows: int = 200) -> list[Any]:
    frame = syda.generate(MODELS, rows=rows, overrides=overrides).frames()["person"]
    return list(frame[name])


def test_a_plain_value_stands_in_every_row() -> None:
    assert set(column({"person.age": 30}, "age")) == {30}


def test_a_list_is_a_choice_and_a_dict_a_weighted_one() -> None:
    assert set(column({"age": [1, 2, 3]}, "age")) == {1, 2, 3}
    weighted = column({"age": {1: 9, 2: 1}}, "age", rows=2_000)
    assert 0.87 < weighted.count(1) / 2_000 < 0.93


def test_an_enum_class_is_a_choice_of_its_names() -> None:
    class Colour(enum.Enum):
        RED = 1
        BLUE = 2

    assert set(column({"person.last_name": Colour}, "last_name")) == {"RED", "BLUE"}


def test_a_template_reads_the_row_and_its_parent() -> None:
    overrides = {
        "person.email": syda.template("{first_name!l}.{last_name!l}{row}@{company_id.domain}"),
        "company.domain": syda.regex(r"[a-z]{5}\.example"),
    }
    frames = syda.generate(MODELS, rows=20, overrides=overrides).frames()
    domains = frames["company"].set_index("id")["domain"]
    for number, row in enumerate(frames["person"].itertuples(), 1):
        expected = f"{row.first_name.lower()}.{row.last_name.lower()}{number}@{domains[row.company_id]}"
        assert row.email == expected


def test_distributions_and_bounds() -> None:
    ages = column({"age": syda.number(18, 30)}, "age", rows=2_000)
    assert (min(ages), max(ages)) == (18, 30)
    assert set(column({"age": syda.between(1, 2)}, "age")) == {1, 2}
    skewed = column({"age": syda.number(0, 1_000, distribution="lognormal")}, "age", rows=2_000)
    assert sorted(skewed)[1_000] < 200


def test_a_regular_expression_and_a_faker_provider() -> None:
    assert all(
        value[0] in "AB" and len(value) == 4 for value in column({"last_name": syda.regex(r"[AB]\d{3}")}, "last_name")
    )
    assert len(set(column({"last_name": syda.faker("color_name")}, "last_name"))) > 20


def test_the_most_specific_key_wins() -> None:
    overrides = {"integer": 1, "age": 2, "person.age": 3}
    assert set(column(overrides, "age")) == {3}
    assert set(column({"integer": 1, "age": 2}, "age")) == {2}
    assert set(column({"integer": 1}, "age")) == {1}


def test_types_are_named_by_kind_python_type_or_sqlalchemy_type() -> None:
    for key in (syda.Kind.DECIMAL, "decimal", Numeric):
        prices = syda.generate(Base, rows=5, overrides={key: 7}).frames()[Product]["price"]
        assert set(prices) == {7.0}
    assert set(column({int: 5}, "age")) == {5}


def test_a_mapped_attribute_is_a_key() -> None:
    frame = syda.generate(Base, rows=5, overrides={Customer.city: "Oslo", "Order.customer": 2}).frames()
    assert set(frame[Customer]["city"]) == {"Oslo"}
    assert set(frame[Order]["customer_id"]) == {2}


def test_an_attribute_with_a_column_of_another_name_is_a_key() -> None:
    class Renamed(DeclarativeBase):
        pass

    class User(Renamed):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        nick: Mapped[str] = mapped_column("db_nick")
        city: Mapped[str] = mapped_column("nick")  # the name of a column goes before that of an attribute

    for key in ("User.nick", User.nick, "users.db_nick", "db_nick"):
        assert set(syda.generate(Renamed, rows=3, overrides={key: "Bo"}).frames()[User]["db_nick"]) == {"Bo"}
    assert set(syda.generate(Renamed, rows=3, overrides={"city": "Oslo"}).frames()[User]["nick"]) == {"Oslo"}
    with pytest.raises(UnknownNameError, match="did you mean 'city'"):
        syda.plan(Renamed, overrides={"citty": 1})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"Custmer": 5}, "no table or class is called 'Custmer'; did you mean 'Customer'"),
        ({"Order.custmer": 5}, "no foreign key 'custmer'; did you mean 'customer'"),
        ({"Customer": -1}, "expected 0 or more rows for 'Customer', got -1"),
        (-3, "expected 0 or more rows"),
        (True, "expected a whole number of rows"),
        ("many", "expected a whole number of rows for 'rows', got str 'many'"),
        ({"Customer": 2.5}, "expected a whole number of rows for 'Customer', got float 2.5"),
        ({"Customer": 5, "customers": 6}, "rows are given twice for table 'customers'"),
        ({3: 5}, "expected a table, class"),
    ],
)
def test_rows_that_cannot_be_are_refused(rows: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        syda.plan(Base, rows=rows)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"Customer.emial": 1}, "table 'customers' has no column 'emial'; did you mean 'email'"),
        ({"Custmer.email": 1}, "no table or class is called 'Custmer'"),
        ({"emial": 1}, "no column is called 'emial'; did you mean 'email'"),
        ({"city": []}, "expected at least one value to choose from"),
        ({"city": {"Oslo": -1}}, "the weights 0 or more"),
    ],
)
def test_overrides_that_cannot_be_are_refused(overrides: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        syda.plan(Base, overrides=overrides)
    assert message in str(caught.value)


def test_unknown_names_in_custom_generators_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Customer'"):
        syda.plan(Base, custom_generators={"Custommer": {"city": lambda row, column: ""}})
    with pytest.raises(UnknownNameError, match="did you mean 'city'"):
        syda.plan(Base, custom_generators={"Customer": {"citty": lambda row, column: ""}})
    with pytest.raises(PlanError, match="expected a dict of columns"):
        syda.plan(Base, custom_generators={"Customer": lambda row, column: ""})  # type: ignore[dict-item]


@pytest.mark.parametrize("option", [{"locale": "xx_XX"}, {"locale": ()}, {"seed": "x"}, {"as_of": "soon"}])
def test_options_that_cannot_be_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(SydaError):
        syda.generate(Base, rows=2, **option)


@pytest.mark.parametrize("models", [int, [int], object(), 5, "no/such/file.yaml"])
def test_models_that_are_none_are_refused(models: Any) -> None:
    class Unrelated(DeclarativeBase):
        pass

    with pytest.raises(SydaError):
        syda.plan(models)
    assert syda.plan(Unrelated).tables == {}


def test_a_class_that_is_not_mapped_is_named() -> None:
    with pytest.raises(SchemaError, match="Plain"):
        syda.plan([type("Plain", (), {})])


def test_a_value_that_does_not_fit_its_column_is_refused_with_its_place() -> None:
    with pytest.raises(SydaError, match="'not a number'"):
        syda.generate(MODELS, rows=3, overrides={"age": "not a number"})
    with pytest.raises(GeneratorFunctionError, match=r"person.age.*row 0: expected a value for .*'x'"):
        syda.generate(MODELS, rows=3, overrides={"age": lambda row, column: "x"})


def test_a_unique_column_with_too_few_values_is_refused_at_planning() -> None:
    with pytest.raises(CapacityError, match=r"'customers' can have 2 rows, not the 9 asked for: \(email\)"):
        syda.plan(Base, rows={"Customer": 9}, overrides={"Customer.email": ["a", "b"]})
    plan = syda.plan(Base, rows=9, overrides={"Customer.email": ["a", "b"]})
    assert plan.tables["customers"].rows == 2
    assert "2 rows instead of 9" in plan.explain()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"locale": None}, "locale: expected a locale such as 'en_US'"),
        ({"locale": 5}, "locale: expected a locale such as 'en_US'"),
        ({"locale": ["de_DE", 5]}, "locale: expected a locale such as 'en_US'"),
        ({"locale": ["de_DE", "xx"]}, "Faker has no locale 'xx'"),
        ({"as_of": 5}, "as_of: expected an ISO date"),
        ({"overrides": ["x"]}, "overrides: expected a dict, got list"),
        ({"custom_generators": 3}, "custom_generators: expected a dict, got int"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_a_row_is_made(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        syda.plan(MODELS, **asked)


@pytest.mark.parametrize(
    "asked", [{"rows": 3}, {"seed": 4}, {"locale": "de_DE"}, {"as_of": "today"}, {"overrides": {"age": 1}}]
)
def test_what_is_asked_beside_a_plan_is_refused_not_ignored(asked: dict[str, Any]) -> None:
    plan = syda.plan(MODELS)
    for use in (lambda: syda.generate(plan, **asked), lambda: syda.seed("sqlite://", plan, create=True, **asked)):
        with pytest.raises(PlanError, match=f"a plan is complete: give {next(iter(asked))} to"):
            use()
