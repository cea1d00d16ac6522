"""What a test says of columns, checked before any row is made: types, lengths, enums, CHECKs of what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syda.errors import IntegrityError, PlanError, TargetError
from syda.factories.derived import as_values
from syda.factories.groups import Group
from syda.factories.turns import UNSAID, Unsaid
from syda.factories.wanted import Wanted
from syda.quality.row_rules import RowRules
from syda.schema.model import Table
from syda.sources.base import Source
from syda.sources.values import Values


def check_said(groups: Sequence[Group]) -> None:
    """Raise `PlanError` for a value that its column cannot hold, `IntegrityError` for values that break a rule."""
    for group in groups:
        if group.said:
            for table in group.blueprint.tables:
                _check(group, table)


def _check(group: Group, table: Table) -> None:
    for wanted in group.wanted:
        columns = dict(_said_of(group, wanted, table))
        breach = next(_rules(table).breaches(columns), None) if columns else None
        if breach is not None:
            raise IntegrityError(f"{wanted.where}: {breach.rule} is broken by {breach.detail}")


def _rules(table: Table) -> RowRules:
    known = _KNOWN.get(id(table))
    if known is None or known[0] is not table:
        known = _KNOWN[id(table)] = (table, RowRules(table))
    return known[1]


_KNOWN: dict[int, tuple[Table, RowRules]] = {}
"""Rules by the identity of the table that they are of; tables are held by the blueprints anyway."""


def _said_of(group: Group, wanted: Wanted, table: Table) -> Iterator[tuple[str, Values]]:
    for column in table.columns:
        key = group.blueprint.attributes.get((table.key, column.name))
        item = wanted.values.get(key, UNSAID) if key else UNSAID
        if not isinstance(item, Source | Unsaid):
            try:
                yield column.name, as_values(group.blueprint, (table.key, column.name), [item])
            except TargetError as error:
                reason = str(error).partition("cannot be read: ")[2].partition(": ")[2] or str(error)
                raise PlanError(f"{wanted.where}.{key}: {reason}") from None
