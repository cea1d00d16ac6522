"""Every example fills a database and finds nothing wrong with it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_fills_a_database_and_checks_it(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    runpy.run_path(str(path))["main"](f"sqlite:///{tmp_path / 'example.db'}")
    assert capsys.readouterr().out.count("\n") >= 3
