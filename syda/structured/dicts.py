"""Dicts as users write them: the columns of one table, or tables by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from syda.errors import SchemaError
from syda.schema.column_specs import COLUMN_KEYS

NAMELESS = "data"
"""What a table is called that is given as its columns alone."""
_TYPED = ("type", "references")


def as_tables(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dict of columns, or of tables, with its tables under the key ``tables``."""
    if not given:
        raise SchemaError("the schema is empty; expected columns with their types, such as {'name': 'text'}, or tables")
    if is_nameless(given):
        return {"tables": {NAMELESS: {"columns": dict(given)}}}
    return dict(given) if _is_wrapped(given) else {"tables": dict(given)}


def is_nameless(given: Any) -> bool:
    """Tell whether this is a dict of columns: no table can refer to these, since they have no name."""
    if not isinstance(given, Mapping) or _is_wrapped(given):
        return False
    return not all(isinstance(each, Mapping) for each in given.values()) or all(map(_is_column, given.values()))


def _is_wrapped(given: Mapping[str, Any]) -> bool:
    tables = given.get("tables")
    return isinstance(tables, Mapping) and "columns" not in tables and not is_nameless(tables)


def _is_column(written: Mapping[str, Any]) -> bool:
    """Tell whether a mapping says something of a column, be it nothing or misspelled; any other is a table."""
    known = [get_close_matches(str(key), COLUMN_KEYS, n=1, cutoff=0.8) for key in written]
    return all(known) and (not written or any(match[0] in _TYPED for match in known))
