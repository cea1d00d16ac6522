"""The rows of a Dataset: a store of columns for each table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syda.generation.judging import Judge
from syda.generation.maker import BLOCK_SIZE, Maker, Written
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.sources.values import Values

Progress = Callable[[str, int, int], None]
"""Called with a table's key, how many of its rows are done, and how many there will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """The new rows of one table: `rows` of them, a `Values` for each column that the database does not fill.

    `note` says why there are fewer rows than planned, where there are, and which conditions nobody has checked.
    """

    rows: int
    columns: Mapping[str, Values]
    note: str = ""
    judged: frozenset[str] = frozenset()
    """The CHECKs that the target database has judged already."""


def make_rows(
    plan: Plan,
    *,
    existing: Existing | None = None,
    block_size: int = BLOCK_SIZE,
    progress: Progress | None = None,
    judge: Judge | None = None,
    written: Written | None = None,
) -> dict[str, TableRows]:
    """Make all rows of a plan, parents before children; `block_size` changes the memory used, never a value.

    `judge` evaluates conditions that only the target database can; `written` is what a language model wrote.
    """
    maker = Maker(plan, existing=existing, block_size=block_size, judge=judge, written=written)
    return {key: make_table(maker, key, progress) for key in plan.tables}


def make_table(maker: Maker, key: str, progress: Progress | None = None) -> TableRows:
    """Make all rows of one table."""
    rows, done = maker.rows(key), 0
    parts: dict[str, list[Values]] = {}
    for block in maker.blocks(key):
        for name, values in block.items():
            parts.setdefault(name, []).append(values)
        done += len(next(iter(block.values()))) if block else 0
        if progress:
            progress(key, done, rows)
    columns = {name: Values.concatenate(pieces) for name, pieces in parts.items()}
    return TableRows(
        rows=rows,
        columns=columns if rows else maker.empty(key),
        note=shortfall(maker, key),
        judged=judged_by_database(maker, key),
    )


def judged_by_database(maker: Maker, table: str) -> frozenset[str]:
    """Return the CHECKs of the table that the target database has judged already."""
    settled = maker.settled(table)
    return frozenset() if settled is None else settled.judged


def shortfall(maker: Maker, table: str) -> str:
    """Return why there are fewer rows than planned, and which conditions nobody has checked; nothing otherwise."""
    planned, settled = maker.table_plan(table), maker.settled(table)
    if settled is not None and settled.note:
        return settled.note
    rows, wanted = maker.rows(table), maker.wanted(table)
    if planned.rows_from or rows >= wanted:
        return ""
    joint = min(planned.joints, key=lambda joint: maker.joint(table, joint).rows)
    sets = " and ".join(f"({', '.join(columns)})" for columns in joint.unique)
    return f"{rows} rows instead of {wanted}: {sets} must be unique"
