"""A plan as YAML, and back.

Pydantic checks what is read; the plan itself stays plain dataclasses, so that pydantic is only loaded here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from syda.errors import PlanFileError, SydaError
from syda.planning.functions import with_functions
from syda.planning.model import ColumnPlan, Plan, TablePlan
from syda.schema.graph import Deferral
from syda.schema.mapping import from_mapping, to_mapping
from syda.sources.base import Settings

VERSION = 1
_SCHEMA_TITLE = "syda plan"
# Outside of double quotes YAML keeps neither all line breaks nor what it holds for unprintable.
_PLAIN_TEXT = re.compile("[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffe]*")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """The sections of a plan file; `schema` is the tables it was made for."""

    syda: int = VERSION
    settings: Settings = Settings()
    tables: dict[str, TablePlan]
    deferred: tuple[Deferral, ...] = ()
    schema: dict[str, Any]


def dump_plan(plan: Plan) -> str:
    """Return the plan as YAML; what has its default value is left out."""
    tables = {key: _plain(planned) for key, planned in plan.tables.items()}
    document: dict[str, Any] = {"syda": VERSION, "settings": _plain(plan.settings), "tables": tables}
    if plan.deferred:
        document["deferred"] = [_plain(item) for item in plan.deferred]
    document["schema"] = to_mapping(plan.schema)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: a plan is read by people. All text comes back as it was, odd characters included."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if _PLAIN_TEXT.fullmatch(data) else '"')


_Dumper.add_representer(str, _Dumper.represent_str)


def _plain(item: Any) -> Any:
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        fields = {field.name: field for field in dataclasses.fields(item) if field.metadata.get("saved", True)}
        return {
            name: _plain(_as_declared(getattr(item, name), field))
            for name, field in fields.items()
            if name == "source" or getattr(item, name) != _default(field)
        }
    if isinstance(item, Mapping):
        return {_plain(key): _plain(value) for key, value in item.items()}
    if isinstance(item, list | tuple | set | frozenset):
        return [_plain(member) for member in item]
    return _scalar(item)


def _as_declared(item: Any, field: dataclasses.Field[Any]) -> Any:
    """Return whole numbers of a float field as floats, which they are when the plan is read."""
    declared = str(field.type)
    if "float" not in declared or "int" in declared:
        return item
    if isinstance(item, list | tuple):
        return [float(member) for member in item]
    return item if item is None else float(item)


def _scalar(item: Any) -> Any:
    if isinstance(item, Enum):
        return item.value if isinstance(item, str | int) else item.name
    if item is None or isinstance(item, bool | int | float | str | date | bytes):
        return item
    if isinstance(item, time | datetime):
        return item.isoformat()
    if isinstance(item, timedelta):
        return item.total_seconds()
    if isinstance(item, Decimal | UUID):
        return str(item)
    return item.item() if hasattr(item, "item") else str(item)


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def load_plan(source: str | Path, functions: Mapping[str, Callable[..., Any]]) -> Plan:
    """Read a plan from YAML text, or from a file when `source` is a path or a line that names one."""
    text = _read(source)
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PlanFileError(f"this is not YAML: {error}") from error
    if not isinstance(document, dict) or "tables" not in document:
        raise PlanFileError(f"expected a saved plan with the sections tables and schema, got {_shown(document)}")
    saved = _validated(document)
    if saved.syda != VERSION:
        raise PlanFileError(f"expected a plan of version {VERSION}, got version {saved.syda}")
    try:
        schema = from_mapping(saved.schema)
        for key, planned in saved.tables.items():
            for name in planned.columns:
                schema.table(key).column(name)
    except SydaError as error:
        raise PlanFileError(f"the plan does not fit its schema: {error}") from error
    tables = with_functions(saved.tables, functions)
    return Plan(schema=schema, settings=saved.settings, tables=tables, deferred=saved.deferred)


def _read(source: str | Path) -> str:
    if isinstance(source, str) and "\n" in source:
        return source
    try:
        return Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise PlanFileError(f"cannot read the plan {str(source)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlanFileError(f"cannot read the plan {str(source)!r}: it is not UTF-8 text") from error
    except ValueError as error:  # a NUL in the name
        raise PlanFileError(f"cannot read the plan {str(source)!r}: {error}") from error


def _shown(document: Any) -> str:
    return f"the keys {', '.join(map(str, document))}" if isinstance(document, dict) else type(document).__name__


def _validated(document: dict[str, Any]) -> SavedPlan:
    from pydantic import ValidationError

    try:
        saved: SavedPlan = _adapter().validate_python(document)
    except ValidationError as error:
        listed = "\n".join(f"  {_place(item['loc'])}: {item['msg']}" for item in error.errors()[:10])
        raise PlanFileError(f"the plan has {error.error_count()} errors:\n{listed}") from error
    return saved


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location)


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from pydantic import ConfigDict, TypeAdapter, with_config

    for known in (SavedPlan, TablePlan, ColumnPlan, Settings):
        with_config(ConfigDict(extra="forbid"))(known)
    return TypeAdapter(SavedPlan)


def plan_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    schema: dict[str, Any] = _adapter().json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": _SCHEMA_TITLE}
