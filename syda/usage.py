"""What asking a language model cost, or would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUsage:
    """`calls` counts every request that was sent, `retries` those sent again; `replayed` replies cost nothing.

    `input` tokens include those `cached` by the provider; `cost` is in US dollars, None where the price is not known.
    `guessed` says that tokens were estimated for replies whose server does not tell them.
    """

    calls: int = 0
    retries: int = 0
    replayed: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cost: float | None = 0.0
    guessed: bool = False

    def __add__(self, other: TableUsage) -> TableUsage:
        known = self.cost is not None and other.cost is not None
        return TableUsage(
            calls=self.calls + other.calls,
            retries=self.retries + other.retries,
            replayed=self.replayed + other.replayed,
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            cost=(self.cost or 0.0) + (other.cost or 0.0) if known else None,
            guessed=self.guessed or other.guessed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a model was asked, table by table; `expected` says that nothing was sent yet.

    `batched` says that it was asked in batches, which cost half: `cost` is what they cost.
    """

    model: str
    tables: Mapping[str, TableUsage] = field(default_factory=dict)
    expected: bool = False
    batched: bool = False

    @property
    def total(self) -> TableUsage:
        return sum(self.tables.values(), TableUsage())

    def __add__(self, other: Usage | None) -> Usage:
        if other is None:
            return self
        tables = dict(self.tables)
        for key, line in other.tables.items():
            tables[key] = tables.get(key, TableUsage()) + line
        return Usage(
            model=self.model,
            tables=tables,
            expected=self.expected and other.expected,
            batched=self.batched or other.batched,
        )

    def __str__(self) -> str:
        total = self.total
        money = "unknown price" if total.cost is None else f"${total.cost:.4f}"
        more = f", {total.retries} of them again" if total.retries else ""
        more += f", {total.replayed} from earlier replies" if total.replayed else ""
        cached = f" ({total.cached:,} cached)" if total.cached else ""
        about = "expected of" if self.expected else "asked"
        money += ", the half price of batches" if self.batched and total.cost is not None else ""
        money += ", partly estimated: the server does not tell its tokens" if total.guessed else ""
        return (
            f"{about} {self.model}: {total.calls} calls{more}, {total.input:,} tokens in{cached}, "
            f"{total.output:,} out, {money}"
        )

    def lines(self) -> list[str]:
        """Return the usage as text: a line in all, and one a table."""
        return [
            str(self),
            *(
                f"  {key}: {line.calls} calls, {line.input:,} tokens in, {line.output:,} out"
                for key, line in self.tables.items()
            ),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the usage as plain values, for JSON."""
        tables = {key: asdict(line) for key, line in self.tables.items()}
        return {
            "model": self.model,
            "expected": self.expected,
            "batched": self.batched,
            "tables": tables,
            "total": asdict(self.total),
        }
