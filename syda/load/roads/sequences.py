"""Moves PostgreSQL's sequences past the keys that were inserted; the other databases do so by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.errors import TargetError
from syda.load.roads.columns import LISTED, listed, named_columns, quoted_table
from syda.load.roads.table_load import TableLoad

# The sequences that belong to a column, and those that its default takes numbers from; and the role's rights:
# setval needs UPDATE, nextval USAGE, and how far a sequence is can be read by USAGE or SELECT.
_SEQUENCES = sa.text(
    "SELECT t.name AS table_name, s.seqrelid::int8 AS oid, a.attname AS column, s.seqincrement AS step,"
    " s.seqmin AS least, s.seqmax AS most, s.seqstart AS start, s.seqrelid::regclass::text AS name,"
    " quote_ident(current_user) AS role, has_sequence_privilege(s.seqrelid, 'USAGE') AS may_draw,"
    " has_sequence_privilege(s.seqrelid, 'UPDATE') AND has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') AS may_set"
    f" FROM {LISTED} CROSS JOIN LATERAL ("
    "  SELECT d.objid AS sequence, d.refobjsubid AS number FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
    "   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(t.name) AND d.deptype IN ('a', 'i')"
    "  UNION"
    "  SELECT d.refobjid, f.adnum FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass"
    "   AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass WHERE f.adrelid = to_regclass(t.name)"
    " ) u JOIN pg_sequence s ON s.seqrelid = u.sequence"
    " JOIN pg_attribute a ON a.attrelid = to_regclass(t.name) AND a.attnum = u.number AND NOT a.attisdropped"
)
# Never backwards: other tables, and rows that are gone, have had numbers of the sequence too.
_MOVE = sa.text(
    "SELECT setval(CAST(:oid AS oid)::regclass, :number) WHERE"
    " COALESCE(pg_sequence_last_value(CAST(:oid AS oid)::regclass) * sign(:step) < :number * sign(:step), true)"
)
_LAST = sa.text("SELECT pg_sequence_last_value(CAST(:oid AS oid)::regclass)")
_DRAW = (
    "SELECT {outermost}(drawn) FROM (SELECT nextval(CAST(:oid AS oid)::regclass) AS drawn"
    " FROM generate_series(1, CAST(:numbers AS int8))) numbers"
)
_MOST_DRAWN = 100_000_000
"""Numbers that are drawn at most, one by one, to move a sequence on: that takes half a minute or so."""


Owned: TypeAlias = tuple[TableLoad, Any]
"""A table that gets rows, and a sequence that one of its columns takes numbers from."""


def sequences_of(connection: Connection, loads: Sequence[TableLoad]) -> list[Owned]:
    """Return the sequences of columns that get rows, asked for all tables at once."""
    counting = {quoted_table(load.target, connection.dialect): load for load in loads if load.rows and _may_count(load)}
    if not counting:
        return []
    found = connection.execute(_SEQUENCES, listed(counting)).all()
    owned = ((counting[each.table_name], each) for each in found)
    return [(load, each) for load, each in owned if each.column in load.columns]


def sequences_by_column(connection: Connection, table: str) -> Sequence[Any]:
    """Return the sequences that columns of a table, quoted, take numbers from, whoever owns them."""
    return connection.execute(_SEQUENCES, listed([table])).all()


def require_movable(owned: Sequence[Owned]) -> None:
    """Raise `TargetError` for a sequence that the role may not move: the next row would get a number that is taken."""
    for load, found in owned:
        if not (found.may_set or found.may_draw):
            raise _unmovable(load, found, "USAGE")


def move_sequences(connection: Connection, owned: Sequence[Owned]) -> None:
    """Set each sequence behind the numbers in the columns that take theirs from it.

    A role that may not set it draws numbers until it stands there.
    """
    for load, found in owned:
        outermost = sa.func.max if found.step > 0 else sa.func.min
        number = connection.scalar(sa.select(outermost(named_columns(load.target)[found.column])))
        if not isinstance(number, int | Decimal) or not found.least <= number <= found.most:
            continue
        if found.may_set:
            connection.execute(_MOVE, {"oid": found.oid, "number": int(number), "step": found.step})
        else:
            _draw(connection, load, found, int(number))


def _draw(connection: Connection, load: TableLoad, found: Any, number: int) -> None:
    last = connection.scalar(_LAST, {"oid": found.oid})
    reached = found.start - found.step if last is None else last
    draw = sa.text(_DRAW.format(outermost="max" if found.step > 0 else "min"))
    # drawn again where the session had numbers in its cache, which come first
    while (missing := -((reached - number) // found.step)) > 0:
        if missing > _MOST_DRAWN:
            raise _unmovable(load, found, "UPDATE")
        reached = connection.scalar(draw, {"oid": found.oid, "numbers": missing}) or number


def _unmovable(load: TableLoad, found: Any, right: str) -> TargetError:
    return TargetError(
        f"role {found.role} may not move the sequence {found.name}, from which {load.table.key}.{found.column} takes "
        f"its numbers, so that the next row after the load would get one that is taken; its owner can "
        f"GRANT {right} ON SEQUENCE {found.name} TO {found.role}"
    )


def _may_count(load: TableLoad) -> bool:
    """Tell whether a column that is loaded may have a sequence, which only the database knows for sure."""
    return any(column.name in load.columns and column.type.kind == "integer" for column in load.table.columns)
