"""The rows that a generator has made, for those that come after them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syda.dataset import Dataset
from syda.planning.existing import Existing, ExistingTable
from syda.schema import Reading, Schema, Table, from_mapping, read_schema, to_mapping
from syda.sources.values import Values
from syda.structured.dicts import as_tables, is_nameless

_REACHING = ("connect", "get_bind", "dialect", "drivername")
"""What engines, connections, sessions and URLs have, and what is declared has not."""


@dataclass(slots=True)
class Memory:
    """Rows by table. A mapped class and a Table are what they are; any other table is its name and its columns."""

    _rows: dict[Hashable, ExistingTable] = field(default_factory=dict)
    _named: dict[str, tuple[Table, Hashable]] = field(default_factory=dict)
    """Tables of dicts and files by name: those that came last."""

    def read(self, given: Any) -> Reading:
        """Return what is given as tables; those of a dict may refer to tables of earlier dicts by name."""
        if not isinstance(given, Mapping):
            reading = read_schema(given)
            return reading if _is_declared(given) else replace(reading, origin=None)
        top = as_tables(given)
        known = {key: table for key, (table, _) in self._named.items() if key not in top["tables"]}
        tables = {**to_mapping(Schema(tables=known))["tables"], **top["tables"]}
        whole = from_mapping({**top, "tables": tables}, misspelled=True)
        return read_schema(Reading(whole), tables=[key for key in whole.tables if key not in known])

    def existing(self, reading: Reading) -> Existing:
        """Return the rows of the tables that were made before."""
        found = {table.key: self._rows.get(self._identity(reading, table)) for table in reading.schema}
        return {key: there for key, there in found.items() if there is not None}

    def remember(self, reading: Reading, dataset: Dataset, *, given: Any) -> None:
        """Keep the rows of a dataset beside those of before."""
        for key, made in dataset.tables.items():
            table = reading.schema.tables[key]
            identity = self._identity(reading, table)
            self._rows[identity] = _joined(self._rows.get(identity, ExistingTable()), made.columns, made.rows)
            if reading.origin is None and not is_nameless(given):
                self._named[key] = (replace(table, foreign_keys=(), inherits=None, inheritance=None), identity)

    def forget(self, reading: Reading, table: Table) -> bool:
        """Forget the rows of a table; tell whether there were some."""
        return self._rows.pop(self._identity(reading, table), None) is not None

    def _identity(self, reading: Reading, table: Table) -> Hashable:
        if reading.origin is not None:
            declared: Hashable = reading.origin[table.key]
            return declared
        if table.key in reading.schema.external and table.key in self._named:
            return self._named[table.key][1]
        return repr((table.key, table.primary_key, table.columns))


def _joined(before: ExistingTable, columns: Mapping[str, Values], rows: int) -> ExistingTable:
    joined = {
        name: Values.concatenate([before.columns[name], values]) if name in before.columns else values
        for name, values in columns.items()
    }
    return ExistingTable(rows=before.rows + rows, columns=joined)


def _is_declared(given: Any) -> bool:
    """Tell whether this is declared in Python, rather than read from a database, anew each time."""
    return isinstance(given, type) or not (isinstance(given, str) or any(hasattr(given, name) for name in _REACHING))
