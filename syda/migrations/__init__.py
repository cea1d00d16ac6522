"""Migrations by alembic: rehearsed over full tables, followed by rows, and with rows of their own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syda.migrations.operations import keep_plan as keep_plan
    from syda.migrations.operations import register as register
    from syda.migrations.rehearsing import rehearse as rehearse
    from syda.migrations.report import Rehearsal as Rehearsal
    from syda.migrations.upgrading import upgrade as upgrade
    from syda.migrations.upgrading import upgrade_and_seed as upgrade_and_seed

_HOMES = {
    "Rehearsal": "syda.migrations.report",
    "keep_plan": "syda.migrations.operations",
    "register": "syda.migrations.operations",
    "rehearse": "syda.migrations.rehearsing",
    "upgrade": "syda.migrations.upgrading",
    "upgrade_and_seed": "syda.migrations.upgrading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
