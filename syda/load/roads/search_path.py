"""Where PostgreSQL looks for names while rows go in.

A trigger's function, or one that a CHECK calls, names the tables of its application as the application sees them, which
sets `search_path` for its role or its connections. Whoever loads may see less. So the schemas of the loaded tables come
after what is seen anyway, which keeps its meaning; of tables of one name the function's own schema has to be the first.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from syda.load.roads.columns import quoted_names

_READ = text("SELECT current_setting('search_path')")
_SET = text("SELECT set_config('search_path', :path, true)")


class SearchPath:
    """The search path of a transaction, and how it goes on into other schemas."""

    def __init__(self, connection: Connection, schemas: Iterable[str | None]) -> None:
        self._connection = connection
        self._schemas = list(dict.fromkeys(schema for schema in schemas if schema))
        self._usual = str(connection.scalar(_READ)) if self._schemas else ""

    def lead_to(self, schema: str | None) -> None:
        """Have names that are not found looked for in this schema, then in the others."""
        if self._schemas:
            added = dict.fromkeys([schema, *self._schemas] if schema else self._schemas)
            quoted = quoted_names(added, self._connection.dialect)
            self._set(", ".join(filter(None, (self._usual, quoted))))

    def restore(self) -> None:
        """Have names looked for as before."""
        if self._schemas:
            self._set(self._usual)

    def _set(self, path: str) -> None:
        self._connection.execute(_SET, {"path": path})
