"""How many distinct values a column or a set of columns can have."""

from __future__ import annotations

from syda.planning.checks import Domain
from syda.schema.model import MOMENTS, Column, Kind
from syda.sources.base import Source
from syda.sources.moment import Moment
from syda.sources.scalar import Code, Number
from syda.sources.sentence import Sentence
from syda.sources.standards import Standard
from syda.sources.text import Template, Words

_WORD_LETTERS = 4
_LONG_CODE = 16
_CLEAR = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_ALL = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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


def limit_of(column: Column, domain: Domain | None) -> int:
    """Return how many values the column's type and checks allow."""
    if domain is None:
        return type_capacity(column)
    allowed = domain.allowed()
    if allowed is not None:
        return len(allowed)
    if domain.low is not None and domain.high is not None and column.type.kind is Kind.INTEGER:
        return min(type_capacity(column), int(domain.high - domain.low) + 1)
    return type_capacity(column)


def runs_out(source: Source, column: Column, rows: int) -> bool:
    """Tell whether the source has fewer values than there are rows, or no room for the numbers that make them so."""
    return source_capacity(source, column) < rows or (not source.countable and _too_short(column, rows))


def lacks_room(source: Template | Sentence, column: Column, rows: int) -> bool:
    """Tell whether a text may be too long for the column with a number in it that tells the rows apart."""
    length = column.type.length
    if isinstance(source, Template) and length is not None and not source.needs():
        return "{row" not in source.text or source.length_at(rows) > length
    return _too_short(column, rows)


def _too_short(column: Column, rows: int) -> bool:
    """Tell whether text of the column's length has no room for a word and the number of its row."""
    length = column.type.length
    return column.type.kind is Kind.TEXT and length is not None and length < len(str(rows)) + _WORD_LETTERS


def roomier(column: Column, source: Source, rows: int, dialect: str) -> Source:
    """Return a source with as many distinct values as the column's type has room for."""
    if isinstance(source, Standard) and source.part == "name" and source.list != "currency":
        return Words(vocabulary=source.list)
    if column.type.kind is Kind.INTEGER:
        return Number(low=1, high=min((1 << ((column.type.bits or 32) - 1)) - 1, 99_999_999))
    if column.type.kind is Kind.DECIMAL:
        digits = (column.type.precision or 12) - (column.type.scale or 0)
        return Number(low=0, high=10 ** min(digits, 12) - 1)
    if column.type.kind is Kind.FLOAT:
        return Number(low=0, high=10**9)
    if column.type.kind in MOMENTS:
        return Moment(low="-20y", high="now") if isinstance(source, Moment) else source
    if column.type.kind is Kind.TEXT and column.type.length is not None and column.type.length < _LONG_CODE:
        return _longer_code(column, source if isinstance(source, Code) else None, rows, dialect)
    if column.type.kind is Kind.TEXT and not isinstance(source, Template):
        return Template(text=f"{column.name}-{{row}}")
    return source


def _longer_code(column: Column, source: Code | None, rows: int, dialect: str) -> Code:
    """Return a code whose letters are enough for the rows: clear ones, then all, then small ones where case counts."""
    length = column.type.length or 1
    cased = dialect == "postgres" and column.type.native.lower() != "citext"
    candidates = [source, *(Code(length=length, alphabet=letters) for letters in (_CLEAR, _ALL))]
    candidates += [Code(length=length, alphabet=_ALL + _ALL.lower()[10:])] if cased else []
    codes = [code for code in candidates if code is not None]
    return next((code for code in codes if source_capacity(code, column) >= rows), codes[-1])
