"""What a rehearsal of migrations has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Phase: TypeAlias = Literal["upgrade", "downgrade", "upgrade again"]
Fault: TypeAlias = Literal[
    "error",
    "rows lost",
    "values lost",
    "values changed",
    "values too long",
    "values made up",
    "parents missing",
    "locked long",
]
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What went wrong in one phase of a revision; `said` are the database's words where it refused the `statement`."""

    fault: Fault
    phase: Phase
    said: str
    table: str | None = None
    statement: str = ""

    def __str__(self) -> str:
        return f"{self.phase}: {self.fault}: {self.said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionReport:
    """One revision: the seconds its upgrade took, the rows of each table `before` and `after`, and the findings.

    Findings of a revision that is `known` are told, but do not count.
    """

    revision: str
    message: str
    seconds: float
    before: Mapping[str, int]
    after: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    known: bool = False

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The tables that had no rows before it."""
        return tuple(key for key, rows in self.before.items() if not rows)

    @property
    def changed(self) -> dict[str, tuple[int | None, int | None]]:
        """The rows of the tables whose number is another one now; None stands for no table."""
        keys = {**self.before, **self.after}
        pairs = {key: (self.before.get(key), self.after.get(key)) for key in keys}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The report of all revisions; those `not_rehearsed` come after one that fails on empty tables too.

    `kept` is the URL of the scratch database where it was to be kept.
    """

    revisions: tuple[RevisionReport, ...]
    not_rehearsed: tuple[str, ...] = ()
    kept: str | None = None

    @property
    def found(self) -> list[tuple[str, Finding]]:
        """The findings that count, each with its revision."""
        return [(each.revision, finding) for each in self.revisions if not each.known for finding in each.findings]

    @property
    def unfilled(self) -> list[str]:
        """The tables that had no rows before a revision, so that nothing was learned of it for them."""
        return sorted({key for each in self.revisions for key in each.unfilled})

    @property
    def is_clean(self) -> bool:
        """Tell whether every revision was rehearsed and nothing was found."""
        return not self.found and not self.not_rehearsed

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        return {
            "revisions": [asdict(each) for each in self.revisions],
            "not_rehearsed": list(self.not_rehearsed),
            "unfilled": self.unfilled,
            "found": len(self.found),
            "clean": self.is_clean,
            "kept": self.kept,
        }

    def explain(self) -> str:
        """Return the report as text, a paragraph for each revision."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for each in self.revisions:
            yield from _paragraph(each)
        if self.not_rehearsed:
            yield f"Not rehearsed: {', '.join(self.not_rehearsed)}"
        if self.kept:
            yield f"Kept: {self.kept}"
        count = len(self.found)
        what = "nothing was found" if not count else "1 fault" if count == 1 else f"{count} faults"
        if self.unfilled:
            yield f"Not filled, so that nothing is learned of them: {', '.join(self.unfilled)}"
        yield f"{len(self.revisions)} revisions rehearsed: {what}"


def _paragraph(report: RevisionReport) -> Iterator[str]:
    rows = sum(report.before.values())
    yield f"{report.revision}  {report.message}  ({report.seconds:.2f} s over {rows:,} rows)"
    for key, (before, after) in report.changed.items():
        yield f"    {key}: {_number(before)} -> {_number(after)}"
    for finding in report.findings:
        yield f"  {'known: ' if report.known else 'FAULT '}{finding}"
        if finding.statement:
            yield f"      {_shortened(finding.statement)}"
    for note in report.notes:
        yield f"  Note: {note}"


def _number(rows: int | None) -> str:
    return "no table" if rows is None else f"{rows:,} rows"


def _shortened(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
