"""A plan as YAML, and back.

Pydantic checks what is read; the plan itself stays plain dataclasses, so that pydantic is only loaded here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import yaml

from syda.errors import PlanError, PlanFileError, SydaError, near
from syda.planning.functions import with_functions
from syda.planning.model import Cardinality, ColumnPlan, Joint, LinkPlan, Plan, TablePlan
from syda.planning.validation import check_plan
from syda.schema.graph import Deferral
from syda.schema.mapping import from_mapping, to_mapping
from syda.sources.base import Settings
from syda.sources.catalog import AnySource

VERSION = 1
_SCHEMA_TITLE = "syda plan"
_SOURCES: dict[str, type] = {
    str(source.__dataclass_fields__["source"].default): source for source in get_args(AnySource)
}
_UNEXPECTED = "unexpected_keyword_argument"
_MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
# Outside of double quotes YAML keeps neither all line breaks nor what it holds for unprintable.
_PLAIN_TEXT = re.compile("[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffe]*")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SavedPlan:
    """The sections of a plan file; `schema` is the tables it was made for, at that `revision`."""

    syda: int = VERSION
    revision: str | None = None
    settings: Settings = Settings()
    tables: dict[str, TablePlan]
    deferred: tuple[Deferral, ...] = ()
    schema: dict[str, Any]


def dump_plan(plan: Plan) -> str:
    """Return the plan as YAML; what has its default value is left out."""
    tables = {key: _plain(planned) for key, planned in plan.tables.items()}
    document: dict[str, Any] = {"syda": VERSION}
    if plan.revision:
        document["revision"] = plan.revision
    document |= {"settings": _plain(plan.settings), "tables": tables}
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
    plan = Plan(
        schema=schema,
        settings=saved.settings,
        tables=saved.tables,
        deferred=saved.deferred,
        revision=saved.revision,
    )
    try:
        check_plan(plan, read=True)
    except PlanError as error:
        raise PlanFileError(f"the plan cannot be filled: {error}") from error
    return dataclasses.replace(plan, tables=with_functions(saved.tables, functions))


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
        raise PlanFileError(_complaint(error.errors())) from error
    return saved


def _complaint(errors: Sequence[Any]) -> str:
    """Return what is wrong, in lines; a field that is missing because its name is misspelt is not wrong twice."""
    unknown = {tuple(error["loc"]) for error in errors if error["type"] == _UNEXPECTED}
    lines = [
        f"{_place(error['loc'])}: {_message(error)}"
        for error in errors
        if error["type"] not in _MISSING or not _is_misspelt(tuple(error["loc"]), unknown)
    ]
    if len(lines) == 1:
        return f"the plan is wrong at {lines[0]}"
    more = [f"... and {len(lines) - 10} more"] if len(lines) > 10 else []
    return f"the plan has {len(lines)} errors:\n  " + "\n  ".join(lines[:10] + more)


def _is_misspelt(missing: tuple[Any, ...], unknown: Collection[tuple[Any, ...]]) -> bool:
    beside = [str(place[-1]) for place in unknown if place[:-1] == missing[:-1]]
    return bool(get_close_matches(str(missing[-1]), beside, n=1, cutoff=0.6))


def _message(error: Any) -> str:
    place, came = tuple(error["loc"]), error["input"]
    if error["type"] == _UNEXPECTED:
        return f"there is no field {place[-1]!r}{near(str(place[-1]), _fields_at(place))}"
    if error["type"] == "union_tag_invalid":
        tag = str(error["ctx"]["tag"])
        return f"there is no source {tag!r}{near(tag, _SOURCES)}"
    if error["type"] == "union_tag_not_found":
        return "the field 'source' is missing, which says what kind of source it is"
    if error["type"] in _MISSING:
        return "this field is missing"
    expected = str(error["msg"]).replace("Input should be", "expected", 1)
    return f"{expected}, got {type(came).__name__} {str(came)[:60]!r}"


def _fields_at(place: tuple[Any, ...]) -> list[str]:
    """Return the fields that the object has of which the last of the names is one."""
    match place:
        case ("tables", _, _):
            owner: type = TablePlan
        case ("tables", _, "columns", _, _):
            owner = ColumnPlan
        case ("tables", _, "columns", _, "source", tag, _):
            owner = _SOURCES[str(tag)]
        case ("tables", _, "links", _, _):
            owner = LinkPlan
        case ("tables", _, "links", _, "children", _):
            owner = Cardinality
        case ("tables", _, "joints", _, _):
            owner = Joint
        case ("deferred", _, _):
            owner = Deferral
        case ("settings", _):
            owner = Settings
        case (_,):
            owner = SavedPlan
        case _:
            return []
    return [field.name for field in dataclasses.fields(owner) if field.metadata.get("saved", True)]


def _place(location: Sequence[Any]) -> str:
    parts = list(location)
    if len(parts) > 5 and (parts[0], parts[2], parts[4]) == ("tables", "columns", "source"):
        del parts[5]  # the kind of source, which is no part of the file's own path
    return ".".join(str(part) for part in parts)


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
