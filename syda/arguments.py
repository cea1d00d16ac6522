"""What the arguments of the public functions come to: a Plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from syda.dataset import Dataset
from syda.errors import PlanError
from syda.generation.maker import BLOCK_SIZE
from syda.generation.store import make_rows
from syda.language import billed, language_model, prompts_by_table, wait
from syda.modelling import expected_usage, modelled, rows_to_write, writes_any, written_rows
from syda.planning.builder import build_plan
from syda.planning.existing import Existing
from syda.planning.functions import name_functions
from syda.planning.inference import Guess
from syda.planning.instead import inferred_instead
from syda.planning.model import Plan
from syda.planning.requests import Overrides, RowRequest, read_rows
from syda.planning.validation import check_plan
from syda.planning.wishes import check_wishes
from syda.schema import Reading
from syda.sources.base import DATA_ENDS, Settings
from syda.sources.registry import DEFAULT_REGISTRY, Registry
from syda.sources.written import Written as WrittenSource

if TYPE_CHECKING:
    from syda.generation.maker import Written
    from syda.generation.store import Progress
    from syda.usage import Usage

LOCALE = "en_US"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The arguments of `syda.plan` after the models."""

    rows: int | Mapping[Any, Any] | RowRequest | None = None
    seed: int = 0
    locale: str | Sequence[str] = LOCALE
    as_of: str | date | None = None
    overrides: Mapping[Any, Any] | None = None
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None
    llm: Any = None
    prompts: Any = None
    registry: Registry = field(default_factory=lambda: DEFAULT_REGISTRY)

    def plan(self, reading: Reading, existing: Existing, *, dry_run: bool = False) -> Plan:
        """Return the plan for what was read, beside the rows that are there.

        With `dry_run` no language model is asked, and the plan says what it would be asked.
        """
        model = language_model(self.llm)
        prompts = prompts_by_table(reading.schema, self.prompts)
        if model is None:
            if prompts:
                raise PlanError("prompts: they are for a language model; say which by llm=")
            return self._built(reading, existing, {})
        plain = self._built(reading, existing, {})
        if dry_run:
            marked = self._built(reading, existing, rows_to_write(plain, model.mode))
            return replace(plain, usage=expected_usage(marked, model, prompts, existing))
        return wait(lambda: modelled(plain, model, prompts, partial(self._built, reading, existing), existing))

    def _built(self, reading: Reading, existing: Existing, authored: Mapping[tuple[str, str], Guess]) -> Plan:
        settings = _settings(self.seed, self.locale, self.as_of)
        for name, given in (("overrides", self.overrides), ("custom_generators", self.custom_generators)):
            if given is not None and not isinstance(given, Mapping):
                raise PlanError(f"{name}: expected a dict, got {type(given).__name__}")
        sources = Overrides(reading.schema, self.registry)
        sources.add_generators(self.custom_generators or {})
        sources.add(self.overrides or {})
        asked = read_rows(reading.schema, self.rows)
        built = build_plan(
            reading.schema, settings=settings, rows=asked, overrides=sources, existing=existing, authored=authored
        )
        check_plan(built)
        check_wishes(built, asked, existing)
        return name_functions(built)

    def make(
        self,
        plan: Plan,
        *,
        existing: Existing | None = None,
        origin: Mapping[str, Any] | None = None,
        block_size: int = BLOCK_SIZE,
        progress: Progress | None = None,
    ) -> Dataset:
        """Make all rows of the plan in memory. Raises `IntegrityError` where they break a rule."""
        written, usage = self.write(plan, existing, progress)
        with billed(lambda: usage):
            tables = make_rows(plan, existing=existing, block_size=block_size, progress=progress, written=written)
            dataset = Dataset(plan=plan, tables=tables, existing=existing or {}, origin=origin, usage=usage)
            dataset.verify().raise_for_breaches()
        return dataset

    def write(
        self, plan: Plan, existing: Existing | None = None, progress: Progress | None = None
    ) -> tuple[Written, Usage | None]:
        """Return what a language model writes of the plan's rows, and what all asking for them cost."""
        if not writes_any(plan):
            return {}, plan.usage
        model = language_model(self.llm)
        prompts = prompts_by_table(plan.schema, self.prompts)
        with billed(lambda: plan.usage):
            written, usage = wait(lambda: written_rows(plan, model, prompts, existing, progress))
        return written, plan.usage if usage is None else usage + plan.usage

    def foresee(self, plan: Plan, existing: Existing) -> Plan:
        """Return a complete plan that no model writes rows of, for a dry run, with what writing them would cost."""
        if not writes_any(plan):
            return plan
        model = language_model(self.llm)
        prompts = prompts_by_table(plan.schema, self.prompts)
        usage = None if model is None else expected_usage(plan, model, prompts, existing)
        return replace(inferred_instead(plan, existing, WrittenSource), usage=usage)

    def refuse_beside_plan(self) -> None:
        """Raise `PlanError` when an argument beside a plan asks for something that the plan has decided."""
        asked = {"rows": self.rows, "as_of": self.as_of, "overrides": self.overrides}
        asked["custom_generators"] = self.custom_generators
        changed = [name for name, value in asked.items() if value is not None]
        usual = (("seed", self.seed, 0), ("locale", self.locale, LOCALE))
        changed += [name for name, value, default in usual if value != default]
        if changed:
            raise PlanError(f"a plan is complete: give {' and '.join(changed)} to syda.plan(...), not beside the plan")


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
