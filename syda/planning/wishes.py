"""Numbers of children per parent that were asked for and that a plan cannot keep."""

from __future__ import annotations

from syda.errors import CapacityError, PlanError
from syda.planning.capacity import source_capacity
from syda.planning.existing import Existing
from syda.planning.model import Cardinality, Joint, Plan
from syda.planning.requests import RowRequest
from syda.schema.model import ForeignKey, Table


def check_wishes(plan: Plan, rows: RowRequest, existing: Existing) -> None:
    """Raise a `PlanError` for children per parent that cannot be named, `CapacityError` where parents are too few."""
    for (key, name), children in rows.children.items():
        table, planned = plan.schema.tables[key], plan.tables[key]
        link = table.foreign_key(name)
        where = f"{key}.{', '.join(link.columns)}"
        draw = planned.links[name].draw
        if draw == "given":
            raise PlanError(f"{where}: expected children per parent or a source of the column, got both")
        if link.parent == key:
            raise PlanError(
                f"{where}: expected a foreign key to another table, children per parent of its own are free"
            )
        joint = next((joint for joint in planned.joints if name in joint.links), None)
        if joint is None:
            continue
        sets = " and ".join(f"({', '.join(columns)})" for columns in joint.unique)
        if planned.rows_from != name and not _always_kept(plan, existing, table, link, joint, children):
            other = (
                f"children per parent of {planned.rows_from!r}" if planned.rows_from else f"the rows of table {key!r}"
            )
            raise PlanError(f"{where}: {other} are given too, and {sets} must be unique: give one of the two")
        _check_room(plan, existing, table, link, joint, children, where)


def _always_kept(
    plan: Plan, existing: Existing, table: Table, link: ForeignKey, joint: Joint, children: Cardinality
) -> bool:
    """Tell whether the unique sets alone see to it that no parent has too many children, and none is too few."""
    if children.shape != "uniform" or children.low or children.high is None:
        return False
    rooms = (_room(plan, existing, table, link, joint, unique) for unique in joint.unique)
    return any(room is not None and room <= children.high for room in rooms)


def _check_room(
    plan: Plan, existing: Existing, table: Table, link: ForeignKey, joint: Joint, children: Cardinality, where: str
) -> None:
    """Raise `CapacityError` when one parent can have fewer children than each is to have."""
    parents = _most_rows(plan, existing, link.parent, ())
    for unique in joint.unique:
        room = _room(plan, existing, table, link, joint, unique)
        if parents != 0 and room is not None and room < children.low:
            raise CapacityError(
                f"{where}: each row of {link.parent!r} can have {room} rows of {table.key!r}, not the {children.low} "
                f"asked for: ({', '.join(unique)}) must be unique; ask for fewer, or for more rows in the other tables "
                f"that {table.key!r} refers to"
            )


def _room(
    plan: Plan, existing: Existing, table: Table, link: ForeignKey, joint: Joint, unique: tuple[str, ...]
) -> int | None:
    """Return how many rows of the unique set one parent of `link` can have at most, None when that is not known."""
    if not set(link.columns) & set(unique):
        return None
    room = 1
    for name in joint.links:
        other = table.foreign_key(name)
        if name == link.name or not set(other.columns) & set(unique):
            continue
        rows = _most_rows(plan, existing, other.parent, ())
        if rows is None:
            return None
        room *= rows
    for name in set(joint.columns) & set(unique):
        room *= source_capacity(plan.tables[table.key].columns[name].source, table.column(name))
    return room


def _most_rows(plan: Plan, existing: Existing, key: str, below: tuple[str, ...]) -> int | None:
    """Return how many rows the table has at most, those of subclasses and those that are there included."""
    there = existing[key].rows if key in existing else 0
    if key not in plan.tables:
        return there
    rows: int | None = plan.tables[key].rows
    if (name := plan.tables[key].rows_from) is not None:
        link = plan.schema.tables[key].foreign_key(name)
        high = (plan.tables[key].links[name].children or Cardinality()).high
        parents = None if link.parent in below else _most_rows(plan, existing, link.parent, (*below, key))
        rows = None if high is None or parents is None else high * parents
    for table in plan.schema:
        if table.base_table == key:
            more = _most_rows(plan, {}, table.key, (*below, key))
            rows = None if rows is None or more is None else rows + more
    return None if rows is None else there + rows
