"""Scenarios of a YAML file, or of a Python module."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from syda.documents import MistakeError, read_yaml
from syda.errors import PlanError, UnknownNameError, near
from syda.scenarios.named import Scenario, written

_KEYS = ("extends", "parameters", "rows", "plan", "make")
_BESIDE = ("number", "traits", "reuse")


def read_scenarios(source: str | Path | None) -> dict[str, Scenario]:
    """Return the scenarios of a ``.yaml`` or ``.py`` file or of a module, and those that Python has named so far.

    Raises `PlanError` that says where a file is wrong.
    """
    if not source:
        return written()
    path = Path(source)
    if path.suffix in (".yaml", ".yml"):
        return {**written(), **_read_yaml(path)}
    if path.suffix == ".py":
        _import_file(path)
    else:
        _import_module(str(source))
    return written()


def _import_module(name: str) -> None:
    expected = f"scenarios: expected a .yaml or .py file, or a module, got {name!r}"
    if not all(part.isidentifier() for part in name.split(".")):
        raise PlanError(f"{expected}, which is no module's name")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise
        raise PlanError(f"{expected}, and no module is called so") from error


def _import_file(path: Path) -> None:
    """Run a file once, as a module that is called by its place: files of one name are different modules."""
    path = path.resolve()
    name = str(path)
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise PlanError(f"scenarios: there is no file {path}")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)  # where dataclasses look for it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def _read_yaml(path: Path) -> dict[str, Scenario]:
    import yaml

    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"scenarios: {path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except MistakeError as error:
        raise PlanError(f"scenarios: {path}, line {error.line}: {error}") from error
    except yaml.YAMLError as error:
        raise PlanError(f"scenarios: {path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, Mapping):
        raise PlanError(f"scenarios: {path}: expected scenarios by name, got {type(document).__name__}")
    return {str(name): _scenario(str(name), {} if given is None else given, path) for name, given in document.items()}


def _scenario(name: str, given: Any, path: Path) -> Scenario:
    where = f"{path}: {name!r}"
    if not isinstance(given, Mapping):
        raise PlanError(f"{where}: expected {', '.join(_KEYS)}, got {type(given).__name__}")
    for key in given:
        if key not in _KEYS:
            raise UnknownNameError(
                f"{where}: there is no key {key!r}{near(str(key), _KEYS) or ' among ' + ', '.join(_KEYS)}"
            )
    if "rows" in given and "plan" in given:
        raise PlanError(f"{where}: a plan says how many rows there are; give rows or a plan")
    plan, made = given.get("plan"), given.get("make")
    if plan is not None and not isinstance(plan, str):
        raise PlanError(f"{where}: plan: expected a saved plan's file, got {_came(plan)}")
    if made is not None and not isinstance(made, list):
        raise PlanError(f"{where}: make: expected a list of classes and their attributes, got {_came(made)}")
    return Scenario(
        name=name,
        extends=_names(given.get("extends"), f"{where}: extends: expected a scenario's name, or a list of them"),
        parameters=_mapping(given.get("parameters"), f"{where}: parameters"),
        rows=given.get("rows"),
        plan=path.parent / plan if plan else None,
        makes=tuple(_entry(each, f"{where}: make[{place}]") for place, each in enumerate(made or ())),
    )


def _came(given: Any) -> str:
    return f"{type(given).__name__} {given!r:.60}"


def _names(given: Any, expected: str) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise PlanError(f"{expected}, got {_came(given)}")
    return tuple(listed)


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise PlanError(f"{where}: expected names and values, got {_came(given)}")
    return {str(key): value for key, value in given.items()}


def _entry(given: Any, where: str) -> Mapping[str, Any]:
    """Return one entry of ``make``: a class and the attributes of its objects, beside how many, and traits."""
    entry = {given: {}} if isinstance(given, str) else _mapping(given, where)
    classes = [key for key in entry if key not in _BESIDE]
    if len(classes) != 1:
        raise PlanError(f"{where}: expected one class and its attributes, beside {' and '.join(_BESIDE)}, got {entry}")
    attributes = _mapping(entry[classes[0]], f"{where}.{classes[0]}")
    traits = _names(entry.get("traits"), f"{where}: traits: expected a trait's name, or a list of them")
    return {
        "class": classes[0],
        "attributes": attributes,
        **{key: entry[key] for key in _BESIDE if key in entry},
        "traits": traits,
    }
