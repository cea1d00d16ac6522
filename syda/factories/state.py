"""What a session, or a test, has had made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

from syda.factories.traits import Numbers
from syda.running import RUN

Place: TypeAlias = tuple[str, tuple[str, ...]]
"""A unique set, by table and columns."""
_KEY = "syda.factories"
COPIES = 64
"""In a stock; the first one that a test takes is chosen by its name."""
_STOCKS = 8


@dataclass(slots=True)
class State:
    """Which copies were taken, which numbers sequences gave, and which unique values are in use."""

    test: str
    taken: dict[Any, int] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    used: dict[Place, set[tuple[Any, ...]]] = field(default_factory=dict)
    filled: dict[str, bool] = field(default_factory=dict)
    """Tables of the database that had rows when the transaction began to be used."""
    transaction: Any = None

    def next_copy(self, key: Any, *, from_first: bool) -> int:
        """Return the number of the next copy of a recipe: where a test begins depends on its name.

        With `from_first` it begins with the first copy of a stock, since rows beside others are numbered.
        """
        if key not in self.taken:
            start = int.from_bytes(blake2b(self.test.encode(), digest_size=2).digest()) if self.test else 0
            self.taken[key] = start % _STOCKS * COPIES if from_first else start % COPIES
        return self.taken[key]

    def is_used(self, place: Place, values: tuple[Any, ...]) -> bool:
        return values in self.used.get(place, ())

    def use(self, place: Place, values: tuple[Any, ...]) -> None:
        self.used.setdefault(place, set()).add(values)


_WITHOUT_SESSION: list[State] = []


def state_of(session: Any) -> State:
    """Return the state of a session; None stands for objects that no session knows. Each test begins anew."""
    RUN.used = True
    if session is None:
        if not _WITHOUT_SESSION or _WITHOUT_SESSION[0].test != RUN.test:
            _WITHOUT_SESSION[:] = [State(RUN.test)]
        return _WITHOUT_SESSION[0]
    state = session.info.get(_KEY)
    if state is None or state.test != RUN.test:
        state = session.info[_KEY] = State(RUN.test)
    assert isinstance(state, State)
    return state
