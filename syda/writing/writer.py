"""Asks for rows, table after table, until each has all of them.

What is asked must not depend on when replies come, or recorded ones would not be found again: requests go out in waves,
and what a wave is told follows from the replies to the waves before it, taken in the order in which they were asked.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from syda.errors import UnusableReplyError
from syda.generation.lifetime import needed_for
from syda.generation.maker import Maker, Written
from syda.generation.store import Progress
from syda.llm.asking import Asker, all_of, asked_tokens
from syda.llm.exchange import Finish, Reply, Request, Usage
from syda.llm.reading import UnreadableError, read_rows
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.writing.accepting import Accepted, RefusedError, UnfittingError, folding, row_numbers
from syda.writing.columns import roles_of, unknown_columns
from syda.writing.request import Form, form_of, requests_for
from syda.writing.rows import Rows, can_be_settled, drafted, maker_of, taken_values
from syda.writing.shots import example_rows

logger = logging.getLogger("syda.llm")
_WAVES = 6
"""How often rows are asked for that are missing still."""
_FUTILE = 2
"""Waves that may bring nothing, one after the other."""
_AVOIDED = 40
_COMPLAINTS = 8
_LEAST_TOKENS, _ROOM = 1_500, 3
_TOKENS_TOLD = 12
"""About how many tokens one column takes that a row is told."""


async def write_rows(
    plan: Plan,
    asker: Asker,
    *,
    existing: Existing | None = None,
    prompts: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Written:
    """Return what the model writes for all columns of the plan that it is to write.

    `prompts` are the user's words by table. Raises a `ModelError`; `UnusableReplyError` carries the rows of the table
    that were usable.
    """
    made: dict[str, Any] = {}
    roles = {key: found for key in plan.tables if (found := roles_of(plan, key)) is not None}
    unknown = {key: unknown_columns(plan, key) for key in plan.tables}
    settled = Maker(drafted(plan, unknown), existing=existing, written=made)
    shots = example_rows(plan, roles, asker.examples, existing or {})
    finished = {key: asyncio.Event() for key in roles}
    failed = asyncio.Event()

    async def write(key: str) -> None:
        earlier = set(itertools.takewhile(lambda other: other != key, plan.tables))
        try:
            for parent in needed_for(plan, [key]) & earlier & roles.keys():
                await finished[parent].wait()
            if failed.is_set():
                return
            maker, prompt = maker_of(plan, unknown, key, settled), (prompts or {}).get(key, "")
            rows = Rows(maker, key, roles[key])
            writing = _Writing.of(plan, rows, asker, prompt, shots.get(key, ()), progress)
            made[key] = {**await writing.run(), **(rows.own(np.arange(rows.number)) if maker is settled else {})}
            writing.require_settled(plan, made)
        except BaseException:
            failed.set()
            raise
        finally:
            finished[key].set()

    await all_of(write(key) for key in roles)
    return made


def expected_replies(
    plan: Plan,
    prompts: Mapping[str, str],
    at_once: int,
    examples: int = 0,
    existing: Existing | None = None,
    most_tokens: int | None = None,
) -> Iterator[tuple[str, int, Usage]]:
    """Yield by table how many calls, and about how many tokens, its rows take when all of them can be used."""
    every = {key: found for key in plan.tables if (found := roles_of(plan, key)) is not None}
    shots = example_rows(plan, every, examples, {})
    unknown = {key: unknown_columns(plan, key) for key in plan.tables}
    maker = Maker(drafted(plan, unknown), existing=existing)
    for key, roles in every.items():
        rows = Rows(maker_of(plan, unknown, key, maker), key, roles).number
        if not rows:
            continue
        shown = shots.get(key, ())
        form = form_of(plan.schema, plan.schema.tables[key], roles.sources, prompts.get(key, ""), shown)
        size = -(-rows // requests_for(rows, _rows_at_once(form, most_tokens), at_once))
        calls = -(-rows // size)
        told = rows * _TOKENS_TOLD * (1 + len(roles.told) + len(roles.parents))
        request = form.request([{}] * size, {}, 1)
        yield key, calls, Usage(calls * asked_tokens(request) + told, rows * form.tokens)


def _rows_at_once(form: Form, most_tokens: int | None) -> int:
    """Return how many rows one request asks for: no more than a reply has room for."""
    return form.rows_at_once if most_tokens is None else max(1, min(form.rows_at_once, most_tokens // form.tokens))


@dataclass(slots=True)
class _Writing:
    """The writing of one table."""

    rows: Rows
    form: Form
    asker: Asker
    accepted: Accepted
    there: Mapping[str, list[Any]]
    """What stands in the distinct columns of existing rows."""
    total: int
    progress: Progress | None
    complaints: list[str] = field(default_factory=list)
    why: str = ""
    """Why the last row that is missing is."""
    spare: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """Rows that only do not fit what is told of them: where no other comes, they are settled for that."""
    unfitting: list[int] = field(default_factory=list)
    """Places of such rows that were taken."""
    futile: list[Request] = field(default_factory=list)
    """Requests whose replies led to no row."""
    latest: Sequence[Request] = ()
    at_once: int = 1
    room: int = _ROOM
    rounds: int = 0

    @classmethod
    def of(
        cls,
        plan: Plan,
        rows: Rows,
        asker: Asker,
        prompt: str,
        examples: Sequence[Mapping[str, Any]],
        progress: Progress | None,
    ) -> _Writing:
        table, planned = plan.schema.tables[rows.table], plan.tables[rows.table]
        sources = rows.roles.sources
        distinct = frozenset(name for name in sources if planned.columns[name].distinct)
        there = taken_values(rows.maker, rows.table, distinct)
        fold = folding(plan.schema.dialect)
        taken = {name: {fold(item) for item in items} for name, items in there.items()}
        form = form_of(plan.schema, table, sources, prompt, examples)
        forms = {name: source.form for name, source in sources.items() if source.form}
        accepted = Accepted(table, list(sources), distinct, taken, fold, forms)
        at_once = _rows_at_once(form, asker.most_tokens)
        return cls(rows, form, asker, accepted, there, rows.number, progress, at_once=at_once)

    async def run(self) -> dict[str, Any]:
        """Return the columns. Raises `UnusableReplyError` when rows are missing in the end."""
        futile = 0
        for wave in range(_WAVES):
            missing = [place for place in range(self.total) if place not in self.accepted.rows]
            if not missing or futile >= _FUTILE:
                break
            before = len(self.accepted.rows)
            self.rounds += 1
            await self._wave(missing, wave)
            futile = futile + 1 if len(self.accepted.rows) == before else 0
            if self.progress:
                self.progress(self.rows.table, len(self.accepted.rows), self.total)
        self._take_spare()
        if len(self.accepted.rows) < self.total:
            raise self._short()
        return self.accepted.columns()

    def _take_spare(self) -> None:
        for place in sorted(self.spare.keys() - self.accepted.rows.keys()):
            try:
                self.accepted.take(place, self.spare[place], {})
                self.unfitting.append(place)
            except RefusedError as error:
                self._complain(str(error))

    async def _wave(self, missing: Sequence[int], wave: int) -> None:
        size = -(-len(missing) // requests_for(len(missing), self.at_once, self.asker.at_once))
        batches = [missing[start : start + size] for start in range(0, len(missing), size)]
        avoid, refused = self._avoided(), self.complaints[-_COMPLAINTS:]
        self.complaints = []

        requests = [self._request(batch, avoid, refused, wave) for batch in batches]
        asked = [asyncio.ensure_future(self.asker.ask(request)) for request in requests]
        cut, errors = False, []
        self.latest = requests
        try:
            for batch, request, reply in zip(batches, requests, asked, strict=True):
                await asyncio.wait([reply])  # in their order, and while others are under way
                if error := reply.exception():
                    errors.append(error)
                    continue
                cut = cut or reply.result().finish is Finish.LENGTH
                self._take(batch, reply.result())
                if self.accepted.rows.keys().isdisjoint(batch):
                    self.futile.append(request)
        finally:
            for reply in asked:
                reply.cancel()  # those that are under way when this is
        if errors:
            raise errors[0]
        if cut:
            self.room *= 2
        if wave or cut:
            self.at_once = max(1, self.at_once // 2)

    def _request(self, batch: Sequence[int], avoid: Mapping[str, Any], refused: Sequence[str], wave: int) -> Request:
        more: dict[str, Any] = {"avoid": avoid, "refused": list(refused)}
        if wave:
            more["attempt"] = wave + 1  # what was answered before is not wanted again
        told = {name: value for name, value in more.items() if value}
        room = _LEAST_TOKENS + self.room * len(batch) * self.form.tokens
        return self.form.request(self.rows.told(batch), told, room)

    def _avoided(self) -> dict[str, list[Any]]:
        """Return some of the values that must not come again, the latest ones."""
        ordered = self.accepted.ordered
        found = {
            name: [*self.there[name][-_AVOIDED:], *(row[name] for row in ordered)][-_AVOIDED:]
            for name in self.accepted.written
            if name in self.accepted.distinct
        }
        return {name: items for name, items in found.items() if items}

    def _take(self, batch: Sequence[int], reply: Reply) -> None:
        """Accept what can be of a reply; of one that was cut, the rows before the cut."""
        if reply.finish in (Finish.REFUSED, Finish.FILTERED, Finish.EMPTY):
            self._complain(f"a reply was {reply.finish}: {reply.detail or 'no reason given'}")
            return
        try:
            found = read_rows(reply.text, fields=self.form.labels.values())
        except UnreadableError as error:
            self._complain(f"a reply could not be read: {error}")
            return
        entries = [each for each in found.rows if isinstance(each, Mapping)]
        if len(entries) < len(batch):
            self.why = f"a reply held {len(entries)} of {len(batch)} rows"
        for fault in found.faults:
            self._complain(f"a row could not be read: {fault}")
        for other in (each for each in found.rows if not isinstance(each, Mapping)):
            self._complain(f"a row is no object but {other!r}"[:80])
        try:
            numbers = row_numbers(entries, len(batch), whole=found.whole)
        except RefusedError as error:
            self._complain(str(error))
            return
        for number, entry in zip(numbers, entries, strict=True):
            if number is not None and 1 <= number <= len(batch):
                self._take_row(batch[number - 1], entry)
            else:
                self._complain(f"there is no row with the number {entry.get('row')!r}"[:80])
        if not found.rows and not found.faults:
            self._complain("a reply held no rows")

    def _take_row(self, place: int, entry: Mapping[str, Any]) -> None:
        row = {name: entry.get(label) for name, label in self.form.labels.items()}
        try:
            self.accepted.take(place, row, self.rows.own(np.asarray([place])))
        except RefusedError as error:
            if isinstance(error, UnfittingError):
                self.spare[place] = row
            self._complain(str(error))

    def _complain(self, why: str) -> None:
        self.complaints.append(why)
        self.why = why
        logger.info("%s: %s", self.rows.table, why)

    def require_settled(self, plan: Plan, made: Written) -> None:
        """Raise `UnusableReplyError` where rows were taken that do not fit, and cannot be settled either."""
        if self.unfitting and not can_be_settled(plan, self.rows.table, self.rows.maker.existing, made):
            raise self._short()

    def _short(self) -> UnusableReplyError:
        """Return the error for rows that are missing; what led to none is asked again by the next run."""
        self.asker.disown([*self.futile, *self.latest])
        usable = [row for place, row in sorted(self.accepted.rows.items()) if place not in self.unfitting]
        kept = f"; the replies are kept in {self.asker.kept}, delete it to forget them" if self.asker.kept else ""
        return UnusableReplyError(
            f"table {self.rows.table!r}: {len(usable)} of {self.total} rows of the model are usable after "
            f"{self.rounds} rounds; the last complaint: {self.why}. Ask again, ask for fewer rows, or for the plan "
            f"instead of rows{kept}",
            usable,
        )
