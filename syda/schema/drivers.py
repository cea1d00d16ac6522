"""Says what to install for a database whose driver is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syda.errors import MissingExtraError
from syda.redact import redact_url

if TYPE_CHECKING:
    import sqlalchemy as sa

_EXTRAS = {"postgresql": ("psycopg", "postgresql"), "mysql": ("pymysql", "mysql"), "mariadb": ("pymysql", "mysql")}
"""By database: the driver that syda is used with, and the extra that installs it."""
ASYNCHRONOUS = "pip install greenlet, and the driver of the URL (aiosqlite, asyncpg or 'psycopg[binary]')"


def missing_driver(url: sa.URL, error: ImportError) -> MissingExtraError:
    """Return the error that says what to install, and what to write where the URL asks for another driver."""
    shown = redact_url(url.render_as_string(hide_password=False))
    return MissingExtraError(f"the driver for {shown} is not installed ({error}): {_remedy(url, error)}")


def _remedy(url: sa.URL, error: ImportError) -> str:
    backend, _, named = url.drivername.partition("+")
    driver, extra = _EXTRAS.get(backend, ("", ""))
    if driver and named in ("", driver):
        write = "" if named else f"write {backend}+{driver}://... and "
        return f"{write}pip install 'syda[{extra}]'"
    install = f"pip install {error.name or named or backend}"
    if url.get_dialect().is_async:
        return f"{install} greenlet"
    return f"{install}, or write {backend}+{driver}://... and pip install 'syda[{extra}]'" if driver else install
