"""Plans whose columns of some kind are made as names and types suggest: by no model, and no function of the user's."""

from __future__ import annotations

from dataclasses import replace

from syda.planning.builder import build_plan
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.planning.requests import Overrides, RowRequest
from syda.sources.base import Source
from syda.sources.registry import DEFAULT_REGISTRY


def inferred_instead(plan: Plan, existing: Existing, *sources: type[Source]) -> Plan:
    """Return the plan with an inferred column in place of each that has one of the sources."""
    rows = RowRequest(named={key: table.rows for key, table in plan.tables.items()})
    overrides = Overrides(plan.schema, DEFAULT_REGISTRY)
    plain = build_plan(plan.schema, settings=plan.settings, rows=rows, overrides=overrides, existing=existing)
    tables = {
        key: replace(
            planned,
            columns={
                name: plain.tables[key].columns[name] if isinstance(column.source, sources) else column
                for name, column in planned.columns.items()
            },
        )
        for key, planned in plan.tables.items()
    }
    return replace(plan, tables=tables)
