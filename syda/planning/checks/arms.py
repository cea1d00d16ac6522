"""Ways to satisfy several conditions at once.

A condition is a tree of AND, OR, NOT, equivalences and counts over comparisons. An *arm* is one way through the tree:
what each column has to be so that the condition holds. Arms are found by depth-first search with the choices in random
order; a way in which a column would have to be two things at once is left at once. What a comparison says that is not
about one column alone (two columns, a function) is left open: the engine evaluates the whole condition afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any

from syda.planning.checks.domain import Domain
from syda.planning.checks.leaves import leaf
from syda.planning.checks.plain import bare, literal
from syda.planning.checks.reading import Node, column_of, columns_of, fields_of, is_condition, with_fields
from syda.schema.model import Column, Kind, Table

Arm = Mapping[str, Domain]
Goal = tuple[Node, bool]
Demand = tuple[str, Domain]
Option = tuple[Sequence[Goal], tuple[Demand, ...]]
Read = dict[tuple[int, bool], tuple[Node, Demand | None]]

ROUNDS = 96
_STEPS = 4_000
_MOST_TERMS = 12
_FRUITLESS = 10
"""Rounds without a new way, for each way that is known, after which no more are looked for."""


def find_arms(table: Table, nodes: Sequence[Node], start: Arm, *, rounds: int = ROUNDS, seed: int = 0) -> list[Arm]:
    """Return different ways to make all `nodes` true, within the domains of `start`; none when there is no way.

    Each round sets out from another value of the columns that have a short list of them, so that the arms of a union
    over a type code all appear.
    """
    columns = dict.fromkeys(name for node in nodes for name in columns_of(node, table))
    key = (
        table.dialect,
        tuple(node.sql() for node in nodes),
        repr([table.column(name) for name in columns]),
        repr([(name, start[name]) for name in sorted(start)]),
        rounds,
        seed,
    )
    if key not in _KNOWN:
        if len(_KNOWN) >= _KEPT:
            _KNOWN.clear()
        _KNOWN[key] = _found_arms(table, nodes, start, rounds, seed)
    return [dict(arm) for arm in _KNOWN[key]]


_KNOWN: dict[Any, list[Arm]] = {}
"""The ways of conditions that were asked for; factories ask for the same ones many times."""
_KEPT = 200


def _found_arms(table: Table, nodes: Sequence[Node], start: Arm, rounds: int, seed: int) -> list[Arm]:
    random = Random(seed)
    table = with_fields(table, nodes)
    choices = {
        name: values for name in _columns(table, nodes) if (values := _choices(table.column(name), start, nodes))
    }
    goals = [(node, True) for node in nodes]

    def starts() -> Iterator[Arm]:
        for number in range(rounds):
            arm = dict(start)
            for name, values in choices.items():
                arm[name] = values[number % len(values)] if len(choices) == 1 else random.choice(values)
            yield arm

    few = max(map(len, choices.values()), default=0)
    return _ways(goals, starts(), table, random, few) or (_ways(goals, [start], table, random) if choices else [])


def find_negations(table: Table, node: Node, start: Arm, *, rounds: int = 12) -> list[Arm]:
    """Return different ways to make `node` false."""
    random = Random(0)
    table = with_fields(table, [node])
    return _ways([(node, False)], [start] * rounds, table, random)


def _ways(goals: list[Goal], starts: Iterable[Arm], table: Table, random: Random, few: int = 0) -> list[Arm]:
    """Return the first way from each start, those that are the same once.

    The more ways there are, the longer none that is new may come before there seem to be no others; `few` are the
    starts that are tried in any case.
    """
    found: dict[str, Arm] = {}
    read: Read = {}
    last = 0
    for number, start in enumerate(starts):
        way = next(_search(list(goals), dict(start), _Search(table, random, read=read)), None)
        if way is not None:
            before = len(found)
            found.setdefault(repr(sorted((name, repr(domain)) for name, domain in way.items())), way)
            last = number if len(found) > before else last
        if number - last >= few + _FRUITLESS * (1 + len(found)):
            break
    return list(found.values())


def has_way(table: Table, nodes: Sequence[Node], certain: Callable[[Demand], Demand | None]) -> bool:
    """Tell whether there may be a way to make all `nodes` true; demands count as far as they are `certain`."""
    search = _Search(with_fields(table, nodes), Random(0), certain)
    return next(_search([(node, True) for node in nodes], {}, search), None) is not None or search.left <= 0


def _columns(table: Table, nodes: Sequence[Node]) -> list[str]:
    named = (name for node in nodes for name in columns_of(node, table))
    return list(dict.fromkeys((*named, *(field.name for field in fields_of(nodes, table)))))


def _choices(column: Column, start: Arm, nodes: Sequence[Node]) -> list[Domain]:
    """Return what a column may be set to before a search: each of its few values, and none of those that are named."""
    domain = start.get(column.name, Domain())
    values, listed = _few_values(column, domain, nodes)
    ways = [Domain(values=(value,)) for value in values]
    ways += [] if listed or not values else [Domain(excluded=values)]
    possible = [way for way in (domain.narrowed(way) for way in ways) if not way.is_empty]
    return possible if len(possible) > 1 else []


def _few_values(column: Column, domain: Domain, nodes: Sequence[Node]) -> tuple[tuple[object, ...], bool]:
    """Return the values of a column that has a short list of them, or that the conditions compare with a few.

    The other answer says whether the column has no other values.
    """
    from sqlglot import exp

    if domain.null:
        return (), True
    listed = domain.allowed()
    if listed is not None:
        return listed, True
    if column.type.kind is Kind.BOOLEAN:
        return (True, False), True
    if column.type.kind is Kind.ENUM:
        return column.type.values, True
    compared: dict[object, None] = {}
    for node in nodes:
        for each in node.find_all(exp.EQ, exp.In):
            found = leaf(each, Table(name="", columns=(column,)))
            if found is not None:
                compared.update(dict.fromkeys(found[1].values or ()))
    return tuple(compared), False


class _Search:
    """What one search shares: the table, the random order, and how many steps are left."""

    def __init__(
        self,
        table: Table,
        random: Random,
        certain: Callable[[Demand], Demand | None] = lambda demand: demand,
        read: Read | None = None,
    ) -> None:
        self.table, self.random, self.left, self.certain = table, random, _STEPS, certain
        self._read: Read = {} if read is None else read

    def leaf(self, node: Node, *, want: bool) -> Demand | None:
        """Return what a comparison says. Each is read once, and kept, so that its `id` stays its own."""
        key = (id(node), want)
        if key not in self._read:
            self._read[key] = (node, leaf(node, self.table, want=want))
        return self._read[key][1]


def _search(goals: list[Goal], arm: dict[str, Domain], search: _Search) -> Iterator[Arm]:
    if search.left <= 0:
        return
    search.left -= 1
    if not goals:
        yield arm
        return
    (node, want), rest = goals[0], goals[1:]
    for subgoals, demands in _options(bare(node), want, search):
        kept = tuple(each for each in map(search.certain, demands) if each is not None)
        narrowed = _with_demands(arm, kept, search.table)
        if narrowed is not None:
            yield from _search([*subgoals, *rest], narrowed, search)


def _with_demands(arm: dict[str, Domain], demands: tuple[Demand, ...], table: Table) -> dict[str, Domain] | None:
    narrowed = dict(arm)
    for name, domain in demands:
        together = narrowed.get(name, Domain()).narrowed(domain)
        impossible = together.null and (not table.column(name).nullable or together.required)
        if together.is_empty or impossible:
            return None
        narrowed[name] = together
    return narrowed


def _options(node: Node, want: bool, search: _Search) -> Iterator[Option]:  # noqa: C901, PLR0912 (one branch per connective)
    from sqlglot import exp

    table = search.table
    if isinstance(node, exp.Not):
        yield from _options(bare(node.this), not want, search)
    elif isinstance(node, exp.Boolean):
        if bool(node.this) is want:
            yield (), ()
    elif isinstance(node, exp.And | exp.Or):
        parts = list(node.flatten())
        if isinstance(node, exp.And) is want:
            yield [(part, want) for part in parts], ()
        else:
            for part in _shuffled(parts, search):
                yield [(part, want)], ()
    elif isinstance(node, exp.Xor) or _is_equivalence(node, table):
        differ = isinstance(node, exp.Xor | exp.NEQ | exp.NullSafeNEQ)
        for left in _shuffled([True, False], search):
            right = left if differ is not want else not left
            yield [(node.this, left), (node.expression, right)], ()
    elif isinstance(node, exp.Between) and not want:
        yield from _outside(node, search)
    elif isinstance(node, exp.Case):
        yield from _shuffled_options(_cases(node, want), search)
    elif isinstance(node, exp.Coalesce):
        yield from _coalesced(node, want, table)
    elif (counted := _counted(node, table)) is not None:
        yield from _counts(*counted, want, search)
    else:
        found = search.leaf(node, want=want)
        yield (), (() if found is None else (found,))


def _outside(node: Node, search: _Search) -> Iterator[Option]:
    """Go below the lower or above the upper bound of a BETWEEN that must not hold."""
    from sqlglot import exp

    below = exp.LT(this=node.this.copy(), expression=node.args["low"].copy())
    above = exp.GT(this=node.this.copy(), expression=node.args["high"].copy())
    for side in _shuffled([below, above], search):
        yield [(side, True)], ()


def _shuffled_options(options: Iterable[Option], search: _Search) -> list[Option]:
    listed = list(options)
    search.random.shuffle(listed)
    return listed


def _shuffled(items: Sequence[Node], search: _Search) -> list[Node]:
    listed = list(items)
    search.random.shuffle(listed)
    return listed


def _is_equivalence(node: Node, table: Table) -> bool:
    """Tell whether a node compares two conditions: ``(a IS NULL) = (b IS NULL)``."""
    from sqlglot import exp

    if not isinstance(node, exp.EQ | exp.NEQ | exp.NullSafeEQ | exp.NullSafeNEQ | exp.Is):
        return False
    if isinstance(node, exp.Is) and isinstance(bare(node.expression), exp.Null):
        return False
    sides = (bare(node.this), bare(node.expression))
    return all(is_condition(side, table) for side in sides) and not all(column_of(side, table) for side in sides)


def _cases(node: Node, want: bool) -> Iterator[Option]:
    """Take each branch of a CASE whose results are conditions; the branches before it must not hold."""
    before: list[Goal] = []
    for branch in node.args["ifs"]:
        yield [*before, (branch.this, True), (branch.args["true"], want)], ()
        before.append((branch.this, False))
    if node.args.get("default") is not None:
        yield [*before, (node.args["default"], want)], ()


def _coalesced(node: Node, want: bool, table: Table) -> Iterator[Option]:
    column, otherwise = column_of(node.this, table), literal(node.expressions[-1])
    yield [(node.this, want)], ()
    if column is not None and column.nullable and otherwise is want:
        yield (), ((column.name, Domain(null=True)),)


def _counted(node: Node, table: Table) -> tuple[list[Node], list[int]] | None:
    """Read ``num_nonnulls(a, b) = 1`` and ``(a IS NOT NULL)::int + (b IS NOT NULL)::int = 1``.

    Returns the conditions that are counted and the numbers of them that may hold.
    """
    from sqlglot import exp

    if not isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
        return None
    number = literal(node.expression)
    conditions = _summands(bare(node.this), table)
    if not isinstance(number, int) or not conditions or len(conditions) > _MOST_TERMS:
        return None
    holds = {
        exp.EQ: int.__eq__,
        exp.NEQ: int.__ne__,
        exp.LT: int.__lt__,
        exp.LTE: int.__le__,
        exp.GT: int.__gt__,
        exp.GTE: int.__ge__,
    }[type(node)]
    return conditions, [count for count in range(len(conditions) + 1) if holds(count, number)]


def _summands(node: Node, table: Table) -> list[Node]:
    from sqlglot import exp

    if isinstance(node, exp.Anonymous) and str(node.this).lower() in ("num_nonnulls", "num_nulls"):
        null = str(node.this).lower() == "num_nulls"
        tests = [exp.Is(this=each.copy(), expression=exp.Null()) for each in node.expressions]
        return tests if null else [exp.Not(this=test) for test in tests]
    if not isinstance(node, exp.Add):
        return []
    summands = []
    for side in (bare(node.this), bare(node.expression)):
        inner = _summands(side, table) if isinstance(side, exp.Add) else [_as_condition(side, table)]
        if not inner or any(each is None for each in inner):
            return []
        summands += [each for each in inner if each is not None]
    return summands


def _as_condition(node: Node, table: Table) -> Node | None:
    """Return the condition that a summand counts: itself, or that of ``CASE WHEN ... THEN 1 ELSE 0 END``."""
    from sqlglot import exp

    if is_condition(node, table):
        return node
    if isinstance(node, exp.Case) and len(node.args["ifs"]) == 1 and literal(node.args["ifs"][0].args["true"]) == 1:
        return node.args["ifs"][0].this
    if isinstance(node, exp.If) and literal(node.args["true"]) == 1:
        return node.this
    return None


def _counts(conditions: list[Node], numbers: list[int], want: bool, search: _Search) -> Iterator[Option]:
    wanted = numbers if want else [count for count in range(len(conditions) + 1) if count not in numbers]
    for count in _shuffled(wanted, search):
        for chosen in _shuffled(list(combinations(range(len(conditions)), count)), search):
            yield [(each, place in chosen) for place, each in enumerate(conditions)], ()
