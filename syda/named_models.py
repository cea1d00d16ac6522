"""Finds the models that ``--models package.module:Name`` means."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from syda.errors import SchemaError, UnknownNameError, near


def load_models(spec: str) -> Any:
    """Import ``module:Name``, or the declarative base (or else the MetaData) of ``module``.

    The current directory comes first on the path. What the module prints goes to stderr, away from syda's own output.
    Raises `UnknownNameError` with near matches for a module or name that does not exist, and `SchemaError` for a module
    that cannot be imported or says not which base is meant.
    """
    name, _, attribute = spec.partition(":")
    if not all(part.isidentifier() for part in name.split(".")):
        raise UnknownNameError(f"{name!r} cannot name a module; expected package.module:Name{_meant(name)}")
    with redirect_stdout(sys.stderr):
        module = _import(name)
        found = _attribute(module, attribute) if attribute else _base(module)
    if _is_empty(found):
        raise SchemaError(f"{spec!r} has no tables; name what holds the models, and import what they are defined in")
    return found


def _is_empty(found: Any) -> bool:
    """Tell whether what was found is a Base, MetaData or list that no table belongs to."""
    if isinstance(found, list | tuple | set):
        return not found
    tables = getattr(getattr(found, "metadata", found), "tables", None)
    return isinstance(tables, Mapping) and not tables


def _import(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnknownNameError(f"no module is called {error.name!r}{_meant(error.name)}") from error
        raise SchemaError(f"importing {name!r} failed: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the module is the user's: it may raise anything, and call sys.exit
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise SchemaError(f"importing {name!r} failed: {cause}") from error


def _meant(name: str) -> str:
    """Return what may have been meant by a module's name: a file, a name within a module, or a module beside it."""
    if name.endswith(".py"):
        return f"; did you mean {'.'.join(Path(name).with_suffix('').parts)!r}?"
    parent, _, last = name.rpartition(".")
    if parent in sys.modules and not hasattr(sys.modules[parent], "__path__"):
        return f"; did you mean '{parent}:{last}'?"
    return near(name, _modules_beside(name))


def _modules_beside(name: str) -> list[str]:
    """Return the modules in the folder where `name` was looked for."""
    parent, _, _ = name.rpartition(".")
    package = sys.modules.get(parent)
    folders = list(package.__path__) if package and hasattr(package, "__path__") else [str(Path.cwd())]
    prefix = f"{parent}." if parent else ""
    found = [entry for folder in folders if Path(folder).is_dir() for entry in Path(folder).iterdir()]
    return [
        prefix + entry.stem
        for entry in found
        if entry.stem.isidentifier()
        and entry.stem[0] != "_"
        and (entry.suffix == ".py" or (entry / "__init__.py").exists())
    ]


def _attribute(module: ModuleType, path: str) -> Any:
    found: Any = module
    for name in path.split("."):
        if not hasattr(found, name):
            known = [each for each in dir(found) if not each.startswith("_")]
            raise UnknownNameError(f"{module.__name__!r} has no {path!r}{near(name, known)}")
        found = getattr(found, name)
    return found


def _base(module: ModuleType) -> Any:
    """Return the only declarative base of a module, its own before those that it imports, or its only MetaData."""
    from sqlalchemy import MetaData

    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    bases = {name: value for name, value in public.items() if _is_base(value)}
    own = {name: value for name, value in bases.items() if value.__module__ == module.__name__}
    metadata = {name: value for name, value in public.items() if isinstance(value, MetaData)}
    found = own or bases or metadata
    if len({id(value) for value in found.values()}) == 1:
        return next(iter(found.values()))
    if found:
        raise SchemaError(f"{module.__name__!r} has several bases; name one: {_choices(module, found)}")
    raise SchemaError(f"{module.__name__!r} has neither a declarative base nor a MetaData; name what holds the models")


def _is_base(value: Any) -> bool:
    # DeclarativeBase and declarative_base() keep their registry under the first name, SQLModel under the second.
    return isinstance(value, type) and any(name in vars(value) for name in ("registry", "_sa_registry"))


def _choices(module: ModuleType, found: dict[str, Any]) -> str:
    return " or ".join(f"{module.__name__}:{name}" for name in sorted(found))
