"""What tables ask of the keys that they refer to: room for no longer text, and the values that CHECKs name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from syda.planning.checks import check_domains, conditions_of, named_values, parse
from syda.planning.checks.reading import column_of, guessed_dialect
from syda.schema.model import Check, Exclusion, Kind, Schema, Table, Unique
from syda.schema.sqltext import sqlglot_name

_Column = tuple[str, str]
_JSON_FUNCTIONS = ("json_valid", "json_type", "json_array_length", "json_extract", "json_extract_scalar", "jsontype")


def narrowed(schema: Schema) -> Schema:
    """Return the schema with text keys no longer than the narrowest foreign key column that takes their values.

    Tables out of models, and their CHECKs, are in the dialect of the database to be filled, as far as that is known.
    """
    spoken = sqlglot_name(schema.dialect)
    tables = {key: _spoken(table, table.dialect or spoken) for key, table in schema.tables.items()}
    changed = True
    while changed:
        changed = False
        for table in list(tables.values()):
            for link in table.foreign_keys:
                for child, parent in link.pairs:
                    room = tables[table.key].column(child).type.length
                    owner = tables[link.parent]
                    wide = owner.column(parent)
                    if wide.type.kind is Kind.TEXT and room is not None and (wide.type.length or room + 1) > room:
                        narrow = replace(wide, type=replace(wide.type, length=room))
                        columns = tuple(narrow if column is wide else column for column in owner.columns)
                        tables[link.parent] = replace(owner, columns=columns)
                        changed = True
    return replace(schema, tables=tables)


def _spoken(table: Table, dialect: str) -> Table:
    checks = tuple(
        replace(check, dialect=check.dialect or dialect or guessed_dialect(check.expression)) for check in table.checks
    )
    return replace(table, dialect=dialect, checks=checks)


def with_documents(schema: Schema) -> Schema:
    """Return the schema with text columns as JSON where CHECKs read them as documents, as SQLite's have to."""
    tables = {}
    for table in schema:
        named = {name for check in table.checks for name in _documents(check, table)}
        columns = tuple(
            replace(column, type=replace(column.type, kind=Kind.JSON)) if column.name in named else column
            for column in table.columns
        )
        tables[table.key] = replace(table, columns=columns) if named else table
    return replace(schema, tables=tables)


def _documents(check: Check, table: Table) -> set[str]:
    """Return the text columns that a check reads as JSON documents."""
    from sqlglot import exp

    tree = parse(check.expression, check.dialect)
    found: set[str] = set()
    for node in () if tree is None else tree.find_all(exp.JSONExtract, exp.JSONExtractScalar, exp.Func):
        name = str(node.this if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        document = node.expressions[0] if isinstance(node, exp.Anonymous) and node.expressions else node.this
        column = column_of(document, table) if name in _JSON_FUNCTIONS and isinstance(document, exp.Column) else None
        if column is not None and column.type.kind is Kind.TEXT and column.type.length is None:
            found.add(column.name)
    return found


def with_equals(schema: Schema) -> Schema:
    """Return the schema with a unique set for each exclusion constraint that only shuts out equal rows."""
    tables = {}
    for table in schema:
        found = [_unique(each, table) for each in table.exclusions if all(sign == "=" for _, sign in each.elements)]
        tables[table.key] = replace(table, uniques=(*table.uniques, *found)) if found else table
    return replace(schema, tables=tables)


def _unique(exclusion: Exclusion, table: Table) -> Unique:
    trees = [(text, parse(text, table.dialect)) for text, _ in exclusion.elements]
    columns = [None if tree is None else column_of(tree, table) for _, tree in trees]
    plain = tuple(column.name for column in columns if column is not None)
    others = tuple(text for (text, _), column in zip(trees, columns, strict=True) if column is None)
    return Unique(name=exclusion.name, columns=plain, expressions=others, predicate=exclusion.predicate)


def demanded_values(schema: Schema) -> Mapping[_Column, tuple[Any, ...]]:
    """Return, by table and column, the values that CHECKs of other tables compare their foreign keys with."""
    demands: dict[_Column, dict[Any, None]] = {}
    for table in schema:
        asked = _asked(table) if table.checks else {}
        for link in table.foreign_keys:
            for child, parent in link.pairs:
                if child in asked and link.parent != table.key:
                    demands.setdefault((link.parent, parent), {}).update(dict.fromkeys(asked[child]))
    _pass_on(schema, demands)
    return {column: tuple(_possible(schema, *column, values)) for column, values in demands.items()}


def shared_keys(schema: Schema) -> Mapping[_Column, _Column]:
    """Return the text and UUID keys that have to hold what another has: one column of a child refers to both.

    Whole numbers count from 1 in each table and so agree by themselves.
    """
    found: dict[_Column, _Column] = {}
    for table in schema:
        parents: dict[str, list[_Column]] = {}
        for link in table.foreign_keys:
            for child, parent in link.pairs if len(link.pairs) == 1 else ():
                parents.setdefault(child, []).append(_origin(schema, (link.parent, parent)))
        for first, *others in parents.values():
            root = found.get(first, first)
            for other in others:
                if other[0] != root[0] and other not in found and other not in found.values():
                    if _kind(schema, other) is _kind(schema, root) in (Kind.TEXT, Kind.UUID):
                        found[other] = root
    return found


def _kind(schema: Schema, column: _Column) -> Kind:
    return schema.tables[column[0]].column(column[1]).type.kind


def _origin(schema: Schema, column: _Column) -> _Column:
    """Return the key that a key's values come from, where it is a foreign key itself."""
    seen = {column}
    while True:
        key, name = column
        links = [link for link in schema.tables[key].foreign_keys if link.columns == (name,)]
        above = (links[0].parent, links[0].parent_columns[0]) if links else column
        if above in seen:
            return column
        seen.add(above)
        column = above


def _possible(schema: Schema, key: str, name: str, values: Iterable[Any]) -> list[Any]:
    """Leave out zero where the database counts the column: MariaDB takes it for the next number."""
    counted = schema.tables[key].column(name).autoincrement
    return [value for value in values if not counted or not isinstance(value, int | float) or value > 0]


def _asked(table: Table) -> dict[str, tuple[Any, ...]]:
    asked = {name: domain.allowed() or () for name, domain in check_domains(table).items()}
    for condition in conditions_of(table):
        for name, values in named_values(condition, table).items():
            asked[name] = (*asked.get(name, ()), *values)
    return {name: values for name, values in asked.items() if values}


def _pass_on(schema: Schema, demands: dict[_Column, dict[Any, None]]) -> None:
    """Have keys that are themselves foreign keys ask their own parents for the same."""
    changed = True
    while changed:
        changed = False
        for (key, name), values in list(demands.items()):
            for link in schema.tables[key].foreign_keys:
                for child, parent in link.pairs:
                    known = demands.setdefault((link.parent, parent), {}) if child == name else values
                    if not values.keys() <= known.keys():
                        known.update(values)
                        changed = True
