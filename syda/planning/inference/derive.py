"""Columns that follow from others of the row: products, sums, shares, and the time between two moments.

A column with a CHECK on its values, a key, and a member of a unique set are left alone, and so is one from which
the other follows already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from syda.planning.checks import Domain
from syda.planning.inference import shares as like
from syda.planning.inference.naming import words_of
from syda.planning.inference.patterns import name_pattern
from syda.planning.inference.types import fitted
from syda.schema.model import NUMBERS, Table
from syda.sources.derived import Derived, Product, Share, Sum
from syda.sources.scalar import Choice, Number

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess

_POSITIVE = 1.0
_CENTS = re.compile(r"_?(in_)?(cents|pence)$")
_MONEY = re.compile(r"_(usd|eur|gbp|chf|dollars|euros)$")
_LINE = (
    r"(line|row|item|ext|extended)_(sub_?)?(total|amount|price|cost|value)|extended_price|sub_?total|total_price|total_cost|total_value|total|(total_)?amount"
    r"|(\w+_)?total|gross(_amount|_pay)?|net_amount|revenue|earnings"
)
_COUNTS = (
    r"quantity|units|pieces|nights|hours(_worked|_billed)?|billable_hours|shares|num(ber)?_of_(nights|units|items|hours|days)|days|seats|volume",
    r"(\w+_)?(quantity|units)|quantity_(ordered|sold|purchased)|units_sold|(liters|litres|gallons|kwh)",
)
_PRICES = (
    r"unit_(price|cost|rate|amount)|price_each|price_per_\w+|(hourly|nightly|daily|billing|room|day|hour)_rate|rate_per_\w+|cost_per_\w+",
    r"price|(selling|sale|sales|item|list|purchase|net|product)_price|price_(at|when)_\w+|rate|cost",
)
_PLUS = (like.TAX, like.SHIPPING, like.FEE, like.TIP)
_MINUS = (like.DISCOUNT,)


def derived(table: Table, guesses: Mapping[str, Guess], domains: Mapping[str, Domain]) -> dict[str, Guess]:
    """Return the guesses with each column that follows from others of the row bound to them."""
    row = Row.of(table, guesses, domains)
    _bind_products(row)
    _bind_sums(row)
    _bind_shares(row)
    _bind_ranges(row)
    return row.guesses


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of a table while they are bound to each other."""

    table: Table
    guesses: dict[str, Guess]
    domains: Mapping[str, Domain]
    words: Mapping[str, str]
    """The words of each numeric column that can be computed with."""

    @classmethod
    def of(cls, table: Table, guesses: Mapping[str, Guess], domains: Mapping[str, Domain]) -> Row:
        words = {name: words_of(name) for name, guess in guesses.items() if _computable(table, name, guess)}
        return cls(table, dict(guesses), domains, words)

    def find(self, patterns: Iterable[str], beside: str) -> str | None:
        """Return the first column like one of `patterns` that the column `beside` can follow from."""
        return next(self.all(patterns, beside), None)

    def all(self, patterns: Iterable[str], beside: str, *, counts: bool = False) -> Iterator[str]:
        """Yield the columns like one of `patterns`; amounts in cents go with amounts in cents, `counts` with all."""
        cents = _in_cents(self.words[beside])
        for pattern in patterns:
            for name, words in self.words.items():
                fits = name != beside and (counts or _in_cents(words) is cents) and _like(pattern, words)
                if fits and not self._reads(name, beside):
                    yield name

    def targets(self, pattern: str) -> Iterator[str]:
        """Yield the columns like `pattern` that may be computed and are not yet."""
        for name, words in self.words.items():
            if _like(pattern, words) and self.free(name):
                yield name

    def free(self, name: str) -> bool:
        domain = self.domains.get(name)
        bound = isinstance(self.guesses[name].source, Derived)
        return not bound and name not in self.table.key_columns and (domain is None or _harmless(domain))

    def bind(self, name: str, source: Derived, reason: str, *, keep_nulls: bool = False) -> None:
        guess, domain = self.guesses[name], self.domains.get(name)
        own = guess.source if isinstance(guess.source, Number) else source.otherwise
        low = domain.low if domain is not None else None
        made = replace(source, otherwise=own, low=low)
        nulls = guess.null_fraction if keep_nulls else 0.0
        self.guesses[name] = replace(guess, source=made, reason=reason, null_fraction=nulls)

    def _reads(self, name: str, other: str) -> bool:
        """Tell whether the column `name` follows from the column `other`."""
        source = self.guesses[name].source
        needs = source.needs() if isinstance(source, Derived) else ()
        return other in needs or any(self._reads(one, other) for one in needs)


def _computable(table: Table, name: str, guess: Guess) -> bool:
    """Tell whether a column holds numbers that inference makes: keys and the database's own values are none."""
    column = table.column(name)
    if column.type.kind not in NUMBERS or column.computed is not None or column.autoincrement:
        return False
    return isinstance(guess.source, Number | Derived | Choice) and name not in table.key_columns


