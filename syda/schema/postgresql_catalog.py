"""What PostgreSQL's catalogue says of the user's tables, each kind of fact by one query for the whole database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

TableName: TypeAlias = tuple[str, str]
"""A schema and a table."""

_USERS = """
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""

_NOT_OF_AN_EXTENSION = """
    NOT EXISTS (
        SELECT 1 FROM pg_depend AS d
        WHERE d.deptype = 'e' AND (
            d.classid = 'pg_class'::regclass AND d.objid = c.oid
            OR d.classid = 'pg_namespace'::regclass AND d.objid = n.oid))
"""

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c {users}
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND has_schema_privilege(n.oid, 'USAGE')
    AND {not_of_an_extension} ORDER BY 1, 2
"""

DECLARATIONS = """
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS declaration,
        a.attndims AS dimensions
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid {users}
    AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
"""

# A constraint with a parent repeats that of a partitioned table for one of the partitions.
REFERENCES = """
    SELECT n.nspname, c.relname, k.conname AS name, pn.nspname AS parent_schema, p.relname AS parent,
        k.condeferrable AS deferrable, k.condeferred AS initially_deferred,
        k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update,
        ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS m(number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = m.number ORDER BY m.place) AS columns,
        ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS m(number, place)
            JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = m.number ORDER BY m.place)
            AS parent_columns
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
        JOIN pg_class AS p ON p.oid = k.confrelid JOIN pg_namespace AS pn ON pn.oid = p.relnamespace {users}
    AND k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conname
"""

DOMAINS = """
    WITH RECURSIVE layer AS (
        SELECT a.attrelid, a.attnum, 1 AS depth, t.oid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault
        FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
        WHERE t.typtype = 'd' AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT l.attrelid, l.attnum, l.depth + 1, t.oid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault
        FROM layer AS l JOIN pg_type AS t ON t.oid = l.typbasetype WHERE t.typtype = 'd')
    SELECT n.nspname, c.relname, a.attname, format_type(l.typbasetype, l.typtypmod) AS base,
        l.typnotnull AS required, l.typdefault AS default_value,
        ARRAY(SELECT pg_get_expr(k.conbin, 0, true) FROM pg_constraint AS k
            WHERE k.contypid = l.oid AND k.contype = 'c' ORDER BY k.conname) AS checks
    FROM layer AS l JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (l.attrelid, l.attnum)
        JOIN pg_class AS c ON c.oid = l.attrelid {users}
    AND c.relkind IN ('r', 'p') ORDER BY l.depth
"""

# Domains under the domain of an array's items check with it.
ITEM_DOMAINS = """
    WITH RECURSIVE layer AS (
        SELECT a.attrelid, a.attnum, t.oid, t.typbasetype
        FROM pg_attribute AS a JOIN pg_type AS listed ON listed.oid = a.atttypid
            JOIN pg_type AS t ON t.oid = listed.typelem
        WHERE t.typtype = 'd' AND listed.typcategory = 'A' AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT l.attrelid, l.attnum, t.oid, t.typbasetype
        FROM layer AS l JOIN pg_type AS t ON t.oid = l.typbasetype WHERE t.typtype = 'd')
    SELECT n.nspname, c.relname, a.attname, pg_get_expr(k.conbin, 0, true) AS condition
    FROM layer AS l JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (l.attrelid, l.attnum)
        JOIN pg_constraint AS k ON k.contypid = l.oid AND k.contype = 'c'
        JOIN pg_class AS c ON c.oid = l.attrelid {users}
    AND c.relkind IN ('r', 'p') ORDER BY k.conname
"""

LEAVES = """
    SELECT n.nspname, c.relname, pg_get_partition_constraintdef(
        CASE WHEN pg_get_expr(leaf.relpartbound, leaf.oid) = 'DEFAULT' THEN tree.parentrelid ELSE leaf.oid END
    ) AS bound
    FROM pg_class AS c CROSS JOIN LATERAL pg_partition_tree(c.oid) AS tree
        JOIN pg_class AS leaf ON leaf.oid = tree.relid {users}
    AND c.relkind = 'p' AND NOT c.relispartition AND tree.isleaf AND leaf.relkind <> 'p' ORDER BY leaf.relname
"""

PARTITIONED = """
    SELECT n.nspname, c.relname FROM pg_class AS c {users} AND c.relkind = 'p' AND NOT c.relispartition
"""

# Keys WITHOUT OVERLAPS have such operators too.
EXCLUSIONS = """
    SELECT n.nspname, c.relname, k.conname AS name, am.amname AS method,
        pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
        ARRAY(SELECT pg_get_indexdef(k.conindid, place, true) FROM generate_series(1, i.indnkeyatts) AS place
            ORDER BY place) AS members,
        ARRAY(SELECT o.oprname::text FROM unnest(k.conexclop) WITH ORDINALITY AS m(number, place)
            JOIN pg_operator AS o ON o.oid = m.number ORDER BY m.place) AS operators
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_index AS i ON i.indexrelid = k.conindid
        JOIN pg_class AS x ON x.oid = k.conindid JOIN pg_am AS am ON am.oid = x.relam {users}
    AND k.conexclop IS NOT NULL AND NOT c.relispartition ORDER BY k.conname
"""

# Of a trigger's type, the bit 4 says that it fires on INSERT.
TRIGGERS = """
    SELECT n.nspname, c.relname, t.tgname AS name
    FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid {users}
    AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype::int & 4 <> 0 ORDER BY t.tgname
"""


COMPOSITES = """
    SELECT n.nspname, t.typname, format_type(t.oid, NULL) AS declaration, a.attname,
        format_type(a.atttypid, a.atttypmod) AS field
    FROM pg_type AS t JOIN pg_attribute AS a ON a.attrelid = t.typrelid JOIN pg_class AS c ON c.oid = t.typrelid
    {users} AND c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


ENUMS = """
    SELECT n.nspname, t.typname, format_type(t.oid, NULL) AS declaration,
        ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
    FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE t.typtype = 'e'
"""


class Catalog:
    """The answers to the queries above, by table; each is asked once, when it is first needed."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._answers: dict[str, Mapping[TableName, list[sa.Row[Any]]]] = {}

    def by_table(self, query: str) -> Mapping[TableName, list[sa.Row[Any]]]:
        """Return the rows of a query by their first two columns: schema and table."""
        if query not in self._answers:
            found: dict[TableName, list[sa.Row[Any]]] = {}
            for row in self.connection.exec_driver_sql(_written(query)):
                found.setdefault((row[0], row[1]), []).append(row)
            self._answers[query] = found
        return self._answers[query]


def _written(query: str) -> str:
    text = query.replace("{users}", _USERS).replace("{not_of_an_extension}", _NOT_OF_AN_EXTENSION)
    return text.replace("%", "%%")
