"""Decides, before any value is chosen, how the rows of a table refer to others and what keeps its unique sets.

For each unique set the first of these that works is taken:

1. it holds already: a member is distinct by itself, or the set contains another that holds;
2. a positional whole number (``line``, ``position``) is numbered within each parent;
3. a member with many possible values is made distinct by itself;
4. all members are drawn together, as combinations that do not repeat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from syda.planning.capacity import UNBOUNDED
from syda.planning.checks import columns_in, is_escapable
from syda.planning.model import Cardinality, Joint, LinkPlan
from syda.schema.model import Column, ForeignKey, Kind, Table, Unique

SELF_NULLS = 0.15
OPTIONAL_NULLS = 0.2
_UNIQUE_DRAWS = ("span", "chain", "unique")
_POSITION = re.compile(
    r"(^|_)(line|position|pos|seq|sequence|ordinal|order|rank|sort|index|idx|step|row|item|slot|part|version|revision"
    r"|number|num|no|nr|generation|attempt)(_|$)",
    re.IGNORECASE,
)
_CATEGORY = re.compile(
    r"(^|_)(status|state|type|kind|role|level|category|locale|language|lang|currency|country|scope|mode|stage"
    r"|priority|provider|platform|environment|env|channel|unit|format|key)(_|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Structure:
    """The decisions for one table: column -> parent for ordinals, distinct columns, links in drawing order."""

    links: dict[str, LinkPlan] = field(default_factory=dict)
    distinct: set[str] = field(default_factory=set)
    ordinals: dict[str, str] = field(default_factory=dict)
    joints: list[Joint] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableNeeds:
    """What the structure of one table depends on.

    `given` columns are made by the user's sources; of them `constant` ones are the same in every row, so that the
    other members of a unique set must keep it, what `trusted` ones hold is not known before, and `numbered` ones can
    have the row's number in them. `finite` returns how many values inference would give a column when they are few (a
    status, a flag), else None; `limit` how many its type and its checks allow at most; `parent_rows` how many rows a
    parent will have; `identifying` those columns of a foreign key of which each parent has values of its own.
    """

    table: Table
    rows: int
    given: Collection[str]
    constant: Collection[str]
    trusted: Collection[str]
    numbered: Collection[str]
    deferred: Collection[str]
    children: dict[str, Cardinality]
    even: Collection[str]
    finite: Callable[[Column], int | None]
    limit: Callable[[Column], int]
    parent_rows: Callable[[str], int]
    identifying: Callable[[ForeignKey], tuple[str, ...]]


def identifying_columns(parent: Table, link: ForeignKey) -> tuple[str, ...]:
    """Return the columns of a foreign key that tell its parents apart: all, or those that are a key of the parent.

    The others say of the parent what its key says already, such as the tenant that both share.
    """
    keys = [set(each.columns) for each in parent.unique_sets if not each.expressions and not each.predicate]
    known = [key for key in keys if key < set(link.parent_columns)]
    least = min(known, key=len, default=set(link.parent_columns))
    return tuple(child for child, above in link.pairs if above in least)


def plan_structure(needs: TableNeeds) -> Structure:
    """Return how the table's foreign keys are drawn and its unique sets are kept."""
    structure = Structure()
    for link in needs.table.foreign_keys:
        structure.links[link.name] = _plan_link(needs, link)
    for unique in sorted(needs.table.unique_sets, key=lambda unique: len(_members(needs.table, unique))):
        _keep_unique(needs, structure, unique)
    structure.joints = _merged(needs.table, structure.joints)
    for joint in structure.joints:
        for name in joint.links:
            structure.links[name] = replace(structure.links[name], draw="joint", reason="drawn without repeats")
    structure.links = _in_drawing_order(needs.table, structure.links)
    return structure


