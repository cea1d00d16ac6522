"""Where the numbers of rows begin: children within their owner, and objects of one class beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syda.factories.derived import key_of
from syda.factories.groups import Group, There
from syda.factories.state import COPIES
from syda.planning.existing import ExistingTable
from syda.planning.model import TablePlan
from syda.schema.model import Table
from syda.sources.linked import Ordinal
from syda.sources.scalar import Sequence as Numbered


def after_siblings(groups: Sequence[Group], tables: Mapping[str, TablePlan]) -> dict[str, TablePlan]:
    """Have children that are numbered within their owner go on after those that are there and the groups before."""
    found, before = dict(tables), Counter[tuple[str, str]]()
    for group in groups:
        if group.owner is None or group.into is None:
            continue
        place = group.owner.path, group.into.key
        for table in group.blueprint.tables:
            key = key_of(group.path, table)
            for name, source in _ordinals(found[key]).items():
                start = source.start + before[place] + _highest(group, table, name)
                start = _beside_said(groups, group, (table.key, name), start)
                found[key] = _beginning(found[key], name, replace(source, start=start))
        before[place] += group.times // group.owner.times
    return found


def further(groups: Sequence[Group], tables: Mapping[str, TablePlan], before: int) -> dict[str, TablePlan]:
    """Have children of objects that are there numbered after those of the copies before."""
    found = dict(tables)
    for group in groups if before else ():
        for (table_key, link), parent in group.parents.items():
            key = key_of(group.path, group.blueprint.table(table_key))
            for name, source in _ordinals(found[key]).items() if isinstance(parent, There) else ():
                if source.foreign_key == link:
                    start = source.start + before * group.times
                    found[key] = _beginning(found[key], name, replace(source, start=start))
    return found


def _ordinals(planned: TablePlan) -> dict[str, Ordinal]:
    """Return the columns that are numbered within a parent because a unique set wants it."""
    return {
        name: column.source
        for name, column in planned.columns.items()
        if isinstance(column.source, Ordinal) and column.author == "structure"
    }


def _beginning(planned: TablePlan, name: str, source: Ordinal | Numbered) -> TablePlan:
    """Return the plan with numbers of a column that begin elsewhere."""
    return replace(planned, columns={**planned.columns, name: replace(planned.columns[name], source=source)})


def _beside_said(groups: Sequence[Group], group: Group, place: tuple[str, str], start: int) -> int:
    """Return the first number from which on none is said of siblings."""
    siblings = [each for each in groups if each is not group and each.owner is group.owner and each.into is group.into]
    said = {
        each.wanted[number].values.get(each.blueprint.attributes.get(place, ""))
        for each in siblings
        for number in range(each.times)
    }
    count = group.times // (group.owner.times if group.owner else 1)
    while taken := [number for number in range(start, start + count) if number in said]:
        start = max(taken) + 1
    return start


def _highest(group: Group, table: Table, column: str) -> int:
    """Return the highest number in a column of the objects that are attached beside a group, 0 where there is none."""
    key = group.blueprint.attributes.get((table.key, column))
    attached = group.owner.attached.get(group.into.key, []) if group.owner and group.into and key else []
    numbers = [getattr(each, str(key), None) for listed in attached for each in listed]
    return max((number for number in numbers if isinstance(number, int)), default=0)


def numbered(
    groups: Sequence[Group], tables: Mapping[str, TablePlan], existing: Mapping[str, ExistingTable]
) -> dict[str, TablePlan]:
    """Give objects of one class different numbers, whichever group they are of: CHECKs may compare them."""
    found, following = dict(tables), _first_numbers(groups, existing)
    for group in groups:
        for table in group.blueprint.tables:
            planned = found[key_of(group.path, table)]
            for name in table.primary_key:
                column = planned.columns[name]
                if isinstance(column.source, Numbered) and column.author == "structure":
                    start = following[table.key]
                    following[table.key] += max(planned.rows, COPIES * group.times)
                    planned = _beginning(planned, name, Numbered(start=start))
            found[key_of(group.path, table)] = planned
    return found


def _first_numbers(groups: Sequence[Group], existing: Mapping[str, ExistingTable]) -> dict[str, int]:
    """Return the first number of each table that no object which is there has."""
    found = {table.key: 1 for group in groups for table in group.blueprint.tables}
    for group in groups:
        for parent in group.there:
            for table in parent.blueprint.tables:
                for name in table.primary_key:
                    values = existing[key_of(parent.path, table)].columns[name].data
                    if table.key in found and values.dtype.kind == "i":
                        found[table.key] = max(found[table.key], int(values.max()) + 1)
    return found
