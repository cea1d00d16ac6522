"""Moments of one row in their order, and the time that passes between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.planning.checks import Domain
from syda.planning.inference.naming import words_of
from syda.planning.inference.patterns import name_pattern
from syda.planning.inference.turned import before_fixed
from syda.schema.model import MOMENTS, Kind, Table
from syda.sources.derived import Elapsed, Unit
from syda.sources.moment import After, Duration, Moment
from syda.sources.scalar import Number

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess

_EARLIER = re.compile(
    r"(created|inserted|added|registered|start|begin|from|opened|ordered|order|placed|issued|submitted|filed|hire|hired|joined"
    r"|purchased|booked|requested|loaned|lent|borrowed|rented|hired|posted|received|admitted|admission|enrolled|published|sent|effective|invoice|signed|departure"
    r"|check_?in|clock_?in|login_at|scheduled|diagnosed|written|reported|detected|recorded|observed|onset|left_at|taken|out_at|raised|acquired|bought|serviced|inspected|performed|administered|calibrated)"
)
_STAGES = (
    r"confirmed|accepted|approved|verified|paid|payment|signed|assigned|acknowledged",
    r"processed|packed|picked|sent|prepared|boarding",
    r"shipped|dispatched|departed",
    r"delivered|arrival|arrived|end|ended|until|thru|finish|finished|completed|closed|resolved|returned|discharged?|terminated|left|checked_out|check_?out|clock_?out|logout|stopped|sold|disposed|scrapped|decommissioned|retired|to$",
    r"refunded|cancell?ed|reopened",
    r"updated|modified|changed|edited|last|seen|login|refreshed|sync|activity|processed_at",
    r"deleted|removed|archived|revoked",
)
_KEPT = len(_STAGES) - 2
"""The stage from which a moment tells of the row (updated, deleted), not of what the row is about."""
_ENDS = (3, 4)
"""The stages in which something comes to its end: delivered, returned, cancelled."""
_STILL_OPEN = 0.35
_MADE, _TIMED = 1, 3
"""Ranks of beginnings: the making of the row, and the time for which something is."""
_DUE = re.compile(r"(^|_)(due|expires?|expiry|expiration|deadline)(_|$)")
_LATER = re.compile("|".join((*_STAGES, _DUE.pattern)))
_SCHEDULED = re.compile(
    r"(^|_)(start|starts|started|begin|begins|began|from|departure|check_?in|clock_?in|scheduled|effective)(_|$)"
)
"""When something takes place, which may be long after it was paid or confirmed."""
_ARRANGED = re.compile(
    r"booked|booking|reserved|reservation|requested|ordered|order|purchased|signed|applied|submitted|enrolled"
)
"""What comes before the time for which it is."""
_HAPPENED = re.compile(r"\w+ed_at")
_SENT = re.compile(r"sent|shipped|dispatched|ordered|order")
_DIED = re.compile(r"(date_of_)?death(_date)?|died(_(at|on|date))?|deceased(_(at|on|date))?|dod")
_GROWN = 17 * 365.25
_LIFE = 100 * 365.25
_BEGUN = ("started", "began", "begun", "start")
_STARTS = {
    "end": ("start", "begin"),
    "ends": ("starts", "begins"),
    "to": ("from", "since"),
    "until": ("from", "since"),
    "thru": ("from",),
    "stop": ("start",),
    "closed": ("opened",),
    "checkout": ("checkin",),
    **dict.fromkeys(("ended", "finished", "completed", "stopped", "finish"), _BEGUN),
}
"""Words of ends, and those of the starts that they belong to."""
_AHEAD = re.compile(r"due|expir|until|end|to$|thru|arrival|check_?out")
_OUTING = re.compile(
    r"(^|_| )(meeting|appointment|shift|lesson|flight|trip|ride|event|slot|visit|workout|match|game|showing|screening|time_?(entry|entrie|sheet|log)|class|tour)(s|es)?( |$)"
)
_MACHINE = re.compile(r"(^|_| )(call|session|run|job|task|build|deployment|execution|request|scan|chat|login)s?( |$)")
_LONG = 400.0
_TERM = 90.0
_END = re.compile(
    r"(\w+_)?(end|ends|ended|finish|finished|stop|stopped|until|to|thru|check_?out|checked_out|clock_?out|completed|closed|returned?|discharged?|arrival|arrived|resolved|logout)"
    r"(_(at|on|date|time|datetime|ts|timestamp))?"
)
_UNITS: tuple[tuple[str, Unit, float], ...] = (
    # pattern, unit, days that it is likely to count at most
    (r"(\w+_)?(ms|msec|millis|milliseconds)", "milliseconds", 0.01),
    (r"(\w+_)?(minutes|mins)", "minutes", 0.2),
    (r"(\w+_)?hours(_worked)?|worked_hours", "hours", 0.5),
    (
        r"(\w+_)?nights|(number_of_|rental_|total_)?days|(\w+_)?(duration|length|elapsed|stay|open)_(in_)?days|length_of_stay",
        "days",
        21.0,
    ),
    (r"(duration|length|term)_(in_)?weeks", "weeks", 150.0),
    (r"(duration|length|term)_(in_)?months|term_months", "months", 1_000.0),
    (
        r"(\w+_)?(duration|elapsed|runtime|wait_time|time_spent|call_length)(_(in_)?(seconds|secs?|s))?|elapsed_time",
        "seconds",
        0.1,
    ),
)
_AGE = re.compile(r"(current_|patient_|customer_)?age(_years|_in_years)?")
_SERVICE = re.compile(r"tenure(_years)?|years_(of_service|employed|at_company)")
_YOUNGEST, _OLDEST = 18, 85


def in_order(
    table: Table,
    guesses: Mapping[str, Guess],
    domains: Mapping[str, Domain],
    unique: Collection[str] = (),
    given: Collection[str] = (),
) -> dict[str, Guess]:
    """Return the guesses with later moments bound to earlier ones, and lengths of time to both.

    Columns in `unique`, and members of unique sets that none of these keeps, must be free to take any value, and those
    in `given` have the user's: moments before them follow from them.
    """
    bound = dict(guesses)
    held = {name for one in table.unique_sets if not set(one.columns) & set(unique) for name in one.columns}
    held |= set(unique)
    _bind_later(table, bound)
    before_fixed(bound, held | set(given))
    bound |= {name: guesses[name] for name in held if name in guesses}
    _bind_births(bound)
    _bind_lengths(table, bound, domains)
    return bound


def _stage(words: str, moments: Mapping[str, str]) -> int:
    """Return the place of a later moment in the life of a row: paid, shipped, delivered, updated, deleted."""
    found = [place for place, pattern in enumerate(_STAGES) if re.search(pattern, words)]
    is_end = re.search("received", words) or _paired(words, moments)
    return max(found, default=_ENDS[0] if is_end else -1)


def _bind_later(table: Table, guesses: dict[str, Guess]) -> None:
    """Let each later moment of the row (updated, ended, shipped) follow the earliest one and those between."""
    moments = {
        name: words_of(name)
        for name, guess in guesses.items()
        if isinstance(guess.source, Moment)
        and table.column(name).type.kind in MOMENTS
        and guess.meaning not in ("birth date", "founded")
        and not _DIED.fullmatch(words_of(name))
    }
    earlier = [name for name, words in moments.items() if _EARLIER.search(words) and not _is_later(words, moments)]
    later = {name: _stage(words, moments) for name, words in moments.items() if _is_later(words, moments)}
    if not earlier:
        stages = {name: stage for name, stage in later.items() if 0 <= stage < _KEPT}
        earlier = sorted(stages, key=lambda name: (table.column(name).nullable, stages[name]))[:1]
    if not earlier:
        return
    first = min(earlier, key=lambda name: (table.column(name).nullable, _rank(moments[name])))
    if _rank(moments[first]) <= _MADE:
        later |= {
            name: 0 for name, words in moments.items() if name not in earlier and _HAPPENED.fullmatch(words)
        } | later
    for name, words in moments.items():
        if name == first or not (name in later or name in earlier):
            continue
        planned = _planned(words, moments)
        events = _events(name, earlier, later, moments)
        start = planned or _start_of(name, words, earlier, later, moments) or _cause(table, events, moments) or first
        before = _before(name, later, moments) | set(events)
        days, least = (0.1, 0.0) if planned else _reach(table, name, words) if name in later else (60.0, 0.0)
        also = tuple(one for one in moments if one in before | {first} and one != start)
        source = After(column=start, also=also, days=days, at_least_days=least, until_now=not _AHEAD.search(words))
        nulls = guesses[name].null_fraction
        if table.column(name).nullable and later.get(name, -1) in _ENDS:
            nulls = max(nulls, _STILL_OPEN)
        reason = f"{guesses[name].reason}, not before {start}"
        guesses[name] = replace(guesses[name], source=source, null_fraction=nulls, reason=reason)


def _is_later(words: str, moments: Mapping[str, str]) -> bool:
    """Tell whether a moment comes after the beginning of what the row is about; what was sent is received later."""
    if re.search("received", words) and any(_SENT.search(other) for other in moments.values() if other != words):
        return True
    return _LATER.search(words) is not None or _paired(words, moments) is not None


def _paired(words: str, moments: Mapping[str, str]) -> str | None:
    """Return the start that an end is called like: `staging_started_at` of `staging_finished_at`."""
    parts = words.split("_")
    starts = {
        "_".join((*parts[:place], start, *parts[place + 1 :]))
        for place, part in enumerate(parts)
        for start in _STARTS.get(part, ())
    }
    return next((name for name, its in moments.items() if its in starts), None)


def _events(name: str, earlier: Iterable[str], later: Collection[str], moments: Mapping[str, str]) -> list[str]:
    """Return the beginnings that come before a moment: all that is no schedule, and before a schedule its booking."""
    if name in later:
        return [one for one in earlier if _rank(moments[one]) < _TIMED]
    if not _SCHEDULED.search(moments[name]):
        return []
    return [one for one in earlier if one != name and _rank(moments[one]) < _TIMED and _ARRANGED.search(moments[one])]


def _cause(table: Table, events: Iterable[str], moments: Mapping[str, str]) -> str | None:
    """Return the beginning that a moment follows from: what is paid was issued, not only entered."""
    certain = [one for one in events if not table.column(one).nullable]
    return max(certain, key=lambda one: _rank(moments[one]), default=None)


def _before(name: str, later: Mapping[str, int], moments: Mapping[str, str]) -> set[str]:
    """Return the later moments that come before this one; what lies ahead does not put off an update."""
    stage, words = later.get(name, -1), moments[name]
    found = {
        other
        for other, place in later.items()
        if 0 <= place < stage
        and not _DUE.search(moments[other])
        and not (stage >= _KEPT and _AHEAD.search(moments[other]))
    }
    if words.startswith("actual_arriv"):
        found |= {other for other, its in moments.items() if its.startswith("actual_depart")}
    return found


def _planned(words: str, moments: Mapping[str, str]) -> str | None:
    """Return the planned moment (`scheduled_departure`) of an actual one (`actual_departure`)."""
    if not words.startswith("actual_"):
        return None
    names = {
        f"{prefix}_{words.removeprefix('actual_')}" for prefix in ("scheduled", "planned", "expected", "estimated")
    }
    return next((name for name, its in moments.items() if its in names), None)


def _rank(words: str) -> int:
    """Return 0 for the day on which somebody was hired, then the making of the row, events, schedules, the actual."""
    if re.search("hire|joined|employed", words):
        return 0
    if re.search("created|inserted|registered", words):
        return _MADE
    return 4 if words.startswith("actual_") else _TIMED if _SCHEDULED.search(words) else 2


def _start_of(
    name: str, words: str, earlier: list[str], later: Mapping[str, int], moments: Mapping[str, str]
) -> str | None:
    """Return the start that an end belongs to (`start_date` of `end_date`), when the row has one."""
    paired = _paired(words, moments)
    if paired and later.get(paired, -1) <= later.get(name, -1):
        return paired
    if not _END.fullmatch(words):
        return None
    start = r"(\w+_)?(start|starts|started|begin|begins|began|from|check_?in|checked_in|clock_?in|departure|departed|admitted|admission|borrowed|loan|loaned|rental|pickup)(_\w+)?"
    return next((one for one in earlier if one != name and re.fullmatch(start, moments[one])), None)


def _reach(table: Table, name: str, words: str) -> tuple[float, float]:
    """Return the most and the least days after the start: some hours where a row is a call or a flight."""
    if re.search(r"(^|_)(due|deadline)(_|$)", words):
        return _TERM, 0.0
    if table.column(name).type.kind is not Kind.DATETIME or not _END.fullmatch(words):
        return _LONG, 0.0
    names = " ".join(words_of(one) for one in (table.name, *table.class_names))
    if "arriv" in words or _OUTING.search(names):
        return 0.4, 0.025
    return (0.1, 0.0) if _MACHINE.search(names) else (_LONG, 0.0)


def _bind_births(guesses: dict[str, Guess]) -> None:
    """Let nobody be hired as a child, or die before."""
    born = next((name for name, guess in guesses.items() if guess.meaning == "birth date"), None)
    for name, guess in guesses.items() if born is not None and isinstance(guesses[born].source, Moment) else ():
        if isinstance(guess.source, Moment) and _DIED.fullmatch(words_of(name)):
            died = After(column=str(born), days=_LIFE, at_least_days=_GROWN)
            guesses[name] = replace(guess, source=died, reason=f"{guess.reason}, not before {born}")
    if not any(guess.meaning == "hired" for guess in guesses.values()):
        return
    for name, guess in guesses.items():
        if guess.meaning == "birth date" and isinstance(guess.source, Moment):
            guesses[name] = replace(guess, source=replace(guess.source, low="-64y", high="-31y"))


def _bind_lengths(table: Table, guesses: dict[str, Guess], domains: Mapping[str, Domain]) -> None:
    keys = {name for unique in table.unique_sets for name in unique.columns}
    for name, guess in list(guesses.items()):
        if name in keys or not isinstance(guess.source, Number | Duration):
            continue
        source = _since(table, guesses, name) or _between(table, guesses, name)
        if source is None or not _allows(domains.get(name), source):
            continue
        if source.end is not None:
            _shorten(guesses, source)
        domain = domains.get(name, Domain())
        made = replace(source, otherwise=guess.source, low=domain.low, high=domain.high)
        guesses[name] = replace(guess, source=made, reason=made.describe(), null_fraction=0.0)


def _allows(domain: Domain | None, source: Elapsed) -> bool:
    if domain is None:
        return True
    if domain.values is not None or domain.excluded or domain.required:
        return False
    if source.end is None:
        return (domain.low is None or domain.low <= _YOUNGEST) and (domain.high is None or domain.high >= _OLDEST)
    return domain.high is None and (domain.low is None or domain.low <= 1)


def _since(table: Table, guesses: Mapping[str, Guess], name: str) -> Elapsed | None:
    """Return an age since birth, or the years since somebody was hired."""
    for pattern, meaning in ((_AGE, "birth date"), (_SERVICE, "hired")):
        if pattern.fullmatch(words_of(name)):
            starts = [one for one, guess in guesses.items() if guess.meaning == meaning]
            found = next((one for one in starts if table.column(one).type.kind in MOMENTS), None)
            return Elapsed(start=found, unit="years") if found else None
    return None


def _between(table: Table, guesses: Mapping[str, Guess], name: str) -> Elapsed | None:
    span = _span(table, guesses)
    unit = _unit(words_of(name), table.column(name).type.kind) if span else None
    if unit is None or span is None:
        return None
    whole_days = any(table.column(one).type.kind is Kind.DATE for one in span)
    if whole_days and unit in ("milliseconds", "seconds", "minutes", "hours"):
        return None
    return Elapsed(start=span[0], end=span[1], unit=unit)


def _unit(words: str, kind: Kind) -> Unit | None:
    found = next((unit for pattern, unit, _ in _UNITS if name_pattern(pattern).covers(words)), None)
    return "seconds" if found and kind is Kind.INTERVAL else found


def _span(table: Table, guesses: Mapping[str, Guess]) -> tuple[str, str] | None:
    """Return the columns in which the row's start and end stand."""
    for name, guess in guesses.items():
        if isinstance(guess.source, After) and _END.fullmatch(words_of(name)):
            return guess.source.column, name
    clocks = {guess.meaning: name for name, guess in guesses.items() if table.column(name).type.kind is Kind.TIME}
    if "opening time" in clocks and "closing time" in clocks:
        return clocks["opening time"], clocks["closing time"]
    return None


def _shorten(guesses: dict[str, Guess], length: Elapsed) -> None:
    """Bring the end near to the start when the time between them is counted in small units."""
    assert length.end is not None
    end = guesses[length.end]
    days = next(days for _, unit, days in _UNITS if unit == length.unit)
    if isinstance(end.source, After):
        least = 1.0 if length.unit == "days" else end.source.at_least_days
        near = replace(end.source, days=min(end.source.days, days), at_least_days=min(least, days))
        guesses[length.end] = replace(end, source=near)
