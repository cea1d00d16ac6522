"""How many distinct values a column or a set of columns can have."""

from __future__ import annotations

from syda.schema.model import Column, Kind
from syda.sources.base import Source

UNBOUNDED = 1 << 62
_LETTERS = 36
_BYTES = 256
_DIGITS = 10
_DAYS = 7_300
_SECONDS_PER_DAY = 86_400


def type_capacity(column: Column) -> int:
    """Return how many distinct values the column's type allows, 0 where syda makes none on purpose."""
    type_ = column.type
    match type_.kind:
        case Kind.BOOLEAN:
            return 2
        case Kind.ENUM:
            return len(type_.values)
        case Kind.INTEGER:
            return 1 << ((type_.bits or 32) - 1)
        case Kind.DECIMAL | Kind.FLOAT:
            return min(int(_DIGITS ** (type_.precision or 18)), UNBOUNDED)
        case Kind.TEXT:
            return UNBOUNDED if type_.length is None else min(int(_LETTERS**type_.length), UNBOUNDED)
        case Kind.BINARY:
            return UNBOUNDED if type_.length is None else min(int(_BYTES**type_.length), UNBOUNDED)
        case Kind.DATE:
            return _DAYS
        case Kind.TIME:
            return _SECONDS_PER_DAY
        case Kind.DATETIME | Kind.INTERVAL | Kind.UUID:
            return UNBOUNDED
    return 0


def source_capacity(source: Source, column: Column) -> int:
    """Return how many distinct values the source can give, as far as that is known before it is tried."""
    if source.countable:
        return min(source.capacity(column) or 0, UNBOUNDED)
    return UNBOUNDED
