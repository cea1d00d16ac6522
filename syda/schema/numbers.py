"""What the name of a column says about its numbers."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\b|_|\d)|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_SHARES = frozenset(["per", "avg", "average", "mean", "rate", "ratio", "percent", "percentage", "share"])
_LEADING = frozenset(
    ["num", "number", "no", "nr", "n", "count", "years", "months", "weeks", "days", "hours", "minutes", "seconds"]
)
_WHOLE = _LEADING | frozenset(
    [
        "id",
        "ids",
        "key",
        "pk",
        "fk",
        "ref",
        "quantity",
        "qty",
        "age",
        "ages",
        "year",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "second",
        "counts",
        "numbers",
        "rank",
        "ranking",
        "position",
        "order",
        "ordinal",
        "index",
        "level",
        "floor",
        "floors",
        "rooms",
        "beds",
        "seats",
        "pages",
        "steps",
        "stock",
        "units",
        "pieces",
        "items",
        "points",
        "stars",
        "votes",
        "likes",
        "views",
        "visits",
        "clicks",
        "children",
        "kids",
        "siblings",
        "people",
        "persons",
        "guests",
        "capacity",
        "population",
        "attendees",
        "participants",
        "employees",
        "members",
        "users",
        "zip",
        "zipcode",
        "postcode",
        "pin",
        "port",
        "version",
        "edition",
        "priority",
        "urgency",
        "severity",
        "line",
        "rows",
        "columns",
        "legs",
        "wheels",
        "doors",
        "goals",
        "wins",
        "losses",
    ]
)


def counts(name: str) -> bool:
    """Tell whether a column that is called so holds whole numbers: keys, counts, ages, years, places in an order."""
    words = [part.lower() for part in _PARTS.findall(name)]
    if not words or _SHARES.intersection(words):
        return False
    return words[-1] in _WHOLE or words[0] in _LEADING
