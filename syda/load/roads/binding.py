"""Columns as the values that a driver takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import MONEY

from syda.errors import RejectedError, TargetError
from syda.load.roads.columns import named_columns
from syda.schema.columns import members_of
from syda.schema.model import Column, Kind, Table
from syda.sources.strings import Strings, numerals, strings
from syda.sources.values import Values, decimal_places, from_python, to_python

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

Processor: TypeAlias = Callable[[Any], Any]

_NO_PROCESSING = sa.TypeDecorator.process_bind_param
_PLAIN = (type(None), bool, int, float, Decimal, str, bytes, date, time, timedelta, UUID, list, tuple, dict, set, Enum)
_EXACT_INTEGERS = 2**53
_EXACT_POWERS = 22
_MANY_YEARS = 100
_MINUTES = strings(f" {minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_SECONDS = strings(f":{second:02d}" for second in range(60))
_WHOLE_SECONDS = _SECONDS + ".000000"
_MOMENT = datetime(2001, 2, 3, 4, 5, 6, 7)
_SAMPLES: dict[Kind, Any] = {Kind.DATETIME: _MOMENT, Kind.DATE: _MOMENT.date(), Kind.DECIMAL: Decimal("1.25")}


@dataclass(frozen=True, slots=True)
class Binding:
    """Turns the values of one column into what the target's type, or the driver, takes."""

    where: str
    column: Column
    target: sa.Column[Any]
    dialect: Dialect

    def core(self, values: Values) -> list[Any]:
        """Return the values as SQLAlchemy Core wants them for the target's type."""
        items = to_python(values, self.column.type)
        if self.column.type.kind is Kind.UUID and not getattr(self.target.type, "as_uuid", False):
            return [None if item is None else str(item) for item in items]
        if self.column.type.kind is Kind.JSON and isinstance(self._type, sa.String):
            return [None if item is None else json.dumps(item, ensure_ascii=False, default=str) for item in items]
        if isinstance(self._type, sa.JSON) and values.null is not None:
            # None would be written as the document null, which a CHECK takes for a value.
            return [sa.null() if null else item for item, null in zip(items, values.null.tolist(), strict=True)]
        return items

    def accepted(self, values: Values) -> list[Any]:
        """Return the values as `core` does, but those that the type refuses as its own `process_result_value` does.

        Raises `RejectedError` for a value that the type takes in neither form.
        """
        process = self._processor()
        items = self.core(values)
        return items if process is None else [self._tried(process, item)[0] for item in items]

    def driver(self, values: Values) -> list[Any]:
        """Return the values as the driver wants them: what Core would pass on after its bind processing.

        The commonest conversions are made by NumPy where the type is SQLAlchemy's own and a sample shows that they
        give what its processor gives. Raises `RejectedError` for a value that the type does not take.
        """
        process = self._processor()
        if process is None:
            return self.core(values)
        quick = _quick(values, self.column, process) if self._is_known() else None
        if quick is None:
            return [self._tried(process, item)[1] for item in self.core(values)]
        if values.null is not None:
            for row in np.flatnonzero(values.null).tolist():
                quick[row] = None
        return quick

    def readable(self) -> sa.ColumnElement[Any]:
        """Return the column as it is read: money as a number, PostgreSQL's own types as the text that is made."""
        if isinstance(self._type, MONEY):
            return sa.cast(self.target, sa.Numeric(19, 2))
        if self.column.type.kind is Kind.OTHER and self.dialect.name == "postgresql":
            return sa.cast(self.target, sa.Text)
        return self.target

    def read(self, items: Sequence[Any]) -> Values:
        """Return what Core read from the column; objects of the type's own are as the type writes them.

        Raises `TargetError` for values that do not fit the column.
        """
        type_ = self._type
        if isinstance(type_, sa.Enum) and type_.enum_class is not None:
            written: dict[Any, Any] = dict(members_of(type_))
            items = [written.get(item, item) if isinstance(item, Enum) else item for item in items]
        try:
            if isinstance(type_, sa.TypeDecorator) and type(type_).process_bind_param is not _NO_PROCESSING:
                items = [
                    item if self._is_plain(item) else type_.process_bind_param(item, self.dialect) for item in items
                ]
            return self._from_python(items)
        except Exception as error:
            raise TargetError(f"{self.where}: its rows cannot be read: {error}") from error

    def _from_python(self, items: Sequence[Any]) -> Values:
        """Return the values; where a type of the user's takes others than are stored, as that type writes them."""
        type_ = self._type
        try:
            return from_python(items, self.column.type)
        except ValueError:
            if not isinstance(type_, sa.TypeDecorator) or type(type_).process_bind_param is _NO_PROCESSING:
                raise
            return from_python([type_.process_bind_param(item, self.dialect) for item in items], self.column.type)

    def _is_plain(self, item: Any) -> bool:
        return isinstance(item, _PLAIN) and (self.column.type.kind is Kind.ENUM or not isinstance(item, Enum))

    def is_plain(self) -> bool:
        """Tell whether the values go to the driver as `core` gives them."""
        process = self._processor()
        return self._is_known() and (process is None or self._changes_nothing(process))

    def _changes_nothing(self, process: Processor) -> bool:
        sample = _SAMPLES.get(self.column.type.kind)
        try:
            return sample is not None and process(sample) is sample
        except Exception:  # noqa: BLE001 - what refuses the sample is not plain
            return False

    def needs_core(self) -> bool:
        """Tell whether the type wraps its values in an SQL expression, which only Core writes."""
        type_ = self._type
        if type(type_).bind_expression is sa.types.TypeEngine.bind_expression:
            return False
        return type_.bind_expression(sa.bindparam("value", type_=self.target.type)) is not None

    @property
    def _type(self) -> sa.types.TypeEngine[Any]:
        return self.target.type.dialect_impl(self.dialect)

    def _processor(self) -> Processor | None:
        process: Processor | None = self._type.bind_processor(self.dialect)
        return process

    def _is_known(self) -> bool:
        """Tell whether SQLAlchemy's own code makes the conversion: a user's may look at each value."""
        type_ = self._type
        while isinstance(type_, sa.TypeDecorator) and not _converts(type_):
            type_ = type_.impl_instance
        return not isinstance(type_, sa.TypeDecorator) and type(type_).__module__.startswith("sqlalchemy.")

    def _tried(self, process: Processor, item: Any) -> tuple[Any, Any]:
        """Return the value in the form that the type takes, and what its processor makes of it."""
        try:
            return item, process(item)
        except Exception as error:  # noqa: BLE001 - a user's type may raise anything
            refusal = error
        try:
            own = self._own_form(item)
            return own, process(own)
        except Exception:  # noqa: BLE001 - the first refusal tells more
            raise RejectedError(self._refused(item, refusal)) from refusal

    def _own_form(self, item: Any) -> Any:
        """Return what the type makes of a value that it reads: the form that an application works with."""
        type_ = self._type
        if not isinstance(type_, sa.TypeDecorator) or item is None:
            raise TypeError(item)
        if isinstance(type_.impl_instance, sa.Enum):
            read = type_.impl_instance.result_processor(self.dialect, None)  # type: ignore[no-untyped-call]
            item = read(item) if read else item
        if isinstance(item, str) and isinstance(type_.impl_instance, sa.LargeBinary):
            item = item.encode()  # it stores text as bytes, and reads these
        if type(type_).process_result_value is not sa.TypeDecorator.process_result_value:
            item = type_.process_result_value(item, self.dialect)
        return item

    def _refused(self, item: Any, error: Exception) -> str:
        shown = "NULL" if item is None else f"the {type(item).__name__} {item!r:.60}"
        return (
            f"{self.where}: its type {type(self.target.type).__name__} does not take {shown} "
            f"({type(error).__name__}: {error}); say the value that an object has, and of seeded rows "
            f"overrides={{{self.where!r}: lambda row, column: ...}}, or, when it takes objects of its own, "
            f"make them in its process_result_value"
        )


