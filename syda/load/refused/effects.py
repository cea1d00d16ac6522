"""What a database does besides when rows come in: triggers and rules may refuse, drop, change or add rows.

Models do not tell of these, so that the database is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.errors import RejectedError
from syda.load.modes import count_rows
from syda.load.roads.table_load import TableLoad
from syda.planning.model import Plan

if TYPE_CHECKING:
    from syda.load.roads.road import Road

_QUERIES = {
    "postgresql": "SELECT EXISTS (SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p')"
    "  AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    "  AND (EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'"
    "    AND t.tgtype::int & 4 <> 0)"
    "   OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled <> 'D')))",
    "sqlite": "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger')",
    "mysql": "SELECT EXISTS (SELECT 1 FROM information_schema.triggers WHERE event_manipulation = 'INSERT'"
    " AND trigger_schema = database())",
}


def has_effects(connection: Connection, plan: Plan) -> bool:
    """Tell whether rows of any table may set something off."""
    name = "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name
    known = any(table.triggers for table in plan.schema)
    return known or (name in _QUERIES and bool(connection.scalar(sa.text(_QUERIES[name]))))


def count_of(connection: Connection, loads: Sequence[TableLoad]) -> dict[str, int]:
    """Return the number of rows of each table."""
    filled = [load for load in loads if load.rows]
    return count_rows(connection, [load.table for load in filled], {load.table.key: load.target for load in filled})


def lost_rows(road: Road, sent: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Return how many of the rows that were sent to each table are not there, where any are.

    Raises `RejectedError` where such a table was asked for by name.
    """
    after = count_of(road.connection, road.loads)
    lost = {key: rows - (after.get(key, 0) - before.get(key, 0)) for key, rows in sent.items()}
    lost = {key: rows for key, rows in lost.items() if rows > 0}
    for key, rows in lost.items():
        planned = road.plan.tables[key]
        if planned.exact or planned.rows_from is not None:
            raise RejectedError(f"loading table {key!r}: {lost_note(key, rows)}", table=key)
    return lost


def lost_note(key: str, lost: int) -> str:
    """Return what is told of rows that are not there."""
    return f"{key}: the database took {lost} rows more than are there; a trigger or rule dropped them"
