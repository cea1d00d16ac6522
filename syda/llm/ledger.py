"""What asking cost, table by table, and what it may cost at most."""

from __future__ import annotations

from dataclasses import dataclass, field

from syda.errors import BudgetError
from syda.llm.exchange import Reply, Request, Usage
from syda.llm.prices import Price, unknown_price


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
        self._reserved, self._under_way, self._unsent = Usage(), 0, 0
        """The sum of what is promised, how many requests that is (waves may have tens of thousands), and how many of
        them were not sent yet."""
        if self.budget.cost is not None and price is None:
            raise unknown_price(model)

    @property
    def total(self) -> Line:
        return sum(self.lines.values(), Line())

    def cost(self, usage: Usage) -> float | None:
        """Return dollars; None where the price is not known."""
        return None if self.price is None else self.price.of(usage)

    def of(self, table: str) -> Line:
        return self.lines.setdefault(table, Line())

    def promise(self, request: Request, expected: Usage) -> bool:
        """Reserve what a request may cost; tell False where it has to wait for what those under way come to.

        Raises `BudgetError` when that, with what is spent, may be more than is allowed.
        """
        spent = self.total + self.before
        if over := self._over(spent.usage + expected, spent.calls + 1):
            raise self._stop(over, request, expected)
        if self._over(spent.usage + self._reserved + expected, spent.calls + self._unsent + 1):
            return False
        self._promised.setdefault(id(request), []).append(expected)
        self._reserved += expected
        self._under_way, self._unsent = self._under_way + 1, self._unsent + 1
        return True

    def _over(self, usage: Usage, calls: int) -> str:
        """Return which limit so much would be above, and what it is."""
        for name, value, most in (
            ("max_calls", calls, self.budget.calls),
            ("max_tokens", usage.total, self.budget.tokens),
            ("max_cost", self.cost(usage), self.budget.cost),
        ):
            if most is not None and value is not None and value > most:
                return f"{name}={most:g}"
        return ""

    def _stop(self, limit: str, request: Request, expected: Usage) -> BudgetError:
        spent = self.total + self.before
        flying = f", {self._under_way} requests are under way" if self._under_way else ""
        return BudgetError(
            f"{limit} stops the run at table {request.table!r}: {spent.calls} calls and {spent.usage.total:,} tokens "
            f"are spent{self._money(spent.usage)}{flying}, and the next request may need {expected.total:,} more. "
            f"What was paid for is kept: the same call with a higher limit goes on"
        )

    def send(self, request: Request, number: int) -> None:
        """Book a request's attempt with this number; a failed one costs a call.

        Raises `BudgetError` where it is sent again and that is a call too many.
        """
        line = self.of(request.table)
        if number == 1:
            self._unsent -= 1
        else:
            spent = self.total + self.before
            if over := self._over(Usage(), spent.calls + self._unsent + 1):
                raise self._stop(over, request, Usage())
            line.retries += 1
        line.calls += 1

    def lose(self, request: Request, usage: Usage, calls: int) -> None:
        """Book what was paid for and brought nothing; `calls` are those besides the attempt itself."""
        line = self.of(request.table)
        line.calls += calls
        line.usage += usage

    def settle(self, request: Request, reply: Reply | None, *, sent: bool) -> None:
        """Book what a request cost in the end, and give back what was reserved for it."""
        promised = self._promised[id(request)]
        self._reserved -= promised.pop()
        if not promised:
            del self._promised[id(request)]
        self._under_way -= 1
        self._unsent -= not sent
        if reply is not None:
            self.lose(request, reply.usage, reply.calls - 1)

    def _money(self, usage: Usage) -> str:
        cost = self.cost(usage)
        return "" if cost is None else f" (${cost:.4f})"

    def replay(self, request: Request) -> None:
        self.of(request.table).replayed += 1
