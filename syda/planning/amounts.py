"""Amounts beside one that somebody gives: what inference would have computed it from follows it instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syda.planning.checks import Domain
from syda.planning.inference import Guess
from syda.planning.model import ColumnPlan
from syda.schema.model import Table
from syda.sources.conditional import Case
from syda.sources.derived import Derived, Share, Sum
from syda.sources.scalar import Choice, Number


def following_amounts(
    table: Table, inferred: Mapping[str, Guess], columns: Mapping[str, ColumnPlan], domains: Mapping[str, Domain]
) -> dict[str, ColumnPlan]:
    """Return the columns with amounts computed from those that somebody gives: ``gross = net + tax``.

    `inferred` says how each column would be made if nobody gave any.
    """
    row = _Row(table, dict(columns), domains)
    for name, guess in inferred.items():
        given = columns[name].source
        if not columns[name].is_rule or not isinstance(given, Number | Choice | Case | Derived):
            continue
        if isinstance(guess.source, Sum):
            row.follow_sum(name, guess.source)
        elif isinstance(guess.source, Share) and isinstance(given, Number) and given.low > 0:
            row.follow_share(name, guess.source)
    return row.columns


class _Row:
    """The columns of a table while amounts are turned round."""

    def __init__(self, table: Table, columns: dict[str, ColumnPlan], domains: Mapping[str, Domain]) -> None:
        self._table, self.columns, self._domains = table, columns, domains

    def follow_share(self, part: str, inferred: Share) -> None:
        """Have the whole be as large as a part of it asks for."""
        if self._is_free(inferred.column) and 0 < inferred.least <= inferred.most < 1:
            self._bind(inferred.column, Share(column=part, least=1 / inferred.most, most=1 / inferred.least))

    def follow_sum(self, name: str, inferred: Sum) -> None:
        """Compute the first column that the given one was the sum of, or a part of it where that is given too."""
        whole, *more = inferred.plus
        parts = (*more, *inferred.minus)
        solved = Sum(plus=(name, *inferred.minus), minus=tuple(more))
        if self._is_free(whole) and all(
            self._shares(part, whole) or (not more and self._stands(part)) for part in parts
        ):
            for part in parts:
                self._share_of(part, name, added=part in inferred.minus, whole=whole)
            self._bind(whole, solved)
        elif len(parts) == 1 and not more and self._stands(whole) and self._may_follow(parts[0]):
            self._bind(parts[0], Sum(plus=(whole,), minus=(name,)))

    def _share_of(self, part: str, name: str, *, added: bool, whole: str) -> None:
        """Make a part of the whole the same part of what is given, to which it is added, or in which it is."""
        share = self.columns[part].source
        if isinstance(share, Share) and share.column == whole:
            sign = -1 if added else 1
            least, most = (each / (1 + sign * each) for each in (share.least, share.most))
            changed = replace(share, column=name, least=least, most=most)
            self.columns[part] = replace(self.columns[part], source=changed, reason=f"a part of {name}")

    def _shares(self, part: str, whole: str) -> bool:
        share = self.columns[part].source
        return self._may_follow(part) and isinstance(share, Share) and share.column == whole and share.most < 1

    def _stands(self, name: str) -> bool:
        """Tell whether a column looks at no other."""
        return not self.columns[name].source.needs()

    def _is_free(self, name: str) -> bool:
        return self._may_follow(name) and isinstance(self.columns[name].source, Number)

    def _may_follow(self, name: str) -> bool:
        planned = self.columns.get(name)
        inferred = planned is not None and planned.author == "inference" and not planned.distinct
        return inferred and name not in self._table.key_columns

    def _bind(self, name: str, source: Derived) -> None:
        planned, domain = self.columns[name], self._domains.get(name, Domain())
        own = planned.source if isinstance(planned.source, Number) else source.otherwise
        made = replace(source, otherwise=own, low=domain.low, high=domain.high)
        self.columns[name] = replace(planned, source=made, reason=made.describe())  # type: ignore[arg-type]
