"""Dependencies between tables, and the order in which they are filled."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syda.errors import CycleError
from syda.schema import (
    Column,
    Deferral,
    ForeignKey,
    Kind,
    LoadOrder,
    LogicalType,
    Schema,
    Table,
    dependency_graph,
    load_order,
)
from tests.strategies import schemas

INTEGER = LogicalType(kind=Kind.INTEGER)


def tables(links: str, *, dialect: str = "", external: frozenset[str] = frozenset(), keyed: bool = True) -> Schema:
    """Return a schema from links child>parent: ``?`` is nullable, ``!`` initially deferred, ``~`` deferrable."""
    children: dict[str, list[tuple[str, str]]] = {}
    for link in links.split():
        child, _, parent = link.partition(">")
        bare = parent.rstrip("?!~")
        children.setdefault(child, [])
        if bare:
            children.setdefault(bare, [])
            children[child].append((bare, parent.removeprefix(bare)))
    built = {name: _table(name, found, keyed) for name, found in sorted(children.items())}
    return Schema(tables=built, dialect=dialect, external=external)


def _table(name: str, links: list[tuple[str, str]], keyed: bool) -> Table:
    columns = [Column(name="id", type=INTEGER, nullable=False)]
    keys = []
    for number, (parent, marks) in enumerate(links):
        column = f"{parent}_{number}"
        columns.append(Column(name=column, type=INTEGER, nullable="?" in marks))
        options: dict[str, Any] = {"deferrable": "!" in marks or "~" in marks, "initially_deferred": "!" in marks}
        keys.append(ForeignKey(name=column, pairs=((column, "id"),), parent=parent, **options))
    return Table(name=name, columns=tuple(columns), primary_key=("id",) if keyed else (), foreign_keys=tuple(keys))


def test_the_graph_has_an_edge_from_parent_to_child_for_every_foreign_key() -> None:
    graph = dependency_graph(tables("b>a b>a b>b c>b", external=frozenset("a")))
    assert set(graph.nodes) == {"a", "b", "c"}
    assert list(graph.edges(keys=True)) == [("a", "b", "a_0"), ("a", "b", "a_1"), ("b", "b", "b_2"), ("b", "c", "b_0")]


@pytest.mark.parametrize(
    ("links", "order"),
    [
        ("c b a", "a b c"),
        ("a>b b>c", "c b a"),
        ("a>c b", "b c a"),
        ("d>b d>c b>a c>a", "a b c d"),
        ("a>a", "a"),
        ("a>a b>a", "a b"),
    ],
)
def test_parents_come_first_and_the_rest_keeps_its_order(links: str, order: str) -> None:
    assert load_order(tables(links)) == LoadOrder(tuple(order.split()))


def test_external_tables_are_not_filled_and_break_cycles() -> None:
    assert load_order(tables("a>b b>a c>a", external=frozenset("b"))) == LoadOrder(("a", "c"))


@pytest.mark.parametrize(
    ("links", "order", "deferred"),
    [
        ("a>b? b>a", "a b", [Deferral("a", "b_0", "update")]),
        ("a>b b>a?", "b a", [Deferral("b", "a_0", "update")]),
        ("a>b~ b>a", "a b", [Deferral("a", "b_0", "constraint")]),
        ("a>b? b>a!", "b a", [Deferral("b", "a_0", "constraint")]),
        ("a>b? b>a~", "a b", [Deferral("a", "b_0", "update")]),
        ("a>b? a>b? b>a~", "b a", [Deferral("b", "a_0", "constraint")]),
        ("a>b? a>b? b>a", "a b", [Deferral("a", "b_0", "update"), Deferral("a", "b_1", "update")]),
        ("a>b b>c c>a? c>b?", "c b a", [Deferral("c", "a_0", "update"), Deferral("c", "b_1", "update")]),
        ("a>b? b>a c>d? d>c", "a b c d", [Deferral("a", "b_0", "update"), Deferral("c", "d_0", "update")]),
        ("a>a? a>b? b>a", "a b", [Deferral("a", "b_1", "update")]),
    ],
)
def test_a_cycle_is_broken_where_it_costs_least(links: str, order: str, deferred: list[Deferral]) -> None:
    assert load_order(tables(links)) == LoadOrder(tuple(order.split()), tuple(deferred))


def test_a_nullable_key_column_cannot_be_updated() -> None:
    schema = tables("a>b? b>a")
    table = schema.tables["a"]
    keyed = Table(name="a", columns=table.columns, primary_key=("id", "b_0"), foreign_keys=table.foreign_keys)
    order = load_order(Schema(tables={**schema.tables, "a": keyed}))
    assert [item.how for item in order.deferred] == ["unchecked"]


def test_a_table_without_primary_key_is_updated_only_when_nothing_else_helps() -> None:
    assert load_order(tables("a>b? b>a~", keyed=False)).deferred == (Deferral("b", "a_0", "constraint"),)
    assert load_order(tables("a>b? b>a", keyed=False)).deferred == (Deferral("a", "b_0", "update"),)


def test_sqlite_defers_any_foreign_key() -> None:
    assert load_order(tables("a>b b>a", dialect="sqlite")).deferred[0].how == "constraint"


def test_a_cycle_that_nothing_can_break_is_spelled_out() -> None:
    with pytest.raises(CycleError) as caught:
        load_order(tables("a>b b>c? b>c c>a d>a", dialect="oracle"))
    message = str(caught.value)
    assert "nullable" in message
    assert "DEFERRABLE" in message
    assert any(path in message for path in _rotations(["a.b_0 -> b", "b.c_1 -> c", "c.a_0 -> a"]))


def _rotations(links: list[str]) -> list[str]:
    return [", ".join(links[start:] + links[:start]) for start in range(len(links))]


def test_a_large_component_is_broken_too() -> None:
    names = [f"t{number:02}" for number in range(30)]
    ring = " ".join(f"{child}>{parent}" for child, parent in zip(names[1:], names, strict=False))
    back = " ".join(f"{names[0]}>{parent}?" for parent in names[1:])
    order = load_order(tables(f"{ring} {back}"))
    assert order.order == tuple(names)
    assert len(order.deferred) == 29


def _broken(schema: Schema, order: LoadOrder) -> set[tuple[str, str]]:
    position = {key: number for number, key in enumerate(order.order)}
    return {
        (table.key, key.name)
        for table in schema
        for key in table.foreign_keys
        if key.parent != table.key and position[key.parent] > position[table.key]
    }


@given(schemas())
def test_every_key_that_is_not_deferred_finds_its_parent_filled(schema: Schema) -> None:
    order = load_order(schema)
    assert sorted(order.order) == sorted(schema.tables)
    assert _broken(schema, order) <= {(each.table, each.foreign_key) for each in order.deferred}


@given(schemas())
def test_only_keys_within_a_cycle_are_deferred(schema: Schema) -> None:
    graph = dependency_graph(schema)
    component = {node: number for number, nodes in enumerate(nx.strongly_connected_components(graph)) for node in nodes}
    for each in load_order(schema).deferred:
        key = schema.tables[each.table].foreign_key(each.foreign_key)
        assert component[each.table] == component[key.parent]
        assert key.parent != each.table


@st.composite
def rings(draw: st.DrawFn) -> Schema:
    """Dense graphs whose every edge can be broken."""
    names = "abcdefgh"[: draw(st.integers(2, 8))]
    pairs = st.tuples(st.sampled_from(names), st.sampled_from(names), st.sampled_from("?!~")).map(
        lambda drawn: f"{drawn[0]}>{drawn[1]}{drawn[2]}"
    )
    return tables(" ".join(draw(st.lists(pairs, min_size=1, max_size=24))))


@given(rings())
def test_no_deferral_is_needless(schema: Schema) -> None:
    order = load_order(schema)
    deferred = {(each.table, each.foreign_key) for each in order.deferred}
    assert _broken(schema, order) <= deferred
    kept = nx.DiGraph(
        (key.parent, table.key)
        for table in schema
        for key in table.foreign_keys
        if key.parent != table.key and (table.key, key.name) not in deferred
    )
    for each in order.deferred:
        parent = schema.tables[each.table].foreign_key(each.foreign_key).parent
        assert not nx.is_directed_acyclic_graph(nx.DiGraph([*kept.edges, (parent, each.table)]))
