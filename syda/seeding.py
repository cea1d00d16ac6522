"""The public functions: plan, generate, seed, check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

from syda.arguments import LOCALE, Wishes
from syda.dataset import Dataset
from syda.errors import PlanError
from syda.filling import Filling
from syda.generation.maker import BLOCK_SIZE
from syda.generation.store import Progress
from syda.planning.drift import without_notes
from syda.planning.model import Plan
from syda.schema import read_schema
from syda.sources.registry import DEFAULT_REGISTRY

if TYPE_CHECKING:
    from syda.language import LanguageModel
    from syda.llm.exchange import Client
    from syda.load.asynchronous import AsyncTarget
    from syda.load.modes import Mode
    from syda.load.report import LoadReport
    from syda.load.roads.timing import Constraints
    from syda.load.target import Target
    from syda.quality.database import DatabaseReport
    from syda.schemas import ModelConfig


Llm: TypeAlias = "str | ModelConfig | LanguageModel | Client"
Prompts: TypeAlias = str | Mapping[Any, str]


def plan(
    models: Any,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    llm: Llm | None = None,
    prompts: Prompts | None = None,
    dry_run: bool = False,
) -> Plan:
    """Decide how every column of the models' tables will be made, and return the decision without making a row.

    `models` is a declarative Base, a list of mapped classes or Tables, a MetaData, an Engine or database URL, SQLModel
    classes, a dict, or a path to a YAML or JSON file. `rows` is a number for every table (default 10) or a dict of
    numbers by class or table, and of children per parent by ``"Order.customer"``. `seed` chooses among all possible
    data sets. `locale` is a Faker locale or several. `as_of` is the moment at which the data end, ``"today"`` or ISO;
    by default a fixed date, so that the same seed gives the same rows on any day. `overrides` gives columns another
    source, by ``Class.attr``, ``"table.column"``, column name or type. `custom_generators` does so by table.

    `llm` is a language model that decides how columns are made: ``"openai:MODEL"``, ``"anthropic:MODEL"``,
    ``"local"``, a base URL, a `ModelConfig`, or a `LanguageModel` that says at what cost, and whether it writes rows
    too. `prompts` tells it what you want: a text, or texts by class or table, with ``"*"`` for all. With `dry_run`
    nothing is sent, and ``plan.explain()`` says what would be: calls, tokens and money.

    Raises a `SchemaError` or `PlanError` for what cannot work, a `ModelError` when the model gives no usable answer.
    """
    wishes = Wishes(rows, seed, locale, as_of, overrides, custom_generators, llm, prompts)
    return wishes.plan(without_notes(read_schema(models)), {}, dry_run=dry_run)


def generate(
    models: Any,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    llm: Llm | None = None,
    prompts: Prompts | None = None,
    block_size: int = BLOCK_SIZE,
    progress: Progress | None = None,
) -> Dataset:
    """Make the rows in memory. The arguments are those of `plan`, or `models` is a Plan and the others stay out.

    `block_size` bounds the rows worked on at a time and never changes a value. `progress` is called with a table's
    key, the rows done and the rows to do. Raises a `SydaError`; rows that break a rule are an `IntegrityError`.
    """
    _check_block_size(block_size)
    wishes = Wishes(rows, seed, locale, as_of, overrides, custom_generators, llm, prompts)
    if isinstance(models, Plan):
        wishes.refuse_beside_plan()
        return wishes.make(models, block_size=block_size, progress=progress)
    reading = read_schema(models)
    made = wishes.plan(reading, {})
    return wishes.make(made, origin=reading.origin, block_size=block_size, progress=progress)


def _check_block_size(block_size: Any) -> None:
    if isinstance(block_size, bool) or not isinstance(block_size, int):
        came = f"{type(block_size).__name__} {block_size!r}"
        raise PlanError(f"block_size: expected a whole number of rows, got {came}")
    if block_size < 1:
        raise PlanError(f"block_size: expected 1 row or more, got {block_size}")


def seed(
    target: Target,
    models: Any = None,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    llm: Llm | None = None,
    prompts: Prompts | None = None,
    mode: Mode = "if_empty",
    create: bool = False,
    constraints: Constraints = "auto",
    allow_nontransactional: bool = False,
    allow_hosts: Iterable[str] = (),
    redact_values: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Fill a database: read what is there, plan, make the rows, check them, and load them in one transaction.

    `target` is an Engine, AsyncEngine, Connection, Session or URL; `models` are as in `plan`, or a Plan; without them
    the schema is read from the database. With `mode` ``"if_empty"``, tables to be filled must have no rows; with
    ``"append"`` theirs stay: new keys continue after them, unique values avoid them, and new rows may refer to them;
    with ``"replace"`` they are deleted first, in the same transaction. Tables that are referred to but were not given,
    or get no rows, are read and stay. So do the notes of migration tools. With `create`, tables that do not exist are
    made first.

    `constraints` says when keys, indexes and foreign keys of empty tables are made: ``"last"``, after the rows, where
    the database and the role's rights allow it; ``"live"``, row by row; ``"auto"``, last for tables that get 5,000 rows
    or more. Tables of MariaDB and MySQL whose engine has no transactions are refused unless `allow_nontransactional`.
    With `dry_run` nothing is changed: the report says what would be loaded, when constraints would be made, and why.

    A target that is neither on this machine nor among `allow_hosts`, or whose name says that it is in production, is
    refused. `redact_values` keeps values out of what is said when the database refuses a row.

    Raises a `SydaError`; the database is then as it was.
    """
    from syda.load.options import LoadOptions
    from syda.load.target import is_async

    wishes = Wishes(rows, seed, locale, as_of, overrides, custom_generators, llm, prompts)
    options = LoadOptions(
        mode=mode,
        create=create,
        constraints=constraints,
        allow_nontransactional=allow_nontransactional,
        allow_hosts=allow_hosts,
        redact_values=redact_values,
        dry_run=dry_run,
        progress=progress,
    )
    filling = Filling(models, wishes, options)
    filling.check(target)
    if is_async(target):
        from syda.load.asynchronous import run_blocking

        return run_blocking(target, filling.fill, instead="syda.seed_async")
    return filling.fill(target)


