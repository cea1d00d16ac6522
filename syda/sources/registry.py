"""Generators that the user registers for a type of column, everywhere or under one column name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syda.errors import PlanError, UnknownNameError, near
from syda.schema.model import Column, Kind
from syda.sources.base import Source

FOREIGN_KEY = "foreign_key"
_ALIASES = {
    "string": Kind.TEXT,
    "str": Kind.TEXT,
    "varchar": Kind.TEXT,
    "number": Kind.INTEGER,
    "int": Kind.INTEGER,
    "numeric": Kind.DECIMAL,
    "bool": Kind.BOOLEAN,
    "timestamp": Kind.DATETIME,
    "bytes": Kind.BINARY,
}


@dataclass(slots=True)
class Registry:
    """Generators by (type, column name); a generator with a column name wins over one without.

    What is not found here is looked for in `beside`.
    """

    beside: Registry | None = None
    version: int = 0
    """Another number after each change."""
    _generators: dict[tuple[str, str | None], Any] = field(default_factory=dict)

    def register(self, type_: str, generator: Any, column_name: str | None = None) -> None:
        """Use `generator` (a function ``f(row, column)`` or a source) for columns of a type.

        `type_` is a kind such as ``"text"``, ``"integer"``, ``"float"``, ``"decimal"``, ``"date"``, or
        ``"foreign_key"``. Registering the same type and name again replaces the generator.
        Raises `UnknownNameError` for a type that does not exist, `PlanError` for a generator that is neither.
        """
        kind = _ALIASES.get(type_.lower(), type_.lower())
        known = [*Kind._value2member_map_, *_ALIASES, FOREIGN_KEY]
        if kind not in known:
            raise UnknownNameError(f"no column type is called {type_!r}{near(type_, map(str, known))}")
        if not callable(generator) and not isinstance(generator, Source):
            came = type(generator).__name__
            raise PlanError(f"generator for {type_!r}: expected a function f(row, column) or a source, got {came}")
        self._generators[str(kind), column_name] = generator
        self.version += 1

    def unregister(self, type_: str, column_name: str | None = None) -> None:
        """Forget a generator; one that was never registered is ignored."""
        self.version += 1
        self._generators.pop((str(_ALIASES.get(type_.lower(), type_.lower())), column_name), None)

    def find(self, column: Column, *, foreign_key: bool, named_only: bool = False) -> Any | None:
        """Return the generator for the column, or None. Foreign keys only take ``"foreign_key"`` generators.

        With `named_only`, a generator registered without a column name is passed over.
        """
        kind = FOREIGN_KEY if foreign_key else str(column.type.kind)
        found = self._generators.get((kind, column.name))
        if found is None and not named_only:
            found = self._generators.get((kind, None))
        if found is None and self.beside is not None:
            return self.beside.find(column, foreign_key=foreign_key, named_only=named_only)
        return found


DEFAULT_REGISTRY = Registry()
"""Where `syda.register_generator` puts its generators."""
