"""A user's function as the source of a column."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from syda.errors import GeneratorFunctionError, SydaError
from syda.schema.model import Column
from syda.sources.base import Context, Source
from syda.sources.values import Values, from_python, to_python

GeneratorFunction = Callable[["Row", Column], Any]
"""``f(row, column)`` returns the value of one cell."""


class Row(Mapping[str, Any]):
    """The other columns of the row being made, each made when it is first read.

    ``row["amount"]`` is a column of the row, ``row["customer.country"]`` a column of a parent (by foreign key,
    relationship or foreign key column). Values are the Python objects of the column's type; NULL is None.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._columns: dict[str, list[Any]] = {}
        self._seeds: list[int] | None = None
        self._random: tuple[int, random.Random] | None = None
        self.index = 0

    @property
    def number(self) -> int:
        """The number of the row within its table, from 0."""
        return self._context.start + self.index

    @property
    def random(self) -> random.Random:
        """A random generator that belongs to this cell alone: the same in every run with the same seed."""
        if self._seeds is None:
            self._seeds = self._context.bits("function").tolist()
        if self._random is None or self._random[0] != self.index:
            self._random = (self.index, random.Random(self._seeds[self.index]))
        return self._random[1]

    def __getitem__(self, name: str) -> Any:
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name][self.index]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a column of the row, or `default` where it is NULL or the table has no such column."""
        head = name.partition(".")[0]
        table = self._context.table
        if head not in table.by_name and head not in table.attributes and "." not in name:
            return default
        value = self[name]
        return default if value is None else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._context.table.by_name)

    def __len__(self) -> int:
        return len(self._context.table.columns)

    def _read(self, name: str) -> list[Any]:
        link, _, field_name = name.rpartition(".")
        if link:
            values, type_ = self._context.parent(self._context.table.foreign_key(link).name, field_name)
            return to_python(values, type_)
        column = self._context.table.column(name)
        return to_python(self._context.sibling(column.name), column.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Source):
    """The value that ``function(row, column)`` returns; `name` is how a saved plan refers to it."""

    source: Literal["function"] = "function"
    name: str
    function: Any = field(default=None, compare=False, repr=False, metadata={"saved": False})

    def make(self, context: Context) -> Values:
        if self.function is None:
            message = f"the plan names the function {self.name!r}; pass it: Plan.from_yaml(..., functions={{...}})"
            raise GeneratorFunctionError(message)
        row = Row(context)
        made = [self._call(row, context, index) for index in range(context.stop - context.start)]
        try:
            return from_python(made, context.column.type)
        except ValueError as error:
            where = f"{context.table.key}.{context.column.name}"
            message = f"the generator {self.name!r} of {where} returned an unusable value: {error}"
            raise GeneratorFunctionError(message) from error

    def _call(self, row: Row, context: Context, index: int) -> Any:
        row.index = index
        try:
            return self.function(row, context.column)
        except SydaError:
            raise
        except Exception as error:
            where = f"table {context.table.key!r}, column {context.column.name!r}, row {row.number}"
            hint = "; a Numeric column is read as Decimal: use float(...)" if "Decimal" in str(error) else ""
            message = f"the generator {self.name!r} failed at {where}: {type(error).__name__}: {error}{hint}"
            raise GeneratorFunctionError(message) from error

    def describe(self) -> str:
        return f"function {self.name}"


def function_name(function: Callable[..., Any]) -> str:
    """Return ``module:qualified.name`` of a callable, for a saved plan."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '')}:{name}"
