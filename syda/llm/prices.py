"""What models cost: dollars per million tokens, as their providers list them.

Facts from the providers' pages as of November 2026 (platform.claude.com, about-claude/pricing; developers.openai.com,
api/docs/pricing). They change; `prices=` overrides them, and a model that is not listed has no known price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from syda.errors import BudgetError
from syda.llm.exchange import Client, Usage, in_batches

BATCH = 0.5
"""What a batch costs of the direct price: OpenAI and Anthropic both list it at half, for input and output."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens: of input, of output, and of input that the provider had in its cache."""

    input: float
    output: float
    cached: float | None = None

    def of(self, usage: Usage) -> float:
        """Return dollars."""
        cached = self.input if self.cached is None else self.cached
        read = min(usage.cached, usage.input)  # some servers count what they had read besides
        return ((usage.input - read) * self.input + read * cached + usage.output * self.output) / 1_000_000

    def in_batches(self) -> Price:
        """Return what the same costs in a batch."""
        return Price(self.input * BATCH, self.output * BATCH, None if self.cached is None else self.cached * BATCH)


PRICES: Mapping[str, Price] = {
    "claude-fable-5-1": Price(10, 50, 0.25),
    "claude-fable-5": Price(10, 50, 1),
    "claude-opus-5-5": Price(4, 20, 0.2),
    "claude-opus-5": Price(5, 25, 0.5),
    "claude-opus-4-8": Price(5, 25, 0.5),
    "claude-opus-4-7": Price(5, 25, 0.5),
    "claude-opus-4-6": Price(5, 25, 0.5),
    "claude-opus-4-5": Price(5, 25, 0.5),
    "claude-sonnet-5-5": Price(2, 10, 0.1),
    "claude-sonnet-5": Price(2, 10, 0.2),
    "claude-sonnet-4-6": Price(3, 15, 0.3),
    "claude-sonnet-4-5": Price(3, 15, 0.3),
    "claude-haiku-5-5": Price(0.1, 0.5, 0.01),
    "claude-haiku-4-5": Price(1, 5, 0.1),
    "gpt-6.1-sol": Price(2, 10, 0.1),
    "gpt-6-sol": Price(2, 10, 0.2),
    "gpt-6-luna": Price(0.1, 0.5, 0.01),
    "gpt-5.4": Price(2.5, 15, 0.25),
    "gpt-5.4-mini": Price(0.75, 4.5, 0.075),
    "gpt-5.2": Price(1.75, 14, 0.175),
    "gpt-5.1": Price(1.25, 10, 0.125),
    "gpt-5": Price(1.25, 10, 0.125),
    "gpt-5-mini": Price(0.25, 2, 0.025),
    "gpt-4.1": Price(2, 8, 0.5),
    "gpt-4o": Price(2.5, 10, 1.25),
    "gpt-4o-mini": Price(0.15, 0.6, 0.075),
}
_DATE = re.compile(r"[-@]20\d{2}-?\d{2}-?\d{2}$")


def price_of(model: str, prices: Mapping[str, tuple[float, ...]] | None = None) -> Price | None:
    """Return a model's price: the user's, or the listed one; None if not known.

    A dated snapshot costs what its model does.
    """
    plain = _DATE.sub("", model)
    for name in (model, plain):
        if prices and name in prices:
            return Price(*prices[name])
    return PRICES.get(plain)


def price_for(client: Client, prices: Mapping[str, tuple[float, ...]] | None = None) -> Price | None:
    """Return what a client's model costs in the way that the client asks it: nothing where it says that it is free."""
    price = price_of(client.model, prices)
    if getattr(client, "free", False) and client.model not in (prices or {}):
        return Price(0, 0, 0)
    return price.in_batches() if price is not None and in_batches(client) else price


def unknown_price(model: str) -> BudgetError:
    """Return the error for dollars that cannot be counted."""
    return BudgetError(
        f"max_cost cannot be kept: the price of {model!r} is not known; give "
        f"prices={{{model!r}: (input, output)}} in dollars per million tokens, or max_tokens or max_calls"
    )
