"""A Dataset whose large tables are made while they are loaded, so that memory does not grow with their rows.

Tables of fewer than `STREAMED_ROWS` rows are made and verified before the load begins, as those of any Dataset are.
The rows of larger ones are made, checked and sent a block at a time. What a block can show by itself is checked
before it is sent: NOT NULL, length, range, enum and CHECK. Uniqueness and foreign keys of a large table hold by
construction, and the database has the last word; a breach undoes the whole load.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from syda.dataset import Dataset
from syda.errors import GenerateError, IntegrityError, PlanError, SydaError
from syda.generation.judging import Judge
from syda.generation.lifetime import needed_for
from syda.generation.maker import BLOCK_SIZE, Maker, Written
from syda.generation.store import TableRows, judged_by_database, make_table, shortfall
from syda.planning.closed import without_rows
from syda.planning.existing import Existing, ExistingTable
from syda.planning.model import ColumnPlan, Plan
from syda.quality.plan_rules import Sent, breaches_of, ruled, totals_of
from syda.quality.row_rules import Breach, Report, RowRules
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.load.roads.table_load import Block, TableLoad

STREAMED_ROWS = 200_000
"""From how many rows on a table is made while it is loaded; columns of fewer fit into any memory."""
_IN_FLIGHT = 4
"""How many blocks may be on their way when the database refuses a row of one of them."""


def make_stream(
    plan: Plan,
    existing: Existing,
    origin: Mapping[str, Any],
    judge: Judge | None = None,
    *,
    redact: bool = False,
    written: Written | None = None,
) -> Dataset:
    """Return the rows of a plan for one load; the small tables are made and verified.

    Whatever asks the database is done: rows are counted, conditions settled, and of existing rows all is read that
    new ones need, because nothing can be read while rows are sent. A table whose rows cannot be made stays empty and
    is told, unless they were asked for.
    """
    while True:
        try:
            return _made(plan, existing, origin, judge, redact=redact, written=written)
        except _UnmadeError as unmade:
            there = {key for key, rows in existing.items() if rows.rows}
            emptied = without_rows(plan, unmade.table, unmade.told, there)
            if emptied is None:
                raise unmade.error from None
            plan = emptied


class _UnmadeError(Exception):
    """The rows of a table could not be made."""

    def __init__(self, table: str, error: SydaError, told: str) -> None:
        super().__init__(table)
        self.table, self.error, self.told = table, error, told


def _made(
    plan: Plan,
    existing: Existing,
    origin: Mapping[str, Any],
    judge: Judge | None,
    *,
    redact: bool,
    written: Written | None,
) -> Dataset:
    reading = _Reading()
    existing = {key: reading.of(key, there) for key, there in existing.items()}
    maker = Maker(plan, existing=existing, block_size=BLOCK_SIZE, judge=judge, written=written)
    large = frozenset(key for key in plan.tables if _rows(maker, key) >= STREAMED_ROWS)
    tables = {key: _announced(maker, key) if key in large else _table(maker, key) for key in plan.tables}
    small = Dataset(  # to which large tables are not known, so that no row seems to have lost its parent in one
        plan=plan,
        tables={key: made for key, made in tables.items() if key not in large},
        existing={key: there for key, there in existing.items() if key not in large},
    )
    _require_whole(small.verify(), redact=redact)
    if not large:
        return Dataset(plan=plan, tables=tables, existing=existing, origin=origin)
    for key in small.tables:
        for total in totals_of(maker, key):
            if total.parent in large:
                total.add(tables[key].columns, maker.first(key), maker.total(key))
                _report(total.breaches()).raise_for_breaches(redact=redact)
    if existing:
        _read_ahead(maker, large)
        reading.is_over = True
    return _Stream(plan=plan, tables=tables, existing=existing, origin=origin, maker=maker, large=large, redact=redact)


def _read_ahead(maker: Maker, large: Collection[str]) -> None:
    """Make a first block of each large table: every block needs the same columns of existing rows."""
    for key in large:
        next(iter(maker.blocks(key)), None)


@dataclass(slots=True)
class _Reading:
    """Holds what was read of existing rows, and reads more of them until that `is_over`."""

    is_over: bool = False

    def of(self, key: str, there: ExistingTable) -> ExistingTable:
        """Return the table with its columns held once they are read."""
        read, held = there.read, dict[str, Values]()
        if read is None:
            return there

        def column(name: str) -> Values:
            if name not in held:
                if self.is_over:
                    raise GenerateError(f"{key}.{name} of the rows that are there cannot be read while rows are sent")
                held[name] = read(name)
            return held[name]

        return replace(there, read=column)


def _rows(maker: Maker, key: str) -> int:
    with _unmade(key):
        return maker.rows(key)


def _table(maker: Maker, key: str) -> TableRows:
    with _unmade(key):
        return make_table(maker, key)


@contextmanager
def _unmade(key: str) -> Iterator[None]:
    try:
        yield
    except (PlanError, GenerateError) as error:
        raise _UnmadeError(key, error, str(error)) from error


def _require_whole(report: Report, *, redact: bool) -> None:
    try:
        report.raise_for_breaches(redact=redact)
    except IntegrityError as error:
        first = report.breaches[0]
        raise _UnmadeError(first.table, error, f"the rows made break a rule: {first.shown(redact=True)}") from error


def _report(breaches: Iterable[Breach]) -> Report:
    return Report(checked=1, breaches=tuple(breaches))


def _announced(maker: Maker, key: str) -> TableRows:
    return TableRows(
        rows=maker.rows(key), columns={}, note=shortfall(maker, key), judged=judged_by_database(maker, key)
    )


@dataclass(frozen=True, kw_only=True)
class _Stream(Dataset):
    """A Dataset that has no columns of its `large` tables, and can be loaded once."""

    maker: Maker
    large: frozenset[str]
    redact: bool
    recent: dict[str, deque[Block]] = field(default_factory=dict)
    """The last blocks of each large table, to show what was refused."""

    def _load(self, key: str, target: Any) -> TableLoad:
        from syda.load.roads.table_load import TableLoad

        if key not in self.large:
            return super()._load(key, target)
        table, columns = self.plan.schema.tables[key], tuple(self.maker.made_columns(key))
        return TableLoad(table, target, self.tables[key].rows, columns, lambda: self._blocks(key))

    def _blocks(self, key: str) -> Iterator[Block]:
        self._forget_before(key)
        table = self.plan.schema.tables[key]
        rules = RowRules(table, self.tables[key].judged)
        planned = dict(ruled(table, self.plan.tables[key].columns, self.maker.made_columns(key)))
        recent = self.recent[key] = deque(maxlen=_IN_FLIGHT)
        totals, start = list(totals_of(self.maker, key)), 0
        for block in self.maker.blocks(key):
            rules.verify(block, start).raise_for_breaches(redact=self.redact)
            self._check_plan_rules(key, planned, block, start)
            recent.append(block)
            size, first = len(next(iter(block.values()), ())), self.maker.first(key) + start
            for total in totals:
                total.add(block, first, first + size)
            start += size
            yield block
        for total in totals:
            _report(total.breaches()).raise_for_breaches(redact=self.redact)

    def _check_plan_rules(self, key: str, planned: Mapping[str, ColumnPlan], block: Block, start: int) -> None:
        """Raise `IntegrityError` for rows of a block that one of the planned rules does not allow."""
        table, first = self.plan.schema.tables[key], self.maker.first(key) + start
        for name, rule in planned.items():
            stop = first + len(block[name])
            sent = Sent(self.maker, table, table.column(name), first, stop, rule.distinct, columns=block)
            breaches = (replace(each, row=each.row + start) for each in breaches_of(sent, rule, block))
            _report(breaches).raise_for_breaches(redact=self.redact)

    def _forget_before(self, key: str) -> None:
        """Forget what no table needs any more; those whose keys are set at the end are made again then."""
        order = list(self.plan.tables)
        late = {item.table for item in self.plan.deferred}
        needed = needed_for(self.plan, {*order[order.index(key) :], *late})
        self.maker.forget(self.plan.schema.tables.keys() - needed)

    def _shown(self) -> Mapping[str, Mapping[str, Values]]:
        return _Shown(self)


class _Shown(Mapping[str, Mapping[str, Values]]):
    """The columns of a stream's tables as far as they are held, put together when they are asked for."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def __getitem__(self, key: str) -> Mapping[str, Values]:
        recent = self._stream.recent.get(key)
        if not recent:
            return self._stream.tables[key].columns
        return {name: Values.concatenate([block[name] for block in recent]) for name in recent[0]}

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream.tables)

    def __len__(self) -> int:
        return len(self._stream.tables)
