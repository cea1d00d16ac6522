"""Connects to databases, and says without secrets why one cannot be reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from syda.errors import TargetError
from syda.redact import redact_cause, redact_url

if TYPE_CHECKING:
    import sqlalchemy as sa


def reach(engine: sa.Engine, written: str = "") -> sa.Connection:
    """Connect. Raises `TargetError` that shows the URL as it was `written`, without its secrets."""
    try:
        return engine.connect()
    except Exception as error:  # noqa: BLE001 (drivers raise anything for options that they do not know)
        url = written or full_url(engine.url)
        cause = getattr(error, "orig", None) or error
        # Not chained: the driver's own message may repeat the password.
        raise TargetError(f"cannot reach the database {redact_url(url)}: {redact_cause(cause, url)}") from None


def full_url(url: sa.URL) -> str:
    """Return the URL as text with its secrets, to be redacted."""
    return url.render_as_string(hide_password=False)


def sqlite_file(url: sa.URL) -> Path | None:
    """Return the file of an SQLite URL; None for other databases, those in memory and SQLite's own ``file:`` URIs."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def require_file(url: sa.URL) -> None:
    """Raise `TargetError` for an SQLite file that does not exist: connecting would make it, empty."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise TargetError(f"cannot reach the database {url.drivername}:///{file}: the file does not exist")