def _plan_link(needs: TableNeeds, link: ForeignKey) -> LinkPlan:
    table = needs.table
    children = needs.children.get(link.name)
    if any(column in needs.given for column in link.columns):
        return LinkPlan(draw="given", reason="the user makes the column")
    if table.inherits == link.name:
        return LinkPlan(draw="span", reason="the row of the parent class")
    if link.name in needs.even:
        return LinkPlan(draw="even", reason="in step with the parents")
    optional = [column for column in link.columns if table.column(column).nullable]
    nulls = 0.0 if not optional or children else OPTIONAL_NULLS
    if not needs.parent_rows(link.parent):
        if optional:
            return LinkPlan(draw="null", null_fraction=1.0, reason=f"{link.parent} has no rows")
        return LinkPlan(draw="free", reason="required")
    if link.parent == table.key:
        chain = any(set(_members(table, unique)) == set(link.columns) for unique in table.unique_sets)
        reason = "the row before" if chain else "an earlier row, so that rows form trees"
        return LinkPlan(draw="chain" if chain else "forest", null_fraction=SELF_NULLS if nulls else 0, reason=reason)
    if children is not None:
        return LinkPlan(draw="children", children=children, reason=f"{children.describe()} children per parent")
    late = link.name in needs.deferred
    reason = "any parent; set after both tables are filled" if late else "any parent"
    return LinkPlan(draw="free", null_fraction=nulls, late=late, reason=reason)


def _members(table: Table, unique: Unique) -> tuple[str, ...]:
    """Return the columns of a unique set; of an expression, the columns that it names."""
    names = list(unique.columns)
    for expression in unique.expressions:
        names += columns_in(expression, table.dialect, table)
    return tuple(dict.fromkeys(names))


def _keep_unique(needs: TableNeeds, structure: Structure, unique: Unique) -> None:
    table = needs.table
    members = tuple(name for name in _members(table, unique) if name not in needs.constant)
    columns = [table.column(name) for name in members]
    holds = _holds(needs, structure, set(members))
    if not columns or (holds and not needs.even):
        return
    followed = {link.name: structure.links[link.name].followed(table, link) for link in table.foreign_keys}
    links = [link for link in table.foreign_keys if set(followed[link.name]) & set(members)]
    linked = {column for link in links for column in followed[link.name]}
    free = [column for column in columns if column.name not in linked and not column.computed]
    ordinal = _ordinal(needs, structure, links, free, set(members))
    if ordinal and (not holds or ordinal[1] in needs.even):  # in step with its parent a single row is numbered too
        structure.ordinals[ordinal[0]] = ordinal[1]
    if ordinal or holds:
        return
    strong = [column for column in free if column.name not in needs.trusted and _is_strong(needs, column)]
    numbered = [column for column in free if column.name in needs.numbered and _is_roomy(needs, column)]
    if not strong and numbered:
        structure.distinct.add(numbered[0].name)
        return
    if not strong and is_escapable(table, unique, needs.given):
        return  # rows that repeat another are taken out of the predicate when they are settled
    if len(free) == len(members) == 1:
        structure.distinct.add(free[0].name)
        return
    if not strong and set(members) & set(needs.trusted):
        return
    small = {column.name: needs.finite(column) or UNBOUNDED for column in free}
    if strong:
        structure.distinct.add(max(strong, key=lambda column: _preference(needs, column)).name)
    elif _can_join(structure, links) and _room(needs, links, small.values()) >= needs.rows:
        _join(table, structure, links, list(small), members)
    elif weak := [column for column in free if _is_roomy(needs, column)]:
        structure.distinct.add(max(weak, key=lambda column: _preference(needs, column)).name)
    elif links or free:
        _join(table, structure, links, [name for name, size in small.items() if size < UNBOUNDED], members)


def _holds(needs: TableNeeds, structure: Structure, members: set[str]) -> bool:
    if members & structure.distinct:
        return True
    spans = [set(link.columns) for link in needs.table.foreign_keys if _is_once(needs, structure, link)]
    solved = [set(columns) for joint in structure.joints for columns in joint.unique]
    numbered = [
        {column, *needs.identifying(needs.table.foreign_key(link))} for column, link in structure.ordinals.items()
    ]
    return any(known <= members for known in (*spans, *solved, *numbered))


def _is_once(needs: TableNeeds, structure: Structure, link: ForeignKey) -> bool:
    """Tell whether no two rows have the same parent."""
    draw = structure.links[link.name].draw
    return draw in _UNIQUE_DRAWS or (draw == "even" and needs.rows <= needs.parent_rows(link.parent))


