"""The public functions: plan, generate, seed, check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from syda.dataset import Dataset
from syda.errors import PlanError
from syda.generation.maker import BLOCK_SIZE
from syda.generation.store import Progress, make_rows
from syda.planning.builder import build_plan
from syda.planning.existing import Existing
from syda.planning.functions import name_functions
from syda.planning.model import Plan
from syda.planning.requests import Overrides, RowRequest, read_rows
from syda.planning.validation import check_plan
from syda.planning.wishes import check_wishes
from syda.schema import Reading, Schema, read_schema
from syda.sources.base import DATA_ENDS, Settings
from syda.sources.registry import DEFAULT_REGISTRY
from syda.streaming import make_stream

LOCALE = "en_US"

if TYPE_CHECKING:
    from syda.load.asynchronous import AsyncTarget
    from syda.load.modes import Mode
    from syda.load.report import LoadReport
    from syda.load.target import Target
    from syda.quality.database import DatabaseReport


def plan(
    models: Any,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
) -> Plan:
    """Decide how every column of the models' tables will be made, and return the decision without making a row.

    `models` is a declarative Base, a list of mapped classes or Tables, a MetaData, an Engine or database URL, SQLModel
    classes, a dict, or a path to a YAML or JSON file. `rows` is a number for every table (default 10) or a dict of
    numbers by class or table, and of children per parent by ``"Order.customer"``. `seed` chooses among all possible
    data sets. `locale` is a Faker locale or several. `as_of` is the moment at which the data end, ``"today"`` or ISO;
    by default a fixed date, so that the same seed gives the same rows on any day. `overrides` gives columns another
    source, by ``Class.attr``, ``"table.column"``, column name or type. `custom_generators` does so by table.

    Raises a `SchemaError` or `PlanError` for what cannot work.
    """
    reading = read_schema(models)
    return _plan(reading, {}, rows, seed, locale, as_of, overrides, custom_generators)


def _plan(
    reading: Reading,
    existing: Existing,
    rows: int | Mapping[Any, Any] | None,
    seed: int,
    locale: str | Sequence[str],
    as_of: str | date | None,
    overrides: Mapping[Any, Any] | None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None,
) -> Plan:
    settings = _settings(seed, locale, as_of)
    for name, given in (("overrides", overrides), ("custom_generators", custom_generators)):
        if given is not None and not isinstance(given, Mapping):
            raise PlanError(f"{name}: expected a dict, got {type(given).__name__}")
    sources = Overrides(reading.schema, DEFAULT_REGISTRY)
    sources.add_generators(custom_generators or {})
    sources.add(overrides or {})
    asked = read_rows(reading.schema, rows)
    built = build_plan(reading.schema, settings=settings, rows=asked, overrides=sources, existing=existing)
    check_plan(built)
    check_wishes(built, asked, existing)
    return name_functions(built)


def _settings(seed: int, locale: str | Sequence[str], as_of: str | date | None) -> Settings:
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise PlanError(f"seed: expected a whole number, got {type(seed).__name__} {seed!r}")
    return Settings(seed=seed, locale=_locales(locale), as_of=_moment(as_of))


def _locales(locale: str | Sequence[str]) -> tuple[str, ...]:
    listed = (locale,) if isinstance(locale, str) else tuple(locale) if isinstance(locale, Iterable) else ()
    if not listed or not all(isinstance(each, str) for each in listed):
        raise PlanError(f"locale: expected a locale such as 'en_US', or a list of some, got {locale!r}")
    if listed != (LOCALE,):
        from syda.sources.vocabulary import check_locale

        for each in listed:
            check_locale(each)  # says now, rather than when rows are made, that there is no such locale
    return listed


def _moment(as_of: str | date | None) -> str:
    if as_of is None:
        return DATA_ENDS
    if as_of in ("today", "now"):
        as_of = datetime.now().replace(microsecond=0) if as_of == "now" else date.today()
    if isinstance(as_of, str):
        try:
            as_of = datetime.fromisoformat(as_of)
        except ValueError as error:
            raise PlanError(f"as_of: expected an ISO date, 'today' or 'now', got {as_of!r}") from error
    if not isinstance(as_of, date):
        raise PlanError(f"as_of: expected an ISO date, 'today' or 'now', got {type(as_of).__name__} {as_of!r}")
    if not isinstance(as_of, datetime):
        as_of = datetime(as_of.year, as_of.month, as_of.day)
    return as_of.replace(tzinfo=None).isoformat()


def generate(
    models: Any,
    *,
    rows: int | Mapping[Any, Any] | None = None,
    seed: int = 0,
    locale: str | Sequence[str] = LOCALE,
    as_of: str | date | None = None,
    overrides: Mapping[Any, Any] | None = None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    block_size: int = BLOCK_SIZE,
    progress: Progress | None = None,
) -> Dataset:
    """Make the rows in memory. The arguments are those of `plan`, or `models` is a Plan and the others stay out.

    `block_size` bounds the rows worked on at a time and never changes a value. `progress` is called with a table's
    key, the rows done and the rows to do. Raises a `SydaError`; rows that break a rule are an `IntegrityError`.
    """
    _check_block_size(block_size)
    if isinstance(models, Plan):
        _refuse_changes(rows, seed, locale, as_of, overrides, custom_generators)
        return _make(models, Reading(schema=models.schema, origin=None), block_size, progress)
    reading = read_schema(models)
    made = _plan(reading, {}, rows, seed, locale, as_of, overrides, custom_generators)
    return _make(made, reading, block_size, progress)


def _check_block_size(block_size: Any) -> None:
    if isinstance(block_size, bool) or not isinstance(block_size, int):
        came = f"{type(block_size).__name__} {block_size!r}"
        raise PlanError(f"block_size: expected a whole number of rows, got {came}")
    if block_size < 1:
        raise PlanError(f"block_size: expected 1 row or more, got {block_size}")


def _refuse_changes(rows: Any, seed: Any, locale: Any, as_of: Any, overrides: Any, custom_generators: Any) -> None:
    """Raise `PlanError` when an argument beside a plan asks for something that the plan has decided."""
    asked = {"rows": rows, "as_of": as_of, "overrides": overrides, "custom_generators": custom_generators}
    changed = [name for name, value in asked.items() if value is not None]
    changed += [name for name, value, usual in (("seed", seed, 0), ("locale", locale, LOCALE)) if value != usual]
    if changed:
        raise PlanError(f"a plan is complete: give {' and '.join(changed)} to syda.plan(...), not beside the plan")


def _make(
    plan: Plan,
    reading: Reading,
    block_size: int,
    progress: Progress | None,
) -> Dataset:
    tables = make_rows(plan, block_size=block_size, progress=progress)
    dataset = Dataset(plan=plan, tables=tables, origin=reading.origin)
    dataset.verify().raise_for_breaches()
    return dataset


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
    mode: Mode = "if_empty",
    create: bool = False,
    allow_hosts: Iterable[str] = (),
    redact_values: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Fill a database: read what is there, plan, make the rows, check them, and load them in one transaction.

    `target` is an Engine, AsyncEngine, Connection, Session or URL; `models` are as in `plan`, or a Plan; without them
    the schema is read from the database. With `mode` ``"if_empty"``, tables to be filled must have no rows; with
    ``"append"`` theirs stay: new keys continue after them, unique values avoid them, and new rows may refer to them;
    with ``"replace"`` they are deleted first, in the same transaction. Tables that are referred to but were not given,
    or get no rows, are read and stay. So do the notes of migration tools. With `create`, tables that do not exist are
    made first.

    A target that is neither on this machine nor among `allow_hosts`, or whose name says that it is in production, is
    refused. `redact_values` keeps values out of what is said when the database refuses a row.

    Raises a `SydaError`; the database is then as it was.
    """
    from syda.load.target import is_async

    wishes = (rows, seed, locale, as_of, overrides, custom_generators)
    filling = _Filling(models, wishes, mode, create, allow_hosts, redact_values, progress)
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
    mode: Mode = "if_empty",
    create: bool = False,
    allow_hosts: Iterable[str] = (),
    redact_values: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Fill a database as `seed` does, through an AsyncEngine, AsyncConnection, AsyncSession or a URL.

    The event loop waits while rows are made, and runs while the database works.
    """
    from syda.load.asynchronous import run_async

    wishes = (rows, seed, locale, as_of, overrides, custom_generators)
    filling = _Filling(models, wishes, mode, create, allow_hosts, redact_values, progress)
    filling.check(target)
    return await run_async(target, filling.fill)


@dataclass(frozen=True, slots=True)
class _Filling:
    """What `seed` was asked for; `wishes` are the arguments of `_plan` after the first two."""

    models: Any
    wishes: tuple[Any, ...]
    mode: Mode
    create: bool
    allow_hosts: Iterable[str]
    redact_values: bool
    progress: Progress | None

    @property
    def given(self) -> Plan | None:
        return self.models if isinstance(self.models, Plan) else None

    def check(self, target: Any) -> None:
        """Raise a `SydaError` for what cannot be, before the target is reached."""
        from syda.load.guard import require_development
        from syda.load.modes import check_mode
        from syda.load.target import require_database

        check_mode(self.mode)
        require_development(target, self.allow_hosts)
        if not self.create:
            require_database(target)
        if self.given:
            _refuse_changes(*self.wishes)

    def fill(self, target: Target) -> LoadReport:
        from syda.load.guard import require_unprotected
        from syda.load.target import connected

        with connected(target) as connection:
            was_in_transaction = connection.in_transaction()
            try:
                require_unprotected(connection, self.allow_hosts)
                dataset, notes = self._make(connection)
            finally:
                if not was_in_transaction:
                    connection.rollback()
        report = dataset.to_sql(
            target,
            mode=self.mode,
            create=self.create,
            allow_hosts=self.allow_hosts,
            redact_values=self.redact_values,
            progress=self.progress,
        )
        return replace(report, notes=(*report.notes, *notes))

    def _make(self, connection: Any) -> tuple[Dataset, list[str]]:
        """Return the rows that fit to those that are there, and notes on tables that are left alone."""
        from syda.load.ddl import build_tables
        from syda.load.existing import read_existing
        from syda.load.judge import DatabaseJudge
        from syda.load.modes import count_rows, left_alone, rows_that_stay

        reading = _reading(self.models, self.given, connection)
        targets = reading.origin or build_tables(reading.schema)
        counts = count_rows(connection, reading.schema, targets)
        kept = left_alone(reading.schema, counts)
        if kept:
            reading = read_schema(reading, tables=[table.key for table in reading.schema if table.key not in kept])
        plan = self.given and _restricted(self.given, reading.schema)
        filled = _filled_by(plan) if plan else _filled(reading.schema, read_rows(reading.schema, self.wishes[0]))
        stays = rows_that_stay(reading.schema, counts, filled, self.mode)
        existing = read_existing(connection, reading.schema, targets, stays)
        plan = plan or _plan(reading, existing, *self.wishes)
        judge = DatabaseJudge(connection, targets)
        dataset = make_stream(plan, existing, targets, judge, redact=self.redact_values)
        return dataset, [f"{key}: left alone, a migration tool keeps its notes there" for key in sorted(kept)]


def _restricted(plan: Plan, schema: Schema) -> Plan:
    """Return the plan for those of its tables that are in `schema`."""
    if plan.schema.tables.keys() == schema.tables.keys():
        return plan
    return replace(
        plan, schema=schema, tables={key: table for key, table in plan.tables.items() if key in schema.tables}
    )


def _filled(schema: Schema, asked: RowRequest) -> frozenset[str]:
    """Return the tables that rows are asked for; a row of a subclass table has one in its base table too."""
    counted = {key for key, _ in asked.children}
    filled = {table.key for table in schema if asked.named.get(table.key, asked.default) or table.key in counted}
    return _with_bases(schema, filled - schema.external)


def _filled_by(plan: Plan) -> frozenset[str]:
    return _with_bases(plan.schema, {key for key, table in plan.tables.items() if table.rows or table.rows_from})


def _with_bases(schema: Schema, filled: set[str]) -> frozenset[str]:
    found = set(filled)
    for key in filled:
        while (base := schema.tables[key].base_table) and base not in found:
            found.add(base)
            key = base
    return frozenset(found)


def _reading(models: Any, given: Plan | None, connection: Any) -> Reading:
    if given is not None:
        return Reading(schema=given.schema, origin=None)
    reading = read_schema(connection if models is None else models)
    return replace(reading, schema=replace(reading.schema, dialect=connection.dialect.name))


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
    ``"uuid"``, ``"json"``, ... or ``"foreign_key"``. Primary keys are only taken over with a `column_name`.
    The registration holds for the process; see `unregister_generator`.
    """
    DEFAULT_REGISTRY.register(type, function, column_name)


def unregister_generator(type: str, column_name: str | None = None) -> None:
    """Forget a generator registered with `register_generator`."""
    DEFAULT_REGISTRY.unregister(type, column_name)
