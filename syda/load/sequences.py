"""Moves PostgreSQL's sequences past the keys that were inserted; the other databases do so by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.load.columns import named_columns, quoted_table
from syda.load.table_load import TableLoad

# The sequences that belong to a column, and those that its default takes numbers from.
_SEQUENCES = sa.text(
    "SELECT s.seqrelid::int8 AS oid, a.attname AS column, s.seqincrement AS step, s.seqmin AS least, s.seqmax AS most"
    " FROM pg_sequence s"
    " JOIN pg_attribute a ON a.attrelid = to_regclass(:name) AND NOT a.attisdropped"
    " WHERE EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid"
    "  AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum"
    "  AND d.deptype IN ('a', 'i'))"
    " OR EXISTS (SELECT FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid"
    "  WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum AND d.refclassid = 'pg_class'::regclass"
    "  AND d.refobjid = s.seqrelid)"
)
# Never backwards: other tables, and rows that are gone, have had numbers of the sequence too.
_MOVE = sa.text(
    "SELECT setval(CAST(:oid AS oid)::regclass, :number) WHERE"
    " COALESCE(pg_sequence_last_value(CAST(:oid AS oid)::regclass) * sign(:step) < :number * sign(:step), true)"
)


def move_sequences(connection: Connection, loads: Sequence[TableLoad]) -> None:
    """Set each sequence behind the numbers in the columns that take theirs from it."""
    for load in loads:
        if not load.rows or not _may_count(load):
            continue
        columns = named_columns(load.target)
        for found in connection.execute(_SEQUENCES, {"name": quoted_table(load.target, connection.dialect)}).all():
            if found.column not in load.columns:
                continue
            outermost = sa.func.max if found.step > 0 else sa.func.min
            number = connection.scalar(sa.select(outermost(columns[found.column])))
            if isinstance(number, int | Decimal) and found.least <= number <= found.most:
                connection.execute(_MOVE, {"oid": found.oid, "number": int(number), "step": found.step})


def _may_count(load: TableLoad) -> bool:
    """Tell whether a column that is loaded may have a sequence, which only the database knows for sure."""
    return any(column.name in load.columns and column.type.kind == "integer" for column in load.table.columns)
