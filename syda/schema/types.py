"""SQLAlchemy types as `LogicalType`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import types as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, registry
from sqlalchemy.exc import SQLAlchemyError

from syda.schema.declared import Declared
from syda.schema.decorators import as_stored
from syda.schema.model import Kind, LogicalType

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.type_api import TypeEngine

_ARGUMENTS = re.compile(r"\s*\(.*\)|\s+(collate|character set)\s.*", re.DOTALL)


def logical_type(type_: TypeEngine[Any]) -> LogicalType:
    """Return what a column of this SQLAlchemy type holds, whichever dialect the type belongs to."""
    for classes, describe in _DESCRIPTIONS:
        if isinstance(type_, classes):
            return describe(type_)
    return LogicalType(kind=Kind.OTHER, length=getattr(type_, "length", None), native=native_name(type_))


def native_name(type_: TypeEngine[Any]) -> str:
    """Return the SQL name of a type in lower case, without its arguments."""
    class_ = type(type_)
    if class_.__module__ != sa.String.__module__:
        return _native_name(type_)
    if class_ not in _GENERIC_NAMES:  # the generic types' names do not depend on their arguments
        _GENERIC_NAMES[class_] = _native_name(type_)
    return _GENERIC_NAMES[class_]


def _native_name(type_: TypeEngine[Any]) -> str:
    try:
        name = type_.compile(dialect=_own_dialect(type(type_).__module__))
    except (SQLAlchemyError, NotImplementedError):
        name = str(type_.__visit_name__)
    return bare_name(name)


@cache
def _own_dialect(module: str) -> Dialect | None:
    """Return the dialect that a type class belongs to; None for the generic ones."""
    package = _DIALECT_PACKAGE.match(module)
    return registry.load(package[1])() if package else None


_GENERIC_NAMES: dict[type[Any], str] = {}
_DIALECT_PACKAGE = re.compile(r"sqlalchemy\.dialects\.(\w+)\.")


def bare_name(declaration: str) -> str:
    """Return a type as written in DDL in lower case, without its arguments: ``VARCHAR(20)`` is ``varchar``."""
    return _ARGUMENTS.sub("", declaration.lower()).strip()


def _plain(kind: Kind) -> Callable[[Any], LogicalType]:
    return lambda type_: LogicalType(kind=kind, native=native_name(type_))


def _integer(bits: int) -> Callable[[Any], LogicalType]:
    def describe(type_: Any) -> LogicalType:
        unsigned = bool(getattr(type_, "unsigned", False))
        return LogicalType(kind=Kind.INTEGER, bits=bits, unsigned=unsigned, native=native_name(type_))

    return describe


def _unsigned(bits: int) -> Callable[[Any], LogicalType]:
    return lambda type_: LogicalType(kind=Kind.INTEGER, bits=bits, unsigned=True, native=native_name(type_))


def _mysql_tinyint(type_: Any) -> LogicalType:
    return _plain(Kind.BOOLEAN)(type_) if type_.display_width == 1 else _integer(8)(type_)


def _float(type_: Any) -> LogicalType:
    # FLOAT(53) counts binary digits; only MySQL's FLOAT(10, 2) counts decimal ones, and it has a scale.
    scale = getattr(type_, "scale", None)
    precision = None if scale is None else type_.precision
    return LogicalType(kind=Kind.FLOAT, precision=precision, scale=scale, native=native_name(type_))


def _numeric(type_: Any) -> LogicalType:
    return LogicalType(
        kind=Kind.DECIMAL if type_.asdecimal else Kind.FLOAT,
        precision=type_.precision,
        scale=type_.scale,
        unsigned=bool(getattr(type_, "unsigned", False)),
        native=native_name(type_),
    )


def _moment(kind: Kind) -> Callable[[Any], LogicalType]:
    return lambda type_: LogicalType(kind=kind, timezone=bool(type_.timezone), native=native_name(type_))


def _interval(type_: Any) -> LogicalType:
    # An interval without seconds cuts a number of seconds down to nothing.
    cut = (getattr(type_, "fields", None) or "second").lower()
    if "second" in cut:
        return LogicalType(kind=Kind.INTERVAL, native="interval")
    return LogicalType(kind=Kind.OTHER, native=f"interval {cut}")


def _enum(type_: Any) -> LogicalType:
    name = bare_name(type_.name) if type_.name else "enum"
    return LogicalType(kind=Kind.ENUM, values=tuple(map(str, type_.enums)), length=type_.length, native=name)


def _set(type_: Any) -> LogicalType:
    return LogicalType(kind=Kind.OTHER, values=tuple(type_.values), native="set")


def _text(type_: Any) -> LogicalType:
    fixed = isinstance(type_, (sa.CHAR, sa.NCHAR))
    return LogicalType(kind=Kind.TEXT, length=type_.length, fixed_length=fixed, native=native_name(type_))


def _mysql_tinytext(type_: Any) -> LogicalType:
    # 255 bytes, and a character may take four of them.
    return LogicalType(kind=Kind.TEXT, length=63, native=native_name(type_))


def _binary(type_: Any) -> LogicalType:
    fixed = isinstance(type_, sa.BINARY)
    return LogicalType(kind=Kind.BINARY, length=type_.length, fixed_length=fixed, native=native_name(type_))


def _mysql_tinyblob(type_: Any) -> LogicalType:
    return LogicalType(kind=Kind.BINARY, length=255, native=native_name(type_))


def _postgresql_bit(type_: Any) -> LogicalType:
    fixed = not type_.varying
    return LogicalType(kind=Kind.OTHER, length=type_.length, fixed_length=fixed, native=native_name(type_))


def _mysql_bit(type_: Any) -> LogicalType:
    length = type_.length or 1
    return _plain(Kind.BOOLEAN)(type_) if length == 1 else _unsigned(length)(type_)


def _uuid(type_: Any) -> LogicalType:
    # The generic type is a CHAR(32) in standard SQL only, and a UUID where the database has one.
    return LogicalType(kind=Kind.UUID, native="uuid" if type(type_) is sa.Uuid else native_name(type_))


def _array(type_: Any) -> LogicalType:
    item = logical_type(type_.item_type)
    return LogicalType(kind=Kind.ARRAY, item=item, dimensions=type_.dimensions or 1, native=f"{item.native}[]")


def _decorated(type_: Any) -> LogicalType:
    on_postgresql = _native_on_postgresql(type_)
    implementation = logical_type(type_.impl_instance)
    if isinstance(on_postgresql, sa.Uuid) and implementation.kind in {Kind.TEXT, Kind.BINARY}:
        return LogicalType(kind=Kind.UUID, length=implementation.length, native=implementation.native)
    return as_stored(type_, implementation)


def _native_on_postgresql(type_: Any) -> TypeEngine[Any] | None:
    """Return what a decorator turns into where UUIDs are native, to recognise the portable GUID recipe."""
    if type(type_).load_dialect_impl is sa.TypeDecorator.load_dialect_impl:
        return None
    try:
        implementation: TypeEngine[Any] = type_.load_dialect_impl(postgresql.dialect())  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - a user's code, which may know his own dialects only
        return None
    return implementation


# The first class that matches decides, so a subclass stands before its base.
_DESCRIPTIONS: tuple[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], LogicalType]], ...] = (
    (Declared, lambda type_: type_.logical),
    (postgresql.DOMAIN, lambda type_: logical_type(type_.data_type)),
    ((sa.Interval, postgresql.INTERVAL, oracle.INTERVAL), _interval),
    (sa.TypeDecorator, _decorated),
    (sa.Enum, _enum),
    (mysql.SET, _set),
    (mysql.TINYTEXT, _mysql_tinytext),
    (sa.String, _text),
    (sa.Boolean, _plain(Kind.BOOLEAN)),
    (mysql.TINYINT, _mysql_tinyint),
    (mysql.MEDIUMINT, _integer(24)),
    (mssql.TINYINT, _unsigned(8)),
    (mysql.YEAR, _unsigned(16)),
    (mysql.BIT, _mysql_bit),
    (postgresql.OID, _unsigned(32)),
    (sa.SmallInteger, _integer(16)),
    (sa.BigInteger, _integer(64)),
    (sa.Integer, _integer(32)),
    (sa.Float, _float),
    (sa.Numeric, _numeric),
    (postgresql.MONEY, lambda _: LogicalType(kind=Kind.DECIMAL, precision=19, scale=2, native="money")),
    (sa.DateTime, _moment(Kind.DATETIME)),
    (sa.Date, _plain(Kind.DATE)),
    (sa.Time, _moment(Kind.TIME)),
    (sa.Uuid, _uuid),
    (mysql.TINYBLOB, _mysql_tinyblob),
    ((sa.LargeBinary, sa.BINARY, sa.VARBINARY, mysql.MEDIUMBLOB, mysql.LONGBLOB), _binary),
    (postgresql.BIT, _postgresql_bit),
    (sa.JSON, _plain(Kind.JSON)),
    (sa.ARRAY, _array),
)