def _harmless(domain: Domain) -> bool:
    """Tell whether checks ask for no more than a number that is positive or not negative."""
    bounded = domain.values is not None or domain.high is not None or domain.excluded or domain.required
    return not bounded and (domain.low is None or domain.low <= _POSITIVE)


def _like(pattern: str, words: str) -> bool:
    return name_pattern(pattern).covers(_MONEY.sub("", _CENTS.sub("", words)))


def _in_cents(words: str) -> bool:
    return _CENTS.search(words) is not None


def _bind_products(row: Row) -> None:
    """Make the first amount of a line the product of its quantity and its price."""
    ranked = [like.SUBTOTAL, _LINE]
    for name in (name for pattern in ranked for name in row.targets(pattern)):
        prices = (r"(unit_)?cost", *_PRICES) if "cost" in row.words[name] else _PRICES
        price = row.find(prices, name)
        count = next((one for one in row.all(_COUNTS, name, counts=True) if one != price), None)
        if price is None or count is None:
            continue
        after = not _like(like.SUBTOTAL, row.words[name]) or not any(row.targets(like.TOTAL))
        source = (
            _less_discount(row, name, Product(factors=(count, price))) if after else Product(factors=(count, price))
        )
        row.bind(name, source, source.describe())
        _as_price(row, price)
        return


def _as_price(row: Row, name: str) -> None:
    """Let a `rate` that is paid for each hour or piece be an amount of money."""
    if row.words[name] == "rate":
        paid = fitted(Number(low=15, high=220, distribution="lognormal"), row.table.column(name))
        row.guesses[name] = replace(row.guesses[name], source=paid)


def _less_discount(row: Row, name: str, product: Product) -> Product:
    percent = next(row.all((r"(\w+_)?discount_(percent|percentage)|percent_off",), name, counts=True), None)
    if percent:
        return replace(product, percent_off=percent)
    rate = next(row.all((r"(\w+_)?discount_rate",), name, counts=True), None)
    if rate:
        return replace(product, rate_off=rate)
    return replace(product, less=row.find((like.DISCOUNT,), name))


def _bind_sums(row: Row) -> None:
    _bind_total(row)
    differences = (
        (
            r"net(_(pay|salary|amount|wage|income|earnings|total))?",
            (like.GROSS,),
            (like.TAX, r"(total_)?deductions?(_amount)?", like.FEE),
        ),
        (like.DUE, (like.TOTAL, r"amount"), (like.PAID,)),
        (
            r"(gross_|net_)?profit|margin(_amount)?",
            (r"(total_)?(revenue|sales)", like.PRICE),
            (r"(total_|unit_)?(costs?|expenses?)|cogs",),
        ),
        (
            r"(available|free)(_(stock|quantity|units))?|(quantity|stock|units)_available",
            (like.STOCK,),
            (r"(\w+_)?(reserved|allocated)(_\w+)?",),
        ),
    )
    for words, wholes, parts in differences:
        for name in list(row.targets(words)):
            whole = row.find(wholes, name)
            taken = [part for part in row.all(parts, name) if part != whole] if whole else []
            if whole and taken:
                row.bind(name, (source := Sum(plus=(whole,), minus=tuple(dict.fromkeys(taken)))), source.describe())


def _bind_total(row: Row) -> None:
    """Make a total the sum of its subtotal, taxes, freight and fees, less the discount."""
    for name in list(row.targets(like.TOTAL)):
        base = row.find((like.SUBTOTAL,), name)
        if base is None:
            continue
        plus = [part for part in dict.fromkeys(row.all(_PLUS, name)) if part != base]
        minus = [part for part in dict.fromkeys(row.all(_MINUS, name)) if part != base and part not in plus]
        if plus or minus:
            source = Sum(plus=(base, *plus), minus=tuple(minus))
            row.bind(name, source, source.describe())
            return


def _bind_shares(row: Row) -> None:
    for rule in like.SHARES:
        for name in list(row.targets(rule.words)):
            base = row.find(rule.bases, name)
            if base is not None:
                source = Share(column=base, least=rule.least, most=rule.most, none=rule.none, whole=rule.whole)
                row.bind(name, source, f"a part of {base}" if rule.most <= 1 else f"not below {base}", keep_nulls=True)


def _bind_ranges(row: Row) -> None:
    """Keep the upper of two columns that are a range (`min_price`, `max_price`) above the lower one."""
    by_words = {words: name for name, words in row.words.items()}
    for low, high in (*like.PAIRS, *like.ENDS):
        for words, name in by_words.items():
            parts = words.split("_")
            measured = len(parts) == 1 or any(map(name_pattern(like.MEASURES).covers, parts))
            if high not in parts or ((low, high) in like.ENDS and not measured):
                continue
            partner = by_words.get("_".join(low if part == high else part for part in parts))
            if partner is not None and row.free(name) and partner in row.all((r"\w+",), name):
                row.bind(name, Share(column=partner, least=1.0, most=2.0), f"not below {partner}", keep_nulls=True)
