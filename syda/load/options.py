"""What a load is asked for, beside its rows and its target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from syda.errors import PlanError, UnknownNameError, near
from syda.load.guard import require_development
from syda.load.modes import MODES, Mode
from syda.load.roads.table_load import Progress
from syda.load.roads.timing import CONSTRAINTS, Constraints
from syda.load.target import require_database

_SWITCHES = ("create", "allow_nontransactional", "redact_values", "dry_run")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """The arguments that `syda.seed` and `Dataset.to_sql` share; they mean there what they mean here."""

    mode: Mode = "if_empty"
    create: bool = False
    constraints: Constraints = "auto"
    allow_nontransactional: bool = False
    allow_hosts: Iterable[str] = ()
    redact_values: bool = False
    dry_run: bool = False
    progress: Progress | None = None

    def check(self, target: Any) -> None:
        """Raise `PlanError` for what is no option, `TargetError` for a target that may not be filled or is not there.

        The target is not reached.
        """
        self.check_words()
        require_development(target, self.allow_hosts)
        if not self.create:
            require_database(target)

    def check_words(self) -> None:
        """Raise `PlanError` for what is no option."""
        _require_known("mode", self.mode, MODES)
        _require_known("constraints", self.constraints, CONSTRAINTS)
        for name in _SWITCHES:
            if not isinstance(given := getattr(self, name), bool):
                raise PlanError(f"{name}: expected True or False, got {type(given).__name__} {given!r}")


def _require_known(name: str, given: object, known: Sequence[str]) -> None:
    if not isinstance(given, str) or given not in known:
        listed, meant = ", ".join(map(repr, known)), near(str(given), known)
        meant = meant if "did you mean" in meant else ""  # otherwise it lists again what is known
        raise UnknownNameError(f"{name}: expected one of {listed}, got {given!r}{meant}")
