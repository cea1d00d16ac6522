"""A language model as the user names it, and the two things it is asked for: how columns are made, and rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from syda.errors import ModelError, PlanError, near
from syda.planning.inference import Guess
from syda.planning.model import Plan
from syda.planning.requests import key_name
from syda.schema.model import Schema, Table
from syda.sources.written import Written as WrittenSource
from syda.usage import TableUsage, Usage

if TYPE_CHECKING:
    from syda.generation.maker import Written
    from syda.generation.store import Progress
    from syda.llm.asking import Asker
    from syda.llm.exchange import Client
    from syda.llm.pace import Clock
    from syda.planning.existing import Existing, ExistingTable
    from syda.schemas import ModelConfig

_Found = TypeVar("_Found")
Mode: TypeAlias = Literal["auto", "plan", "rows"]
Cache: TypeAlias = Literal["record", "replay", "off"]
Rebuild: TypeAlias = Callable[[Mapping[tuple[str, str], Guess]], Plan]
FEW_ROWS = 40
"""Rows up to which a table's rows are written one by one rather than planned."""
FOLDER = ".syda/replies"


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """Which model to ask, for what, and at what cost.

    `model` is ``"openai:MODEL"``, ``"anthropic:MODEL"``, ``"local"``, a preset such as ``"ollama:MODEL"``, a base URL
    (``URL#MODEL``), a `ModelConfig`, or a client of your own. `mode` is ``"plan"`` (the model decides once how columns
    are made, whatever the rows), ``"rows"`` (it writes them), or ``"auto"``: rows for tables of up to 40, the plan for
    others. Replies are kept in `folder`: with `cache` ``"record"`` an equal request is never paid for twice, also when
    a run died; ``"replay"`` takes recorded ones only and makes no connection; ``"off"`` keeps and reads nothing. The
    default is ``"record"``, and ``"off"`` for a `ScriptedClient`, whose script may change.
    `max_cost` (dollars), `max_tokens` (in and out) and `max_calls` stop a run before it exceeds them. `prices` gives
    ``{model: (input, output)}`` or ``(input, output, cached)`` in dollars per million tokens. `keys` gives keys by
    provider that are not in the environment. A model that writes rows is first shown so many `examples` made by
    inference: none by default, and 8 a local one; small models need them. `batch` asks in the batches of OpenAI or
    Anthropic: at half the price, within a day. Their ids are kept in `folder`, so that a run that was stopped takes up
    what it sent. Without `batch`, a reply may take `timeout` seconds, and a run ends when no request is answered for
    `deadline` seconds, pauses that the server asks for included. `clock` is the time of tests.
    """

    model: str | ModelConfig | Client
    mode: Mode = "auto"
    cache: Cache | None = None
    folder: str | Path = FOLDER
    max_cost: float | None = None
    max_tokens: int | None = None
    max_calls: int | None = None
    prices: Mapping[str, tuple[float, ...]] | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    batch: bool = False
    timeout: float = 180.0
    deadline: float = 120.0
    examples: int | None = None
    clock: Clock | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.cache is None:
            from syda.llm.scripted import ScriptedClient

            kept: Cache = "off" if isinstance(self.model, ScriptedClient) else "record"
            object.__setattr__(self, "cache", kept)
        for name, given, known in (("mode", self.mode, get_args(Mode)), ("cache", self.cache, get_args(Cache))):
            if given not in known:
                raise PlanError(f"{name}: expected one of {', '.join(known)}, got {given!r}{near(str(given), known)}")

    def client(self, *, sending: bool) -> Client:
        """Return the client of the model, which asks in batches where that is wanted.

        Where nothing will be sent, no key is needed. Raises a `ModelError` for a model that is none, or has no batches
        where these are wanted, `MissingKeyError` where its key is not there.
        """
        from syda.llm.batches import BatchClient
        from syda.llm.connect import NO_KEYS, connect

        client = connect(self.model, self.keys if sending else NO_KEYS)
        if not self.batch:
            return client
        return BatchClient(client, folder=None if self.cache == "off" else Path(self.folder))

    def examples_of(self, client: Client) -> int:
        """Return how many rows the model is shown."""
        return self.examples if self.examples is not None else getattr(client, "examples", 0)

    def asker(self, spent: Usage | None = None) -> Asker:
        """Return what asks the model, for one event loop; the budget counts what the run has `spent` already.

        Raises a `ModelError` where the model cannot be reached.
        """
        from syda.llm.asking import Asker
        from syda.llm.exchange import Usage as TokenUsage
        from syda.llm.journal import Journal
        from syda.llm.ledger import Budget, Line
        from syda.llm.pace import Patience

        client = self.client(sending=self.cache != "replay")
        journal = None if self.cache == "off" else Journal(Path(self.folder), replay=self.cache == "replay")
        budget = Budget(cost=self.max_cost, tokens=self.max_tokens, calls=self.max_calls)
        patience = Patience(reply=self.timeout, progress=self.deadline)
        total = TableUsage() if spent is None else spent.total
        return Asker(
            client,
            journal=journal,
            budget=budget,
            prices=self.prices,
            patience=patience,
            clock=self.clock,
            examples=self.examples_of(client),
            spent=Line(calls=total.calls, usage=TokenUsage(total.input, total.output, total.cached)),
        )


