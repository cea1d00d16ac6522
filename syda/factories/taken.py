"""Which unique values are in use: of objects made in this session, and of rows of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import eq
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from syda.errors import RejectedError, TargetError
from syda.factories.groups import Group, There
from syda.factories.state import Place, State
from syda.factories.stock import Row
from syda.schema.model import Table


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
            yield Unique(table, unique.columns, tuple(attributes), parents, is_new, is_said)


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
        return self.unique.place, self.values

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
            if None not in values:
                yield Claim(unique, group, tuple(map(_hashable, values)))


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


def conflict(claims: Sequence[Claim], state: State, session: Any) -> Claim | None:
    """Return a claim to values that are in use, None where all are free."""
    seen: set[Any] = set()
    for claim in claims:
        if claim.key in seen or state.is_used(*claim.key):
            return claim
        seen.add(claim.key)
    outside = [claim for claim in claims if not claim.unique.is_new]
    return None if session is None or not outside else _in_database(outside, state, session)


def _in_database(claims: Sequence[Claim], state: State, session: Any) -> Claim | None:
    by_place: dict[Place, list[Claim]] = {}
    for claim in claims:
        by_place.setdefault(claim.unique.place, []).append(claim)
    _learn(state, session, [listed[0] for listed in by_place.values()])
    for (table, _), listed in by_place.items():
        if state.filled[table] or listed[0].unique.parents:
            found = _first_there(session, listed)
            if found is not None:
                return found
    return None


def _learn(state: State, session: Any, claims: Iterable[Claim]) -> None:
    """Look once a transaction which of the tables have rows."""
    transaction = session.get_transaction()
    if transaction is None or transaction is not state.transaction:
        state.filled.clear()
    unknown = {claim.unique.table.key: claim.group.blueprint for claim in claims}
    unknown = {key: blueprint for key, blueprint in unknown.items() if key not in state.filled}
    if unknown:
        row = asked(session, _look(tuple(blueprint.origin[key] for key, blueprint in unknown.items()))).one()
        state.filled.update(zip(unknown, map(bool, row), strict=True))
    state.transaction = session.get_transaction()


@lru_cache(maxsize=256)
def _look(tables: tuple[sa.Table, ...]) -> Any:
    looks = (sa.exists(sa.select(sa.literal(1)).select_from(table)) for table in tables)
    return sa.select(*(look.label(f"t{number}") for number, look in enumerate(looks)))


def _first_there(session: Any, claims: Sequence[Claim]) -> Claim | None:
    unique, blueprint = claims[0].unique, claims[0].group.blueprint
    columns = [blueprint.target((unique.table.key, name)) for name in unique.columns]
    for start in range(0, len(claims), 200):
        some = claims[start : start + 200]
        wanted = sa.or_(*(sa.and_(*map(eq, columns, claim.values)) for claim in some))
        there = {tuple(map(_hashable, row)) for row in asked(session, sa.select(*columns).where(wanted))}
        found = next((claim for claim in some if claim.values in there), None)
        if found is None and there:
            found = some[0]  # equal to the database in another form, as text without its case
        if found is not None:
            return found
    return None


def asked(session: Any, statement: Any) -> Any:
    """Execute a query. Raises `TargetError` where the database cannot answer it."""
    try:
        return session.execute(statement)
    except exc.DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise TargetError(
            f"the database cannot be asked for rows: {said}; are its tables made, as by Base.metadata.create_all()?"
        ) from error


def taken_error(claim: Claim) -> RejectedError:
    """Return the error for values that the test gives and another row has."""
    unique, row = claim.unique, dict(zip(claim.unique.columns, claim.values, strict=True))
    shown = ", ".join(f"{name} = {value!r}" for name, value in row.items())
    return RejectedError(
        f"{claim.group.wanted[0].where}: there is a row of {unique.table.key!r} with {shown} already, and it is unique",
        table=unique.table.key,
        columns=unique.columns,
        values=row,
    )
