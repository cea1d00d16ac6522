"""What the arguments of the public functions come to: a Plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from syda.errors import PlanError
from syda.planning.builder import build_plan
from syda.planning.existing import Existing
from syda.planning.functions import name_functions
from syda.planning.model import Plan
from syda.planning.requests import Overrides, read_rows
from syda.planning.validation import check_plan
from syda.planning.wishes import check_wishes
from syda.schema import Reading
from syda.sources.base import DATA_ENDS, Settings
from syda.sources.registry import DEFAULT_REGISTRY

LOCALE = "en_US"


def make_plan(
    reading: Reading,
    existing: Existing,
    rows: int | Mapping[Any, Any] | None,
    seed: int,
    locale: str | Sequence[str],
    as_of: str | date | None,
    overrides: Mapping[Any, Any] | None,
    custom_generators: Mapping[Any, Mapping[Any, Any]] | None,
) -> Plan:
    """Return the plan for what was read, beside the rows that are there; the others are arguments of `syda.plan`."""
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


def refuse_changes(rows: Any, seed: Any, locale: Any, as_of: Any, overrides: Any, custom_generators: Any) -> None:
    """Raise `PlanError` when an argument beside a plan asks for something that the plan has decided."""
    asked = {"rows": rows, "as_of": as_of, "overrides": overrides, "custom_generators": custom_generators}
    changed = [name for name, value in asked.items() if value is not None]
    changed += [name for name, value, usual in (("seed", seed, 0), ("locale", locale, LOCALE)) if value != usual]
    if changed:
        raise PlanError(f"a plan is complete: give {' and '.join(changed)} to syda.plan(...), not beside the plan")
