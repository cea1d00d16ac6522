"""Triggers that wait for the end of the transaction: what they refuse must not undo the whole load.

They are asked at the end of the load, when what they look for in other tables is there. When some refuse, the load is
done again with these asked at each row, so that the rows that they refuse are left out and told as those of any other
trigger are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from syda.load.roads.columns import quoted_names
from syda.load.roads.core import execute_as_written
from syda.load.target import refuses_rows

_Loaded = TypeVar("_Loaded")
_WAITING = sa.text(
    "SELECT DISTINCT n.nspname, k.conname FROM pg_catalog.pg_constraint k"
    " JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace"
    " JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid"
    " WHERE k.contype = 't' AND k.condeferred AND t.tgenabled <> 'D' ORDER BY 1, 2"
)


class Deferral:
    """The waiting triggers of a database, and which of them have come to be asked at each row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        found = connection.execute(_WAITING).all() if connection.dialect.name == "postgresql" else []
        self._waiting = [f"{self._quoted(row.nspname)}.{self._quoted(row.conname)}" for row in found]
        self._asked_early: list[str] = []

    def _quoted(self, name: str) -> str:
        return quoted_names([name], self._connection.dialect)

    def run(self, load: Callable[[], _Loaded]) -> _Loaded:
        """Load; when waiting triggers refuse what is there then, undo that and load again with these asked at once."""
        if not self._waiting:
            return load()
        while True:
            savepoint = self._connection.begin_nested()
            loaded = load()
            refusing = [name for name in self._waiting if self._refuses(name)]
            if not refusing:
                savepoint.commit()
                self._set(self._asked_early, "DEFERRED")
                return loaded
            savepoint.rollback()
            self._asked_early += refusing

    def prepare(self) -> None:
        """Have the triggers wait for the end of the load, but for those that refused what was there then."""
        self._set([name for name in self._waiting if name not in self._asked_early], "DEFERRED")
        self._set(self._asked_early, "IMMEDIATE")

    def _refuses(self, name: str) -> bool:
        if name in self._asked_early:
            return False
        savepoint = self._connection.begin_nested()
        try:
            self._set([name], "IMMEDIATE")
        except exc.DBAPIError as error:
            savepoint.rollback()
            if not refuses_rows(error) or error.connection_invalidated:
                raise
            return True
        self._set([name], "DEFERRED")
        savepoint.commit()
        return False

    def _set(self, names: Sequence[str], when: str) -> None:
        if names:
            execute_as_written(self._connection, f"SET CONSTRAINTS {', '.join(names)} {when}")
