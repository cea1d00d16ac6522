"""Everything syda raises on purpose.

* `SydaError`
    * `SchemaError`: the models, database or file cannot be read as tables
        * `MissingTableError`: a foreign key points to a table that was not given
        * `CycleError`: required foreign keys form a circle that nothing can break
    * `PlanError`: what was asked for does not fit the schema
        * `UnknownNameError`: a table, column, relationship, vocabulary or option that does not exist
        * `CapacityError`: uniqueness allows fewer rows than were asked for by name
        * `ConstraintError`: a CHECK leaves a column no value
        * `UntenableError`: what a language model decided of a column cannot be; it is caught, and told to the model
        * `PlanFileError`: a saved plan cannot be read
    * `FixtureError`: a fixture file cannot be read, or does not fit the tables
    * `GenerateError`: rows could not be made
        * `GeneratorFunctionError`: a user's function raised or returned something unusable
        * `IntegrityError`: the rows made break a rule of the schema
    * `LoadError`: rows could not be delivered; the target is as it was
        * `TargetError`: the database or folder cannot be reached or written
            * `ProtectedTargetError`: the database looks like production, or forbids seeding
            * `NotEmptyError`: tables to be filled have rows
        * `RejectedError`: the database refused a row
    * `ModelError`: a language model could not be asked, or gave no answer that can be used
        * `MissingKeyError`: a model was named, and the key that its provider wants is not there
        * `RefusedRequestError`: the provider will not answer this request at any time: a wrong key, an unknown model
        * `QuotaError`: the account has no money or quota left
        * `UnreachableError`: no reply came for too long
        * `BudgetError`: going on would cost more than was allowed
        * `ReplayError`: only recorded replies may be used, and one is missing
        * `UnusableReplyError`: the model's replies held fewer usable rows than were asked
    * `MigrationError`: alembic's revisions cannot be read or run as they are
        * `RevisionFailedError`: a revision raised, or the database refused one of its statements
        * `DifferentModelsError`: the tables that the revisions make are not those of the models
    * `MissingExtraError`: an optional package is not installed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any


class SydaError(Exception):
    """Root of every error that syda raises on purpose.

    `usage` is what a language model was asked before, as in `Dataset.usage`; None where none was.
    """

    usage: Any = None


class SchemaError(SydaError):
    """The models, database or file cannot be read as tables."""


class MissingTableError(SchemaError):
    """A foreign key points to a table that was not given."""


class CycleError(SchemaError):
    """Required foreign keys form a circle that nothing can break."""


class PlanError(SydaError):
    """What was asked for does not fit the schema."""


class UnknownNameError(PlanError):
    """A table, column, relationship, vocabulary or option that does not exist."""


class CapacityError(PlanError):
    """Uniqueness allows fewer rows than were asked for by name."""


class ConstraintError(PlanError):
    """A CHECK leaves a column no value."""


class UntenableError(PlanError):
    """What a language model decided of a column cannot be."""

    def __init__(self, table: str, column: str, why: str) -> None:
        super().__init__(f"{table}.{column}: {why}")
        self.table, self.column = table, column


class PlanFileError(PlanError):
    """A saved plan cannot be read."""


class FixtureError(SydaError):
    """A fixture file cannot be read, or does not fit the tables."""


class GenerateError(SydaError):
    """Rows could not be made."""


class GeneratorFunctionError(GenerateError):
    """A user's function raised or returned something unusable."""


class IntegrityError(GenerateError):
    """The rows made break a rule of the schema."""


class LoadError(SydaError):
    """Rows could not be delivered; the target is as it was."""


class TargetError(LoadError):
    """The database or folder cannot be reached or written."""


class ProtectedTargetError(TargetError):
    """The database looks like production, or forbids seeding."""


class NotEmptyError(TargetError):
    """Tables to be filled have rows; `tables` gives their numbers."""

    def __init__(self, message: str, tables: Mapping[str, int]) -> None:
        super().__init__(message)
        self.tables = dict(tables)


class RejectedError(LoadError):
    """The database refused a row.

    As far as it can be told: the `table`, the `constraint` and its `expression` as the schema has it, the `columns`
    that it is about, their `values` in one row, and the `sources` that made them.
    """

    def __init__(
        self,
        message: str,
        *,
        table: str | None = None,
        constraint: str | None = None,
        expression: str | None = None,
        columns: Iterable[str] = (),
        values: Mapping[str, Any] | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.table = table
        self.constraint = constraint
        self.expression = expression
        self.columns = tuple(columns)
        self.values = dict(values or {})
        self.sources = dict(sources or {})


class ModelError(SydaError):
    """A language model could not be asked, or gave no answer that can be used. What was paid for is kept."""


class MissingKeyError(ModelError):
    """A model was named, and the key that its provider wants is not there."""


class RefusedRequestError(ModelError):
    """The provider will not answer this request at any time: a wrong key, an unknown model."""


class QuotaError(ModelError):
    """The account has no money or quota left."""


class UnreachableError(ModelError):
    """No reply came for too long."""


class BudgetError(ModelError):
    """Going on would cost more than was allowed."""


class ReplayError(ModelError):
    """Only recorded replies may be used, and one is missing."""


class UnusableReplyError(ModelError):
    """The model's replies held fewer usable rows than were asked; `rows` are those that were usable."""

    def __init__(self, message: str, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.rows = [dict(row) for row in rows]


class MigrationError(SydaError):
    """Alembic's revisions cannot be read or run as they are."""


class RevisionFailedError(MigrationError):
    """A revision raised, or the database refused one of its statements.

    `revision` and `statement` say which, and `said` is what the database or the revision said.
    """

    def __init__(self, message: str, *, revision: str, statement: str, said: str) -> None:
        super().__init__(message)
        self.revision = revision
        self.statement = statement
        self.said = said


class DifferentModelsError(MigrationError):
    """The tables that the revisions make are not those of the models; `differences` has a line for each."""

    def __init__(self, message: str, differences: Iterable[str]) -> None:
        super().__init__(message)
        self.differences = tuple(differences)


class MissingExtraError(SydaError):
    """An optional package is not installed."""


MODELS_ADVICE = "; a language model chose the source: give another one by overrides, or ask the model again"
"""Said where rows break a rule because of what a model decided."""


def near(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or a short list of what is known, for the end of a message."""
    names = sorted(set(known))
    by_lower = {candidate.lower(): candidate for candidate in reversed(names)}
    matches = [by_lower[match] for match in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]
    if matches:
        return "; did you mean " + " or ".join(repr(match) for match in matches) + "?"
    if not names:
        return "; there are none"
    shown = ", ".join(names[:12])
    return f"; known: {shown}" + (f" and {len(names) - 12} more" if len(names) > 12 else "")
