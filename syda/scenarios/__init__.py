"""Named states of a whole database, which tests and `syda seed` bring about."""

from syda.scenarios.named import scenario
from syda.scenarios.playing import play

__all__ = ["play", "scenario"]
