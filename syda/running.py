"""What runs now: which test, and with which seed. The pytest plugin says so, and imports nothing else of syda."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Run:
    """`test` names the test that runs, "" outside tests; `seed` chooses among all possible data.

    `used` says that something was made of them since the test began.
    """

    test: str = ""
    seed: int = 0
    used: bool = False


RUN = Run()
