"""Columns that read each other in a circle, so that none can be made first.

Where the user's rules close one with what names suggest, the suggestion gives way; rules alone that do are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import networkx as nx

from syda.errors import PlanError, UnknownNameError
from syda.planning.model import ColumnPlan, TablePlan
from syda.planning.names import find_column
from syda.schema.model import Schema, Table
from syda.sources.base import Source
from syda.sources.totals import Total

Node = tuple[str, str]


def without_circles(
    schema: Schema, tables: Mapping[str, TablePlan], alone: Callable[[str, str], Source]
) -> dict[str, TablePlan]:
    """Return the tables with the inferred columns of each circle made `alone`, without a look at other columns.

    Raises `PlanError` that names a circle of columns none of which was inferred.
    """
    changed = dict(tables)
    while circle := find_circle(schema, changed):
        guessed = [node for node in circle if changed[node[0]].columns[node[1]].author == "inference"]
        if not guessed:
            raise PlanError(told(circle))
        table, name = guessed[0]
        column = changed[table].columns[name]
        freed = replace(column, source=alone(table, name), reason=f"{column.reason}, which a rule rules out")  # type: ignore[arg-type]
        changed[table] = replace(changed[table], columns={**changed[table].columns, name: freed})
    return changed


def find_circle(schema: Schema, tables: Mapping[str, TablePlan]) -> list[Node]:
    """Return columns of which each reads the one behind it, and the last the first; none when there is no circle."""
    graph: nx.DiGraph[Node] = nx.DiGraph()
    for key, planned in tables.items():
        for name, column in planned.columns.items():
            graph.add_edges_from(((key, name), read) for read in _reads(schema, schema.tables[key], column))
    try:
        return [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def told(circle: list[Node]) -> str:
    """Return what is wrong with a circle."""
    names = " -> ".join(".".join(node) for node in (*circle, circle[0]))
    return f"these columns need each other, so none can be made first: {names}"


def _reads(schema: Schema, table: Table, planned: ColumnPlan) -> Iterator[Node]:
    source: Source = planned.source
    if isinstance(source, Total):
        yield from ((source.children, name) for name in source.factors)
    for name in source.needs():
        try:
            found = find_column(schema, table, name, "")
        except UnknownNameError:  # a column that only the rows tell of
            continue
        yield found.owner.key, found.column.name
