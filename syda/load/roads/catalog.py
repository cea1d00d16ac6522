"""The keys, indexes and foreign keys of PostgreSQL's tables, and which of them can be dropped and made again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from syda.schema.model import ForeignKey

_TABLES = sa.text(
    "SELECT c.oid::int8 AS oid, pg_has_role(c.relowner, 'USAGE') AS owned, current_user AS role,"
    " (c.relnamespace = pg_my_temp_schema() OR has_schema_privilege(c.relnamespace, 'CREATE')) AS indexable,"
    " c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS plain,"
    # triggers that the rows fire may read, or rely on the keys of, any table of the load
    " EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D') AS fires"
    " FROM pg_class c WHERE c.oid = to_regclass(:name)"
)
_WATCHED = sa.text("SELECT EXISTS (SELECT FROM pg_event_trigger WHERE evtenabled <> 'D')")

_INDEXES = sa.text(
    "SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS on_oid, format('%I.%I', n.nspname, t.relname) AS on_table,"
    " c.relname AS name, format('%I.%I', n.nspname, c.relname) AS full_name,"
    " k.oid::int8 AS key_oid, k.conname AS key_name, k.contype AS key_type,"
    " COALESCE(pg_get_constraintdef(k.oid), pg_get_indexdef(i.indexrelid)) AS definition,"
    " CASE WHEN k.contype IN ('p', 'u') THEN c.reloptions END AS options, s.spcname AS tablespace,"
    " i.indisclustered AS clustered, i.indisreplident AS identifies,"
    " obj_description(i.indexrelid, 'pg_class') AS comment, obj_description(k.oid, 'pg_constraint') AS key_comment,"
    " ARRAY(SELECT ARRAY[a.attnum, a.attstattarget] FROM pg_attribute a"
    "  WHERE a.attrelid = c.oid AND a.attstattarget >= 0 ORDER BY a.attnum) AS targets,"
    # unique over the same columns: a foreign key to these may stand on any of them
    " ARRAY(SELECT w.indexrelid::int8 FROM pg_index w WHERE w.indrelid = i.indrelid AND w.indexrelid <> i.indexrelid"
    "  AND w.indisunique AND w.indpred IS NULL AND i.indisunique AND i.indpred IS NULL"
    "  AND ARRAY(SELECT k FROM unnest(w.indkey::int2[]) k ORDER BY k)"
    "   = ARRAY(SELECT k FROM unnest(i.indkey::int2[]) k ORDER BY k)) AS twins"
    " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace"
    " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p','u','x')"
    " WHERE i.indrelid = ANY(CAST(string_to_array(:tables, ',') AS oid[]))"
    "  AND i.indisvalid AND i.indisready AND i.indislive"
    "  AND (c.reltablespace = 0 OR has_tablespace_privilege(c.reltablespace, 'CREATE'))"
    "  AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attoptions IS NOT NULL)"
    "  AND NOT EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid IN (c.oid, k.oid))"
    "  AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = k.oid AND g.tgenabled <> 'O')"
    "  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype IN ('e', 'x')"
    "   AND (d.classid, d.objid) IN (('pg_class'::regclass, c.oid), ('pg_constraint'::regclass, k.oid)))"
    # what else needs the key or index, such as a view that groups by it; foreign keys are looked at by themselves
    "  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype <> 'i'"
    "   AND (d.refclassid, d.refobjid) IN (('pg_class'::regclass, c.oid), ('pg_constraint'::regclass, k.oid))"
    "   AND NOT (d.classid = 'pg_constraint'::regclass"
    "    AND EXISTS (SELECT FROM pg_constraint f WHERE f.oid = d.objid AND f.contype = 'f')))"
    " ORDER BY i.indexrelid"
)

_FOREIGN_KEYS = sa.text(
    "SELECT f.oid::int8 AS oid, f.conname AS name, f.conrelid::int8 AS on_oid, f.confrelid::int8 AS parent_oid,"
    " f.conindid::int8 AS index_oid, format('%I.%I', n.nspname, t.relname) AS on_table,"
    " pg_get_constraintdef(f.oid) AS definition, f.convalidated AS validated,"
    " obj_description(f.oid, 'pg_constraint') AS comment,"
    " ARRAY(SELECT a.attname::text FROM unnest(f.conkey) k JOIN pg_attribute a ON a.attrelid = f.conrelid"
    "  AND a.attnum = k) AS columns,"
    " t.relkind = 'r' AND p.relkind = 'r' AND pg_has_role(t.relowner, 'USAGE') AND f.conparentid = 0"
    "  AND has_table_privilege(f.confrelid, 'REFERENCES') AND pg_get_constraintdef(f.oid) NOT LIKE '%NOT ENFORCED%'"
    "  AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgconstraint = f.oid AND g.tgenabled <> 'O')"
    "  AND NOT EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid = f.oid)"
    "  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_constraint'::regclass AND d.objid = f.oid"
    "   AND d.deptype IN ('e', 'x')) AS movable"
    " FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    " JOIN pg_class p ON p.oid = f.confrelid"
    " WHERE f.contype = 'f' AND (f.conrelid = ANY(CAST(string_to_array(:tables, ',') AS oid[]))"
    "  OR f.confrelid = ANY(CAST(string_to_array(:tables, ',') AS oid[])))"
    " ORDER BY f.oid"
)


@dataclass(frozen=True, slots=True)
class Index:
    """An index, or the key or exclusion constraint that it carries."""

    oid: int
    on_oid: int
    on_table: str
    name: str
    full_name: str
    key_oid: int | None
    key_name: str | None
    key_type: str | None
    definition: str
    options: list[str] | None
    tablespace: str | None
    clustered: bool
    identifies: bool
    comment: str | None
    key_comment: str | None
    targets: list[list[int]]
    twins: list[int]


@dataclass(frozen=True, slots=True)
class ForeignKeyRow:
    """A foreign key as the catalogue has it."""

    oid: int
    name: str
    on_oid: int
    parent_oid: int
    index_oid: int
    on_table: str
    definition: str
    validated: bool
    comment: str | None
    columns: list[str]
    movable: bool


def has_event_triggers(connection: Connection) -> bool:
    """Tell whether somebody watches what is done to tables."""
    return bool(connection.scalar(_WATCHED))


def table_facts(connection: Connection, name: str) -> Any:
    """Return what decides whether a table's keys and indexes can be dropped and made again, None where it is not there.

    `oid`; whether the table is `plain`, `owned` by the `role`, in a schema where the role may make indexes
    (`indexable`), and whether it `fires` triggers.
    """
    return connection.execute(_TABLES, {"name": name}).first()


def movable(connection: Connection, tables: Iterable[int]) -> tuple[list[Index], list[ForeignKeyRow]]:
    """Return the tables' indexes and foreign keys, to them too, that can be dropped and made again as they were."""
    empty = list(tables)
    listed = {"tables": ",".join(map(str, empty))}  # a text: drivers do not agree on what an array is
    links = [ForeignKeyRow(*row) for row in connection.execute(_FOREIGN_KEYS, listed).all()]
    # a key that is not validated holds for new rows: these can be checked only where there were none before
    fixed = {link.oid for link in links if not link.movable or not (link.validated or link.on_oid in empty)}
    needed = {link.index_oid for link in links if link.oid in fixed}
    indexes = [Index(*row) for row in connection.execute(_INDEXES, listed).all()]
    indexes = _without_twins_that_stay([index for index in indexes if index.oid not in needed], links)
    dropped = {index.oid for index in indexes}
    return indexes, [
        link for link in links if link.oid not in fixed and (link.on_oid in empty or link.index_oid in dropped)
    ]


def _without_twins_that_stay(indexes: list[Index], links: list[ForeignKeyRow]) -> list[Index]:
    """Return the indexes without those of foreign keys that, made again, would stand on a twin that was never gone."""
    used = {link.index_oid for link in links}
    while True:
        dropped = {index.oid for index in indexes}
        kept = [index for index in indexes if index.oid not in used or dropped.issuperset(index.twins)]
        if len(kept) == len(indexes):
            return kept
        indexes = kept


def constraint_name(connection: Connection, target: sa.Table, link: ForeignKey) -> str:
    """Return the name that a foreign key has in the database: models need not give it one."""
    for found in sa.inspect(connection).get_foreign_keys(target.name, schema=target.schema):
        pairs = zip(found["constrained_columns"], found["referred_columns"], strict=True)
        if set(pairs) == set(link.pairs) and found["name"]:
            return str(found["name"])
    return link.name
