"""Changes the rows of a draft that break a condition, until they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy

import numpy as np

from syda.generation.settling.differences import keep_apart
from syda.generation.settling.documents import documents_of, fit_documents
from syda.generation.settling.fitting import fit
from syda.generation.settling.judge import Judgement
from syda.generation.settling.offsets import differences_of
from syda.generation.settling.perturb import CHANGES, Change, literals_of, ordered_of
from syda.generation.settling.solving import equations_of
from syda.generation.settling.state import Mask, State
from syda.generation.settling.unrepeated import Keeper, repeated_rows
from syda.planning.checks import Arm, Condition, find_arms
from syda.planning.checks.reading import connected
from syda.planning.known import given_literals, narrowed_node
from syda.schema.model import ForeignKey, Table
from syda.sources.stream import Integers, to_index
from syda.sources.values import to_python
from syda.sources.written import Written

_ROUNDS = 8
"""How often each way to change a row is tried."""
_APART = 2
"""How often columns that have to be far from one another are moved before anything else is changed: each of them."""
_PROBED = 100
"""Rows that a change is tried on before all of them are sent to the database."""


class Settler:
    """One settling: conditions in groups that share columns, each with the ways to satisfy it."""

    def __init__(self, state: State, conditions: Sequence[Condition], judgement: Judgement) -> None:
        self.state, self.conditions, self.judgement = state, conditions, judgement
        self.documents = documents_of([each.node for each in conditions if each.node is not None], state.table)
        self._domains = state.draft.domains(state.key)
        self.groups = self._grouped(lambda condition: self._moved(condition.columns))

    def _grouped(self, together: Callable[[Condition], set[str]]) -> list[tuple[list[Condition], list[Arm]]]:
        """Return the conditions in groups that have something `together`, each with the ways to satisfy it."""
        return [(group, self._arms(group)) for group in connected(self.conditions, together)]

    def _arms(self, group: Sequence[Condition]) -> list[Arm]:
        """Return the ways to satisfy conditions beside what the user gives."""
        table = self.state.table
        given = given_literals(table, self.state.planned.columns)
        nodes = [narrowed_node(each.node, table, given) for each in group if each.node is not None]
        return find_arms(table, nodes, self._domains)

    def _moved(self, columns: Sequence[str]) -> set[str]:
        return set().union(*(self._together(name) for name in columns))

    def _together(self, name: str) -> set[str]:
        """Return what changes with a column: itself, or the foreign keys that share columns with its own."""
        link = self.state.owners[name]
        return {name} if link is None else {f"link {one}" for one in self.state.groups[link]}

    def over(self, state: State) -> Settler:
        """Return the same for other rows of the table."""
        other = copy(self)
        other.state = state
        return other

    def settles_rows_alone(self) -> bool:
        """Tell whether each row can be made right by itself, whatever the others are, and without the database.

        A row whose columns may all be changed becomes like any that is right.
        """
        state = self.state
        changed = dict.fromkeys(name for each in self.conditions for name in each.columns)
        own = {name for link in own_links(state.table) for pair in link.pairs for name in pair}
        links = {one for link in state.owners.values() if link for one in state.groups[link]}
        return (
            not own.intersection(state.owners)
            and all(state.planned.links[link].draw == "free" for link in links)
            and all(state.source(name).author == "user" or not state.is_fixed(name) for name in changed)
            and not self.judgement.asks_database(state, self.conditions)
        )

    def run(self) -> Mask:
        """Change the rows, what a model wrote only where nothing else helps; return which still break a condition."""
        if any(
            isinstance(self.state.source(name).source, Written) for each in self.conditions for name in each.columns
        ):
            self.state.spares_written = True
            self._run()
            self.state.spares_written = False
        return self._run()

    def _run(self) -> Mask:
        broken = np.zeros(self.state.rows, dtype=bool)
        for number, (group, arms) in enumerate(self.groups):
            broken |= self._group(number, group, arms)
        return broken

    def run_with_database(self, broken: Mask) -> Mask:
        """Run again where the target database judges otherwise; it judges a CHECK as a whole, with all its columns."""
        if not self.judgement.trust_database(self.state, self.conditions, broken):
            return broken
        self.groups = self._grouped(lambda condition: self._moved(condition.mentioned))
        return self.run()

    def _group(self, number: int, group: Sequence[Condition], arms: Sequence[Arm]) -> Mask:
        state = self.state
        broken = ~self.judgement.holds(state, group, np.arange(state.rows))
        columns = list(dict.fromkeys(name for each in group for name in each.columns))
        nodes = [each.node for each in group if each.node is not None]
        literals, ordered = literals_of(nodes, columns), ordered_of(nodes, state.table)
        equations = equations_of(nodes, state.table) if broken.any() else []
        differences = differences_of(nodes, state.table) if broken.any() else []
        apart = _APART if differences else 0
        for attempt in range(1 + apart + _ROUNDS * len(CHANGES)):
            rows = np.flatnonzero(broken)
            if not len(rows):
                break
            state.spares_roots = attempt <= apart + _ROUNDS // 2 * len(CHANGES)
            label = f"{number} {attempt}"
            for some in self._portions(group, rows):
                state.reset(columns, some)
                self._by_arms(arms, some, label)
                if attempt > apart:
                    _change(attempt - apart - 1, Change(state, some, columns, literals, label, ordered, equations))
                if attempt:
                    keep_apart(state, differences, some, label, attempt - 1)
                fits = self.judgement.holds(state, group, some)
                broken[some] = ~fits
                if not fits.any():
                    break
        self._by_example(group, columns, broken, str(number))
        return broken

    def _portions(self, group: Sequence[Condition], rows: Integers) -> list[Integers]:
        """Return the rows, a few of them first where the database is asked: what helps none of these is left."""
        if self.judgement.asks_database(self.state, group) and len(rows) > _PROBED:
            return [rows[:_PROBED], rows[_PROBED:]]
        return [rows]

    def _by_example(self, group: Sequence[Condition], columns: Sequence[str], broken: Mask, label: str) -> None:
        """Give rows that nothing could make right what a row that is right has."""
        rows, models = np.flatnonzero(broken), np.flatnonzero(~broken)
        if not len(rows) or not len(models):
            return
        self.state.imitate(columns, rows, models[to_index(self.state.bits("model", label), len(models))[rows]])
        broken[rows] = ~self.judgement.holds(self.state, group, rows)

    def _by_arms(self, arms: Sequence[Arm], rows: Integers, label: str) -> None:
        """Make each row go one of the ways, each as likely as the others."""
        if not arms:
            return
        chosen = to_index(self.state.bits("arm", label), len(arms))[rows]
        for place, arm in enumerate(arms):
            some = rows[chosen == place]
            if len(some):
                self._fit(arm, some)

    def _fit(self, arm: Arm, rows: Integers) -> None:
        for name, domain in arm.items():
            if name in self.state.owners:
                fit(self.state, name, domain, rows)
        fit_documents(self.state, self.documents, arm, rows)

    def rearrange(self, rows: Integers, label: str) -> None:
        """Put rows back and send them other ways."""
        for group, arms in self.groups:
            columns = dict.fromkeys(name for each in group for name in each.columns)
            self.state.reset(columns, rows)
            self._by_arms(arms, rows, label)

    def holds(self, rows: Integers) -> Mask:
        return self.judgement.holds(self.state, self.conditions, rows, self.state.owners)

    def without_orphans(self, left_out: Mask, keepers: Sequence[Keeper]) -> Mask:
        """Return which rows have to be left out, those included that refer to others that are."""
        state = self.state
        orphans = left_out
        while orphans.any():
            orphans = np.zeros(state.rows, dtype=bool)
            for link in own_links(state.table):
                drafted = (state.links if state.table.is_optional(link) else state.base)[link.name] - state.first
                lost = (drafted >= 0) & ~left_out
                lost[lost] = left_out[drafted[lost]]
                if state.table.is_optional(link):
                    rows = np.flatnonzero(lost)
                    state.links[link.name][rows] = -1
                    lost[rows] = ~self.holds(rows)
                orphans |= lost
            if own_links(state.table):
                orphans |= repeated_rows(state, keepers, ~(left_out | orphans))
            left_out = left_out | orphans
        return left_out

    def is_given(self, broken: Mask) -> bool:
        """Tell whether the user's own values are part of what is broken."""
        names = {name for each in self.conditions for name in each.columns}
        return bool(broken.any()) and any(self.state.source(name).author == "user" for name in names)

    def note(self, broken: Mask, repeated: Mapping[str, Mask]) -> str:
        """Return why rows are left out: the conditions that they break, the rules that they break together."""
        out = np.any([broken, *repeated.values()], axis=0)
        if not out.any():
            return ""
        rows = np.flatnonzero(broken)
        texts = [each.text for each in self.conditions if not self.judgement.holds(self.state, [each], rows).all()]
        texts = list(dict.fromkeys(texts or [each.text for each in self.conditions]))
        why = ["no more satisfy " + " and ".join(f"CHECK ({text[:200]})" for text in texts)] if len(rows) else []
        why += [rule for rule, found in repeated.items() if found.any()]
        return f"{int((~out).sum())} rows instead of {len(out)}: {'; '.join(why)}"

    def unchecked(self) -> str:
        """Return which CHECKs are taken to hold, because only a database can evaluate them and none is at hand."""
        texts = dict.fromkeys(each.text for each in self.judgement.unchecked(self.state, self.conditions))
        listed = " and ".join(f"CHECK ({text[:200]})" for text in texts)
        return f"{listed} not checked: only the database can evaluate it" if texts else ""

    def example(self, broken: Mask) -> str:
        """Return what stands in the first row that cannot be made right."""
        rows = np.flatnonzero(broken)[:1]
        if not len(rows):
            return ""
        names = dict.fromkeys(name for each in self.conditions for name in each.columns)
        self.state.reset(names, rows)
        shown = {name: to_python(self.state.values(name, rows), self.state.column(name).type)[0] for name in names}
        listed = ", ".join(f"{name}={value!r}"[:80] for name, value in shown.items())
        return f"; for example row {self.state.first + int(rows[0])}: {listed}"


def own_links(table: Table) -> list[ForeignKey]:
    """Return the foreign keys to the table itself."""
    return [link for link in table.foreign_keys if link.parent == table.key]


def _change(number: int, change: Change) -> None:
    """Change rows in one of all ways, and later in two of them."""
    again, which = divmod(number, len(CHANGES))
    CHANGES[which](change)
    if again:
        CHANGES[(which + again) % len(CHANGES)](change)