def wait(work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
    """Return what a coroutine comes to; the event loop of an asynchronous load runs on meanwhile."""
    concurrency = sys.modules.get("sqlalchemy.util.concurrency")
    if concurrency is not None and "greenlet" in sys.modules and concurrency.in_greenlet():
        found: _Found = concurrency.await_only(work())
        return found
    from syda.llm.asking import run

    return run(work)


def language_model(given: Any) -> LanguageModel | None:
    """Return what was given as `llm`: a model's name, settings, client, or a `LanguageModel`."""
    if given is None or isinstance(given, LanguageModel):
        return given
    from syda.schemas import ModelConfig

    if isinstance(given, str | ModelConfig) or callable(getattr(given, "ask", None)):
        return LanguageModel(model=given)
    raise ModelError(
        f"llm: expected a model such as 'openai:MODEL', a ModelConfig, a syda.LanguageModel or a client, "
        f"got {type(given).__name__} {given!r}"
    )


def prompts_by_table(schema: Schema, prompts: Any) -> dict[str, str]:
    """Return the user's words by table; a text by itself is for every table.

    Raises `UnknownNameError` for a table that is none, `PlanError` for what is no text.
    """
    if prompts is None:
        return {}
    if isinstance(prompts, str):
        return dict.fromkeys(schema.tables, prompts)
    if not isinstance(prompts, Mapping):
        raise PlanError(f"prompts: expected a text, or a dict of texts by table, got {type(prompts).__name__}")
    found: dict[str, str] = {}
    for key, text in prompts.items():
        if not isinstance(text, str):
            raise PlanError(f"prompts[{key_name(key)!r}]: expected a text, got {type(text).__name__} {text!r}")
        found[schema.table(key_name(key)).key] = text
    return found


async def modelled(plan: Plan, model: LanguageModel, prompts: Mapping[str, str], rebuild: Rebuild) -> Plan:
    """Return the plan with what the model decides of it, and its columns that the model will write marked so.

    `rebuild` returns the plan with given guesses. Raises a `ModelError` when the model cannot be asked.
    """
    from syda.authoring.author import author_columns

    to_write, asked = rows_to_write(plan, model.mode), _planned_tables(plan, model.mode)
    asker, tried = model.asker(), _Tried(rebuild)
    try:
        authored = await author_columns(plan, asked, asker, tried, prompts)
    finally:
        await asker.close()
    made = tried.plan({**to_write, **authored.guesses})
    tables = {
        key: replace(planned, notes=(*planned.notes, *authored.notes.get(key, ())))
        for key, planned in made.tables.items()
    }
    return replace(made, tables=tables, usage=usage_of(asker))


def _planned_tables(plan: Plan, mode: Mode) -> list[str]:
    """Return the tables of which a model decides how columns are made: those whose rows it does not write."""
    from syda.authoring.author import authored_columns

    if mode == "rows":
        return []
    written = {table for table, _ in rows_to_write(plan, mode)} | {key for key in plan.tables if writes_rows(plan, key)}
    return [key for key in plan.tables if key not in written and _has_rows(plan, key) and authored_columns(plan, key)]


def _has_rows(plan: Plan, key: str) -> bool:
    return bool(plan.tables[key].rows or plan.tables[key].rows_from)


def rows_to_write(plan: Plan, mode: Mode) -> dict[tuple[str, str], Guess]:
    """Return the columns that the model is to write row by row."""
    from syda.writing.columns import writable, written_source

    found = {}
    for key, planned in plan.tables.items():
        few = planned.rows <= FEW_ROWS and not planned.rows_from
        if mode == "rows" or (mode == "auto" and few and planned.rows):
            for name in writable(plan, key):
                column = planned.columns[name]
                source = written_source(column)
                found[key, name] = Guess(source, "what only a model knows", column.null_fraction, author="model")
    return found


_SAMPLE = 25


@dataclass(slots=True)
class _Tried:
    """Tries plans out, and keeps the last one: mostly it is what all comes to."""

    rebuild: Rebuild
    guesses: Mapping[tuple[str, str], Guess] | None = None
    made: Plan | None = None

    def __call__(self, guesses: Mapping[tuple[str, str], Guess]) -> None:
        _try_out(self.plan(guesses), guesses)

    def plan(self, guesses: Mapping[tuple[str, str], Guess]) -> Plan:
        if self.made is None or guesses != self.guesses:
            self.made = None
            self.guesses, self.made = dict(guesses), self.rebuild(guesses)
        return self.made


def _try_out(plan: Plan, guesses: Mapping[tuple[str, str], Guess]) -> None:
    """Make some rows of the tables that are guessed about; raises a `SydaError` where that does not work."""
    from syda.generation.lifetime import needed_for
    from syda.generation.store import make_rows
    from syda.quality.integrity import verify_rows

    needed = needed_for(plan, {key for key, _ in guesses})
    few = {
        key: replace(table, rows=min(table.rows, _SAMPLE) if key in needed else 0, rows_from=None, exact=False)
        for key, table in plan.tables.items()
    }
    sample = replace(plan, tables=few)
    verify_rows(sample, make_rows(sample), {}).raise_for_breaches()


def expected_usage(plan: Plan, model: LanguageModel, prompts: Mapping[str, str]) -> Usage:
    """Return what asking for the plan and its rows would cost, before anything is sent: an estimate.

    Answers that do not work are asked for once more, rows that cannot be taken again, so that it may be more.
    """
    from syda.authoring.author import expected_answers
    from syda.llm.asking import first_at_once
    from syda.llm.prices import price_for
    from syda.writing.writer import expected_replies

    client = model.client(sending=False)
    price = price_for(client, model.prices)
    counted = [
        *expected_answers(plan, _planned_tables(plan, model.mode), prompts),
        *expected_replies(plan, prompts, first_at_once(client), model.examples_of(client)),
    ]
    usage = Usage(model=client.model, expected=True, batched=model.batch)
    for table, calls, tokens in counted:
        cost = None if price is None else price.of(tokens)
        line = TableUsage(calls=calls, input=tokens.input, output=tokens.output, cost=cost)
        usage += Usage(model=client.model, tables={table: line}, expected=True)
    return usage


async def written_rows(
    plan: Plan,
    model: LanguageModel | None,
    prompts: Mapping[str, str],
    existing: Existing | None = None,
    progress: Progress | None = None,
) -> tuple[Written, Usage | None]:
    """Return what the model writes of the plan's rows, and what that cost; nothing where it is to write none.

    Raises a `ModelError`, also where rows are to be written and there is no model.
    """
    wanted = [key for key, table in plan.tables.items() if writes_rows(plan, key) and _has_rows(plan, key)]
    if not wanted:
        return {}, None
    if model is None:
        raise ModelError(
            f"rows of {', '.join(wanted)} are to be written by a language model: say which by llm=, "
            f"such as llm='openai:MODEL'"
        )
    from syda.writing.writer import write_rows

    asker = model.asker(plan.usage)
    try:
        return await write_rows(plan, asker, existing=existing, prompts=prompts, progress=progress), usage_of(asker)
    finally:
        await asker.close()


def held_rows(plan: Plan, existing: Existing) -> Existing:
    """Return existing rows with all columns read that a model may be told of: nothing is read while it is asked."""
    asked = [plan.schema.tables[key] for key in plan.tables if writes_rows(plan, key)]
    needed = {link.parent for table in asked for link in table.foreign_keys} | {table.key for table in asked}
    return {key: _held(plan.schema.tables[key], there) if key in needed else there for key, there in existing.items()}


def _held(table: Table, there: ExistingTable) -> ExistingTable:
    columns = {column.name: there.column(column.name) for column in table.columns} if there.rows else {}
    known = {name: values for name, values in columns.items() if values is not None}
    return replace(there, columns={**there.columns, **known})


def writes_any(plan: Plan) -> bool:
    """Tell whether a model writes columns of any table."""
    return any(writes_rows(plan, key) for key in plan.tables)


def writes_rows(plan: Plan, table: str) -> bool:
    """Tell whether a model writes columns of the table."""
    return any(isinstance(column.source, WrittenSource) for column in plan.tables[table].columns.values())


def usage_of(asker: Asker) -> Usage:
    """Return what asking cost so far."""
    from syda.llm.exchange import in_batches

    lines = {
        table: TableUsage(
            calls=line.calls,
            retries=line.retries,
            replayed=line.replayed,
            input=line.usage.input,
            output=line.usage.output,
            cached=line.usage.cached,
            cost=asker.ledger.cost(line.usage),
        )
        for table, line in asker.ledger.lines.items()
    }
    return Usage(model=asker.client.model, tables=lines, batched=in_batches(asker.client))
