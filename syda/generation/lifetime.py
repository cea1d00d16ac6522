"""How long what was made of a table is needed, so that a load of many rows does not hold all of them."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from syda.planning.model import Plan
from syda.sources.totals import Total


def needed_for(plan: Plan, tables: Iterable[str]) -> set[str]:
    """Return the tables that the rows of `tables` are made of: themselves, all that they refer to, and the
    children that they are totals of.

    The tables of one inheritance need each other.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for table in plan.schema:
        graph.add_node(table.key)
        graph.add_edges_from((table.key, link.parent) for link in table.foreign_keys)
        if table.base_table:
            graph.add_edges_from([(table.key, table.base_table), (table.base_table, table.key)])
        planned = plan.tables[table.key].columns.values() if table.key in plan.tables else ()
        graph.add_edges_from((table.key, each.source.children) for each in planned if isinstance(each.source, Total))
    needed = set(tables)
    return needed.union(*(nx.descendants(graph, key) for key in needed))
