"""Rows made by inference, for a model that writes better after examples than after instructions."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from syda.errors import SydaError
from syda.generation.maker import Maker
from syda.planning.existing import Existing
from syda.planning.instead import inferred_instead
from syda.planning.model import Plan, TablePlan
from syda.sources.function import Function
from syda.sources.written import Written
from syda.writing.columns import Roles
from syda.writing.rows import Rows

logger = logging.getLogger("syda.llm")
Shots: TypeAlias = Mapping[str, list[dict[str, Any]]]
"""By table, rows with what a model is told of them and what it would write."""


def example_rows(plan: Plan, roles: Mapping[str, Roles], number: int, existing: Existing) -> Shots:
    """Return so many rows of each table as they would be without a model; none where they cannot be made."""
    if not number:
        return {}
    try:
        maker = Maker(_inferred(plan, number, existing), existing=existing)
        return {key: _rows(Rows(maker, key, found), number) for key, found in roles.items()}
    except SydaError as error:
        logger.info("the model is shown no examples: %s", error)
        return {}


def _inferred(plan: Plan, number: int, existing: Existing) -> Plan:
    """Return a plan for other rows, in which no model and no function of the user's is asked."""
    other = replace(
        plan,
        settings=replace(plan.settings, seed=plan.settings.seed + 1),
        tables={
            key: replace(planned, rows=number, rows_from=None, exact=False) for key, planned in plan.tables.items()
        },
    )
    plain = inferred_instead(other, existing, Written, Function)
    return replace(plain, tables={key: _shown(planned, plan.tables[key]) for key, planned in plain.tables.items()})


def _shown(planned: TablePlan, asked: TablePlan) -> TablePlan:
    """Return the table's plan with a value in each row of the columns that are asked of the model."""
    columns = {
        name: replace(column, null_fraction=0.0) if isinstance(asked.columns[name].source, Written) else column
        for name, column in planned.columns.items()
    }
    return replace(planned, columns=columns)


def _rows(rows: Rows, number: int) -> list[dict[str, Any]]:
    places = np.arange(min(number, rows.number))
    written = {name: rows.values(name, places) for name in rows.roles.sources}
    return [
        {**told, **{name: items[place] for name, items in written.items()}}
        for place, told in enumerate(rows.told(places))
    ]
