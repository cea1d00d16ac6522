"""Rows of one table as dicts of Python objects, made through the public face."""

from __future__ import annotations

from typing import Any

import syda
from syda.sources.values import to_python

Row = dict[str, Any]


def rows_of(dataset: syda.Dataset, table: str = "thing") -> list[Row]:
    owner = dataset.plan.schema.tables[table]
    columns = {
        name: to_python(values, owner.column(name).type) for name, values in dataset.tables[table].columns.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def made(columns: dict[str, Any], rows: int = 400, table: str = "thing", **options: Any) -> list[Row]:
    return rows_of(syda.generate({table: {"id": "number", **columns}}, rows=rows, **options), table)


def sources_of(columns: dict[str, Any], table: str = "thing") -> dict[str, Any]:
    planned = syda.plan({table: {"id": "number", **columns}}).tables[table].columns
    return {name: column.source for name, column in planned.items() if name != "id"}
