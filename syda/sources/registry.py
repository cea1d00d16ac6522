"""Generators that the user registers for a type of column, everywhere or under one column name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from syda.errors import PlanError, SchemaError, UnknownNameError, near
from syda.schema.model import Column, Kind
from syda.schema.words import MEANING, MEANINGS, TYPES, parse_word
from syda.sources.base import Source

FOREIGN_KEY = "foreign_key"
_NUMBER = "number"
"""The word of dicts for whole numbers and others, as their columns are called."""


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
        ``"foreign_key"``; any other word, as ``"email"``, is for the columns that dicts declare by that word.
        Registering the same type and name again replaces the generator.
        Raises `UnknownNameError` for a word that nearly is a type, `PlanError` for a generator that is neither.
        """
        if not callable(generator) and not isinstance(generator, Source):
            came = type(generator).__name__
            raise PlanError(f"generator for {type_!r}: expected a function f(row, column) or a source, got {came}")
        for kind in _kinds(type_):
            self._generators[kind, column_name] = generator
        self.version += 1

    def unregister(self, type_: str, column_name: str | None = None) -> None:
        """Forget a generator; one that was never registered is ignored."""
        for kind in _kinds(type_):
            self._generators.pop((kind, column_name), None)
        self.version += 1

    def find(self, column: Column, *, foreign_key: bool, named_only: bool = False) -> Any | None:
        """Return the generator for the column, or None. Foreign keys only take ``"foreign_key"`` generators.

        With `named_only`, a generator registered without a column name is passed over.
        """
        words = [FOREIGN_KEY] if foreign_key else [*_meaning(column), str(column.type.kind)]
        for name in (column.name,) if named_only else (column.name, None):
            for word in words:
                if (found := self._generators.get((word, name))) is not None:
                    return found
        if self.beside is not None:
            return self.beside.find(column, foreign_key=foreign_key, named_only=named_only)
        return None


def _kinds(type_: str) -> tuple[str, ...]:
    """Return what a type is looked for by: kinds of columns, or the word of a dict."""
    word = type_.strip().lower()
    if word == _NUMBER:
        return str(Kind.INTEGER), str(Kind.DECIMAL)
    if word == FOREIGN_KEY:
        return (FOREIGN_KEY,)
    try:
        said = parse_word(word, "type")
    except SchemaError as error:
        known = [*TYPES, *MEANINGS, FOREIGN_KEY]
        raise UnknownNameError(f"no column type is called {type_!r}{near(type_, known)}") from error
    if said.type is None or said.meaning or said.comment:
        return (word,)
    return (str(said.type.kind),)


def _meaning(column: Column) -> list[str]:
    said = column.info.get(MEANING)
    return [said.lower()] if isinstance(said, str) else []


DEFAULT_REGISTRY = Registry()
"""Where `syda.register_generator` puts its generators."""
