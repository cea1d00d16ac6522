"""What ``@pytest.mark.syda(...)`` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syda.errors import PlanError, UnknownNameError, near

if TYPE_CHECKING:
    from syda.planning.model import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a test's database is to be filled before it."""

    rows: Any = None
    plan: str | Path | Plan | None = None
    fixtures: str | Path | None = None
    scenario: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    filled: bool = False

    @property
    def fills(self) -> bool:
        """Tell whether rows are to be made."""
        return any(each is not None for each in (self.rows, self.plan, self.fixtures, self.scenario))


_FILLING = ("rows", "plan", "fixtures", "scenario", "parameters")
_INSTEAD = {"rows": ("plan", "filled"), "plan": ("rows", "filled"), "filled": _FILLING, "scenario": ("parameters",)}
"""What of farther marks a nearer one takes the place of, beside what has its own name."""


def mark_of(node: Any) -> Mark:
    """Return what the marks of a test ask for; those nearest to it win.

    Raises `UnknownNameError` for an argument that a mark does not take, `PlanError` for arguments that exclude others.
    """
    found: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("syda"))):
        _check(marker)
        for name, value in marker.kwargs.items():
            if value is not None and value is not False:
                for other in (*_INSTEAD.get(name, ()), *(("filled",) if name in _FILLING else ())):
                    found.pop(other, None)
        found |= marker.kwargs
    mark = Mark(**found)
    if mark.parameters and mark.scenario is None:
        raise PlanError(f"pytest.mark.syda: parameters={dict(mark.parameters)!r} are a scenario's; which scenario=?")
    return mark


def _check(marker: Any) -> None:
    """Raise `UnknownNameError` or `PlanError` for what one mark cannot mean."""
    known = [each.name for each in fields(Mark)]
    if marker.args:
        raise PlanError(f"pytest.mark.syda takes its arguments by name, such as rows=..., got {marker.args[0]!r}")
    for name in marker.kwargs:
        if name not in known:
            raise UnknownNameError(f"pytest.mark.syda has no argument {name!r}{near(name, known)}")
    mark = Mark(**marker.kwargs)
    if mark.filled and mark.fills:
        raise PlanError("pytest.mark.syda: filled=True adds no rows to the database that is filled once")
    if mark.plan is not None and mark.rows is not None:
        raise PlanError("pytest.mark.syda: a plan says how many rows there are; give rows or a plan")
    if mark.seed is not None and (isinstance(mark.seed, bool) or not isinstance(mark.seed, int)):
        raise PlanError(f"pytest.mark.syda: seed: expected a whole number, got {mark.seed!r}")
