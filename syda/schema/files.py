"""Schemas in YAML and JSON files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from syda.errors import SchemaError
from syda.schema.mapping import from_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from syda.schema.model import Schema


def read_file(path: Path) -> Schema:
    """Read the tables that a .yaml, .yml or .json file describes."""
    data = _parsed(path, _text(path))
    if not isinstance(data, dict):
        raise SchemaError(f"{path}: expected tables by name, found {type(data).__name__}")
    try:
        return from_mapping(data)
    except SchemaError as exc:
        raise type(exc)(f"{path}: {exc}") from exc


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise SchemaError(f"cannot read the schema file {path}: {reason}") from exc


def _parsed(path: Path, text: str) -> Any:
    import yaml

    try:
        return json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as exc:
        raise SchemaError(f"{path} cannot be parsed: {exc}") from exc
