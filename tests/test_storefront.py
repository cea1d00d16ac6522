"""The sample application: its own suite passes on each database, and its history works on an empty one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

FOLDER = Path(__file__).parent.parent / "examples" / "storefront"


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
@pytest.mark.parametrize("isolation", ["rollback", "template"])
def test_the_suite_of_the_storefront(server: str, isolation: str, request: pytest.FixtureRequest) -> None:
    url = "sqlite://"
    if server == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_engine")
        url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--syda-url={url}"]
    ran = subprocess.run(
        [*command, "-o", f"syda_isolation={isolation}"], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout
