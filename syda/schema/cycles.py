"""The cheapest edges whose removal leaves a graph without cycles."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import networkx as nx

Edge: TypeAlias = tuple[str, str]

EXACT_UP_TO = 10
"""Number of removable edges in a strongly connected component up to which every choice is tried."""


def find_cycle(edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges of one cycle, each starting where the one before ended; nothing when there is none."""
    import networkx as nx

    try:
        return [(start, stop) for start, stop in nx.find_cycle(_graph(edges))]
    except nx.NetworkXNoCycle:
        return []


def break_cycles(costs: Mapping[Edge, int | None]) -> set[Edge]:
    """Return edges to remove, of the least total cost where a component is small enough to try every choice.

    An edge whose cost is None stays; the edges that stay must have no cycle among them.
    """
    broken: set[Edge] = set()
    pending = _components(costs)
    while pending:
        component = pending.pop()
        removable = [edge for edge in component if costs[edge] is not None]
        if len(removable) <= EXACT_UP_TO:
            broken |= _cheapest(component, removable, costs)
        else:
            edge = _best_single(component, removable, costs)
            broken.add(edge)
            pending += _components(other for other in component if other != edge)
    return _without_needless(broken, costs)


def _components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Return the edges that lie on cycles, by strongly connected component, in their given order."""
    import networkx as nx

    edges = list(edges)
    home = {
        node: number for number, nodes in enumerate(nx.strongly_connected_components(_graph(edges))) for node in nodes
    }
    components: dict[int, list[Edge]] = {}
    for start, stop in edges:
        if home[start] == home[stop]:
            components.setdefault(home[start], []).append((start, stop))
    return list(components.values())


def _cheapest(component: list[Edge], removable: list[Edge], costs: Mapping[Edge, int | None]) -> set[Edge]:
    choices = sorted(_subsets(removable), key=lambda chosen: sum(costs[edge] or 0 for edge in chosen))
    return set(next(chosen for chosen in choices if _is_acyclic(edge for edge in component if edge not in chosen)))


def _subsets(edges: list[Edge]) -> Iterator[tuple[Edge, ...]]:
    return (chosen for size in range(len(edges) + 1) for chosen in combinations(edges, size))


def _best_single(component: list[Edge], removable: list[Edge], costs: Mapping[Edge, int | None]) -> Edge:
    """Return the edge whose removal leaves the fewest edges on cycles, the cheapest one among equals."""

    def left(edge: Edge) -> tuple[int, int]:
        rest = _components(other for other in component if other != edge)
        return sum(map(len, rest)), costs[edge] or 0

    return min(removable, key=left)


def _without_needless(broken: set[Edge], costs: Mapping[Edge, int | None]) -> set[Edge]:
    """Put back, the dearest first, what can stay after all."""
    needed = set(broken)
    for edge in sorted(broken, key=lambda edge: (-(costs[edge] or 0), edge)):
        if _is_acyclic(other for other in costs if other == edge or other not in needed):
            needed.discard(edge)
    return needed


def _is_acyclic(edges: Iterable[Edge]) -> bool:
    import networkx as nx

    return bool(nx.is_directed_acyclic_graph(_graph(edges)))


def _graph(edges: Iterable[Edge]) -> nx.DiGraph[str]:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from(edges)
    return graph
