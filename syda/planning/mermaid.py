"""A plan as a Mermaid entity-relationship diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syda.planning.explain import describe_rows
from syda.planning.model import Plan
from syda.schema.model import ForeignKey, Table


def to_mermaid(plan: Plan) -> str:
    """Return ``erDiagram`` text: tables with their row counts and key columns, and a line per foreign key."""
    lines = ["erDiagram"]
    for key, planned in plan.tables.items():
        table = plan.schema.tables[key]
        lines += [f"    {_label(plan, key)} {{", *_attributes(table), "    }"]
        lines += [_relation(table, table.foreign_key(name)) for name in planned.links]
    return "\n".join(lines) + "\n"


def _label(plan: Plan, key: str) -> str:
    identifier, planned = _word(key), plan.tables.get(key)
    if planned is None:
        return f'{identifier}["{_quoted(key)}"]'
    return f'{identifier}["{_quoted(key)} ({describe_rows(plan, key)}{"" if planned.rows_from else " rows"})"]'


def _attributes(table: Table) -> Iterator[str]:
    referring = {column for link in table.foreign_keys for column in link.columns}
    for column in table.columns:
        marks = [
            mark
            for mark, holds in (("PK", column.name in table.primary_key), ("FK", column.name in referring))
            if holds
        ]
        yield f"        {column.type.kind} {_word(column.name)} {', '.join(marks)}".rstrip()


def _relation(table: Table, link: ForeignKey) -> str:
    optional = table.is_optional(link)
    alone = any(set(unique.columns) == set(link.columns) for unique in table.unique_sets)
    parent, child = "|o" if optional else "||", "o|" if alone else "o{"
    return f'    {_word(link.parent)} {parent}--{child} {_word(table.key)} : "{_quoted(", ".join(link.columns))}"'


def _word(name: str) -> str:
    """Return the name in the letters that Mermaid takes for an identifier."""
    return re.sub(r"\W", "_", name)


def _quoted(text: str) -> str:
    return text.replace('"', "'")
