"""Gives JSON documents the fields that conditions ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from syda.generation.settling.fitting import shaped_source
from syda.generation.settling.state import State
from syda.generation.settling.typed import numbers, typed_items, words
from syda.planning.checks import Arm, Domain
from syda.planning.checks.plain import bare
from syda.planning.checks.reading import Field, Node, column_of, field_of, fields_of
from syda.schema.model import Column, Kind, LogicalType, Table
from syda.sources.stream import Integers, to_index
from syda.sources.text import Pattern
from syda.sources.values import to_python


@dataclass(frozen=True, slots=True)
class Documents:
    """The fields that conditions read, and those that have to equal a column."""

    fields: tuple[Field, ...]
    mirrors: Mapping[str, str]
    """Name of a field -> name of the column that it equals."""


def documents_of(nodes: Sequence[Node], table: Table) -> Documents:
    """Return what the conditions say about the fields of JSON documents."""
    from sqlglot import exp

    mirrors: dict[str, str] = {}
    for node in nodes:
        for each in node.find_all(exp.EQ):
            for one, other in ((each.this, each.expression), (each.expression, each.this)):
                field, column = _field(one, table), column_of(other, table)
                if field is not None and column is not None:
                    mirrors[field.name] = column.name
    return Documents(fields_of(nodes, table), mirrors)


def _field(node: Node, table: Table) -> Field | None:
    return field_of(bare(node), table)


def fit_documents(state: State, documents: Documents, arm: Arm, rows: Integers) -> None:
    """Write into the documents of the rows what the arm says of their fields."""
    for name in dict.fromkeys(field.document for field in documents.fields):
        if name not in state.owners or state.is_fixed(name) or state.column(name).type.kind is not Kind.JSON:
            continue
        made = [deepcopy(item) if isinstance(item, dict) else {} for item in state.data[name][rows].tolist()]
        touched = False
        for field in documents.fields:
            domain = arm.get(field.name)
            mirrored = documents.mirrors.get(field.name)
            if field.document != name or (domain is None and mirrored is None):
                continue
            touched = True
            listed = _texts(state, field, domain or Domain(), mirrored, rows)
            for document, text in zip(made, listed, strict=True):
                _write(document, field.path, text)
        if touched:
            for row, document in zip(rows.tolist(), made, strict=True):
                state.data[name][row] = document
            state.null[name][rows] = False


def _texts(state: State, field: Field, domain: Domain, mirrored: str | None, rows: Integers) -> list[Any]:
    if mirrored is not None and mirrored in state.owners and not domain.null:
        shown = to_python(state.values(mirrored, rows), state.column(mirrored).type)
        return [None if item is None else str(item) for item in shown]
    if domain.null:
        return [None] * len(rows)
    allowed = domain.allowed()
    bits = state.bits("field", field.name)
    if allowed:
        return [allowed[place] for place in to_index(bits, len(allowed))[rows].tolist()]
    if domain.json_type:
        return typed_items(state, field.name, domain, rows)
    if domain.numeric or domain.low is not None or domain.high is not None:
        return numbers(state, field.name, domain, rows)
    source = shaped_source(domain, Column(name=field.name, type=LogicalType(kind=Kind.TEXT)))
    if domain.is_shaped and isinstance(source, Pattern):
        column = Column(name=field.name, type=LogicalType(kind=Kind.TEXT))
        size = min(source.capacity(column) or 1, 1 << 40)
        cell = state.draft.cell(state.key, field.document, state.first, state.first + state.rows)
        texts: list[Any] = source.at(cell, to_index(bits, size)[rows]).data.tolist()
        return texts
    return words(state, field.name, rows)


def _write(document: dict[str, Any], path: Sequence[str], text: Any) -> None:
    for key in path[:-1]:
        inner = document.get(key)
        document[key] = inner = inner if isinstance(inner, dict) else {}
        document = inner
    if text is None:
        document.pop(path[-1], None)
    else:
        document[path[-1]] = text
