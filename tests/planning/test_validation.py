"""What no row can have is refused when the plan is made, not when its rows are."""

from __future__ import annotations

from typing import Any

import pytest

import syda
from syda.errors import CapacityError, PlanError, UnknownNameError

MODELS = {
    "company": {"id": "number", "domain": "text"},
    "person": {
        "id": "number",
        "name": "text",
        "email": {"type": "text", "nullable": True},
        "age": "integer",
        "born": "date",
        "company_id": "company.id",
    },
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{nme}", r"person.email: the template '\{nme\}': table 'person' has no column 'nme'; did you mean 'name'"),
        ("{}", "has no column ''"),
        ("{name[0]}", "has no column 'name\\[0\\]'; did you mean 'name'"),
        ("{compny_id.domain}", "has no foreign key 'compny_id'; did you mean 'company_id'"),
        ("{company_id.domian}", "table 'company' has no column 'domian'; did you mean 'domain'"),
    ],
)
def test_an_unknown_field_of_a_template_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        syda.plan(MODELS, overrides={"person.email": syda.template(text)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{na", r"person.email: the template '\{na' has braces that do not pair"),
        ("na}", "has braces that do not pair"),
        ("{name:zz}", "the field 'name' holds text values, which the format 'zz' does not fit: "),
        ("{age:x<}{row:zz}", "the field 'row' holds a row number"),
        ("{age:{row}}", "holds integer values, which the format '{row}' does not fit"),
        ("{name!q}", r"expected one of !l \(lower case\), !u .*, got !q in the field 'name'"),
        ("{email}", "refers to its own column"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(text: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        syda.plan(MODELS, overrides={"person.email": syda.template(text)})


def test_templates_that_can_be_filled_are_not_refused() -> None:
    text = "{name!l}{age:>5}{row:03d}{born:%Y}{company_id.domain!s:>9}{{}}"
    dataset = syda.generate(MODELS, rows=3, overrides={"person.email": syda.template(text)})
    assert all(email.endswith("{}") for email in dataset.frames()["person"]["email"])


def test_a_faker_provider_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"person.name: Faker has no provider 'first_nme'; did you mean 'first_"):
        syda.plan(MODELS, overrides={"person.name": syda.faker("first_nme")})
    with pytest.raises(PlanError, match=r"person.name: 'faker:add_provider' makes no values: TypeError"):
        syda.plan(MODELS, overrides={"person.name": syda.faker("add_provider")})


@pytest.mark.parametrize("given", [None, syda.value(None), ["a", None]])
def test_null_for_a_column_that_is_not_null_is_refused(given: Any) -> None:
    with pytest.raises(PlanError, match=r"person.name: expected a value, because the column is NOT NULL, got None"):
        syda.plan(MODELS, overrides={"person.name": given})
    assert syda.plan(MODELS, overrides={"person.email": given})


@pytest.mark.parametrize("given", ["old", [1, "old"], syda.value("old")])
def test_a_value_that_is_none_of_the_column_s_type_is_refused(given: Any) -> None:
    with pytest.raises(PlanError, match=r"person.age: expected a value for .*, got str 'old'"):
        syda.plan(MODELS, overrides={"person.age": given})


@pytest.mark.parametrize(
    ("size", "message"), [("a", "got str 'a'"), (2.5, "got float 2.5"), (True, "got bool"), (0, "expected 1 row or")]
)
def test_a_block_size_that_is_none_is_refused(size: Any, message: str) -> None:
    with pytest.raises(PlanError, match=f"block_size: .*{message}"):
        syda.generate(MODELS, block_size=size)


PAIRS = {
    "a": {"id": "number"},
    "b": {"id": "number"},
    "tree": {"id": "number", "parent_id": {"type": "integer", "references": "tree.id", "nullable": True}},
    "ab": {
        "columns": {
            "a_id": {"type": "integer", "references": "a.id", "primary_key": True},
            "b_id": {"type": "integer", "references": "b.id", "primary_key": True},
        }
    },
}


def test_more_children_than_there_are_partners_is_refused() -> None:
    rows = {"a": 10, "b": 3, "ab.a_id": syda.between(4, 5)}
    with pytest.raises(CapacityError, match=r"ab.a_id: each row of 'a' can have 3 rows of 'ab', not the 4 asked for"):
        syda.plan(PAIRS, rows=rows)
    made = syda.generate(PAIRS, rows={**rows, "ab.a_id": syda.between(3, 5)}).frames()["ab"]
    assert set(made.groupby("a_id").size()) == {3}
    assert syda.plan(PAIRS, rows={**rows, "a": 0})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            {"ab.a_id": 2, "ab.b_id": 2},
            "ab.b_id: children per parent of 'a_id' are given too, and .a_id, b_id. must be",
        ),
        ({"ab": 9, "ab.a_id": 2}, "ab.a_id: the rows of table 'ab' are given too"),
        ({"tree.parent_id": 2}, "tree.parent_id: expected a foreign key to another table"),
    ],
)
def test_children_per_parent_that_would_be_ignored_are_refused(rows: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        syda.plan(PAIRS, rows={"a": 10, "b": 3, **rows})


def test_children_per_parent_that_unique_sets_keep_anyway_go_with_a_number_of_rows() -> None:
    rows = {"a": 10, "b": 3, "ab": 9, "ab.a_id": syda.between(0, 3)}
    assert syda.generate(PAIRS, rows=rows).frames()["ab"].groupby("a_id").size().max() <= 3


def test_children_per_parent_of_a_column_that_the_user_makes_are_refused() -> None:
    with pytest.raises(PlanError, match=r"person.company_id: expected children per parent or a source"):
        syda.plan(MODELS, rows={"person.company_id": 2}, overrides={"person.company_id": 1})


def test_a_template_that_follows_its_own_column_up_a_tree_is_refused() -> None:
    models = {"n": {"id": "number", "up": {"type": "integer", "references": "n.id", "nullable": True}, "path": "text"}}
    with pytest.raises(PlanError, match=r"n.path: the template .* refers to its own column"):
        syda.plan(models, overrides={"n.path": syda.template("{up.path}/{id}")})
