"""The sample application: its own suite passes on each database, and its history works on an empty one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

if TYPE_CHECKING:
    from sqlalchemy import Engine

from syda.cli import main

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


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_the_rehearsal_finds_the_three_faults_and_no_other(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'storefront.db'}"
    if server == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_engine")
        url = engine.url.render_as_string(hide_password=False)
    asked = ["rehearse", "--alembic", str(FOLDER / "alembic.ini"), "--url", url, "--lock-seconds", "600"]
    result = CliRunner().invoke(main, [*asked, "--json"])
    assert result.exit_code == 1, result.output
    steps = json.loads(result.stdout)["revisions"]
    assert [step["revision"] for step in steps if step["findings"]] == ["0004", "0006", "0008"]
    assert [len(step["findings"]) for step in steps if step["findings"]] == [1, 1, 1]
    mended = ["--known", "0004", "--known", "0006", "--known", "0008"]
    known = CliRunner().invoke(main, [*asked, *mended])
    assert known.exit_code == 0, known.output
