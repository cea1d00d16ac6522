"""Which unique values are in use: of objects made in this session, and of rows of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import exc

from syda.errors import RejectedError, TargetError
from syda.factories.blueprint import blueprint_of
from syda.factories.derived import as_values
from syda.factories.groups import Group, There
from syda.factories.state import Place, State
from syda.factories.stock import Row
from syda.factories.turns import UNSAID, Unsaid
from syda.generation.engine import Engine
from syda.planning.checks import columns_in, parse
from syda.schema.model import DefaultKind, Table
from syda.sources.base import Source

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique set of a group's objects: their attributes, and the columns that parents give."""

    table: Table
    columns: tuple[str, ...]
    attributes: tuple[str | None, ...]
    """For each column the attribute, None where it follows from a parent."""
    parents: Mapping[str, tuple[Group | There, str]]
    """For each column that follows from a parent the parent, and its attribute."""
    is_new: bool
    """Whether a parent is made by this call, so that no other row can have its key."""
    is_said: bool
    """Whether the test says all of it, so that no other values can be tried."""
    is_fixed: bool
    """Whether all but new parents is said, so that one of two objects in the same call has to give way."""
    predicate: str | None = None
    """Of which rows it is, in SQL; None for all."""

    @property
    def place(self) -> Place:
        return self.table.key, self.columns


def unique_sets(group: Group) -> list[Unique]:
    """Return the unique sets that objects of the group could break."""
    return [found for table in group.blueprint.tables for found in _of_table(group, table)]


def _of_table(group: Group, table: Table) -> Iterator[Unique]:
    for unique in table.unique_sets:
        if unique.expressions or not unique.columns:
            continue
        found = {name: _parent_of(group, table, name) for name in unique.columns}
        parents = {name: parent for name, parent in found.items() if parent is not None}
        attributes = [
            None if name in parents else group.blueprint.attributes.get((table.key, name)) for name in unique.columns
        ]
        is_new = any(isinstance(parent, Group) for parent, _ in parents.values())
        if all(key or name in parents for key, name in zip(attributes, unique.columns, strict=True)):
            is_said = all(key in group.said for key in attributes if key) and not is_new
            own = [item for key in attributes if key for item in (group.column(key) if key in group.said else [UNSAID])]
            is_fixed = not any(isinstance(item, Source | Unsaid) for item in own)
            yield Unique(table, unique.columns, tuple(attributes), parents, is_new, is_said, is_fixed, unique.predicate)


def _parent_of(group: Group, table: Table, column: str) -> tuple[Group | There, str] | None:
    """Return the parent that a column follows, and its attribute; None for a column that follows none."""
    for link in table.foreign_keys:
        parent = group.parents.get((table.key, link.name))
        if column not in link.columns or (parent is None and table.inherits != link.name):
            continue
        above = dict(link.pairs)[column]
        if parent is None:
            return group, column
        return parent, parent.blueprint.attributes.get((link.parent, above), above)
    return None


@dataclass(frozen=True, slots=True)
class Claim:
    """Values of a unique set that an object is to have."""

    unique: Unique
    group: Group
    values: tuple[Any, ...]

    @property
    def key(self) -> tuple[Place, tuple[Any, ...]]:
        return self.unique.place, tuple(map(_hashable, self.values))

    @property
    def is_said(self) -> bool:
        return self.unique.is_said


def claims_of(uniques: Sequence[Unique], group: Group, rows: Sequence[Row]) -> Iterator[Claim]:
    """Yield the unique values of a group's objects; those with NULL, or of a key that is not known yet, are none."""
    for unique in uniques:
        for number, row in enumerate(rows):
            values = tuple(
                row.get(key) if key else _value_above(group, unique.parents[name], number)
                for key, name in zip(unique.attributes, unique.columns, strict=True)
            )
            if None not in values and (unique.predicate is None or _applies(unique, group, row)):
                yield Claim(unique, group, values)


def _applies(unique: Unique, group: Group, row: Row) -> bool:
    """Tell whether an object is one of the rows that an index is of; where that is not known, the database knows."""
    table, blueprint = unique.table, group.blueprint
    predicate, values = unique.predicate or "", {}
    for name in columns_in(predicate, table.dialect, table):
        key = blueprint.attributes.get((table.key, name))
        is_left = key not in row and table.column(name).default_kind is not DefaultKind.NONE
        if key is None or is_left or name in unique.parents:
            return False
        values[name] = as_values(blueprint, (table.key, name), [row.get(key)])
    found = table.once(_engine, predicate).predicates(values)[0] if values else None
    return found is not None and bool(found[0])


def _engine(table: Table, predicate: str) -> Engine:
    return Engine(table, [parse(predicate, table.dialect)])


