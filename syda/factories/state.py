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
_STEP = 700_000_001


@dataclass(slots=True)
class State:
    """Which copies were taken, which numbers sequences gave, and which unique values are in use, as far as is known."""

    test: str
    taken: dict[Any, int] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    used: dict[Place, set[tuple[Any, ...]]] = field(default_factory=dict)
    """What objects of this call have that are not written yet, and those that no session knows."""
    session: Any = None
    waiting: list[Any] = field(default_factory=list)
    """Objects of the session that the user has not had written."""
    filled: dict[str, bool] | None = None
    """Whether tables have rows, once it was asked; None where each row is asked for."""

    def begin(self, session: Any, *, asks_first: bool) -> None:
        """Begin a call: what was made before stands in the database, as long as it does."""
        self.session = session
        self.waiting = [*session.new, *session.dirty]
        self.filled = {} if asks_first else None
        self.used.clear()

    def next_copy(self, key: Any, *, from_first: bool) -> int:
        """Return the number of the next copy of a recipe: where a test begins depends on its name.

        With `from_first` it begins with the first copy, since rows beside others are numbered; see `shift`.
        """
        if key not in self.taken:
            self.taken[key] = 0 if from_first else self._start % COPIES
        return self.taken[key]

    @property
    def shift(self) -> int:
        """What to add to the seed of copies that are taken from the first, so that tests differ in these too."""
        return self._start % _STOCKS * _STEP

    @property
    def _start(self) -> int:
        return int.from_bytes(blake2b(self.test.encode(), digest_size=2).digest()) if self.test else 0

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
