"""Asks a model, table by table, how the columns are made, and keeps of the answers what works."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from syda.authoring.answer import MOST_COLUMNS, TOKENS_OF_COLUMN, UnfitError, answer_schema, read_entry
from syda.authoring.kinds import DESCRIBED, guess_of
from syda.errors import MODELS_ADVICE, SydaError, UntenableError, near
from syda.llm.asking import Asker, all_of, asked_tokens
from syda.llm.exchange import Finish, Request
from syda.llm.exchange import Usage as TokenUsage
from syda.llm.reading import UnreadableError, read_rows
from syda.planning.inference import Guess
from syda.planning.model import Plan
from syda.prompting.facts import QUOTED, as_json, plan_facts, wanted
from syda.schema.model import Table

logger = logging.getLogger("syda.llm")
PURPOSE = "plan"
_INSTRUCTIONS = f"""You decide how believable data for the columns of a table are made: once, for any number of rows.

{QUOTED}

The CONTEXT describes the table. The TASK lists the columns that you decide, each with how it would be made now ("now").
Answer with one object {{"columns": [...]}} with one entry for each listed column.
The kinds of an entry:
{DESCRIBED}
- Use what you know of the domain: real terms, prices, shares and time spans of the trade that the table is about.
- "weight" says how often a value comes, relative to the others. "null_share" is the share of rows without a value.
- Fields that a kind does not need are "" or 0 or [].
- Values obey the column's type, maximum length and the table's checks. Columns of a row agree with each other.
- Never number values, never use placeholders, real persons or secrets."""
_LEAST_TOKENS = 1_500
Guesses: TypeAlias = dict[tuple[str, str], Guess]
Trial: TypeAlias = Callable[[Mapping[tuple[str, str], Guess]], None]
"""Raises a `SydaError` where a plan with the guesses does not work."""


@dataclass(slots=True)
class Authored:
    """What a model decided by table and column, and, by table, what became of the rest, for people."""

    guesses: Guesses = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


async def author_columns(
    plan: Plan, tables: Sequence[str], asker: Asker, trial: Trial, prompts: Mapping[str, str]
) -> Authored:
    """Return how a model would make the columns of the tables that `plan` guesses.

    Each table takes one request, and one more where something in the answer does not work; what does not work then
    stays as it is, with a warning. Raises a `ModelError` when the model cannot be asked.
    """
    parts = [part for key in tables for part in _parts(plan, key)]
    if not parts:
        return Authored()
    requests = first_requests(plan, tables, prompts)
    answers = await all_of(asker.ask(each) for each in requests)
    drafts = [_Draft.of(plan.schema.tables[key], columns) for key, columns in parts]
    for draft, answer in zip(drafts, answers, strict=True):
        draft.read(answer.text, answer.finish)
    _drop_untenable(drafts, trial)
    broken = [place for place, draft in enumerate(drafts) if draft.problems]
    repairs = [_repair(requests[place], drafts[place]) for place in broken]
    for place, answer in zip(broken, await all_of(asker.ask(each) for each in repairs), strict=True):
        drafts[place].read(answer.text, answer.finish)
    if broken:
        _drop_untenable(drafts, trial)
    return _together(drafts)


def _drop_untenable(drafts: Sequence[_Draft], trial: Trial) -> None:
    """Take out what no plan works with: of each draft by itself, and then of all together."""
    if _error(trial, _all_guesses(drafts)) is None:
        return
    for draft in drafts:
        _keep_tenable([draft], trial)
    _keep_tenable(drafts, trial)


def _keep_tenable(drafts: Sequence[_Draft], trial: Trial) -> None:
    """Keep of the drafts what works in one plan, column by column; what does not becomes a problem of its draft."""
    if _error(trial, _all_guesses(drafts)) is None:
        return
    owners = {(draft.table.key, name): draft for draft in drafts for name in draft.guesses}
    kept: Guesses = {}
    for place, guess in _all_guesses(drafts).items():
        kept[place] = guess
        while (error := _error(trial, kept)) is not None:
            at_fault = _at_fault(error, kept) or place
            owners[at_fault].problems[at_fault[1]] = str(error).replace(MODELS_ADVICE, "")
            del kept[at_fault], owners[at_fault].guesses[at_fault[1]]
            if at_fault == place:
                break


def _at_fault(error: SydaError, kept: Guesses) -> tuple[str, str] | None:
    """Return the column that an error is about, when that is one that was decided."""
    place = (error.table, error.column) if isinstance(error, UntenableError) else None
    return place if place in kept else None


def _all_guesses(drafts: Sequence[_Draft]) -> Guesses:
    return {(draft.table.key, name): guess for draft in drafts for name, guess in draft.guesses.items()}


def first_requests(plan: Plan, tables: Sequence[str], prompts: Mapping[str, str]) -> list[Request]:
    """Return the requests that are sent whatever is answered."""
    parts = (part for key in tables for part in _parts(plan, key))
    return [_first_request(plan, key, columns, prompts.get(key, "")) for key, columns in parts]


def expected_answers(
    plan: Plan, tables: Sequence[str], prompts: Mapping[str, str]
) -> Iterator[tuple[str, int, TokenUsage]]:
    """Yield by table how many calls, and about how many tokens, the first round takes."""
    for request in first_requests(plan, tables, prompts):
        yield request.table, 1, TokenUsage(asked_tokens(request), (request.max_tokens - _LEAST_TOKENS) // 2)


def _together(drafts: Sequence[_Draft]) -> Authored:
    """Return all that was decided, and say what became of the rest."""
    authored = Authored(_all_guesses(drafts))
    for key in dict.fromkeys(draft.table.key for draft in drafts):
        authored.notes[key] = _notes([draft for draft in drafts if draft.table.key == key])
        for note in authored.notes[key]:
            logger.warning("%s: %s", key, note)
    return authored


def _notes(drafts: Sequence[_Draft]) -> list[str]:
    """Return what became of the columns of one table that do not work; one line where none does, for one reason."""
    problems = {name: why for draft in drafts for name, why in draft.problems.items()}
    unused = "nothing of the model's answer was used"
    listed = [f"{name}: stays as inferred, because of the model's answer: {why}" for name, why in problems.items()]
    if len(problems) < sum(len(draft.columns) for draft in drafts):
        return listed
    reasons = set(problems.values())
    return [f"{unused}: {reasons.pop()}"] if len(reasons) == 1 < len(problems) else [unused, *listed]


def authored_columns(plan: Plan, table: str) -> list[str]:
    """Return the columns of a table that a model may decide: those that are guessed, and made by syda."""
    columns = plan.tables[table].columns
    return [
        name
        for name, column in columns.items()
        if column.author == "inference" and column.source.source not in ("database", "uuid", "llm")
    ]


def _parts(plan: Plan, table: str) -> list[tuple[str, list[str]]]:
    names = authored_columns(plan, table)
    return [(table, names[start : start + MOST_COLUMNS]) for start in range(0, len(names), MOST_COLUMNS)]


def _first_request(plan: Plan, key: str, columns: Sequence[str], prompt: str) -> Request:
    table, planned = plan.schema.tables[key], plan.tables[key]
    now = {name: f"{planned.columns[name].source.describe()} ({planned.columns[name].reason})" for name in columns}
    task = {"columns": [{"column": name, "now": now[name]} for name in columns]}
    return Request(
        purpose=PURPOSE,
        table=key,
        instructions=_INSTRUCTIONS + wanted([prompt]),
        context=as_json(plan_facts(plan.schema, table)),
        task=as_json(task),
        answer=answer_schema(columns),
        max_tokens=_LEAST_TOKENS + TOKENS_OF_COLUMN * len(columns),
    )


def _repair(request: Request, draft: _Draft) -> Request:
    """Return a request for the columns alone of which the answer did not work, with what was wrong."""
    complaints = {"problems": [{"column": name, "problem": why[:300]} for name, why in draft.problems.items()]}
    again = "Your answer was used but for these columns. Answer for them again, without the problem:"
    names = [name for name in draft.columns if name in draft.problems]
    return Request(
        purpose=PURPOSE,
        table=request.table,
        instructions=request.instructions,
        context=request.context,
        task=f"{request.task}\n\n{again}\n{as_json(complaints)}",
        answer=answer_schema(names),
        max_tokens=_LEAST_TOKENS + 2 * TOKENS_OF_COLUMN * len(names),
    )


@dataclass(slots=True)
class _Draft:
    """What a model decided so far of some columns of one table."""

    table: Table
    columns: Sequence[str]
    guesses: dict[str, Guess] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, columns: Sequence[str]) -> _Draft:
        return cls(table, columns, problems=dict.fromkeys(columns, "the answer has no entry for it"))

    def read(self, text: str, finish: Finish) -> None:
        """Read an answer about the columns with problems; what is missing in it or does not fit stays one."""
        if finish in (Finish.REFUSED, Finish.FILTERED, Finish.EMPTY):
            self.problems = dict.fromkeys(self.problems, f"the reply was {finish}")
            return
        try:
            entries = read_rows(text, "columns").rows
        except UnreadableError as error:
            self.problems = dict.fromkeys(self.problems, f"the reply could not be read: {error}")
            return
        for entry in entries:
            name = entry.get("column") if isinstance(entry, Mapping) else None
            if isinstance(name, str) and name in self.problems:
                self._take_entry(name, entry)
            elif name not in self.columns:
                logger.info("%s: no column %r was asked for%s", self.table.key, name, near(str(name), self.columns))

    def _take_entry(self, name: str, entry: Mapping[str, Any]) -> None:
        try:
            guess = guess_of(self.table.column(name), read_entry(entry))
        except UnfitError as error:
            self.problems[name] = str(error)
            return
        del self.problems[name]
        if guess is not None:
            self.guesses[name] = guess


def _error(trial: Trial, guesses: Mapping[tuple[str, str], Guess]) -> SydaError | None:
    try:
        trial(guesses)
    except SydaError as error:
        return error
    return None
