"""What asking cost, table by table, and what it may cost at most."""

from __future__ import annotations

from dataclasses import dataclass, field

from syda.errors import BudgetError
from syda.llm.exchange import Reply, Request, Usage
from syda.llm.prices import Price


@dataclass(slots=True)
class Line:
    """What one table cost. `calls` counts every request that was sent, `retries` those sent again after a failure."""

    calls: int = 0
    retries: int = 0
    replayed: int = 0
    usage: Usage = field(default_factory=Usage)

    def __add__(self, other: Line) -> Line:
        return Line(
            self.calls + other.calls,
            self.retries + other.retries,
            self.replayed + other.replayed,
            self.usage + other.usage,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may cost at most: `cost` in US dollars, `tokens` in and out, `calls`. None is no limit."""

    cost: float | None = None
    tokens: int | None = None
    calls: int | None = None


class Ledger:
    """Counts what was spent, and stops a run before it spends more than it may."""

    def __init__(
        self, price: Price | None, budget: Budget | None = None, *, model: str = "", before: Line | None = None
    ) -> None:
        self.price, self.budget = price, budget or Budget()
        self.lines: dict[str, Line] = {}
        self.before = before or Line()
        """What was spent earlier in the same run."""
        self._promised: dict[int, list[Usage]] = {}
        self._reserved, self._under_way = Usage(), 0
        """The sum of what is promised, and how many requests that is: waves may have tens of thousands."""
        if self.budget.cost is not None and price is None:
            raise BudgetError(
                f"max_cost cannot be kept: the price of {model!r} is not known; give "
                f"prices={{{model!r}: (input, output)}} in dollars per million tokens, or max_tokens or max_calls"
            )

    @property
    def total(self) -> Line:
        return sum(self.lines.values(), Line())

    def cost(self, usage: Usage) -> float | None:
        """Return dollars; None where the price is not known."""
        return None if self.price is None else self.price.of(usage)

    def of(self, table: str) -> Line:
        return self.lines.setdefault(table, Line())

    def promise(self, request: Request, expected: Usage) -> None:
        """Reserve what a request may cost.

        Raises `BudgetError` when that, with what is spent and under way, may be more than is allowed.
        """
        spent = self.total + self.before
        planned = spent.usage + self._reserved + expected
        calls = spent.calls + self._under_way + 1
        for name, value, most in (
            ("max_calls", calls, self.budget.calls),
            ("max_tokens", planned.total, self.budget.tokens),
            ("max_cost", self.cost(planned), self.budget.cost),
        ):
            if most is not None and value is not None and value > most:
                raise BudgetError(
                    f"{name}={most:g} stops the run at table {request.table!r}: {spent.calls} calls and "
                    f"{spent.usage.total:,} tokens are spent{self._money(spent.usage)}, and the next request may need "
                    f"{expected.total:,} more. What was paid for is kept: the same call with a higher limit goes on"
                )

        self._promised.setdefault(id(request), []).append(expected)
        self._reserved, self._under_way = self._reserved + expected, self._under_way + 1

    def _release(self, request: Request) -> None:
        promised = self._promised.get(id(request), [])
        if promised:
            self._reserved, self._under_way = self._reserved - promised.pop(), self._under_way - 1
        if not promised:
            self._promised.pop(id(request), None)

    def _money(self, usage: Usage) -> str:
        cost = self.cost(usage)
        return "" if cost is None else f" (${cost:.4f})"

    def settle(self, request: Request, reply: Reply | None, *, tries: int) -> None:
        """Book what a request that was sent so often cost in the end; a failed one cost calls only."""
        retries = max(0, tries - 1)
        self._release(request)
        line = self.of(request.table)
        line.calls += retries + (reply.calls if reply else min(tries, 1))
        line.retries += retries
        if reply is not None:
            line.usage += reply.usage

    def replay(self, request: Request) -> None:
        self.of(request.table).replayed += 1