def _converts(type_: sa.TypeDecorator[Any]) -> bool:
    """Tell whether a user's type changes values on their way to the database."""
    own = type(type_)
    return (own.process_bind_param, own.bind_processor) != (
        _NO_PROCESSING,
        sa.TypeDecorator.bind_processor,
    )


def bindings(table: Table, target: sa.Table, dialect: Dialect) -> dict[str, Binding]:
    """Return a `Binding` for each of the table's columns by its name in the database."""
    targets = named_columns(target)
    return {
        column.name: Binding(f"{table.key}.{column.name}", column, targets[column.name], dialect)
        for column in table.columns
        if column.name in targets
    }


def _quick(values: Values, column: Column, process: Processor) -> list[Any] | None:
    try:
        return _converted(values, column, process)
    except Exception:  # noqa: BLE001 - whatever the sample is refused with, each value is tried by itself
        return None


def _converted(values: Values, column: Column, process: Processor) -> list[Any] | None:
    type_ = column.type
    listed: list[Any] | None = None
    if type_.kind is Kind.DATETIME and not type_.timezone and process(_MOMENT) == "2001-02-03 04:05:06.000007":
        listed = _iso_moments(values.data)
    elif type_.kind is Kind.DATE and process(date(2001, 2, 3)) == "2001-02-03":
        listed = np.datetime_as_string(values.data, unit="D").tolist()
    elif type_.kind is Kind.DECIMAL and isinstance(sample := process(Decimal("1.25")), float) and sample == 1.25:
        # The quotient is the nearest float only where both numbers are floats without rounding.
        exact = not len(values.data) or (np.abs(values.data) <= _EXACT_INTEGERS).all()
        places = decimal_places(type_)
        listed = (values.data / 10.0**places).tolist() if exact and places <= _EXACT_POWERS else None
    elif type_.kind is Kind.BOOLEAN and process(True) == 1:
        listed = values.data.astype(np.int64).tolist()
    elif type_.kind is Kind.ENUM:
        items = values.data.tolist()
        stored = {item: process(item) for item in type_.values}
        listed = [stored[item] for item in items] if stored.keys() >= set(items) else None
    return listed