def _value_above(group: Group, parent: tuple[Group | There, str], number: int) -> Any:
    """Return what a row has of its parent: of one that is not written yet its place among those of this call."""
    above, attribute = parent
    if isinstance(above, There):
        return getattr(above.objects[number % len(above.objects)], attribute)
    return above.path, number * above.times // group.times


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def conflict(claims: Sequence[Claim], state: State) -> Claim | None:
    """Return a claim to values that are in use, None where all are free."""
    seen: set[Any] = set()
    for claim in claims:
        if claim.key in seen or state.is_used(*claim.key) or any(_has(each, claim) for each in state.waiting):
            return claim
        seen.add(claim.key)
    outside = [claim for claim in claims if not claim.unique.is_new]
    return None if state.session is None or not outside else _in_database(outside, state)


def _has(waiting: Any, claim: Claim) -> bool:
    """Tell whether an object that is not written yet is to have the values."""
    blueprint, unique = blueprint_of(type(waiting)), claim.unique
    keys = [blueprint.attributes.get((unique.table.key, name)) for name in unique.columns]
    return None not in keys and tuple(_hashable(vars(waiting).get(str(key))) for key in keys) == claim.key[1]


def _in_database(claims: Sequence[Claim], state: State) -> Claim | None:
    by_place: dict[Place, list[Claim]] = {}
    for claim in claims:
        by_place.setdefault(claim.unique.place, []).append(claim)
    filled = state.filled
    if filled is not None:
        _learn(filled, state.session, [listed[0] for listed in by_place.values()])
    for (table, _), listed in by_place.items():
        if filled is None or filled[table]:
            found = _first_there(state.session, listed)
            if found is not None:
                return found
    return None


def _learn(filled: dict[str, bool], session: Any, claims: Iterable[Claim]) -> None:
    """Look once a call which of the tables have rows."""
    for claim in claims:
        key, blueprint = claim.unique.table.key, claim.group.blueprint
        if key not in filled:
            filled[key] = bool(asked(session, _look(blueprint.origin[key]), blueprint.mapper).scalar())


@lru_cache(maxsize=256)
def _look(table: sa.Table) -> Any:
    return sa.select(sa.exists(sa.select(sa.literal(1)).select_from(table)))


def _first_there(session: Any, claims: Sequence[Claim]) -> Claim | None:
    unique, blueprint = claims[0].unique, claims[0].group.blueprint
    columns = [blueprint.target((unique.table.key, name)) for name in unique.columns]
    for start in range(0, len(claims), 200):
        some = claims[start : start + 200]
        values = {f"v{place}": value for place, value in enumerate(each for claim in some for each in claim.values)}
        query = _with_values(tuple(columns), len(some), unique.predicate)
        rows = asked(session, query, blueprint.mapper, values)
        there = {tuple(map(_hashable, row)) for row in rows}
        found = next((claim for claim in some if claim.key[1] in there), None)
        if found is None and there:
            found = some[0]  # equal to the database in another form, as text without its case
        if found is not None:
            return found
    return None


@lru_cache(maxsize=256)
def _with_values(columns: tuple[sa.Column[Any], ...], rows: int, predicate: str | None) -> Any:
    """Return the query for the rows that have one of so many sets of values, among those of a predicate."""
    sets = [
        sa.and_(*(column == sa.bindparam(f"v{row * len(columns) + place}") for place, column in enumerate(columns)))
        for row in range(rows)
    ]
    query = sa.select(*columns).where(sa.or_(*sets))
    return query if predicate is None else query.where(sa.text(f"({predicate})".replace(":", r"\:")))


def asked(session: Any, statement: Any, mapper: Mapper[Any], values: Mapping[str, Any] | None = None) -> Any:
    """Execute a query in the database of a class. Raises `TargetError` where that cannot answer it."""
    try:
        return session.execute(statement, values, bind_arguments={"mapper": mapper})
    except exc.DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise TargetError(
            f"the database cannot be asked for rows: {said}; are its tables made, as by Base.metadata.create_all()?"
        ) from error


def taken_error(claim: Claim) -> RejectedError:
    """Return the error for values that the test gives and another row has."""
    unique, row = claim.unique, dict(zip(claim.unique.columns, claim.values, strict=True))
    new = {name for name, (parent, _) in unique.parents.items() if isinstance(parent, Group)}
    shown = ", ".join(f"the same {name}" if name in new else f"{name} = {value!r}" for name, value in row.items())
    return RejectedError(
        f"{claim.group.wanted[0].where}: there is a row of {unique.table.key!r} with {shown} already, and it is unique",
        table=unique.table.key,
        columns=unique.columns,
        values=row,
    )
