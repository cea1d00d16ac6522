"""Columns in dicts and files."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from syda.errors import SchemaError
from syda.schema.model import Column, DefaultKind, Kind, LogicalType
from syda.schema.numbers import counts
from syda.schema.plain import is_plain, plain_mapping
from syda.schema.shape import flag, known_keys, list_of, mapping_of, optional, typed
from syda.schema.words import MEANING, TYPES, Word, parse_word

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TYPE_KEYS = frozenset(each.name for each in fields(LogicalType)) - {"kind"}
COLUMN_KEYS = (
    frozenset(each.name for each in fields(Column)) - {"name"}
    | _TYPE_KEYS
    | {"primary_key", "unique", "references", "server_default", "meaning"}
)


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """A column as written: `type` is None where it is that of the column it `references`."""

    name: str
    where: str
    type: LogicalType | None
    reference: str | None
    nullable: bool | None
    keys: Mapping[str, Any]

    @property
    def primary_key(self) -> bool:
        return flag(self.keys, "primary_key", self.where)

    @property
    def unique(self) -> bool:
        return flag(self.keys, "unique", self.where)


def column_spec(
    name: str, written: object, where: str, *, tables: Collection[str] = (), misspelled: bool = False
) -> ColumnSpec:
    """Return what is written about a column: a word, a list of values, or a mapping.

    `tables` and `misspelled` are those of `parse_word`.
    """
    if isinstance(written, (list, tuple)):
        written = {"type": "enum", "values": written}
    if isinstance(written, str):
        written = {"type": _with_values(written, where)}
    if isinstance(written, type) or not hasattr(written, "keys"):
        raise SchemaError(
            f"{where}: expected a word such as {_word_for(written)!r}, a list or a mapping, {_came(written)}"
        )
    keys = known_keys(written, COLUMN_KEYS, where)
    word = Word()
    if "type" in keys:
        text = typed(keys["type"], str, f"{where}, type")
        word = parse_word(text, where, tables=tables, misspelled=misspelled)
    reference = optional(keys, "references", str, where) or word.reference
    if reference is None and word.type is None:
        raise SchemaError(f"{where}: a column needs a type, or the table.column that it references")
    keys = _with_hints(keys, word)
    type_ = TYPES["integer"] if word.is_number and _is_whole(name, keys) else word.type
    return ColumnSpec(
        name=name,
        where=where,
        type=_with_type_keys(type_, keys, where) if type_ else None,
        reference=reference,
        nullable=True if word.optional else optional(keys, "nullable", bool, where),
        keys=keys,
    )


def _word_for(written: object) -> str:
    return _WORDS.get(written, "text") if isinstance(written, type) else "text"


def _came(written: object) -> str:
    if written is None:
        return "found nothing"
    return f"found {written.__name__ if isinstance(written, type) else repr(written):.60}"


_WORDS: Mapping[type, str] = {int: "integer", float: "float", bool: "boolean", Decimal: "decimal", date: "date"}


def _with_hints(keys: dict[str, Any], word: Word) -> dict[str, Any]:
    """Return the keys with what the type's word says besides the type; what is written out goes before it."""
    said = {} if word.meaning is None else {"meaning": word.meaning}
    if word.comment is not None:
        said["doc" if "comment" in keys else "comment"] = word.comment
    return {**said, **keys}


def _is_whole(name: str, keys: Mapping[str, Any]) -> bool:
    """Tell whether a column of numbers holds whole ones: its name says so, or it is a key."""
    return counts(name) or keys.get("primary_key") is True or keys.get("autoincrement") is True


def build_column(spec: ColumnSpec, type_: LogicalType, *, nullable: bool, autoincrement: bool) -> Column:
    """Return the column that a spec describes, once its type is known."""
    keys, where = spec.keys, spec.where
    default_kind, default = _default(keys, where)
    return Column(
        name=spec.name,
        type=type_,
        nullable=nullable,
        default_kind=default_kind,
        default=default,
        autoincrement=flag(keys, "autoincrement", where, default=autoincrement),
        identity=optional(keys, "identity", str, where),
        computed=optional(keys, "computed", str, where),
        comment=optional(keys, "comment", str, where),
        doc=optional(keys, "doc", str, where),
        info=_info(keys, where),
    )


def _with_values(word: str, where: str) -> str:
    if word.strip().rstrip("?").lower() == "enum":
        raise SchemaError(f"{where}: an enum needs its values: write 'enum(a, b)' or a list of them")
    return word


def _with_type_keys(base: LogicalType, keys: Mapping[str, Any], where: str) -> LogicalType:
    given: dict[str, Any] = {}
    for name in _TYPE_KEYS & keys.keys():
        value, place = keys[name], f"{where}, {name}"
        if name == "values":
            given[name] = tuple(_value(each, place) for each in list_of(value, place))
        elif name == "item":
            given[name] = _item(value, place)
        elif name == "fields":
            written = mapping_of(value, place)
            given[name] = tuple((field, _part(each, f"{place}, {field}")) for field, each in written.items())
        elif value is not None:
            given[name] = typed(value, type(_EXAMPLES[name]), place)
    if base.kind is Kind.ENUM and not base.values and "values" not in given:
        raise SchemaError(f"{where}: an enum needs values: a list of the strings it may hold")
    return replace(base, **given)


_EXAMPLES: Mapping[str, object] = {
    **dict.fromkeys(("length", "precision", "scale", "bits", "dimensions"), 0),
    **dict.fromkeys(("fixed_length", "unsigned", "timezone"), False),
    "native": "",
}


def _value(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    hint = "; YAML reads a bare yes, no, on or off as true or false" if isinstance(value, bool) else ""
    raise SchemaError(f"{where}: the value {value!r} is not text; put it in quotes{hint}")


def _item(written: object, where: str) -> LogicalType | None:
    return None if written is None else _part(written, where)


def _part(written: object, where: str) -> LogicalType:
    spec = column_spec("part", written, where)
    if spec.type is None:
        raise SchemaError(f"{where}: the items of an array and the fields of a type need a type, not a reference")
    return spec.type


def _default(keys: Mapping[str, Any], where: str) -> tuple[DefaultKind, Any]:
    default = plain_default(keys.get("default"))
    if "server_default" in keys:
        return DefaultKind.SERVER, typed(keys["server_default"], str, f"{where}, server_default")
    if "default_kind" not in keys:
        return (DefaultKind.NONE if default is None else DefaultKind.CLIENT_VALUE), default
    written = keys["default_kind"]
    try:
        return DefaultKind(written), default
    except ValueError:
        known = ", ".join(kind.value for kind in DefaultKind)
        raise SchemaError(f"{where}: unknown default_kind {written!r}; known: {known}") from None


def plain_default(value: object) -> Any:
    """Return a default as a file can hold it: YAML makes dates of its own of what looks like one."""
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value if is_plain(value) else None


def _info(keys: Mapping[str, Any], where: str) -> dict[str, Any]:
    info = plain_mapping(mapping_of(keys.get("info", {}), f"{where}, info"))
    meaning = optional(keys, "meaning", str, where)
    return info if meaning is None else {MEANING: meaning, **info}
