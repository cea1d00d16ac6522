"""The names by which a saved plan refers to the user's functions: each stands for one function of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from syda.errors import PlanError, UnknownNameError, near
from syda.planning.model import Plan, TablePlan
from syda.sources.function import Function


def name_functions(plan: Plan) -> Plan:
    """Return the plan with a name of its own for each function.

    A name that stands for one function stays as it is. Where several share it, as lambdas of one scope do, each gets
    the first column that it makes behind the name: ``shop:<lambda> [orders.total]``.
    """
    sharing: dict[str, list[tuple[Any, str]]] = {}
    for where, source in _functions(plan.tables):
        known = sharing.setdefault(source.name, [])
        if not any(_same(function, source.function) for function, _ in known):
            known.append((source.function, where))
    shared = {name: known for name, known in sharing.items() if len(known) > 1}
    if not shared:
        return plan

    def named(source: Function) -> Function:
        places = (where for function, where in shared.get(source.name, ()) if _same(function, source.function))
        where = next(places, None)
        return source if where is None else replace(source, name=f"{source.name} [{where}]")

    return replace(plan, tables=_changed(plan.tables, named))


def functions_of(tables: Mapping[str, TablePlan]) -> dict[str, Callable[..., Any]]:
    """Return the functions that make columns, by name."""
    return {source.name: source.function for _, source in _functions(tables) if source.function is not None}


def with_functions(tables: Mapping[str, TablePlan], functions: Mapping[str, Any]) -> dict[str, TablePlan]:
    """Return the tables with the functions that their columns name; raise `UnknownNameError` for one they do not."""
    known = {source.name for _, source in _functions(tables)}
    for name, function in functions.items():
        if name not in known:
            raise UnknownNameError(f"functions: the plan names no function {name!r}{near(str(name), known)}")
        if not callable(function):
            raise PlanError(f"functions: expected a function for {name!r}, got {type(function).__name__} {function!r}")
    return _changed(tables, lambda source: replace(source, function=functions.get(source.name)))


def _functions(tables: Mapping[str, TablePlan]) -> Iterator[tuple[str, Function]]:
    for key, planned in tables.items():
        for name, column in planned.columns.items():
            if isinstance(column.source, Function):
                yield f"{key}.{name}", column.source


def _same(one: Any, other: Any) -> bool:
    """Tell whether two are one function: a method is made anew each time it is taken from its object."""
    owner = getattr(one, "__self__", None)
    if owner is not None and owner is getattr(other, "__self__", None):
        return getattr(one, "__func__", one) is getattr(other, "__func__", other)
    return one is other


def _changed(tables: Mapping[str, TablePlan], change: Callable[[Function], Function]) -> dict[str, TablePlan]:
    changed = {}
    for key, planned in tables.items():
        columns = {
            name: replace(column, source=change(column.source)) if isinstance(column.source, Function) else column
            for name, column in planned.columns.items()
        }
        changed[key] = replace(planned, columns=columns)
    return changed