async def seed_async(
    target: AsyncTarget,
    models: Any = None,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    llm: Llm | None = None,
    prompts: Prompts | None = None,
    mode: Mode = "if_empty",
    create: bool = False,
    constraints: Constraints = "auto",
    allow_nontransactional: bool = False,
    allow_hosts: Iterable[str] = (),
    redact_values: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Fill a database as `seed` does, through an AsyncEngine, AsyncConnection, AsyncSession or a URL.

    The event loop waits while rows are made, and runs while the database works.
    """
    from syda.load.asynchronous import run_async
    from syda.load.options import LoadOptions

    wishes = Wishes(rows, seed, locale, as_of, overrides, custom_generators, llm, prompts)
    options = LoadOptions(
        mode=mode,
        create=create,
        constraints=constraints,
        allow_nontransactional=allow_nontransactional,
        allow_hosts=allow_hosts,
        redact_values=redact_values,
        dry_run=dry_run,
        progress=progress,
    )
    filling = Filling(models, wishes, options)
    filling.check(target)
    return await run_async(target, filling.fill)


def check(target: Target, models: Any = None) -> DatabaseReport:
    """Count the rows of a database that break a rule of the models, or of its own when no models are given.

    The server does the counting, and none of its constraints is trusted. Nothing is changed.
    Raises a `SydaError` when the database cannot be asked; what it says then is no report.
    """
    from syda.load.target import connected, is_async, rejections, require_database
    from syda.quality.database import check_database
    from syda.quality.own import read_own_rules

    def checked(reached: Target) -> DatabaseReport:
        with connected(reached) as connection, rejections("checking the database"):
            schema = read_own_rules(connection) if models is None else read_schema(models).schema
            return check_database(connection, replace(schema, dialect=connection.dialect.name))

    require_database(target)
    if is_async(target):
        from syda.load.asynchronous import run_blocking

        return run_blocking(target, checked, instead="an AsyncConnection's run_sync")
    return checked(target)


def register_generator(type: str, function: Any, column_name: str | None = None) -> None:
    """Use ``function(row, column)`` for all columns of a type, or for those with one name.

    `type` is ``"text"``, ``"integer"``, ``"float"``, ``"decimal"``, ``"boolean"``, ``"date"``, ``"datetime"``,
    ``"uuid"``, ``"json"``, ... or ``"foreign_key"``; or a word by which dicts declare columns, as ``"email"``. Primary
    keys are only taken over with a `column_name`.
    The registration holds for the process; see `unregister_generator`.
    """
    DEFAULT_REGISTRY.register(type, function, column_name)


def unregister_generator(type: str, column_name: str | None = None) -> None:
    """Forget a generator registered with `register_generator`."""
    DEFAULT_REGISTRY.unregister(type, column_name)
