"""Schemas in dicts: the short form, the full form, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from syda.errors import MissingTableError, SchemaError
from syda.schema import (
    Check,
    Column,
    DefaultKind,
    ForeignKey,
    Identity,
    Inheritance,
    Kind,
    LogicalType,
    Table,
    Unique,
    from_mapping,
)


def only(written: object) -> Column:
    return from_mapping({"t": {"c": written}}).tables["t"].column("c")


@pytest.mark.parametrize(
    ("word", "type_"),
    [
        ("number", LogicalType(kind=Kind.DECIMAL, scale=2)),
        ("Integer", LogicalType(kind=Kind.INTEGER)),
        ("bigint", LogicalType(kind=Kind.INTEGER, bits=64)),
        ("float", LogicalType(kind=Kind.FLOAT)),
        ("decimal", LogicalType(kind=Kind.DECIMAL)),
        ("decimal(10, 2)", LogicalType(kind=Kind.DECIMAL, precision=10, scale=2)),
        ("text", LogicalType(kind=Kind.TEXT)),
        ("string(20)", LogicalType(kind=Kind.TEXT, length=20)),
        ("char(2)", LogicalType(kind=Kind.TEXT, length=2, fixed_length=True)),
        ("date", LogicalType(kind=Kind.DATE)),
        ("datetime", LogicalType(kind=Kind.DATETIME)),
        ("time", LogicalType(kind=Kind.TIME)),
        ("boolean", LogicalType(kind=Kind.BOOLEAN)),
        ("uuid", LogicalType(kind=Kind.UUID)),
        ("json", LogicalType(kind=Kind.JSON)),
        ("binary(8)", LogicalType(kind=Kind.BINARY, length=8)),
        ("enum(new, 'it is')", LogicalType(kind=Kind.ENUM, values=("new", "it is"))),
        (["new", "paid"], LogicalType(kind=Kind.ENUM, values=("new", "paid"))),
        (
            {"type": "array", "item": "text(3)"},
            LogicalType(kind=Kind.ARRAY, item=LogicalType(kind=Kind.TEXT, length=3)),
        ),
        ({"type": "text", "length": 5}, LogicalType(kind=Kind.TEXT, length=5)),
        ({"type": "other", "native": "inet"}, LogicalType(kind=Kind.OTHER, native="inet")),
    ],
)
def test_a_word_is_a_type(word: object, type_: LogicalType) -> None:
    assert only(word).type == type_


def test_a_word_that_says_what_the_text_means_is_kept() -> None:
    assert only("email") == Column(
        name="c", type=LogicalType(kind=Kind.TEXT), nullable=False, info={"meaning": "email"}
    )
    assert only("phone(20)?").type.length == 20
    assert only({"type": "text", "meaning": "nickname"}).info == {"meaning": "nickname"}


def test_a_column_is_required_unless_it_says_otherwise() -> None:
    assert not only("text").nullable
    assert only("text?").nullable
    assert only({"type": "text", "nullable": True}).nullable
    assert only("text (5) ?").nullable


@pytest.mark.parametrize(
    ("name", "columns", "key"),
    [
        ("t", {"id": "number", "a": "text"}, ("id",)),
        ("t", {"a": "text", "ID": "number"}, ("ID",)),
        ("Customer", {"customer_id": "uuid", "a": "text"}, ("customer_id",)),
        ("customers", {"customer_id": "number"}, ("customer_id",)),
        ("t", {"a": "text", "t_id": "number"}, ()),
        ("t", {"a": {"type": "text", "primary_key": True}, "id": "number"}, ("a",)),
    ],
)
def test_the_primary_key_is_found_by_its_name(name: str, columns: dict[str, Any], key: tuple[str, ...]) -> None:
    assert from_mapping({name: columns}).tables[name].primary_key == key


@pytest.mark.parametrize(
    ("word", "kind", "meaning", "comment"),
    [
        ("icd10_code", Kind.TEXT, "icd10_code", None),
        ("icd10_code(5)", Kind.TEXT, "icd10_code", None),
        ("名前", Kind.TEXT, "名前", None),
        ("10-digit code", Kind.TEXT, None, "10-digit code"),
        ("hospital's ward", Kind.TEXT, None, "hospital's ward"),
        ("cat/dog", Kind.TEXT, None, "cat/dog"),
        ("price (USD)", Kind.TEXT, None, "price (USD)"),
        ("name (short)", Kind.TEXT, None, "name (short)"),
        ("name of ward, e.g. x", Kind.TEXT, None, "name of ward, e.g. x"),
        ("real estate", Kind.TEXT, None, "real estate"),
        ("date of birth?", Kind.DATE, None, "date of birth"),
        ("number of legs", Kind.INTEGER, None, "number of legs"),
        ("integer between 1 and 5", Kind.INTEGER, None, "integer between 1 and 5"),
        ("number, in dollars", Kind.DECIMAL, None, "number, in dollars"),
    ],
)
def test_any_other_word_is_a_hint(word: str, kind: Kind, meaning: str | None, comment: str | None) -> None:
    column = from_mapping({"t": {"c": word}}).tables["t"].column("c")
    assert (column.type.kind, column.info.get("meaning"), column.comment) == (kind, meaning, comment)
    assert column.nullable == word.endswith("?")


@pytest.mark.parametrize("word", ["emial", "integr", "nmae", "datetme(3)"])
def test_a_word_that_nearly_is_a_type_is_an_error_unless_it_may_be_misspelled(word: str) -> None:
    with pytest.raises(SchemaError, match="did you mean"):
        from_mapping({"t": {"c": word}})
    assert from_mapping({"t": {"c": word}}, misspelled=True).tables["t"].column("c").type.kind is Kind.TEXT


@pytest.mark.parametrize(
    "name", ["id", "patient_id", "orderCount", "quantity", "age", "year", "num_pages", "days_open"]
)
def test_a_number_is_a_whole_one_where_its_name_says_so(name: str) -> None:
    assert from_mapping({"t": {name: "number"}}).tables["t"].column(name).type.kind is Kind.INTEGER


@pytest.mark.parametrize("name", ["price", "total_amount", "weight_kg", "cost_per_day", "average_age", "rating"])
def test_other_numbers_have_two_places(name: str) -> None:
    assert from_mapping({"t": {name: "number"}}).tables["t"].column(name).type == LogicalType(
        kind=Kind.DECIMAL, scale=2
    )


def test_an_integer_key_is_numbered_by_the_database() -> None:
    assert from_mapping({"t": {"id": "number"}}).tables["t"].column("id").autoincrement
    assert not from_mapping({"t": {"id": "uuid"}}).tables["t"].column("id").autoincrement


def test_a_dotted_word_is_a_foreign_key_with_the_type_of_its_target() -> None:
    schema = from_mapping(
        {
            "Order": {"id": "number", "customer_id": "Customer.id", "second": "Customer.id?", "prior_id": "Order.id"},
            "Customer": {"id": "uuid"},
        }
    )
    order = schema.tables["Order"]
    assert order.foreign_key("customer_id") == ForeignKey(
        name="customer_id", pairs=(("customer_id", "id"),), parent="Customer"
    )
    assert order.column("customer_id").type == LogicalType(kind=Kind.UUID)
    nullable = {column.name for column in order.columns if column.nullable}
    assert nullable == {"second", "prior_id"}


def test_a_chain_of_references_ends_in_a_type() -> None:
    schema = from_mapping({"a": {"id": "b.id"}, "b": {"id": "c.id"}, "c": {"id": "bigint"}})
    assert schema.tables["a"].column("id").type.bits == 64
    assert not schema.tables["a"].column("id").autoincrement


def test_the_full_form_says_everything() -> None:
    schema = from_mapping(
        {
            "tables": {
                "sales.orders": {
                    "columns": {
                        "tenant": "number",
                        "no": {"type": "integer", "bits": 64, "identity": "always"},
                        "status": {"type": "enum", "values": ["new", "paid"], "default": "new"},
                        "total": {"type": "decimal", "server_default": "0", "comment": "in euros", "doc": "gross"},
                        "twice": {"type": "decimal", "computed": "total * 2", "nullable": True},
                        "code": {"type": "text", "unique": True, "info": {"pii": False}},
                        "buyer": "number?",
                    },
                    "primary_key": ["tenant", "no"],
                    "unique": [["code", "buyer"], "total", {"columns": "buyer", "predicate": "total > 0", "name": "u"}],
                    "foreign_keys": [
                        {"columns": ["tenant", "buyer"], "references": "people", "deferrable": True},
                        {
                            "name": "peer",
                            "columns": ["buyer", "tenant"],
                            "references": "people",
                            "parent_columns": ["no", "tenant"],
                        },
                    ],
                    "checks": ["total >= 0", {"name": "c", "expression": "a ~ 'b'", "dialect": "postgres"}],
                    "comment": "orders",
                    "doc": "What was sold",
                    "class_names": ["Order"],
                    "attributes": {"number": "no"},
                },
                "people": {
                    "columns": {"tenant": "number", "no": "number", "kind": "text"},
                    "primary_key": ["tenant", "no"],
                    "inheritance": {"discriminator": "kind", "identities": [{"value": "p", "class_name": "Person"}]},
                },
            },
            "dialect": "postgresql",
            "external": ["people"],
        }
    )
    order = schema.table("Order")
    assert (schema.dialect, schema.external, order.key, order.schema) == (
        "postgresql",
        frozenset({"people"}),
        "sales.orders",
        "sales",
    )
    assert order.column("number").identity == "always"
    assert (order.column("status").default_kind, order.column("status").default) == (DefaultKind.CLIENT_VALUE, "new")
    assert (order.column("total").default_kind, order.column("total").default) == (DefaultKind.SERVER, "0")
    assert order.column("twice").computed == "total * 2"
    assert order.uniques == (
        Unique(columns=("code",)),
        Unique(columns=("code", "buyer")),
        Unique(columns=("total",)),
        Unique(name="u", columns=("buyer",), predicate="total > 0"),
    )
    assert order.foreign_keys == (
        ForeignKey(
            name="tenant_buyer", pairs=(("tenant", "tenant"), ("buyer", "no")), parent="people", deferrable=True
        ),
        ForeignKey(name="peer", pairs=(("buyer", "no"), ("tenant", "tenant")), parent="people"),
    )
    assert order.checks == (
        Check(expression="total >= 0"),
        Check(name="c", expression="a ~ 'b'", dialect="postgres"),
    )
    assert schema.tables["people"].inheritance == Inheritance(
        discriminator="kind",
        identities=(Identity(value="p", class_name="Person", table="people", columns=("tenant", "no", "kind")),),
    )


def test_a_table_may_be_called_tables_and_a_column_columns() -> None:
    schema = from_mapping({"tables": {"id": "number", "columns": "text"}})
    assert schema.tables == {
        "tables": Table(
            name="tables",
            columns=(
                Column(name="id", type=LogicalType(kind=Kind.INTEGER), nullable=False, autoincrement=True),
                Column(name="columns", type=LogicalType(kind=Kind.TEXT), nullable=False),
            ),
            primary_key=("id",),
        )
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"t": {"c": "txet"}}, "table 't', column 'c': unknown type 'txet'; did you mean 'text'"),
        ({"t": {"c": "emial"}}, "did you mean 'email'"),
        ({"t": {"c": "date(3)"}}, "date takes no arguments"),
        ({"t": {"c": "text(x)"}}, "one whole number"),
        ({"t": {"c": "enum()"}}, "an enum needs its values"),
        ({"t": {"c": ""}}, "the type is empty"),
        ({"t": {"c": int}}, "such as 'integer', a list or a mapping, found int"),
        ({"t": {"c": "decimal(1,2,3)"}}, "precision and scale"),
        ({"t": {"c": "enum"}}, r"enum needs its values.*enum\(a, b\)"),
        ({"t": {"c": {"type": "enum"}}}, "enum needs values"),
        ({"t": {"c": [True, False]}}, "put it in quotes; YAML reads"),
        ({"t": {"c": None}}, "column 'c': expected a word such as 'text', a list or a mapping, found nothing"),
        ({"t": {"c": 3}}, "expected a word such as 'text', a list or a mapping, found 3"),
        ({"t": {"c": {}}}, "needs a type"),
        ({"t": {"c": {"type": "text", "lenght": 3}}}, "unknown key 'lenght'; did you mean 'length'"),
        ({"t": {"c": {"type": "text", "length": "3"}}}, "length: expected a whole number, found '3'"),
        ({"t": {"c": {"type": "text", "length": True}}}, "expected a whole number, found True"),
        ({"t": {"c": {"type": "text", "nullable": "no"}}}, "nullable: expected true or false"),
        ({"t": {"c": {"type": "text", "default_kind": "x"}}}, "unknown default_kind 'x'; known: none"),
        ({"t": {True: "text"}}, "the name True is not text; put it in quotes"),
        ({"t": "text"}, "table 't': expected a mapping of columns"),
        ({3: {}}, "the name 3 is not text"),
        ({"t": {"columns": {"a": "text"}, "uniqe": []}}, "unknown key 'uniqe'; did you mean 'unique'"),
        ({"t": {"columns": {"a": "text"}, "primary_key": ["b"]}}, "primary_key: there is no column 'b'"),
        ({"t": {"columns": {"a": "text"}, "unique": [["aa"]]}}, "no column 'aa'; did you mean 'a'|no column 'aa'"),
        ({"t": {"columns": {"a": "text"}, "checks": "a > 0"}}, "checks: expected a list"),
        ({"t": {"columns": {"a": "text"}, "attributes": {"x": "y"}}}, "no column 'y'"),
        ({"t": {"columns": {"a": "text"}, "inherits": "a"}}, "no foreign key 'a'"),
        ({"a": {"x": "b.x"}, "b": {"x": "a.x"}}, "in a circle"),
        ({"a": {"x": {"references": "x"}}}, "expected 'table.column'"),
        ({"a": {"x": "b.y"}, "b": {"z": "text"}}, "no column 'y'; known: z"),
        ({"tables": {"a": {"x": "text"}}, "dialekt": "x"}, "unknown key 'dialekt'; did you mean 'dialect'"),
        ({"tables": {"a": {"x": "text"}}, "external": ["b"]}, "no table 'b'"),
        (
            {
                "a": {"columns": {"x": "text"}, "foreign_keys": [{"columns": "x", "references": "b"}]},
                "b": {"y": "text"},
            },
            "do not pair",
        ),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_place(data: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        from_mapping(data)


@pytest.mark.parametrize(
    "table",
    [
        {"c": "Custmer.id"},
        {"columns": {"c": "number"}, "foreign_keys": [{"columns": "c", "references": "Custmer"}]},
    ],
)
def test_a_missing_parent_says_which_table_to_add(table: dict[str, Any]) -> None:
    with pytest.raises(MissingTableError, match="'Custmer', which is not there; add it; did you mean 'Customer'"):
        from_mapping({"Order": table, "Customer": {"id": "number"}})
