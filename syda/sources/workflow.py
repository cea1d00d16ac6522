"""A status and the dates that it says are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from syda.sources.base import Context, Mask, Source
from syda.sources.moment import After, Moment
from syda.sources.stream import to_uniform, weighted_index
from syda.sources.values import Values, from_python


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A `value` of the status, how common it is, and the `dates` that are set in it, in their order."""

    value: Any
    weight: float = 1.0
    dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Source):
    """One of the `states`, drawn with their weights.

    The columns of their dates follow it (`Stage`): the first date of a state comes after the column `after`, each other
    one after the date before it, within `days`.
    """

    source: Literal["workflow"] = "workflow"
    states: tuple[State, ...]
    after: str | None = None
    days: float = 30.0

    def make(self, context: Context) -> Values:
        index = weighted_index(to_uniform(context.bits()), [state.weight for state in self.states])
        return from_python([state.value for state in self.states], context.column.type).take(index)

    def broken(self, context: Context, made: Values) -> Mask | None:
        return ~_among(context, made, [state.value for state in self.states])

    def dates(self) -> tuple[str, ...]:
        """Return the columns of all dates."""
        return tuple(dict.fromkeys(name for state in self.states for name in state.dates))

    def before(self, date: str) -> tuple[str, ...]:
        """Return the dates that come before one of them in some state."""
        earlier = (name for s in self.states if date in s.dates for name in s.dates[: s.dates.index(date)])
        return tuple(dict.fromkeys(earlier))

    def all_before(self, date: str) -> tuple[str, ...]:
        """Return all dates that come before one of them, directly or through others."""
        found, open_dates = dict[str, None](), [date]
        while open_dates:
            new = [name for name in self.before(open_dates.pop()) if name not in found]
            found |= dict.fromkeys(new)
            open_dates += new
        return tuple(found)

    def stage(self, status: str, date: str) -> Stage:
        """Return the source of a date's column; `status` is the column of the workflow itself."""
        after = tuple(name for name in (self.after, *self.before(date)) if name)
        moment = After(column=after[0], also=after[1:], days=self.days) if after else Moment(low="-1y")
        return Stage(
            status=status, states=tuple(state.value for state in self.states if date in state.dates), moment=moment
        )

    def describe(self) -> str:
        return _shown([state.value for state in self.states])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Source):
    """The `moment` at which a row came into one of the `states` of the column `status`; NULL in all others."""

    source: Literal["stage"] = "stage"
    status: str
    states: tuple[Any, ...]
    moment: After | Moment

    def needs(self) -> tuple[str, ...]:
        return (self.status, *self.moment.needs())

    def make(self, context: Context) -> Values:
        return self.moment.make(context).masked(~self._is_set(context))

    def broken(self, context: Context, made: Values) -> Mask | None:
        is_set = self._is_set(context)
        null = np.zeros(len(made), dtype=bool) if made.null is None else made.null
        wrong: Mask = null == is_set
        early = self.moment.broken(context, made)
        return wrong if early is None else wrong | (early & is_set)

    def _is_set(self, context: Context) -> Mask:
        status = context.table.column(self.status)
        return _among(context, context.sibling(status.name), self.states, status.name)

    def describe(self) -> str:
        return f"set in {_shown(self.states)}, {self.moment.describe()}"


def _among(context: Context, values: Values, states: Any, name: str | None = None) -> Mask:
    type_ = context.column.type if name is None else context.table.column(name).type
    known = set(from_python(list(states), type_).data.tolist())
    found = np.fromiter((item in known for item in values.data.tolist()), dtype=bool, count=len(values))
    return found if values.null is None else found & ~values.null


def _shown(states: Sequence[Any]) -> str:
    return ", ".join(map(str, states[:5])) + (f" and {len(states) - 5} more" if len(states) > 5 else "")