def _ordinal(
    needs: TableNeeds, structure: Structure, links: Sequence[ForeignKey], free: Sequence[Column], members: set[str]
) -> tuple[str, str] | None:
    whole = [link for link in links if set(needs.identifying(link)) <= members]
    numbers = [column for column in free if column.type.kind is Kind.INTEGER and column.name not in structure.ordinals]
    positional = [column for column in numbers if _POSITION.search(column.name)]
    if not whole or not positional or len(free) > 1:
        return None
    return positional[0].name, max(whole, key=lambda link: len(link.columns)).name


def _is_roomy(needs: TableNeeds, column: Column) -> bool:
    return needs.limit(column) >= max(2 * needs.rows, 1) and column.type.kind is not Kind.BOOLEAN


def _is_strong(needs: TableNeeds, column: Column) -> bool:
    return _is_roomy(needs, column) and needs.finite(column) is None


def _preference(needs: TableNeeds, column: Column) -> tuple[int, ...]:
    """Rank members: a key of its own, then words that name the row, then anything but a category or a date."""
    kinds = {Kind.UUID: 5, Kind.TEXT: 4, Kind.INTEGER: 3, Kind.DATETIME: 2}
    return (
        int(column.autoincrement),
        -int(bool(_CATEGORY.search(column.name))),
        kinds.get(column.type.kind, 1),
        min(needs.limit(column), 1 << 40),
    )


def _can_join(structure: Structure, links: Sequence[ForeignKey]) -> bool:
    return all(structure.links[link.name].draw in ("free", "children", "joint") for link in links)


def _room(needs: TableNeeds, links: Sequence[ForeignKey], sizes: Collection[int]) -> int:
    room = 1
    for size in (*(needs.parent_rows(link.parent) for link in _independent(links)), *sizes):
        room *= size
    return room


def _independent(links: Sequence[ForeignKey]) -> list[ForeignKey]:
    """Leave out foreign keys whose columns all belong to another one: they follow from it."""
    return [link for link in links if not any(set(link.columns) < set(other.columns) for other in links)]


def _join(
    table: Table, structure: Structure, links: Sequence[ForeignKey], columns: Sequence[str], members: tuple[str, ...]
) -> None:
    """Draw the members together; a foreign key that is unique by itself and may be NULL needs no such care."""
    whole = [link for link in links if set(link.columns) == set(members) and structure.links[link.name].draw == "free"]
    if whole and all(table.column(name).nullable for name in members):
        link = structure.links[whole[0].name]
        structure.links[whole[0].name] = replace(link, draw="unique", reason="each parent once at most")
        return
    names = [link.name for link in _independent(links) if structure.links[link.name].draw in ("free", "children")]
    covered = {column for link in links if link.name in names for column in link.columns} | set(columns)
    if names or columns:
        kept = tuple(name for name in members if name in covered)
        structure.joints.append(Joint(links=tuple(names), columns=tuple(columns), unique=(kept,)))


def _merged(table: Table, joints: Sequence[Joint]) -> list[Joint]:
    """Join the sets that have a foreign key or column in common, directly or through a shared column."""
    merged: list[Joint] = []
    for joint in joints:
        touching = [other for other in merged if _touch(table, joint, other)]
        merged = [other for other in merged if other not in touching]
        together = [*touching, joint]
        merged.append(
            Joint(
                links=tuple(dict.fromkeys(name for one in together for name in one.links)),
                columns=tuple(dict.fromkeys(name for one in together for name in one.columns)),
                unique=tuple(dict.fromkeys(columns for one in together for columns in one.unique)),
            )
        )
    return merged


def _touch(table: Table, one: Joint, other: Joint) -> bool:
    def columns(joint: Joint) -> set[str]:
        return {name for link in joint.links for name in table.foreign_key(link).columns} | set(joint.columns)

    return bool(columns(one) & columns(other))


def _in_drawing_order(table: Table, links: dict[str, LinkPlan]) -> dict[str, LinkPlan]:
    """Put foreign keys that others must follow first: given, joint, counted, required, optional, then late ones."""
    rank = {
        "given": 0,
        "span": 0,
        "even": 0,
        "joint": 1,
        "children": 2,
        "free": 3,
        "unique": 3,
        "forest": 4,
        "chain": 4,
        "null": 5,
    }

    def place(name: str) -> tuple[bool, int, bool, int]:
        foreign_key = table.foreign_key(name)
        return links[name].late, rank[links[name].draw], table.is_optional(foreign_key), -len(foreign_key.columns)

    return {name: links[name] for name in sorted(links, key=place)}
