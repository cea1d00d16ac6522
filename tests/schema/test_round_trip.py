"""Every schema survives being written as plain YAML values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from syda.schema import (
    Check,
    Column,
    DefaultKind,
    Exclusion,
    ForeignKey,
    Identity,
    Inheritance,
    Kind,
    LogicalType,
    Schema,
    Table,
    Unique,
    from_mapping,
    read_schema,
    to_mapping,
)
from tests.schema.test_classes import Base as Classes
from tests.schema.test_inheritance import JoinedBase, SingleBase
from tests.strategies import schemas

texts = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
maybe = st.none() | texts
scalars = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
plain = st.recursive(
    st.none() | scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2)
)
numbers = st.none() | st.integers(0, 99)

types = st.recursive(
    st.builds(
        LogicalType,
        kind=st.sampled_from(Kind),
        length=numbers,
        fixed_length=st.booleans(),
        precision=numbers,
        scale=numbers,
        bits=numbers,
        unsigned=st.booleans(),
        values=st.lists(texts, max_size=3).map(tuple),
        timezone=st.booleans(),
        dimensions=st.integers(1, 3),
        native=texts,
    ),
    lambda inner: st.builds(LogicalType, kind=st.just(Kind.ARRAY), item=inner, dimensions=st.integers(1, 3)),
    max_leaves=3,
)
defaults = st.one_of(
    st.sampled_from([(kind, None) for kind in DefaultKind if kind is not DefaultKind.CLIENT_VALUE]),
    scalars.map(lambda value: (DefaultKind.CLIENT_VALUE, value)),
    texts.map(lambda text: (DefaultKind.SERVER, text)),
)


@st.composite
def ornate(draw: st.DrawFn) -> Schema:
    """Schemas with every field in use, sensible or not."""
    base = draw(schemas(max_tables=4))
    tables = [draw(_ornate_table(table, list(base.tables))) for table in base]
    schema = draw(st.none() | st.sampled_from(("sales", "a.b")))
    return Schema(
        tables={table.key: table for table in (_moved(table, schema) for table in tables)},
        dialect=draw(st.sampled_from(("", "sqlite", "postgresql"))),
        external=frozenset(draw(st.sets(st.sampled_from([_key(name, schema) for name in base.tables])))),
    )


def _key(name: str, schema: str | None) -> str:
    return f"{schema}.{name}" if schema else name


def _moved(table: Table, schema: str | None) -> Table:
    keys = tuple(replace(key, parent=_key(key.parent, schema)) for key in table.foreign_keys)
    return replace(table, schema=schema, foreign_keys=keys)


@st.composite
def _ornate_table(draw: st.DrawFn, table: Table, tables: list[str]) -> Table:
    columns = [column.name for column in table.columns]
    some = st.lists(st.sampled_from(columns), max_size=2, unique=True).map(tuple)
    uniques = st.builds(
        Unique,
        name=maybe,
        columns=some,
        expressions=st.lists(texts, max_size=2).map(tuple),
        predicate=maybe,
        nulls_not_distinct=st.booleans(),
    )
    exclusions = st.builds(
        Exclusion,
        name=maybe,
        elements=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        predicate=maybe,
        using=st.sampled_from(("gist", "btree")),
    )
    identities = st.builds(Identity, value=scalars, class_name=names, table=st.sampled_from(tables), columns=some)
    inheritance = st.builds(
        Inheritance, discriminator=st.sampled_from(columns), identities=st.lists(identities, max_size=2).map(tuple)
    )
    keys = tuple(draw(_ornate_key(key)) for key in table.foreign_keys)
    return replace(
        table,
        columns=tuple(draw(_ornate_column(column, table)) for column in table.columns),
        foreign_keys=keys,
        comment=draw(maybe),
        doc=draw(maybe),
        class_names=tuple(draw(st.lists(names, max_size=2))),
        attributes=draw(st.dictionaries(names, st.sampled_from(columns), max_size=2)),
        uniques=(*table.uniques, *draw(st.lists(uniques, max_size=2))),
        checks=tuple(draw(st.lists(st.builds(Check, name=maybe, expression=texts, dialect=texts), max_size=2))),
        exclusions=tuple(draw(st.lists(exclusions, max_size=2))),
        triggers=tuple(draw(st.lists(texts, max_size=2))),
        inheritance=draw(st.none() | inheritance),
        inherits=draw(st.none() | st.sampled_from([key.name for key in keys])) if keys else None,
        association=draw(st.booleans()),
    )


def _ornate_column(column: Column, table: Table) -> st.SearchStrategy[Column]:
    def build(type_: LogicalType, default: tuple[DefaultKind, Any], **options: Any) -> Column:
        nullable = column.nullable and column.name not in table.primary_key
        kind, value = default
        return Column(name=column.name, type=type_, default_kind=kind, default=value, nullable=nullable, **options)

    return st.builds(
        build,
        types,
        defaults,
        autoincrement=st.booleans(),
        identity=st.sampled_from((None, "always", "by default")),
        computed=maybe,
        comment=maybe,
        doc=maybe,
        info=st.dictionaries(texts, plain, max_size=2),
    )


def _ornate_key(key: ForeignKey) -> st.SearchStrategy[ForeignKey]:
    return st.builds(
        replace,
        st.just(key),
        deferrable=st.booleans(),
        initially_deferred=st.booleans(),
        on_delete=maybe,
        on_update=maybe,
        relationship=maybe,
        collection=maybe,
    )


@given(schemas())
def test_a_fillable_schema_survives(schema: Schema) -> None:
    assert from_mapping(to_mapping(schema)) == schema


@settings(deadline=None, max_examples=50)
@given(ornate())
def test_every_field_survives_yaml_and_json(schema: Schema) -> None:
    mapping = to_mapping(schema)
    assert from_mapping(yaml.safe_load(yaml.safe_dump(mapping, sort_keys=False))) == schema
    assert from_mapping(json.loads(json.dumps(mapping))) == schema


def test_mapped_classes_survive() -> None:
    for base in (Classes, JoinedBase, SingleBase):
        schema = read_schema(base).schema
        assert from_mapping(yaml.safe_load(yaml.safe_dump(to_mapping(schema), sort_keys=False))) == schema


def test_what_is_at_its_default_is_left_out() -> None:
    written = {"Customer": {"id": "number", "email": "text"}}
    assert to_mapping(from_mapping(written)) == {
        "tables": {
            "Customer": {
                "columns": {"id": {"type": "integer", "autoincrement": True}, "email": "text"},
                "primary_key": ["id"],
            }
        }
    }


def test_the_dump_of_a_read_schema_holds_plain_values_only() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column(sa.sql.quoted_name("id", quote=True), sa.Integer, primary_key=True),
        sa.Column("d", sa.Date, default=sa.func.now(), info={"object": object()}),
    )
    yaml.safe_dump(to_mapping(read_schema(metadata).schema))