def _iso_moments(moments: NDArray[np.datetime64]) -> list[Any]:
    """Return ISO moments with a space instead of the T, as SQLAlchemy stores them in SQLite."""
    days = moments.astype("datetime64[D]")
    years = [int(end.astype("datetime64[Y]").astype(np.int64)) for end in (days.min(), days.max())] if len(days) else []
    if not years or np.isnat(days).any() or years[1] - years[0] > _MANY_YEARS:
        return [item.replace("T", " ") for item in np.datetime_as_string(moments, unit="us").tolist()]
    calendar, first = _calendar(*years)
    seconds, rest = np.divmod((moments - days).astype(np.int64), 1_000_000)
    minutes, seconds = np.divmod(seconds, 60)
    text = calendar[days.astype(np.int64) - first] + _MINUTES[minutes]
    text = text + (_SECONDS[seconds] + numerals(rest, ".{:06d}") if rest.any() else _WHOLE_SECONDS[seconds])
    listed: list[Any] = text.tolist()
    return listed


@lru_cache(maxsize=16)
def _calendar(first: int, last: int) -> tuple[Strings, int]:
    """Return the days of the years `first` to `last` (0 is 1970) as ISO text, and the number of the first one."""
    start, stop = (np.datetime64(year, "Y").astype("datetime64[D]") for year in (first, last + 1))
    days = np.datetime_as_string(np.arange(start, stop), unit="D")
    return days.astype(object), int(start.astype(np.int64))


_VALUES = re.compile(r"\) VALUES \(")


def overriding_identity(statement: str) -> str:
    """Return an INSERT for PostgreSQL that may write a column GENERATED ALWAYS AS IDENTITY."""
    return _VALUES.sub(") OVERRIDING SYSTEM VALUE VALUES (", statement, count=1)
