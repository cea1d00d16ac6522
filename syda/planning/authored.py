"""What a language model decided, as far as the user left it to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syda.planning.inference import Guess
from syda.planning.rules import bound, with_stages
from syda.schema.model import Schema, Table
from syda.sources.base import Source
from syda.sources.workflow import Workflow


def authored_guesses(
    schema: Schema, table: Table, decided: Mapping[str, Guess], given: Mapping[str, tuple[Source, str]]
) -> dict[str, Guess]:
    """Return the model's guesses for the columns that the user gives no source, with the dates that workflows set.

    Raises a `PlanError` or `UnknownNameError` for a rule that its column cannot have.
    """
    free = {name: guess for name, guess in decided.items() if name not in given and guess.source is not None}
    set_by = {date for guess in free.values() if isinstance(guess.source, Workflow) for date in guess.source.dates()}
    sources = {
        name: (bound(schema, table, table.column(name), guess.source), guess.reason)
        for name, guess in free.items()
        if name not in set_by and guess.source is not None
    }
    staged = with_stages(schema, table, {**given, **sources})
    return {
        name: replace(free[name], source=source) if name in sources else Guess(source, reason, author="model")
        for name, (source, reason) in staged.items()
        if name not in given
    }
