"""`syda rehearse`: each revision of alembic's runs over tables that are full, in a database made for it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from syda.errors import PlanError, RevisionFailedError, TargetError
from syda.load.guard import require_development
from syda.load.scratch import own_database
from syda.migrations.changed import Statements, ValueWatch
from syda.migrations.environment import Environment, synchronous
from syda.migrations.locks import LockWatch
from syda.migrations.report import Finding, Phase, Rehearsal, RevisionReport
from syda.migrations.silent import silent_faults
from syda.migrations.states import State, count_again, fewer_rows, fewer_values, read_state
from syda.migrations.stocking import Stock
from syda.redact import redact_url
from syda.schema.model import Schema
from syda.schema.reach import full_url

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script
    from sqlalchemy import URL, Engine

logger = logging.getLogger("syda.migrations")
_SERVERS = ("postgresql", "mariadb", "mysql", "sqlite")
ROWS = 30
LOCK_SECONDS = 0.5
_INSERT = re.compile(r"\s*insert into (?!\W?_alembic_tmp_)", re.IGNORECASE)
_UNIQUE = re.compile(r"unique|duplicate", re.IGNORECASE)
_TAKEN = (
    ", where what it inserts met no rows of syda's: if only this revision fills that table in production, that is no "
    "fault of it, and may be told as --known"
)


def rehearse(
    alembic: str | Path,
    url: str | URL,
    *,
    start: str | None = None,
    to: str = "head",
    rows: int = ROWS,
    seed: int = 0,
    downgrade: bool = False,
    keep: bool = False,
    known: Iterable[str] = (),
    lock_seconds: float = LOCK_SECONDS,
    allow_hosts: Iterable[str] = (),
    x: Iterable[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Rehearsal:
    """Run alembic's revisions one by one over full tables, and return what that shows.

    `url` names a database, on whose server another one is made for the rehearsal and dropped at the end, or kept with
    `keep`; it is not touched itself. The rehearsal begins after the revision `start`. Before each revision, tables
    without rows get `rows` rows; with `downgrade`, each revision is also taken back and run again. Findings of `known`
    revisions do not count. `x` is for env.py's ``context.get_x_argument()``. `progress` is called with
    ``"revisions"``, the number done and the number to do.

    Raises `MigrationError` where alembic.ini, env.py or the revisions cannot be used, `UnknownNameError` for a revision
    that is not there, `TargetError` where no database can be made.
    """
    hosts = tuple(allow_hosts)
    target = synchronous(url)
    _check(rows, seed, lock_seconds)
    _require_known(target)
    require_development(target, hosts)
    environment = Environment.read(alembic, x=x, rehearsing=True)
    first = environment.resolve(start) if start is not None else ()
    walk = _Walk(
        environment=environment,
        # Not in memory: an env.py that opens a connection of its own has to find it.
        url=target.set(database="scratch") if target.get_backend_name() == "sqlite" else target,
        stock=Stock(rows, seed, hosts),
        downgrade=downgrade,
        known=frozenset(each for name in known for each in environment.resolve(name)),
        lock_seconds=lock_seconds,
        keep=keep,
    )
    passed, ahead = environment.between((), first), environment.between(first, environment.resolve(to, first))
    with walk.stack, walk.telling():
        return walk.through(passed, ahead, progress)


def _require_known(url: URL) -> None:
    if url.get_backend_name() not in _SERVERS:
        raise TargetError(
            f"no scratch database can be made on {url.get_backend_name()}; a rehearsal needs PostgreSQL, MariaDB, "
            f"MySQL or SQLite"
        )


def _check(rows: Any, seed: Any, lock_seconds: Any) -> None:
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise PlanError(f"rows: expected 1 row or more for each table, got {rows!r}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise PlanError(f"seed: expected a whole number, got {type(seed).__name__} {seed!r}")
    if isinstance(lock_seconds, bool) or not isinstance(lock_seconds, int | float) or lock_seconds < 0:
        raise PlanError(f"lock_seconds: expected 0 seconds or more, got {lock_seconds!r}")


@dataclass(slots=True, kw_only=True)
class _Walk:
    """A rehearsal on its way: the scratch database and the revisions that have run on it."""

    environment: Environment
    url: URL
    stock: Stock
    downgrade: bool
    known: frozenset[str]
    lock_seconds: float
    keep: bool
    stack: ExitStack = field(default_factory=ExitStack)
    _engine: Engine = field(init=False)
    _place: str | None = None
    _applied: list[Script] = field(default_factory=list)
    _stocked: Schema | None = None

    def through(
        self, passed: list[Script], ahead: list[Script], progress: Callable[[str, int, int], None] | None
    ) -> Rehearsal:
        """Rehearse the revisions `ahead`; those `passed` run before them, on empty tables."""
        self._renew(passed)
        reports: list[RevisionReport] = []
        for number, script in enumerate(ahead, 1):
            reports.append(self._rehearsed(script))
            if progress:
                progress("revisions", number, len(ahead))
            if script not in self._applied:
                break
        left = [each.revision for each in ahead if each not in self._applied]
        return Rehearsal(revisions=tuple(reports), not_rehearsed=tuple(left[1:]), kept=self.kept)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Have an error, or Ctrl-C, not hide where the database is that is to be kept."""
        try:
            yield
        except BaseException:
            if self.kept:
                logger.warning("the database of the rehearsal is kept: %s", self.kept)
            raise

    @property
    def kept(self) -> str | None:
        """The URL of the scratch database, where there is one that is to be kept."""
        return self._place if self.keep else None

    def _rehearsed(self, script: Script) -> RevisionReport:
        before, notes = self._stock()
        findings: list[Finding] = []
        began = perf_counter()
        values = ValueWatch(self._engine.dialect.name)
        try:
            locks = self._up(script, values.statements)
        except RevisionFailedError as error:
            seconds, after = perf_counter() - began, before
            findings.append(_refused(error, "upgrade"))
            notes.append(self._recovered(script, error))
        else:
            seconds = perf_counter() - began
            self._applied.append(script)
            after = self._state()
            findings += _lost(before, after, "upgrade")
            findings += values.upgraded(before, after)
            findings += silent_faults(self._engine, before, after)
            findings += locks
            if self.downgrade:
                findings += self._back_and_forth(script, before, after, values)
            notes += values.notes
        return RevisionReport(
            revision=script.revision,
            message=script.doc or "",
            seconds=seconds,
            before=before.rows,
            after=after.rows,
            findings=tuple(findings),
            notes=tuple(notes),
            known=script.revision in self.known,
        )

    def _stock(self) -> tuple[State, list[str]]:
        state = self._state()
        notes = self.stock.fill(self._engine, state, self._stocked)
        self._stocked = state.schema
        return count_again(self._engine, state), notes

    def _state(self) -> State:
        return read_state(self._engine, self.environment)

    def _up(self, script: Script, statements: Statements | None = None) -> list[Finding]:
        """Run a revision, and return the locks that it has held for long."""
        watch, said = LockWatch(self._engine), statements or Statements()

        def chosen(_heads: Any, context: MigrationContext) -> Iterator[RevisionStep]:
            assert context.connection is not None
            with watch.on(context.connection), said.on(context.connection):
                yield self.environment.up(script)

        self.environment.run(self._engine, chosen)
        watch.end()
        return [
            Finding(
                fault="locked long",
                phase="upgrade",
                said=f"{lock.table} was locked for {lock.seconds:.2f} s ({lock.mode})",
                table=lock.table,
                statement=lock.statement,
            )
            for lock in watch.longest()
            if lock.seconds >= self.lock_seconds
        ]

    def _down(self, script: Script) -> Statements:
        said = Statements()

        def chosen(_heads: Any, context: MigrationContext) -> Iterator[RevisionStep]:
            assert context.connection is not None
            with said.on(context.connection):
                yield self.environment.down(script)

        self.environment.run(self._engine, chosen)
        return said

    def _back_and_forth(self, script: Script, before: State, after: State, values: ValueWatch) -> Iterator[Finding]:
        """Take a revision back and run it again; yield what fails, and what was there before and is not any more."""
        notes = values.notes
        try:
            said = self._down(script)
        except RevisionFailedError as error:
            if isinstance(error.__cause__, NotImplementedError):
                notes.append("its downgrade says that there is none")
                return
            yield _refused(error, "downgrade")
            notes.append(self._recovered(script, error))
            return
        now = self._state()
        lost = [*_lost(before, now, "downgrade"), *values.downgraded(before, now, said)]
        yield from lost
        try:
            self._up(script)
        except RevisionFailedError as error:
            yield _refused(error, "upgrade again")
            notes.append(self._recovered(script, error))
            return
        if not lost:
            yield from _lost(after, self._state(), "upgrade again")

    def _recovered(self, script: Script, failed: RevisionFailedError) -> str:
        """Come to a revision without rows, since what has failed may have been done by half; return what to tell."""
        applied = [each for each in self._applied if each is not script]
        left = f"; the database as it was left is kept: {self.kept}" if self.kept else ""
        try:
            self._renew([*applied, script], keep=self.keep)
        except RevisionFailedError as error:
            if error.revision != script.revision:
                raise
            self._applied = applied
            said = "" if error.said == failed.said else f" ({error.said})"
            return f"it fails on empty tables too{said}, so that nothing that comes after it can be rehearsed{left}"
        taken = isinstance(failed.__cause__, IntegrityError) and _UNIQUE.search(failed.said)
        why = _TAKEN if taken and _INSERT.match(failed.statement) else ""
        return f"it was run again on empty tables, to go on with what comes after it{why}{left}"

    def _renew(self, scripts: list[Script], *, keep: bool = False) -> None:
        """Begin anew in a database of its own, with revisions that run on empty tables; `keep` the one before."""
        kept, self.keep = self.keep, keep
        self.stack.close()
        self.keep, self._place = kept, None
        self._engine = self.stack.enter_context(own_database(self.url, "rehearsal", keep=lambda: self.keep))
        self._place = redact_url(full_url(self._engine.url))
        self._applied, self._stocked = [], None
        for script in scripts:
            self._up(script)
            self._applied.append(script)


def _refused(error: RevisionFailedError, phase: Phase) -> Finding:
    return Finding(fault="error", phase=phase, said=error.said, statement=error.statement)


def _lost(before: State, after: State, phase: Phase) -> Iterator[Finding]:
    """Yield what was there and is not; an upgrade may drop columns, what is taken back and run again may not."""
    for key, count, rows in fewer_rows(before, after):
        how = (
            f"{key} is gone, with {count:,} rows"
            if key not in after.rows
            else f"{key} had {count:,} rows, has {rows:,}"
        )
        yield Finding(fault="rows lost", phase=phase, said=how, table=key)
    for key, name, count, left in fewer_values(before, after):
        if left is not None or phase != "upgrade":
            said = f"{key}.{name} had {count:,} values, has {left or 0:,}"
            yield Finding(fault="values lost", phase=phase, said=said, table=key)
