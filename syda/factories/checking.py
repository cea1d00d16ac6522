"""What a test says of columns, checked before any row is made: types, lengths, enums, CHECKs of what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import object_session

from syda.errors import IntegrityError, PlanError, TargetError
from syda.factories.derived import as_attribute, as_values
from syda.factories.groups import Group, There
from syda.factories.turns import UNSAID, Unsaid
from syda.factories.wanted import Wanted
from syda.quality.row_rules import RowRules
from syda.schema.model import Column, Kind, Table
from syda.sources.base import Source
from syda.sources.values import Values


def check_said(groups: Sequence[Group]) -> None:
    """Raise `PlanError` for a value that its column cannot hold, `IntegrityError` for values that break a rule."""
    for group in groups:
        if group.said:
            for table in group.blueprint.tables:
                _check(group, table)
                _check_keys(group, table)


def require_own(session: Any, groups: Sequence[Group]) -> None:
    """Refuse objects that belong to another session."""
    for group in groups:
        parents = [each for parent in (*group.there, *group.loose.values()) for each in _objects_of(parent)]
        children = [each for lists in group.attached.values() for listed in lists for each in listed]
        for each in (*parents, *children):
            other = object_session(each)
            if session is not None and other not in (None, session):
                where, name = group.wanted[0].where, type(each).__name__
                raise PlanError(f"{where}: the {name} that is given belongs to another session; use session.merge(...)")


def refuse_moved(groups: Sequence[Group]) -> None:
    """Refuse children that are there already, where several objects are made: each would take them from the last."""
    for group in groups:
        for key, listed in group.attached.items():
            if group.blueprint.relations[key].side == "children" and any(listed):
                where = group.wanted[0].where
                raise PlanError(f"{where}.{key}: objects can be the children of one alone, and several are made")


def _objects_of(parent: Group | There) -> Sequence[Any]:
    return parent.objects if isinstance(parent, There) else ()


def _check(group: Group, table: Table) -> None:
    for column in table.columns:
        key = group.blueprint.attributes.get((table.key, column.name))
        if key in group.said:
            _require_settable(group, table, column, str(key))
    for wanted in group.wanted:
        columns = dict(said_of(group, wanted, table))
        breach = next(table.once(RowRules).breaches(columns), None) if columns else None
        if breach is not None:
            listed = [each for column in table.columns if column.name in columns for each in column.type.values or ()]
            hint = f"; expected one of {', '.join(map(repr, listed))}" if breach.rule == "enum" else ""
            longest = [column.type.length for column in table.columns if f"{column.name}=" in breach.detail]
            hint = f"; at most {longest[0]} characters" if breach.rule == "length" and longest else hint
            raise IntegrityError(f"{wanted.where}: {breach.rule} is broken by {breach.detail}{hint}")


def _require_settable(group: Group, table: Table, column: Column, key: str) -> None:
    """Refuse a column whose value is not for an object to say: the class says it, or the database alone."""
    wanted, mapper = group.wanted[0], group.blueprint.mapper
    if column.computed:
        raise PlanError(f"{wanted.where}: {key} is computed by the database; leave it out")
    if column.identity == "always":
        raise PlanError(f"{wanted.where}: {key} is an identity column that is always generated; leave it out")
    said = wanted.values.get(key, UNSAID)
    if table.inheritance and table.inheritance.discriminator == column.name and not isinstance(said, Source | Unsaid):
        own = mapper.polymorphic_identity
        if said not in (own, None):
            raise PlanError(f"{wanted.where}: {key}={said!r:.60} is another class; {group.blueprint.name} has {own!r}")


def _check_keys(group: Group, table: Table) -> None:
    """Refuse a column that is said where a parent that is there has another value."""
    for link in table.foreign_keys:
        parent = group.parents.get((table.key, link.name))
        if not isinstance(parent, There):
            continue
        for down, up in link.pairs:
            key = group.blueprint.attributes.get((table.key, down), "")
            for number, wanted in enumerate(group.wanted):
                said, above = wanted.values.get(key, UNSAID), parent.value(number, (link.parent, up))
                if not isinstance(said, Source | Unsaid) and above not in (None, said):
                    raise PlanError(f"{wanted.where}: {key}={said!r:.60} is given, but the parent has {above!r:.60}")


def said_of(group: Group, wanted: Wanted, table: Table) -> Iterator[tuple[str, Values]]:
    """Yield what is said of an object's columns. Raises `PlanError` for a value that its column cannot hold."""
    for column in table.columns:
        place = (table.key, column.name)
        key = group.blueprint.attributes.get(place)
        item = wanted.values.get(key, UNSAID) if key else UNSAID
        if key is None or isinstance(item, Source | Unsaid):
            continue
        _require_value(item, group.blueprint.target(place).type, f"{wanted.where}.{key}")
        try:
            values = as_values(group.blueprint, place, [item])
        except TargetError as error:
            reason = str(error).partition("cannot be read: ")[2].partition(": ")[2] or str(error)
            raise PlanError(f"{wanted.where}.{key}: {reason}") from None
        if isinstance(item, str) and column.type.kind not in _WRITTEN:
            wanted.values[key] = as_attribute(group.blueprint, place, values)[0]
        yield column.name, values


def _require_value(item: Any, type_: Any, where: str) -> None:
    """Refuse what a driver would take for a value, or refuse with words of its own."""
    if callable(item) and not isinstance(item, type):
        raise PlanError(f"{where}: a function is no value; syda.sequence(...) calls one for each object")
    if type(type_) in _TEXTS and isinstance(item, int | float | Decimal | bytes | date):
        raise PlanError(f"{where}: expected a text, got {type(item).__name__} {item!r:.60}")


_TEXTS = (sa.String, sa.Text, sa.Unicode, sa.UnicodeText, sa.VARCHAR, sa.CHAR, sa.TEXT)
_WRITTEN = (Kind.TEXT, Kind.ENUM, Kind.JSON, Kind.OTHER)
"""What a text is, or may be, in an object's attribute; of all else it is the spelling, as of dates."""
