"""Rows as pandas data frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from syda.errors import UnknownNameError
from syda.schema.model import Column, Kind, Schema, Table
from syda.sources.values import Values, decimal_places, to_python

if TYPE_CHECKING:
    import pandas as pd


class NoFrameError(UnknownNameError, KeyError):
    """No frame has this name; a `KeyError` too, as a Mapping raises."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class Frames(Mapping[str, "pd.DataFrame"]):
    """Data frames by table, in load order; also found by the name of a mapped class or by the class."""

    def __init__(self, schema: Schema, frames: Mapping[str, pd.DataFrame]) -> None:
        self._schema = schema
        self._frames = frames

    def __getitem__(self, key: Any) -> pd.DataFrame:
        name = key.__name__ if isinstance(key, type) else key
        if not isinstance(name, str):
            raise NoFrameError(f"expected a table, class or name, got {type(key).__name__} {key!r}")
        try:
            table = self._schema.table(name).key
        except UnknownNameError as error:
            raise NoFrameError(str(error)) from error
        if table not in self._frames:
            raise NoFrameError(f"there is no frame of {name!r}, which is only referred to")
        return self._frames[table]

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return f"Frames({', '.join(f'{name}: {len(frame)} rows' for name, frame in self._frames.items())})"


def to_frame(table: Table, columns: Mapping[str, Values], rows: int) -> pd.DataFrame:
    """Return the rows of one table as a frame.

    Whole numbers and booleans with NULLs are pandas' ``Int64`` and ``boolean``, decimals are floats, dates
    ``datetime64[s]``, date-times ``datetime64[us]`` (UTC where the column has a time zone), text pandas' ``str``.
    """
    import pandas as pd

    series = {name: _series(values, table.column(name)) for name, values in columns.items()}
    return pd.DataFrame(series, index=pd.RangeIndex(rows), columns=list(series))


def _series(values: Values, column: Column) -> Any:
    import pandas as pd

    kind, data = column.type.kind, values.data
    if kind in (Kind.DATE, Kind.DATETIME, Kind.INTERVAL):
        return _moments(values, column)
    if kind is Kind.DECIMAL:
        data = data / 10.0 ** decimal_places(column.type)
    if kind in (Kind.FLOAT, Kind.DECIMAL):
        return data if values.null is None else np.where(values.null, np.nan, data)
    if kind in (Kind.INTEGER, Kind.BOOLEAN):
        if values.null is None:
            return data
        array = pd.arrays.IntegerArray if kind is Kind.INTEGER else pd.arrays.BooleanArray
        return array(data.copy(), values.null.copy())
    items = to_python(values, column.type)
    return pd.array(items, dtype="str") if kind in (Kind.TEXT, Kind.ENUM) else pd.Series(items, dtype=object)


def _moments(values: Values, column: Column) -> Any:
    import pandas as pd

    unit = "datetime64[s]" if column.type.kind is Kind.DATE else values.data.dtype
    data = values.data.astype(unit)
    if values.null is not None:
        data[values.null] = "NaT"
    index = pd.Series(data)
    return index.dt.tz_localize("UTC") if column.type.timezone and column.type.kind is Kind.DATETIME else index
