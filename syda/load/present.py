"""Which tables a database has, asked once for all of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection


class PresentTables:
    """The tables of a database, as they are when the first one is asked for."""

    def __init__(self, connection: Connection) -> None:
        self._inspector = sa.inspect(connection)
        self._listed: frozenset[str] | None = None

    def has(self, name: str, schema: str | None) -> bool:
        """Tell whether there is such a table or view."""
        if self._listed is None:
            self._listed = frozenset(self._inspector.get_table_names())
        # views, temporary tables, names in another case and those of other schemas are asked for one by one
        return (schema is None and name in self._listed) or self._inspector.has_table(name, schema=schema)
