"""Scenarios of a YAML file, or of a Python module."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise
        raise PlanError(
            f"scenarios: expected a .yaml or .py file, or a module, got {name!r}, and no module is called so"
        ) from error


def _import_file(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"syda_scenarios_{path.stem}", path) if path.exists() else None
    if spec is None or spec.loader is None:
        raise PlanError(f"scenarios: there is no file {path}")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _read_yaml(path: Path) -> dict[str, Scenario]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"scenarios: {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise PlanError(f"scenarios: {path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, Mapping):
        raise PlanError(f"scenarios: {path}: expected scenarios by name, got {type(document).__name__}")
    return {str(name): _scenario(str(name), given or {}, path) for name, given in document.items()}


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
    extends = given.get("extends", ())
    return Scenario(
        name=name,
        extends=(extends,) if isinstance(extends, str) else tuple(extends),
        parameters=_mapping(given.get("parameters") or {}, f"{where}: parameters"),
        rows=given.get("rows"),
        plan=path.parent / given["plan"] if given.get("plan") else None,
        makes=tuple(_entry(each, f"{where}: make[{place}]") for place, each in enumerate(given.get("make") or ())),
    )


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise PlanError(f"{where}: expected names and values, got {type(given).__name__} {given!r:.60}")
    return {str(key): value for key, value in given.items()}


def _entry(given: Any, where: str) -> Mapping[str, Any]:
    """Return one entry of ``make``: a class and the attributes of its objects, beside how many, and traits."""
    entry = {given: {}} if isinstance(given, str) else _mapping(given, where)
    classes = [key for key in entry if key not in _BESIDE]
    if len(classes) != 1:
        raise PlanError(f"{where}: expected one class and its attributes, beside {' and '.join(_BESIDE)}, got {entry}")
    attributes = _mapping(entry[classes[0]] or {}, f"{where}.{classes[0]}")
    return {"class": classes[0], "attributes": attributes, **{key: entry[key] for key in _BESIDE if key in entry}}
