"""How long what was made of a table is needed, so that a load of many rows does not hold all of them."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from syda.planning.model import Plan


def needed_for(plan: Plan, tables: Iterable[str]) -> set[str]:
    """Return the tables that the rows of `tables` are made of: themselves, and all that they refer to.

    The tables of one inheritance need each other.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for table in plan.schema:
        graph.add_node(table.key)
        graph.add_edges_from((table.key, link.parent) for link in table.foreign_keys)
        if table.base_table:
            graph.add_edges_from([(table.key, table.base_table), (table.base_table, table.key)])
    needed = set(tables)
    return needed.union(*(nx.descendants(graph, key) for key in needed))
