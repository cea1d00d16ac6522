"""Tells why a database did not answer a query: is the rule at fault, or may or can the data not be read?"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import exc

_OF_THE_RULE = ("0A", "21", "22", "38", "39", "42", "P0")
"""How the states begin of queries that PostgreSQL cannot run as they are written, for these rows."""
_FORBIDDEN = "42501"
_RIGHTS = {1044, 1045, 1142, 1143, 1227, 1356, 1370, 1449}
_TROUBLE = {1021, 1026, 1030, 1034, 1035, 1040, 1041, 1053, 1114, 1194, 1195, 1877, 2006, 2013, 2055}
_WAITING = {1205, 1213, 1317, 1969, 3024}
_UNREADABLE = _RIGHTS | _TROUBLE | _WAITING
"""Numbers of MariaDB and MySQL for missing rights, crashed tables, locks, limits and lost connections."""


def is_lost(error: exc.SQLAlchemyError) -> bool:
    """Tell whether nothing can be asked: the connection has ended, or what was opened is no database."""
    if not isinstance(error, exc.DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB


def is_unfit(error: exc.SQLAlchemyError) -> bool:
    """Tell whether the query itself cannot be run here; otherwise the database refused to have the data read."""
    if not isinstance(error, exc.DBAPIError):
        return not isinstance(error, exc.InvalidRequestError)  # such as that of a transaction that has failed
    original: Any = error.orig
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF == sqlite3.SQLITE_ERROR
    number = next(iter(getattr(original, "args", ())), None)
    if isinstance(number, int):  # beside which some drivers give a state that says less
        return number not in _UNREADABLE
    if state := getattr(original, "sqlstate", None) or getattr(original, "pgcode", None):
        return str(state).startswith(_OF_THE_RULE) and state != _FORBIDDEN
    return isinstance(error, exc.ProgrammingError | exc.DataError | exc.NotSupportedError)
