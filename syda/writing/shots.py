"""Rows made by inference, for a model that writes better after examples than after instructions."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from syda.errors import SydaError
from syda.generation.maker import Maker
from syda.planning.builder import build_plan
from syda.planning.existing import Existing
from syda.planning.model import ColumnPlan, Plan
from syda.planning.requests import Overrides, RowRequest
from syda.sources.function import Function
from syda.sources.registry import DEFAULT_REGISTRY
from syda.sources.written import Written
from syda.writing.columns import Roles
from syda.writing.rows import Rows, drafted

logger = logging.getLogger("syda.llm")
Shots: TypeAlias = Mapping[str, list[dict[str, Any]]]
"""By table, rows with what a model is told of them and what it would write."""


def example_rows(plan: Plan, roles: Mapping[str, Roles], number: int, existing: Existing) -> Shots:
    """Return so many rows of each table as they would be without a model; none where they cannot be made."""
    if not number:
        return {}
    try:
        maker = Maker(drafted(_inferred(plan, number, existing)), existing=existing)
        return {key: _rows(Rows(maker, key, found), number) for key, found in roles.items()}
    except SydaError as error:
        logger.info("the model is shown no examples: %s", error)
        return {}


def _inferred(plan: Plan, number: int, existing: Existing) -> Plan:
    """Return a plan for other rows, in which no model and no function of the user's is asked."""
    settings = replace(plan.settings, seed=plan.settings.seed + 1)
    rows = RowRequest(named=dict.fromkeys(plan.tables, number))
    overrides = Overrides(plan.schema, DEFAULT_REGISTRY)
    plain = build_plan(plan.schema, settings=settings, rows=rows, overrides=overrides, existing=existing)
    tables = {
        key: replace(
            planned,
            rows=number,
            rows_from=None,
            exact=False,
            columns={name: _plain(column, plain.tables[key].columns[name]) for name, column in planned.columns.items()},
        )
        for key, planned in plan.tables.items()
    }
    return replace(plan, settings=settings, tables=tables)


def _plain(column: ColumnPlan, inferred: ColumnPlan) -> ColumnPlan:
    if isinstance(column.source, Written):
        return replace(inferred, null_fraction=0.0)
    return inferred if isinstance(column.source, Function) else column


def _rows(rows: Rows, number: int) -> list[dict[str, Any]]:
    places = np.arange(min(number, rows.number))
    written = {name: rows.values(name, places) for name in rows.roles.sources}
    return [
        {**told, **{name: items[place] for name, items in written.items()}}
        for place, told in enumerate(rows.told(places))
    ]
