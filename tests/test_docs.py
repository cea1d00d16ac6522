"""The Python and `$ syda` blocks of README and docs run as they stand."""

from __future__ import annotations

import re
import shlex
import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(?P<language>python|console)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(key, raising=False)  # no page asks a model that costs money
    monkeypatch.syspath_prepend(ROOT / "examples")
    module = types.ModuleType("documented")
    monkeypatch.setitem(sys.modules, "documented", module)  # SQLAlchemy looks annotations up in the class's module
    content = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(content):
        line = content.count("\n", 0, block.start("text"))
        if block["language"] == "python":
            code = compile("\n" * line + block["text"], str(page), "exec", dont_inherit=True)
            exec(code, vars(module))
        else:
            _run_console(block["text"], f"{page.name}:{line + 1}")


def _run_console(text: str, where: str) -> None:
    from syda.cli import main

    for line in text.splitlines():
        if line.startswith("$ syda"):
            result = CliRunner().invoke(main, shlex.split(line.removeprefix("$ syda"), comments=True))
            assert result.exit_code == 0, f"{where}: {line}\n{result.output}\n{result.exception!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
