"""What the CREATE statements kept by SQLite say and its pragmas do not: checks, names, deferral, index expressions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlglot import Token, TokenType, tokenize
from sqlglot.errors import SqlglotError

from syda.schema.model import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_QUOTED = {TokenType.IDENTIFIER, TokenType.STRING}


@dataclass(frozen=True)
class ReferenceClause:
    """A REFERENCES clause: its child columns, the constraint's name, and when it is checked."""

    columns: tuple[str, ...]
    name: str | None
    deferrable: bool
    initially_deferred: bool


@dataclass(frozen=True)
class IndexClause:
    """The parts of a CREATE INDEX: plain columns, expressions and the WHERE clause."""

    columns: tuple[str, ...]
    expressions: tuple[str, ...]
    predicate: str | None


@dataclass(frozen=True)
class Statement:
    """A CREATE statement as tokens."""

    sql: str
    tokens: Sequence[Token]

    @classmethod
    def parse(cls, sql: str | None) -> Statement:
        try:
            return cls(sql or "", tokenize(sql or "", read="sqlite"))
        except SqlglotError:
            return cls(sql or "", ())

    def checks(self) -> Iterator[Check]:
        for position, token in enumerate(self.tokens):
            if _word(token) == "CHECK" and self._opens(position + 1):
                end = self._closing(position + 1)
                expression = self._text(position + 2, end)
                yield Check(name=self._constraint_name(position), expression=expression, dialect="sqlite")

    def references(self) -> Iterator[ReferenceClause]:
        for start, stop in self._items():
            clauses = [at for at in range(start, stop) if _word(self.tokens[at]) == "REFERENCES"]
            for at, end in zip(clauses, [*clauses, stop][1:], strict=True):
                yield self._reference(start, at, end)

    def index(self) -> IndexClause | None:
        """Return the parts of an index; None when the statement is not one."""
        opening = next((at for at in range(len(self.tokens)) if self._opens(at)), None)
        if opening is None:
            return None
        closing = self._closing(opening)
        parts = [self._index_part(start, stop) for start, stop in self._split(opening + 1, closing)]
        has_predicate = closing + 1 < len(self.tokens) and _word(self.tokens[closing + 1]) == "WHERE"
        return IndexClause(
            columns=tuple(text for text, is_column in parts if is_column),
            expressions=tuple(text for text, is_column in parts if not is_column),
            predicate=self._text(closing + 2, len(self.tokens)) if has_predicate else None,
        )

    def computed(self, column: str) -> str | None:
        """Return the expression of a generated column."""
        for start, stop in self._items():
            if self.tokens[start].text.lower() == column.lower():
                opening = next((at + 1 for at in range(start, stop) if self._is_computed(at)), None)
                return None if opening is None else self._text(opening + 1, self._closing(opening))
        return None

    def fires_on_insert(self) -> bool:
        """Tell whether this makes a trigger that fires when rows are inserted."""
        words = [_word(token) for token in self.tokens]
        return "INSERT" in words[: words.index("ON") if "ON" in words else 0]

    def without_rowid(self) -> bool:
        words = [_word(token) for token in self.tokens]
        return ("WITHOUT", "ROWID") in pairwise(words)

    def _reference(self, start: int, at: int, end: int) -> ReferenceClause:
        words = [_word(token) for token in self.tokens[at:end]]
        pairs = list(pairwise(words))
        opening = next((i for i in range(start, at) if _word(self.tokens[i]) in {"FOREIGN", "FOREIGN KEY"}), None)
        name_ends = next((i for i in range(at, start, -1) if _word(self.tokens[i - 1]) == "CONSTRAINT"), None)
        return ReferenceClause(
            columns=(self.tokens[start].text,) if opening is None else self._names_after(opening),
            name=None if name_ends is None else self.tokens[name_ends].text,
            deferrable="DEFERRABLE" in words and ("NOT", "DEFERRABLE") not in pairs,
            initially_deferred=("INITIALLY", "DEFERRED") in pairs and ("NOT", "DEFERRABLE") not in pairs,
        )

    def _names_after(self, position: int) -> tuple[str, ...]:
        opening = next(at for at in range(position, len(self.tokens)) if self._opens(at))
        return tuple(self.tokens[start].text for start, _ in self._split(opening + 1, self._closing(opening)))

    def _index_part(self, start: int, stop: int) -> tuple[str, bool]:
        while stop - start > 1 and _word(self.tokens[stop - 1]) in {"ASC", "DESC"}:
            stop -= 1
        if stop - start > 2 and _word(self.tokens[stop - 2]) == "COLLATE":
            stop -= 2
        if stop - start == 1 and self.tokens[start].token_type is not TokenType.NUMBER:
            return self.tokens[start].text, True
        return self._text(start, stop), False

    def _items(self) -> Iterator[tuple[int, int]]:
        """Yield where each column and constraint of a CREATE TABLE starts and stops."""
        opening = next((at for at in range(len(self.tokens)) if self._opens(at)), None)
        if opening is not None:
            yield from self._split(opening + 1, self._closing(opening))

    def _split(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        depth = 0
        for at in range(start, stop):
            kind = self.tokens[at].token_type
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            if depth == 0 and kind is TokenType.COMMA:
                yield start, at
                start = at + 1
        if start < stop:
            yield start, stop

    def _constraint_name(self, position: int) -> str | None:
        named = position >= 2 and _word(self.tokens[position - 2]) == "CONSTRAINT"
        return self.tokens[position - 1].text if named else None

    def _is_computed(self, position: int) -> bool:
        return _word(self.tokens[position]) == "AS" and self._opens(position + 1)

    def _opens(self, position: int) -> bool:
        return position < len(self.tokens) and self.tokens[position].token_type is TokenType.L_PAREN

    def _closing(self, opening: int) -> int:
        depth = 0
        for at in range(opening, len(self.tokens)):
            kind = self.tokens[at].token_type
            depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
            if depth == 0:
                return at
        return len(self.tokens)

    def _text(self, start: int, stop: int) -> str:
        return self.sql[self.tokens[start].start : self.tokens[stop - 1].end + 1] if start < stop else ""


def _word(token: Token) -> str:
    """Return an unquoted word in upper case; nothing for names in quotes and strings."""
    return "" if token.token_type in _QUOTED else token.text.upper()
