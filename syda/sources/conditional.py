"""A column whose values depend on what another column holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from syda.sources.base import Context, Mask, Source, read
from syda.sources.scalar import Choice
from syda.sources.stream import Integers, to_uniform, weighted_index
from syda.sources.values import Values, dtype_of, from_python


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Source):
    """One of the values that `when` lists for what `column` holds in the row, or in a parent (``patient_id.sex``).

    `otherwise` is for all that `when` does not name, NULL (None) included; left out, the column is NULL there.
    """

    source: Literal["case"] = "case"
    column: str
    when: Mapping[Any, Choice]
    otherwise: Choice | None = None

    def needs(self) -> tuple[str, ...]:
        return (self.column,)

    def make(self, context: Context) -> Values:
        uniform = to_uniform(context.bits())
        data = np.zeros(len(uniform), dtype=dtype_of(context.column.type.kind))
        null = np.zeros(len(uniform), dtype=bool)
        for choice, rows in self._branches(context):
            if choice is None:
                null[rows] = True
                continue
            weights = choice.weights or (1.0,) * len(choice.values)
            drawn = choice.at(context, weighted_index(uniform[rows], weights))
            data[rows] = drawn.data
            if drawn.null is not None:
                null[rows] = drawn.null
        return Values(data).masked(null)

    def broken(self, context: Context, made: Values) -> Mask | None:
        wrong = np.zeros(len(made), dtype=bool)
        null = np.zeros(len(made), dtype=bool) if made.null is None else made.null
        for choice, rows in self._branches(context):
            listed = () if choice is None else choice.values
            allowed = from_python([value for value in listed if value is not None], context.column.type)
            known = _is_in(made.take(rows), allowed)
            wrong[rows] = np.where(null[rows], choice is not None and None not in listed, ~known)
        if context.column.nullable or self.column in context.table.by_name:
            return wrong
        unknown = read(context, self.column)[0].null  # of no parent: a value was made of one all the same
        return wrong if unknown is None else wrong & ~unknown

    def _branches(self, context: Context) -> Iterator[tuple[Choice | None, Integers]]:
        """Yield each choice with the rows that it is for."""
        branch = self._branch(context)
        order = np.argsort(branch, kind="stable")
        ends = np.cumsum(np.bincount(branch, minlength=len(self.when) + 1))
        for choice, rows in zip((*self.when.values(), self.otherwise), np.split(order, ends[:-1]), strict=True):
            if len(rows):
                yield choice, rows

    def _branch(self, context: Context) -> Integers:
        """Return the place in `when` of what each row holds, and the place behind it for all else."""
        values, type_ = read(context, self.column)
        known, other = list(self.when), len(self.when)
        keys = from_python(known, type_).data.tolist()
        places = {key: place for place, key in enumerate(keys) if known[place] is not None}
        unknown = known.index(None) if None in known else other
        held, inverse = values.data.tolist(), None
        if values.data.dtype != object:
            distinct, inverse = np.unique(values.data, return_inverse=True)
            held = distinct.tolist()
        found = np.fromiter((places.get(item, other) for item in held), dtype=np.int64, count=len(held))
        branch = found if inverse is None else found[inverse]
        return branch if values.null is None else np.where(values.null, unknown, branch)

    def describe(self) -> str:
        shown = ", ".join(map(str, list(self.when)[:5]))
        return f"by {self.column}: {shown}" + (", ..." if len(self.when) > 5 else "")


def _is_in(values: Values, allowed: Values) -> Mask:
    known = set(allowed.data.tolist())
    return np.fromiter((item in known for item in values.data.tolist()), dtype=bool, count=len(values))
