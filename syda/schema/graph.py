"""Which table depends on which, and an order in which they can be filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from syda.errors import CycleError
from syda.schema.cycles import Edge, break_cycles, find_cycle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import networkx as nx

    from syda.schema.model import ForeignKey, Schema, Table

How: TypeAlias = Literal["update", "constraint", "unchecked"]
_UNCHECKED = ("", "postgresql", "mysql", "mariadb")
"""Databases (or none yet) in which a load can have a foreign key checked late that is not made for it."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """A foreign key that cannot be right when its row is inserted.

    `how` is ``"update"`` (insert NULL, update the row when the parent is there), ``"constraint"`` (insert the key;
    the database checks it at commit) or ``"unchecked"`` (insert the key; the load has it checked after all rows).
    """

    table: str
    foreign_key: str
    how: How


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """Table keys, parents first and without external tables, and the foreign keys that this order breaks."""

    order: tuple[str, ...]
    deferred: tuple[Deferral, ...] = ()


def dependency_graph(schema: Schema) -> nx.MultiDiGraph[str]:
    """Return a graph with an edge from parent to child for every foreign key, keyed by its name.

    Self-references are loops; external tables are nodes too.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(schema.tables)
    for table in schema:
        for key in table.foreign_keys:
            graph.add_edge(key.parent, table.key, key=key.name)
    return graph


def load_order(schema: Schema) -> LoadOrder:
    """Return the order in which tables can be filled; raise `CycleError` when there is none.

    Tables that do not depend on each other stay in the order of the schema. A cycle is broken where that costs least:
    with as few foreign keys as possible; among these, one that the database defers by itself, then one that can be
    NULL first and updated later, then one that can be deferred.
    """
    import networkx as nx

    position = {key: at for at, key in enumerate(key for key in schema.tables if key not in schema.external)}
    edges = _edges(schema, position)
    _require_breakable(edges)
    strict = {edge: [each for each in keys if each.how in (None, "unchecked")] for edge, keys in edges.items()}
    is_needed = bool(find_cycle([edge for edge, keys in strict.items() if keys]))
    broken = break_cycles({edge: _cost(keys, last_resort=is_needed) for edge, keys in edges.items()})
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(position)
    graph.add_edges_from(edge for edge in edges if edge not in broken)
    order = tuple(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
    deferred = (each for edge in edges if edge in broken for each in edges[edge])
    return LoadOrder(order, tuple(Deferral(each.table, each.key.name, each.how) for each in deferred if each.how))


def self_deferrals(schema: Schema) -> tuple[Deferral, ...]:
    """Return how foreign keys of tables to themselves are loaded where no order of the rows has parents first."""
    found = (
        (table.key, key.name, _way_out(table, key, dialect=schema.dialect)[0])
        for table in schema
        for key in table.foreign_keys
        if key.parent == table.key
    )
    return tuple(Deferral(table, name, how) for table, name, how in found if how)


@dataclass(frozen=True, slots=True)
class _Dependency:
    """A foreign key, and how and at what cost its row can be inserted before the parent's; `how` None: it cannot."""

    table: str
    key: ForeignKey
    how: How | None
    cost: int


def _edges(schema: Schema, tables: Collection[str]) -> dict[Edge, list[_Dependency]]:
    edges: dict[Edge, list[_Dependency]] = {}
    for child in tables:
        table = schema.tables[child]
        for key in table.foreign_keys:
            if key.parent in tables and key.parent != child:
                how, cost = _way_out(table, key, dialect=schema.dialect)
                edges.setdefault((key.parent, child), []).append(_Dependency(child, key, how, cost))
    return edges


def _way_out(table: Table, key: ForeignKey, *, dialect: str) -> tuple[How | None, int]:
    if key.deferrable and key.initially_deferred:
        return "constraint", 0
    columns = [table.column(name) for name in key.columns if name not in table.primary_key]
    optional = [column for column in columns if column.nullable and column.computed is None]
    if optional and table.primary_key:
        return "update", 1
    # SQLite defers any foreign key: PRAGMA defer_foreign_keys.
    if key.deferrable or dialect == "sqlite":
        return "constraint", 2
    # Without a primary key, the rows to update must be found by all their values.
    if optional:
        return "update", 3
    return ("unchecked", _LAST_RESORT) if dialect in _UNCHECKED else (None, 0)


_LAST_RESORT = 1_000_000
"""Weighs more than any number of keys that are made to be set late."""
_PER_KEY = 100
"""Weighs more than any difference between the ways out, so that the fewest keys are broken."""


def _cost(keys: Collection[_Dependency], *, last_resort: bool) -> int | None:
    if any(each.how is None or (each.how == "unchecked" and not last_resort) for each in keys):
        return None
    return sum(_PER_KEY + each.cost for each in keys)


def _require_breakable(edges: Mapping[Edge, list[_Dependency]]) -> None:
    rigid = {edge: [each for each in keys if each.how is None] for edge, keys in edges.items()}
    cycle = find_cycle([edge for edge, keys in rigid.items() if keys])
    if cycle:
        # Each edge leads from parent to child; read backwards it follows the foreign keys.
        links = [rigid[edge][0] for edge in reversed(cycle)]
        path = ", ".join(f"{link.table}.{'+'.join(link.key.columns)} -> {link.key.parent}" for link in links)
        raise CycleError(
            f"required foreign keys form a cycle, so no table can be filled first: {path}; "
            "make one of these columns nullable, or one of the constraints DEFERRABLE"
        )
