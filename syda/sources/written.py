"""Columns that a language model writes, row by row, before the rows are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from syda.sources.base import Context, Source
from syda.sources.values import Values

Form: TypeAlias = Literal["", "sentences", "email", "url", "host"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Source):
    """Values that a model wrote for each row; unique ones were compared with each other when they were accepted.

    `form` is what a text has to be: sentences, of which none nearly repeats another, an e-mail address, a URL or the
    name of a host. `hint` is told to the model beside what the schema says of the column.
    """

    source: Literal["llm"] = "llm"
    form: Form = ""
    hint: str = ""
    numbered: ClassVar[bool] = True

    def make(self, context: Context) -> Values:
        return context.written()

    def describe(self) -> str:
        return "written by a language model" + (f": {self.hint}" if self.hint else "")
