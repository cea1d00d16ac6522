"""Plays a scenario: first those that it extends, then its rows, its objects, its function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from inspect import Parameter
from pathlib import Path
from typing import Any

from syda.errors import PlanError, UnknownNameError, near
from syda.factories.blueprint import Blueprint, blueprint_of
from syda.scenarios.attributes import as_attributes, mapped_class
from syda.scenarios.files import read_scenarios
from syda.scenarios.named import Scenario, Stage

_EMPTY = Parameter.empty
_WHOLE = re.compile(r"\$(?:([^\W\d]\w*)|\{(\w+)\})")
_ARGUMENTS = ("reuse", "commit")
"""What `make` takes beside attributes: an attribute of this name takes an underscore there."""
_WITHIN = re.compile(r"\$(?:(\$)|\{(\w+)\})")


def play(stage: Stage, name: str, parameters: Mapping[str, Any], source: str | Path | None = None) -> Any:
    """Bring the database into the state that a scenario names, and return what its function returns.

    `source` is where scenarios are: a file or a module. Raises `UnknownNameError` for a scenario or parameter that is
    none, `PlanError` for scenarios that extend each other or parameters without a value.
    """
    result = None
    for each, values in steps(name, parameters, source):
        result = _play_one(stage, each, values)
    return result


def steps(
    name: str, parameters: Mapping[str, Any], source: str | Path | None = None
) -> list[tuple[Scenario, dict[str, Any]]]:
    """Return the scenarios that are played, each with its parameters' values. Raises what `play` raises for those."""
    known = read_scenarios(source)
    order = _in_order(known, name, (), {})
    taken = {key for each, _ in order for key in each.parameters}
    for key in parameters:
        if key not in taken:
            raise UnknownNameError(f"the scenario {name!r} has no parameter {key!r}{near(key, sorted(taken))}")
    return [(each, _values(each, {**defaults, **parameters})) for each, defaults in order]


def _in_order(
    known: Mapping[str, Scenario], name: str, above: tuple[str, ...], defaults: Mapping[str, Any]
) -> list[tuple[Scenario, Mapping[str, Any]]]:
    """Return the scenarios to play, each once, before those that extend them, and with the defaults that these give."""
    if name in above:
        raise PlanError(f"scenarios extend each other: {' -> '.join((*above, name))}")
    if name not in known:
        raise UnknownNameError(f"there is no scenario {name!r}{near(name, sorted(known)) or '; there are none'}")
    own = {key: value for key, value in known[name].parameters.items() if value is not _EMPTY}
    found: dict[str, tuple[Scenario, Mapping[str, Any]]] = {}
    for base in known[name].extends:
        for each, given in _in_order(known, base, (*above, name), {**own, **defaults}):
            found.setdefault(each.name, (each, given))
    return [*found.values(), (known[name], defaults)]


def _values(scenario: Scenario, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: given.get(key, default) for key, default in scenario.parameters.items()}
    lacking = [key for key, value in values.items() if value is _EMPTY]
    if lacking:
        raise PlanError(f"the scenario {scenario.name!r} needs {', '.join(lacking)}")
    return values


def _play_one(stage: Stage, scenario: Scenario, values: Mapping[str, Any]) -> Any:
    if scenario.plan is not None:
        stage.seed(plan=scenario.plan)
    elif scenario.rows is not None:
        stage.seed(_filled_in(scenario.rows, values, scenario))
    for entry in scenario.makes:
        blueprint = blueprint_of(mapped_class(stage.models, entry["class"]))
        number = _filled_in(entry.get("number", 1), values, scenario)
        attributes = as_attributes(blueprint, _filled_in(entry["attributes"], values, scenario))
        named = {_argument(blueprint, name): value for name, value in attributes.items()}
        policy = {"reuse": entry["reuse"]} if "reuse" in entry else {}
        stage.make_many(number, blueprint.mapper.class_, *entry["traits"], **policy, **named)
    return None if scenario.function is None else scenario.function(stage, **values)


def _argument(blueprint: Blueprint, name: str) -> str:
    """Return what `make` calls an attribute. Raises `UnknownNameError` where it would be an argument of its own."""
    if name not in _ARGUMENTS:
        return name
    if name not in blueprint.columns and name not in blueprint.relations:
        class_ = blueprint.mapper.class_.__name__
        hint = f"; `reuse` is written beside {class_}, not below it" if name == "reuse" else ""
        raise UnknownNameError(f"{class_} has no attribute {name!r}{hint}")
    return f"{name}_"


def _filled_in(given: Any, values: Mapping[str, Any], scenario: Scenario) -> Any:
    """Return what is written with ``$name`` and ``${name}`` replaced by parameters."""
    if isinstance(given, Mapping):
        return {key: _filled_in(value, values, scenario) for key, value in given.items()}
    if isinstance(given, list):
        return [_filled_in(value, values, scenario) for value in given]
    if not isinstance(given, str):
        return given

    def value(name: str) -> Any:
        if name not in values:
            raise UnknownNameError(
                f"the scenario {scenario.name!r} has no parameter {name!r}{near(name, sorted(values))}"
            )
        return values[name]

    whole = _WHOLE.fullmatch(given)
    if whole:
        return value(whole[1] or whole[2])
    return _WITHIN.sub(lambda found: "$" if found[1] else str(value(found[2])), given)
